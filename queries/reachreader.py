"""Reads from a SELECT query how far it looks (`queries.reach`). Nothing is run here.

What cannot be walked (a property that is a variable, MINUS, a thing that no join connects with ?about) is not guessed
at: the reach of such a rule is None, and it must be run on everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from rdflib.paths import AlternativePath, InvPath, MulPath, Path
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node, URIRef, Variable

from ontology.namespaces import CODE, TG
from queries.reach import ABOUT, Edge, Reach


class NotLocal(Exception):
    """The rule looks at things that its joins do not lead to."""


@cache
def reach_of(text: str) -> Reach | None:
    """The reach of a SELECT query, or None where it cannot be told. Raises what rdflib raises for bad syntax."""
    try:
        return tuple(_connected(way) for way in _Reader(prepareQuery(text).algebra).ways())
    except NotLocal:
        return None


@dataclass(frozen=True)
class _Triple:
    """One triple pattern; `scope` is 0 for what every row needs, else the number of its OPTIONAL or EXISTS."""

    subject: Node
    predicate: Any
    value: Node
    graph: Node | None
    scope: int
    optional: bool


class _Reader:
    """Reads the algebra once for the values of VALUES and the variables that filters need, then for the patterns."""

    def __init__(self, algebra: CompValue) -> None:
        self._algebra = algebra
        self._listed: dict[str, set[Node]] = {}
        self._needed: set[str] = set()
        self._made: dict[str, set[str]] = {}
        self._scopes = 0
        self._survey(algebra.p, inside=False)

    def ways(self) -> Iterator[tuple[Edge, ...]]:
        """The edges of each way."""
        for triples in self._patterns(self._algebra.p, None, 0, optional=False):
            yield self._edges(triples)

    def _survey(self, node: Any, *, inside: bool) -> None:
        """Note lists of values, made variables (BIND, COUNT), and what a filter outside of an OPTIONAL looks at."""
        for part in _parts(node):
            self._survey_part(part, inside=inside)

    def _survey_part(self, node: CompValue, *, inside: bool) -> None:
        match node.name:
            case "values":
                for row in node.res:
                    for variable, value in row.items():
                        self._listed.setdefault(str(variable), set()).add(value)
                return
            case "Extend":
                self._made.setdefault(str(node.var), set()).update(_variables(node.expr))
            case "Filter" if not inside:
                self._needed.update(_variables(node.expr))
            case "LeftJoin":
                self._survey(node.p1, inside=inside)
                self._survey(node.p2, inside=True)
                return
            case "Group":
                self._needed.update(_variables(node.expr))
            case "AggregateJoin":
                for one in node.A:
                    self._made.setdefault(str(one.res), set()).update(_variables(one.vars))
            case "Minus" | "ServiceGraphPattern" | "Slice":
                raise NotLocal(node.name)
        for key, item in node.items():
            if key not in ("_vars", "PV", "expr") or node.name == "Filter":
                self._survey(item, inside=inside)

    def _patterns(self, node: Any, graph: Node | None, scope: int, *, optional: bool) -> list[list[_Triple]]:
        """The triple patterns below a node of the algebra, once for each choice between sides of UNIONs."""
        match node.name:
            case "BGP":
                return [[_Triple(s, p, o, graph, scope, optional) for s, p, o in node.triples]]
            case "Join" | "LazyJoin":
                return _product(
                    self._patterns(node.p1, graph, scope, optional=optional),
                    self._patterns(node.p2, graph, scope, optional=optional),
                )
            case "LeftJoin":
                left = self._patterns(node.p1, graph, scope, optional=optional)
                self._scopes += 1
                return _product(left, self._patterns(node.p2, graph, self._scopes, optional=True))
            case "Union":
                sides = (node.p1, node.p2)
                return [way for side in sides for way in self._patterns(side, graph, scope, optional=optional)]
            case "Filter":
                found = self._patterns(node.p, graph, scope, optional=optional)
                return _product(found, [list(self._exists(node.expr, graph))])
            case "Graph":
                return self._patterns(node.p, node.term, scope, optional=optional)
            case "values":
                return [[]]
            case "Extend" | "Project" | "Distinct" | "OrderBy" | "ToMultiSet" | "AggregateJoin" | "Group":
                return self._patterns(node.p, graph, scope, optional=optional)
        raise NotLocal(node.name)

    def _exists(self, node: Any, graph: Node | None) -> Iterator[_Triple]:
        """The patterns of the EXISTS in an expression, which rdflib leaves as they were parsed."""
        if isinstance(node, list | tuple):
            for item in node:
                yield from self._exists(item, graph)
        elif isinstance(node, CompValue):
            if node.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
                self._scopes += 1
                yield from self._within(node.graph, graph, self._scopes)
                return
            for key, item in node.items():
                if key != "_vars":
                    yield from self._exists(item, graph)

    def _within(self, node: Any, graph: Node | None, scope: int) -> Iterator[_Triple]:
        for part in _parts(node):
            yield from self._within_part(part, graph, scope)

    def _within_part(self, node: CompValue, graph: Node | None, scope: int) -> Iterator[_Triple]:
        match node.name:
            case "BGP":
                yield from (_Triple(s, p, o, graph, scope, False) for s, p, o in node.triples)
            case "TriplesBlock":
                for terms in node.triples:
                    for at in range(0, len(terms), 3):
                        yield _Triple(terms[at], terms[at + 1], terms[at + 2], graph, scope, False)
            case "Filter":
                self._needed.update(_variables(node.expr))
                yield from self._exists(node.expr, graph)
                if "p" in node:
                    yield from self._within(node.p, graph, scope)
            case "GroupGraphPatternSub" | "Join":
                for key, item in node.items():
                    if key != "_vars":
                        yield from self._within(item, graph, scope)
            case _:
                raise NotLocal(f"{node.name} within EXISTS")

    def _edges(self, triples: Sequence[_Triple]) -> tuple[Edge, ...]:
        bound = {str(term) for one in triples if not one.scope for term in _terms(one) if isinstance(term, Variable)}
        needed = set(self._needed)
        needed.update(bound)
        while more := {part for name in needed for part in self._made.get(name, ())} - needed:
            needed |= more
        found: list[Edge] = []
        for one in triples:
            own = {str(term) for term in _terms(one) if isinstance(term, Variable)} - bound
            wording = one.optional and not own & needed

            def name(term: Node | None, scope: int = one.scope) -> str | None:
                if not isinstance(term, Variable) or str(term) in self._listed:
                    return None
                return str(term) if not scope or str(term) in bound else f"{term}#{scope}"

            self._check_start(one.subject)

            start, end, graph = name(one.subject), name(one.value), name(one.graph)
            for properties, chain, inverse in self._steps(one.predicate):
                first, last = (end, start) if inverse else (start, end)
                found.append(Edge(first, properties, last, chain, graph, one.scope, wording))
        return tuple(found)

    def _check_start(self, term: Node) -> None:
        """Raise NotLocal for a thing that is named outright, unless it is a term of the vocabulary."""
        listed = self._listed.get(str(term), ()) if isinstance(term, Variable) else (term,)
        if not isinstance(term, Variable) or listed:
            for value in listed:
                if not str(value).startswith((str(TG), str(CODE))):
                    raise NotLocal(f"{value} is named")

    def _steps(self, predicate: Any) -> Iterator[tuple[tuple[str, ...], bool, bool]]:
        """The properties of a path, whether it is a chain, and whether it is walked against its direction."""
        if isinstance(predicate, URIRef):
            yield (str(predicate),), False, False
        elif isinstance(predicate, Variable) and (listed := self._listed.get(str(predicate))):
            yield tuple(sorted(str(one) for one in listed)), False, False
        elif isinstance(predicate, AlternativePath) and all(isinstance(part, URIRef) for part in predicate.args):
            yield tuple(sorted(str(part) for part in predicate.args)), False, False
        elif isinstance(predicate, InvPath) and isinstance(predicate.arg, URIRef):
            yield (str(predicate.arg),), False, True
        elif isinstance(predicate, MulPath) and isinstance(predicate.path, URIRef):
            yield (str(predicate.path),), True, False
        else:
            raise NotLocal(f"the property {predicate}" if isinstance(predicate, Path | Node) else "a property")


def _connected(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """The edges that start from a variable. Raises NotLocal unless all are joined with ?about, the needed ones by
    needed ones."""
    reached = {ABOUT}
    for among in ([edge for edge in edges if not edge.scope], edges):
        while (
            more := {
                name
                for edge in among
                if not reached.isdisjoint({edge.start, edge.end, edge.graph} - {None})
                for name in (edge.start, edge.end, edge.graph)
                if name is not None
            }
            - reached
        ):
            reached |= more
        for edge in among:
            if edge.start is not None and edge.start not in reached:
                raise NotLocal(f"{edge.start} is not joined with ?{ABOUT}")
    return edges


def _parts(node: Any) -> Iterator[CompValue]:
    """The node, or those of a list."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from _parts(item)
    elif isinstance(node, CompValue):
        yield node


def _product(first: list[list[_Triple]], second: list[list[_Triple]]) -> list[list[_Triple]]:
    return [[*one, *other] for one in first for other in second]


def _terms(one: _Triple) -> Iterable[Node | None]:
    return (one.subject, one.value, one.graph)


def _variables(node: Any) -> set[str]:
    """All variables in an expression, those of the patterns of an EXISTS among them."""
    if isinstance(node, Variable):
        return {str(node)}
    if isinstance(node, CompValue):
        return {name for key, item in node.items() if key != "_vars" for name in _variables(item)}
    if isinstance(node, list | tuple | set):
        return {name for item in node for name in _variables(item)}
    return set()
