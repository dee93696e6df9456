"""What the shapes demand, as plain data: targets, paths and constraints, for those who check in another way.

Only what is listed here is read. A shape with anything else (a property path, a SPARQL constraint, a flag) is returned
as unread, and pySHACL (`ontology.shapes`) checks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from ontology.namespaces import TG

#: Components whose parameter may stand several times in one shape, each for itself.
_REPEATED: Final[dict[Node, str]] = {
    SH["class"]: "Class",
    SH.pattern: "Pattern",
    SH.hasValue: "HasValue",
    SH.lessThan: "LessThan",
    SH.lessThanOrEquals: "LessThanOrEquals",
}
_SINGLE: Final[dict[Node, str]] = {
    SH.datatype: "Datatype",
    SH.nodeKind: "NodeKind",
    SH.minInclusive: "MinInclusive",
    SH.maxInclusive: "MaxInclusive",
    SH.minExclusive: "MinExclusive",
    SH.maxExclusive: "MaxExclusive",
}
_NUMBERS: Final[dict[Node, str]] = {
    SH.minCount: "MinCount",
    SH.maxCount: "MaxCount",
    SH.minLength: "MinLength",
    SH.maxLength: "MaxLength",
}
_LISTS: Final[dict[Node, str]] = {SH["in"]: "In", SH.languageIn: "LanguageIn"}
_NESTED: Final[dict[Node, str]] = {SH.node: "Node", SH["not"]: "Not", SH.property: "Property"}
_NESTED_LISTS: Final[dict[Node, str]] = {SH["or"]: "Or", SH["and"]: "And", SH.xone: "Xone"}
_QUALIFIED: Final[dict[Node, str]] = {
    SH.qualifiedMinCount: "QualifiedMinCount",
    SH.qualifiedMaxCount: "QualifiedMaxCount",
}
_TARGETS: Final[dict[Node, str]] = {
    SH.targetClass: "class",
    SH.targetSubjectsOf: "subjects-of",
    SH.targetObjectsOf: "objects-of",
    SH.targetNode: "node",
}
_REMARKS: Final = {SH.message, SH.severity, SH.name, SH.description, SH.order, SH.group, SH.path, TG.hint}
_KINDS: Final = {SH.NodeShape, SH.PropertyShape}


class Unread(Exception):
    """The shape holds something that is not read here."""


@dataclass(frozen=True)
class Target:
    """Which things a shape is about: `kind` is class, subjects-of, objects-of or node; `term` the class, …"""

    kind: str
    term: Node


@dataclass(frozen=True)
class Constraint:
    """One constraint: the component's name without its ending (`MinCount`), and its parameter.

    `term` is the parameter where it is one term, `terms` the members of a list, `number` a count or length, `shapes`
    the shapes that it refers to.
    """

    component: str
    term: Node | None = None
    terms: tuple[Node, ...] = ()
    number: int = 0
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True)
class Shape:
    """A node shape (`path` is None) or a property shape over one property."""

    node: Node
    path: URIRef | None
    targets: tuple[Target, ...]
    constraints: tuple[Constraint, ...]


def read_shapes(graph: Graph) -> tuple[list[Shape], list[URIRef]]:
    """The shapes with a target and an IRI, sorted by IRI, and the IRIs of those that cannot be read here."""
    read: list[Shape] = []
    unread: list[URIRef] = []
    targeted = {node for predicate in _TARGETS for node in graph.subjects(predicate)}
    for node in sorted(node for node in targeted if isinstance(node, URIRef)):
        try:
            read.append(_Reader(graph).shape(node))
        except Unread:
            unread.append(node)
    return read, unread


def part(graph: Graph, shapes: list[URIRef]) -> Graph:
    """The shapes graph with these shapes as the only ones that have targets."""
    kept = Graph(bind_namespaces="none")
    for triple in graph:
        if triple[1] not in _TARGETS or triple[0] in shapes:
            kept.add(triple)
    return kept


class _Reader:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._open: list[Node] = []

    def shape(self, node: Node) -> Shape:
        if node in self._open:
            raise Unread("a shape that refers to itself")
        self._open.append(node)
        path = self._path(node)
        targets: list[Target] = []
        constraints: list[Constraint] = []
        for predicate in sorted(set(self._graph.predicates(node)), key=str):
            values = sorted(self._graph.objects(node, predicate), key=str)
            if predicate in _TARGETS:
                targets.extend(Target(_TARGETS[predicate], value) for value in values)
            elif predicate == RDF.type:
                if not set(values) <= _KINDS:
                    raise Unread("a shape that is also a class")
            elif predicate not in _REMARKS:
                constraints.extend(self._constraints(node, predicate, values))
        self._open.pop()
        return Shape(node, path, tuple(targets), tuple(constraints))

    def _path(self, node: Node) -> URIRef | None:
        paths = list(self._graph.objects(node, SH.path))
        if not paths:
            return None
        if len(paths) > 1 or not isinstance(paths[0], URIRef):
            raise Unread("a path of several steps")
        return paths[0]

    def _constraints(self, node: Node, predicate: Node, values: list[Node]) -> list[Constraint]:
        if predicate in _REPEATED:
            return [Constraint(_REPEATED[predicate], term=value) for value in values]
        if predicate in _NESTED:
            return [Constraint(_NESTED[predicate], shapes=(self.shape(value),)) for value in values]
        if predicate in _NESTED_LISTS:
            return [
                Constraint(
                    _NESTED_LISTS[predicate], shapes=tuple(self.shape(member) for member in self._members(value))
                )
                for value in values
            ]
        if len(values) != 1:
            raise Unread(f"several values of {predicate}")
        value = values[0]
        if predicate in _SINGLE:
            return [Constraint(_SINGLE[predicate], term=value)]
        if predicate in _NUMBERS:
            return [Constraint(_NUMBERS[predicate], number=_whole(value))]
        if predicate in _LISTS:
            return [Constraint(_LISTS[predicate], terms=self._members(value))]
        if predicate == SH.uniqueLang:
            return [Constraint("UniqueLang")] if isinstance(value, Literal) and value.value is True else []
        if predicate == SH.qualifiedValueShape:
            return self._qualified(node, value)
        if predicate in _QUALIFIED:
            return []
        raise Unread(str(predicate))

    def _qualified(self, node: Node, value: Node) -> list[Constraint]:
        inner = (self.shape(value),)
        found = [
            Constraint(name, number=_whole(number), shapes=inner)
            for predicate, name in _QUALIFIED.items()
            for number in self._graph.objects(node, predicate)
        ]
        if not found:
            raise Unread("a qualified shape without a number")
        return found

    def _members(self, head: Node) -> tuple[Node, ...]:
        if not isinstance(head, URIRef | BNode):
            raise Unread("not a list")
        return tuple(Collection(self._graph, head))


def _whole(value: Node) -> int:
    if isinstance(value, Literal) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return int(value.value)
    raise Unread("not a whole number")
