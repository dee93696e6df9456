"""The fast way to check a graph against the shapes: one set query per constraint, over a store.

The results are those of pySHACL (`ontology.shapes`), which remains the judge: a shape that cannot be turned into
queries is checked by it, and so is a graph with values that it cannot compare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import rdflib
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store, Triple
from rdflib.namespace import RDF, RDFS, SKOS
from rdflib.term import Node

from ontology.constraints import Shape, Unread, part, read_shapes
from ontology.schema import load_schema
from ontology.shapes import LEVELS, ValidationResult, explain, in_order, shapes_graph, validate_against
from queries.constraints import Compiler, Query
from queries.judgement import Incomparable, breaks

_SUBCLASS: Final = NamedNode(str(RDFS.subClassOf))
_TYPE: Final = NamedNode(str(RDF.type))
_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"

Term = NamedNode | BlankNode | Literal


@dataclass(frozen=True)
class _Read:
    """A shapes graph, read once: what can be turned into queries, and what cannot."""

    graph: rdflib.Graph
    shapes: tuple[Shape, ...]
    rest: tuple[rdflib.URIRef, ...]


def validate_store(
    store: Store,
    *,
    focus_nodes: Iterable[str] | None = None,
    levels: Sequence[str] = LEVELS,
    shapes: rdflib.Graph | None = None,
) -> list[ValidationResult]:
    """Check the default graph of a store; same results and same order as `ontology.shapes.validate`.

    The store holds what is to be checked and what `schema_triples` gives, and nothing else of the schema (its terms
    and codes would be checked too). With `focus_nodes` (IRIs) only these things are checked, in a time that depends on
    them and not on the size of the store. `shapes` replaces the shapes of the package. Raises ValueError for an
    unknown level.
    """
    focus = None if focus_nodes is None else sorted(set(focus_nodes))
    if focus is not None and not focus:
        return []
    read = _read(shapes) if shapes is not None else _read_levels(tuple(levels))
    try:
        return in_order(_results(store, read, focus))
    except Incomparable:
        return _by_judge(store, read.graph, focus)


def store_of(statements: Iterable[Quad | Triple]) -> Store:
    """A store for `validate_store`: the statements, whatever their graph, with what the shapes need of the schema."""
    store = Store()
    store.bulk_extend(Quad(item.subject, item.predicate, item.object, DefaultGraph()) for item in statements)
    store.bulk_extend(schema_triples())
    return store


def schema_triples() -> list[Quad]:
    """What the shapes need of the schema: subclasses and the membership of codes."""
    graph = load_schema().graph
    return [
        Quad(NamedNode(str(s)), NamedNode(str(p)), NamedNode(str(o)), DefaultGraph())
        for predicate in (RDFS.subClassOf, SKOS.inScheme)
        for s, p, o in graph.triples((None, predicate, None))
        if isinstance(s, rdflib.URIRef) and isinstance(o, rdflib.URIRef)
    ]


def readable(levels: tuple[str, ...]) -> bool:
    """Whether each shape of these levels can be turned into queries, so that none is left to pySHACL."""
    return not _read_levels(levels).rest


@cache
def _read_levels(levels: tuple[str, ...]) -> _Read:
    return _read(shapes_graph(levels))


def _read(graph: rdflib.Graph) -> _Read:
    """The shapes of a graph, and which of them no query can be made of."""
    shapes, unread = read_shapes(graph)
    probe = Compiler(lambda name: [name.n3()] if isinstance(name, rdflib.URIRef) else [])
    good: list[Shape] = []
    for shape in shapes:
        try:
            probe.queries(shape)
        except Unread:
            unread.append(rdflib.URIRef(str(shape.node)))
        else:
            good.append(shape)
    return _Read(graph, tuple(good), tuple(sorted(unread)))


def _results(store: Store, read: _Read, focus: list[str] | None) -> Iterator[ValidationResult]:
    compiler = Compiler(_Classes(store))
    for shape in _concerned(store, read.shapes, focus):
        for query in compiler.queries(shape):
            yield from _broken(store, read.graph, query, focus)
    if read.rest:
        yield from _by_judge(store, part(read.graph, list(read.rest)), focus)


def _broken(store: Store, graph: rdflib.Graph, query: Query, focus: list[str] | None) -> Iterator[ValidationResult]:
    """The results of one query, less the suspects that are found innocent."""
    solutions = store.query(query.limited(focus))
    if not isinstance(solutions, QuerySolutions):
        raise TypeError("a constraint is a SELECT query")
    names = {variable.value for variable in solutions.variables}
    component = f"{query.constraint.component}ConstraintComponent"
    shape = query.shape
    for row in solutions:
        thing = _term(row["focus"])
        value = _term(row["value"]) if "value" in names else None
        other = _term(row["other"]) if "other" in names else None
        if query.judged and not breaks(query.constraint, value if value is not None else thing, other):
            continue
        text = None if value is None else str(value)
        yield explain(graph, shape.node, component, focus=str(thing), path=shape.path, value=text)


def _by_judge(store: Store, graph: rdflib.Graph, focus: list[str] | None) -> list[ValidationResult]:
    """What pySHACL says."""
    data = rdflib.Graph(bind_namespaces="none")
    for item in store.quads_for_pattern(None, None, None, DefaultGraph()):
        data.add((_term(item.subject), _term(item.predicate), _term(item.object)))
    nodes = None if focus is None else [rdflib.URIRef(iri) for iri in focus]
    return validate_against(graph, data, focus_nodes=nodes)


def _concerned(store: Store, shapes: Sequence[Shape], focus: list[str] | None) -> Iterator[Shape]:
    """The shapes that may be about one of these things: by far not all, where there are few things."""
    if focus is None:
        yield from shapes
        return
    classes = _Classes(store)
    held: set[str] = set()
    types: set[str] = set()
    for iri in focus:
        for item in store.quads_for_pattern(NamedNode(iri), None, None, DefaultGraph()):
            held.add(item.predicate.value)
            if item.predicate == _TYPE:
                types.add(str(item.object))
    for shape in shapes:
        for target in shape.targets:
            fits = target.kind not in ("class", "subjects-of") or (
                not types.isdisjoint(classes(target.term)) if target.kind == "class" else str(target.term) in held
            )
            if fits:
                yield shape
                break


class _Classes:
    """The subclasses of a class, and itself, as the store has them and as SPARQL writes them."""

    def __init__(self, store: Store) -> None:
        self._below: dict[str, list[str]] = defaultdict(list)
        for item in store.quads_for_pattern(None, _SUBCLASS, None, DefaultGraph()):
            if isinstance(item.subject, NamedNode):
                self._below[str(item.object)].append(str(item.subject))

    def __call__(self, term: Node) -> list[str]:
        found, waiting = set[str](), [f"<{term}>"]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self._below[one])
        return sorted(found)


def _term(term: object) -> rdflib.URIRef | rdflib.BNode | rdflib.Literal:
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if isinstance(term, Literal):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        kind = None if term.datatype.value == _STRING else rdflib.URIRef(term.datatype.value)
        return rdflib.Literal(term.value, datatype=kind, normalize=False)
    raise TypeError(f"not a term of RDF: {term!r}")
