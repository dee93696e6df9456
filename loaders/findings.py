"""Findings: what the audit queries return, as nodes.

An audit check is a SELECT query (`queries/audit/*.rq`) that must return nothing; each row that it returns is a finding
about the sources: the rule, how grave it is, what it is about, the documents, both values, the passages and a message.
A finding is open until a curator has confirmed or refuted it with a reason (`loaders.decisions`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, QuerySolution, QuerySolutions, Store
from rdflib.namespace import DCTERMS

from loaders.decisions import FindingDecision
from loaders.errors import BuildError
from loaders.terms import TYPE, Term, digest, iri, literal
from ontology.keys import code, folder_of
from ontology.namespaces import FINDING, GRAPH, TG
from queries.catalogue import Catalogue, StoredQuery

FINDINGS: Final = iri(GRAPH["findings"])

_COLUMNS: Final = ("about", "document", "document2", "value1", "value2", "passage1", "passage2", "message")


@dataclass
class Findings:
    """The outcome of the audit: quads of `graph/findings`, numbers by severity, decisions on findings that are gone."""

    quads: list[Quad] = field(default_factory=list)
    count: int = 0
    open: int = 0
    by_severity: Counter[str] = field(default_factory=Counter)
    stale: list[NamedNode] = field(default_factory=list)


def audit(store: Store, checks: Catalogue, decisions: dict[NamedNode, FindingDecision]) -> Findings:
    """Run the checks on a store; its default graph and all named graphs are theirs to see.

    Raises BuildError for a check that fails or returns a row without `about` and `message`.
    """
    parts: dict[NamedNode, set[tuple[NamedNode, Term]]] = defaultdict(set)
    severities: dict[NamedNode, str] = {}
    for check in checks.values():
        for row in _rows(store, check):
            node = _name(check, row)
            severities[node] = check.severity
            parts[node].update(_parts(check, row))
    result = Findings(count=len(parts))
    for node in sorted(parts, key=str):
        decision = decisions.get(node)
        _keep_one_message(parts[node])
        parts[node] |= _state(decision)
        result.open += decision is None
        result.by_severity[severities[node]] += 1
        result.quads += [Quad(node, predicate, value, FINDINGS) for predicate, value in parts[node]]
    result.stale = sorted(set(decisions) - set(parts), key=str)
    return result


def _rows(store: Store, check: StoredQuery) -> list[dict[str, Term]]:
    try:
        answer = store.query(check.text)
        if not isinstance(answer, QuerySolutions):
            raise BuildError(f"{check.name}.rq: a check must be a SELECT query; to mend: rewrite it as one")
        columns = [variable.value for variable in answer.variables]
        rows = [_row(solution, columns) for solution in answer]
    except (SyntaxError, RuntimeError, OSError) as error:
        raise BuildError(f"{check.name}.rq: the check cannot be run ({error}); to mend: correct the query") from error
    for row in rows:
        if not isinstance(row.get("about"), NamedNode) or not isinstance(row.get("message"), Literal):
            raise BuildError(f"{check.name}.rq: a row lacks ?about or ?message; to mend: bind both in the query")
    return rows


def _row(solution: QuerySolution, columns: Iterable[str]) -> dict[str, Term]:
    found: dict[str, Term] = {}
    for column in columns:
        value = solution[column] if column in _COLUMNS else None
        if isinstance(value, NamedNode | Literal):
            found[column] = value
    return found


def _name(check: StoredQuery, row: dict[str, Term]) -> NamedNode:
    """The IRI of a finding: rule, thing and values make it, so that it keeps its name while the fault stands."""
    content = (str(row.get(column, "")) for column in ("about", "value1", "value2"))
    return iri(FINDING[f"{check.rule}/{digest(check.rule, *content)}"])


def _parts(check: StoredQuery, row: dict[str, Term]) -> Iterator[tuple[NamedNode, Term]]:
    yield TYPE, iri(TG.Finding)
    yield iri(TG.rule), literal(check.rule)
    yield iri(TG.severity), iri(code("severity", check.severity))
    yield iri(TG.about), row["about"]
    yield iri(TG.message), literal(_text(row["message"]))
    for column in ("document", "document2"):
        source = row.get(column)
        if isinstance(source, NamedNode):
            # What stands in no document of the graph stands in a bibliographic record.
            yield iri(TG.document if folder_of(source.value) == "doc" else DCTERMS.source), source
    for column in ("passage1", "passage2"):
        if isinstance(row.get(column), NamedNode):
            yield iri(TG.passage), row[column]
    for column, predicate in (("value1", TG.value1), ("value2", TG.value2)):
        if column in row:
            yield iri(predicate), literal(_text(row[column]))
            yield iri(TG.value), literal(_text(row[column]))


def _keep_one_message(parts: set[tuple[NamedNode, Term]]) -> None:
    """Rows of one finding may word it differently (one for each pair of documents); the first wording stands."""
    messages = sorted((part for part in parts if part[0] == iri(TG.message)), key=str)
    parts.difference_update(messages[1:])


def _state(decision: FindingDecision | None) -> set[tuple[NamedNode, Term]]:
    if decision is None:
        return {(iri(TG.findingState), iri(code("finding-state", "open")))}
    return {
        (iri(TG.findingState), decision.state),
        (iri(TG.reason), decision.reason),
        (iri(DCTERMS.source), decision.graph),
    }


def _text(term: Term) -> str:
    return term.value
