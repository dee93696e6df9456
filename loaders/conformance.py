"""Validation of a release: shapes and names over the canonical statements, each result with the files that say it.

The shapes cannot see a misspelled class or property, because none of them speaks about it; that each name of ours is
declared, and that each document is named after its symbol, is therefore checked beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad, Triple
from rdflib.term import Node

from loaders.reconcile import is_source_graph
from loaders.sources import Sources
from loaders.terms import Statement, Term, named, to_rdflib
from ontology.shapes import ValidationResult
from ontology.vocabulary import misnamed_documents, undeclared_terms
from queries.conformance import store_of, validate_store


@dataclass(frozen=True)
class Violation:
    """One result, and the source files that speak about the thing at fault (empty for what a rule has derived)."""

    result: ValidationResult
    files: tuple[str, ...]

    def __str__(self) -> str:
        path = f" {self.result.path.rpartition('#')[2]}" if self.result.path else ""
        where = f" (in {', '.join(self.files)})" if self.files else ""
        hint = f" {self.result.hint}" if self.result.hint else ""
        return f"{self.result.focus}{path}: {self.result.message}{hint}{where}"


def check(statements: Iterable[Statement], quads: Iterable[Quad], sources: Sources) -> list[Violation]:
    """Validate canonical statements against all shapes and names; the gravest results come first.

    `quads` are those of the sources: they tell which files speak about a thing.
    """
    facts = list(statements)
    store = store_of(Triple(*fact) for fact in facts)
    results = [*_misnamed(_in_rdflib(facts)), *validate_store(store)]
    if not results:
        return []
    wanted = {result.focus for result in results}
    graphs: dict[str, set[NamedNode]] = defaultdict(set)
    for item in quads:
        subject = item.subject
        if isinstance(subject, NamedNode) and subject.value in wanted and is_source_graph(item.graph_name):
            graphs[subject.value].add(named(item.graph_name))
    return [Violation(result, _files(graphs[result.focus], sources)) for result in results]


def _in_rdflib(facts: Sequence[Statement]) -> list[tuple[Node, Node, Node]]:
    """The statements in rdflib's terms, each of which is made once: a graph with its indexes is not needed."""
    known: dict[Term, Node] = {}
    for fact in facts:
        for term in fact:
            if term not in known:
                known[term] = to_rdflib(term)
    return [(known[subject], known[predicate], known[value]) for subject, predicate, value in facts]


def _misnamed(graph: Sequence[tuple[Node, Node, Node]]) -> Iterator[ValidationResult]:
    """Names that the ontology does not declare, and documents that are not named after their symbol."""
    for subject, term, near in undeclared_terms(graph):
        hint = f"Did you mean {near}?" if near else "Declare it in the ontology, or use a declared name."
        yield _violation(subject, term, f"{term} is not declared in the ontology.", hint, "declared-name")
    for subject, symbol, wanted in misnamed_documents(graph):
        message = f"A document with the symbol {symbol} must have another IRI."
        yield _violation(subject, symbol, message, f"Name it {wanted}.", "document-name")


def _violation(focus: str, value: str, message: str, hint: str, shape: str) -> ValidationResult:
    return ValidationResult(focus, None, value, "violation", message, hint, shape, "names")


def _files(graphs: set[NamedNode], sources: Sources) -> tuple[str, ...]:
    return tuple(sorted({name for graph in graphs for name in sources.file_of(graph)}))
