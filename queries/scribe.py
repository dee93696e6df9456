"""The JSON of a lineage, written from the index alone: what `queries.lineage` and `queries.export` give, ten times as
fast.

The walk is that of `queries.lineage`, over numbers instead of names; how each thing and each statement is written is
kept, since a release does not change. What the index does not know, or what would be cut, is left to the long way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from ontology.schema import LineageRelation
from queries.adjacency import Adjacency
from queries.backend import Direction
from queries.lineage import LINKS_PER_NODE, chosen
from queries.phrases import Phrases

__all__ = ["Scribe"]

#: Things whose links are kept.
_REMEMBERED: Final = 32_768
#: Choices of kinds whose predicates are kept.
_PLANS: Final = 64


#: Edges with the nodes of their subject and object, all by number.
Links: TypeAlias = dict[int, tuple[int, int]]
_NO_LINKS: Final[Links] = {}


class _Plan(NamedTuple):
    """The numbers of the predicates that lead from subject to object upwards, and downwards; those that say what is
    part of what once more."""

    up: frozenset[int]
    down: frozenset[int]
    containing_up: frozenset[int]
    containing_down: frozenset[int]


class _Cut(Exception):
    """The answer would be cut."""


class Scribe:
    """One per index; safe for several threads."""

    def __init__(self, index: Adjacency) -> None:
        self.index = self._index = index
        self._phrases = Phrases(index, chosen())
        self._plan = lru_cache(maxsize=_PLANS)(self._plan_of)
        self._links = lru_cache(maxsize=_REMEMBERED)(self._links_of)

    def written(
        self, thing: str, *, direction: Direction, kinds: Collection[str] | None, depth: int, limit: int, most: int
    ) -> bytes | None:
        """The answer as JSON in UTF-8, with a line end; None where it must be found in the long way: for what is no
        node, for relations without index, where more than `limit` things or `most` statements are reached."""
        index, start, plan = self._index, self._index.node(thing), self._plan(tuple(kinds or ()))
        if start < 0 or plan is None:
            return None
        walk = _Walk(plan, self._links, limit, min(most, LINKS_PER_NODE * limit))
        try:
            for way in ("up", "down"):
                if direction in (way, "both"):
                    walk.go(start, way, depth)
        except _Cut:
            return None
        phrase = self._phrases.thing
        things = [(node, phrase(node)) for node in walk.found]
        nodes = {node: said.text for node, said in things if node == start or not said.statement}
        edges: Iterable[int] = walk.edges
        if len(nodes) < len(walk.found):
            edges = [edge for edge, (subject, object_) in walk.edges.items() if subject in nodes and object_ in nodes]
        head = f'{{"thing": {json.dumps(thing, ensure_ascii=False)}, "release": {json.dumps(index.release)}, "nodes": ['
        return b"".join(
            (
                head.encode(),
                b", ".join(nodes.values()),
                b'], "edges": [',
                b", ".join(map(self._phrases.edge, edges)),
                b"]}\n",
            )
        )

    def _plan_of(self, kinds: tuple[str, ...]) -> _Plan | None:
        """Which predicates are followed for these kinds; None where the index does not have them all."""
        index, relations = self._index, chosen(kinds)
        if not all(index.covers(relation) for relation in relations):
            return None
        containing = [relation for relation in relations if relation.containment]
        return _Plan(
            _predicates(index, relations, up=True),
            _predicates(index, relations, up=False),
            _predicates(index, containing, up=True),
            _predicates(index, containing, up=False),
        )

    def _links_of(self, node: int, along: frozenset[int], against: frozenset[int], most: int) -> Links:
        """The edges at a node with their ends, by number. Raises _Cut where there are more than `most`."""
        index = self._index
        edges = index.edges((node,), along, against, most)
        if len(edges) > most:
            raise _Cut
        return {edge: index.ends(edge) for edge in edges} or _NO_LINKS


def _predicates(index: Adjacency, relations: Iterable[LineageRelation], *, up: bool) -> frozenset[int]:
    return frozenset(index.predicates(relation for relation in relations if (relation.direction == "up") == up))


class _Walk:
    """As `queries.lineage` walks. `found` and `edges` (with their ends) are in the order of their finding."""

    def __init__(self, plan: _Plan, links: Callable[..., Links], limit: int, most: int) -> None:
        self._plan = plan
        self._links = links
        self._limit = limit
        self._most = most
        self.found: dict[int, None] = {}
        self.edges: Links = {}

    def go(self, start: int, way: str, depth: int) -> None:
        """Follow the lineage one way. Raises _Cut."""
        self.found.setdefault(start)
        seen, frontier = {start}, [start]
        plan = self._plan
        along, against = (plan.up, plan.down) if way == "up" else (plan.down, plan.up)
        if way == "up":
            frontier += self._parts(start, seen)
        for _ in range(depth):
            if not frontier:
                return
            frontier = self._step(frontier, along, against, seen)

    def _parts(self, start: int, seen: set[int]) -> list[int]:
        along, against = self._plan.containing_down, self._plan.containing_up
        parts = list[int]()
        step = [start] if along or against else []
        while step:
            step = self._step(step, along, against, seen)
            parts += step
        return parts

    def _step(self, frontier: list[int], along: frozenset[int], against: frozenset[int], seen: set[int]) -> list[int]:
        """The things that were not `seen` yet, in the order of the edges; all of `frontier` was."""
        links, most, edges = self._links, self._most, self.edges
        step: Links = {}
        for node in frontier:
            step |= links(node, along, against, most)
            if len(step) > most:
                raise _Cut
        reached: list[int] = []
        for edge in sorted(step):
            edges[edge] = ends = step[edge]
            for end in ends:
                if end not in seen:
                    seen.add(end)
                    reached.append(end)
        self.found.update(dict.fromkeys(reached))
        if len(self.found) > self._limit or len(edges) > most:
            raise _Cut
        return reached
