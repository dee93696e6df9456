"""Walking along the joins of a rule (`queries.reach` says how far it looks).

From what has changed a `Walker` comes to the things whose rows may change, and from such a thing a `Gatherer` to every
statement that its rows depend on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from rdflib import RDF, Literal
from rdflib.term import Node

from loaders.reconcile import FOLLOWS, is_source_graph
from loaders.record import Record
from loaders.snapshot import Stated
from loaders.terms import iri
from queries.reach import ABOUT, Edge, Reach

#: A thing and the property of a changed statement about it.
Changed = tuple[Node, str]
Way = tuple[Edge, ...]

_LEADERS: Final = {follower.value: leader.value for follower, leader in FOLLOWS.items()}
_RDF_TYPE: Final = str(RDF.type)


class Unbounded(Exception):
    """The change may concern the rows of any thing."""


class Walker:
    """Walks in several states of the record at once: what was joined before a change, or is after it, is joined."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def concerned(self, reach: Reach, changed: Iterable[Changed], offenders: set[Node]) -> set[Node]:
        """The things whose rows the changed statements may change. Raises Unbounded.

        `offenders` are the things that have rows: only theirs can change in their words.
        """
        listed = list(changed)
        found: set[Node] = set()
        for way in reach:
            seeds: dict[str, set[Node]] = defaultdict(set)
            for node, path in listed:
                for edge in way:
                    if path not in edge.properties:
                        continue
                    if edge.wording:
                        found |= offenders
                    elif edge.start is None:
                        raise Unbounded(path)
                    elif self._may_bind(way, edge, node):
                        seeds[edge.start].add(node)
                        if edge.chain:
                            seeds[edge.start] |= self._closure({node}, edge, backward=True)
            for name, nodes in seeds.items():
                found |= self._to_about(way, name, nodes)
        return found

    def _may_bind(self, way: Way, edge: Edge, node: Node) -> bool:
        """Whether the changed statement can be one that the edge needs: of graphs, only the typing of a special one."""
        if not any(edge.start == other.graph for other in way):
            return True
        if _RDF_TYPE in edge.properties and not _is_source(node) and self._is_graph(node):
            raise Unbounded(str(node))
        # That a graph of a source is one, is not read from the files (`loaders.crossrecord`).
        return False

    def _is_graph(self, node: Node) -> bool:
        return any(
            next(iter(record.openings(node)), None) is not None
            or any(one.positioned.quad[3] == node for one in record.added())
            for record in self._records
        )

    def _to_about(self, way: Way, name: str, nodes: set[Node]) -> set[Node]:
        """The things to which the shortest ways lead from the values of a variable, by the narrowest of them."""
        if name == ABOUT:
            return nodes
        best: set[Node] | None = None
        for path in _paths(way, name):
            reached, dear = nodes, False
            for edge, backward in path:
                if best is not None and self._width(reached, edge, backward=backward) > len(best) * 4 + 64:
                    dear = True
                    break
                reached = self._step(reached, edge, backward=backward)
            if not dear and (best is None or len(reached) < len(best)):
                best = reached
        if best is None:
            raise Unbounded(name)
        return best

    def _width(self, nodes: set[Node], edge: Edge, *, backward: bool) -> int:
        if not backward or edge.chain:
            return len(nodes)
        return sum(record.many_naming(node, edge.properties) for record in self._records for node in nodes)

    def _step(self, nodes: set[Node], edge: Edge, *, backward: bool) -> set[Node]:
        if edge.chain:
            return self._closure(nodes, edge, backward=backward)
        return set(chain.from_iterable(self._next(node, edge, backward=backward) for node in nodes))

    def _next(self, node: Node, edge: Edge, *, backward: bool) -> Iterator[Node]:
        for record in self._records:
            if backward:
                yield from (one.positioned.quad[0] for one in record.naming(node, edge.properties))
            else:
                for one in record.about(node):
                    if str(one.positioned.quad[1]) in edge.properties:
                        yield one.positioned.quad[2]

    def _closure(self, nodes: set[Node], edge: Edge, *, backward: bool) -> set[Node]:
        found, waiting = set(nodes), list(nodes)
        while waiting:
            for other in self._next(waiting.pop(), edge, backward=backward):
                if other not in found and not isinstance(other, Literal):
                    found.add(other)
                    waiting.append(other)
        return found


class Gatherer:
    """Gathers statements of one state of the record."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._taken: dict[int, Stated] = {}

    def take(self, found: Iterable[Stated]) -> list[Stated]:
        """Add statements; they are given back."""
        listed = list(found)
        self._taken.update((one.number, one) for one in listed)
        return listed

    def about(self, node: Node, properties: Iterable[str] | None = None) -> list[Stated]:
        """Add the statements about a thing, all or those by some properties."""
        if properties is None:
            return self.take(self.record.about(node))
        wanted = set(properties)
        # Which value of the one stands depends on the other.
        wanted.update(leader for follower, leader in _LEADERS.items() if follower in wanted)
        return self.take(one for one in self.record.about(node) if str(one.positioned.quad[1]) in wanted)

    def naming(self, node: Node, properties: Sequence[str], most: int = -1) -> list[Stated]:
        """Add the statements whose value is this."""
        return self.take(self.record.naming(node, properties, most))

    def taken(self) -> list[Stated]:
        """What was gathered, in the order of the files."""
        return sorted(self._taken.values(), key=lambda one: (one.number < 0, abs(one.number)))

    def rows(self, reach: Reach, about: set[Node]) -> None:
        """Add every statement that the rows about these things depend on."""
        for way in reach:
            self._way(way, set(about))

    def _way(self, way: Way, about: set[Node]) -> None:
        bound: dict[str, set[Node]] = {ABOUT: about}
        waiting = list(way)
        while waiting:
            found = self._following(waiting, bound)
            if found is None:
                return
            edge, backward = found
            if not backward:
                waiting.remove(edge)
                self._forward(edge, bound)
                continue
            assert edge.start is not None
            assert edge.end is not None
            if edge.chain:
                bound[edge.start] = self._closure(bound[edge.end], edge)
            else:
                named = [one for node in bound[edge.end] for one in self.naming(node, edge.properties)]
                bound[edge.start] = {one.positioned.quad[0] for one in named}
            # The edge is walked again from its start: a thing may have other values too, and one of them stands.

    def _following(self, waiting: Sequence[Edge], bound: dict[str, set[Node]]) -> tuple[Edge, bool] | None:
        """The edge to walk next, and whether backward: what every row needs comes first, then what is cheap."""
        for scoped in (False, True):
            among = [edge for edge in waiting if bool(edge.scope) == scoped]
            for edge in among:
                if edge.start in bound:
                    return edge, False
            if backward := [edge for edge in among if edge.end in bound and edge.start is not None]:
                return min(backward, key=lambda one: self._width(bound[str(one.end)], one)), True
        return None

    def _forward(self, edge: Edge, bound: dict[str, set[Node]]) -> None:
        assert edge.start is not None
        found: list[Stated] = []
        starts = bound[edge.start]
        if edge.chain:
            ends, waiting = set(starts), list(starts)
            while waiting:
                for one in self.about(waiting.pop(), edge.properties):
                    value = one.positioned.quad[2]
                    if value not in ends and not isinstance(value, Literal):
                        ends.add(value)
                        waiting.append(value)
        else:
            kept = set()
            for node in starts:
                if of := self.about(node, edge.properties):
                    found.extend(of)
                    kept.add(node)
            if not edge.scope:
                bound[edge.start] = kept
            ends = {one.positioned.quad[2] for one in found}
        if edge.end is not None:
            bound.setdefault(edge.end, ends)
        if edge.graph is not None:
            bound.setdefault(edge.graph, {graph for one in found if (graph := one.positioned.quad[3]) is not None})

    def _width(self, nodes: set[Node], edge: Edge) -> int:
        return sum(self.record.many_naming(node, edge.properties) for node in nodes)

    def _closure(self, nodes: set[Node], edge: Edge) -> set[Node]:
        found, waiting = set(nodes), list(nodes)
        while waiting:
            for one in self.naming(waiting.pop(), edge.properties):
                subject = one.positioned.quad[0]
                if subject not in found:
                    found.add(subject)
                    waiting.append(subject)
        return found


def _paths(way: Way, name: str) -> list[list[tuple[Edge, bool]]]:
    """All shortest ways along edges from a variable to ?about; the second part says if an edge is walked backward."""
    scopes = {0, int(name.partition("#")[2] or 0)}
    fronts: list[tuple[str, list[tuple[Edge, bool]]]] = [(name, [])]
    seen = {name}
    while fronts:
        following: list[tuple[str, list[tuple[Edge, bool]]]] = []
        for at, path in fronts:
            for edge in way:
                if edge.start is None or edge.end is None or edge.scope not in scopes:
                    continue
                if edge.start == at and edge.end not in seen:
                    following.append((edge.end, [*path, (edge, False)]))
                elif edge.end == at and edge.start not in seen:
                    following.append((edge.start, [*path, (edge, True)]))
        if done := [path for at, path in following if at == ABOUT]:
            return done
        seen.update(at for at, _ in following)
        fronts = following
    return []


def _is_source(node: Node) -> bool:
    try:
        return is_source_graph(iri(str(node)))
    except ValueError:
        return False
