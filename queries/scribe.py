"""The JSON of a lineage, written from the index alone: what `queries.lineage` and `queries.export` give, ten times as
fast.

The walk is that of `queries.lineage`, over numbers instead of names; how each thing and each statement is written is
kept, since a release does not change. What the index does not know, or what would be cut, is left to the long way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

from ontology.schema import LineageRelation
from queries.adjacency import Adjacency
from queries.backend import Direction
from queries.lineage import LINKS_PER_NODE, chosen, edge_of, is_statement

__all__ = ["Scribe"]

#: Things and statements whose text is kept; some 300 bytes each.
_REMEMBERED: Final = 32_768


class _Cut(Exception):
    """The answer would be cut."""


class Scribe:
    """One per index; safe for several threads."""

    def __init__(self, index: Adjacency) -> None:
        self.index = self._index = index
        self._relations = {str(relation.iri): relation for relation in chosen()}
        self._node = lru_cache(maxsize=_REMEMBERED)(self._node_text)
        self._edge = lru_cache(maxsize=_REMEMBERED)(self._edge_text)

    def written(
        self, thing: str, *, direction: Direction, kinds: Collection[str] | None, depth: int, limit: int, most: int
    ) -> str | None:
        """The answer as JSON, with a line end; None where it must be found in the long way: for what is no node, for
        relations without index, where more than `limit` things or `most` statements are reached."""
        index, start = self._index, self._index.node(thing)
        relations = chosen(kinds)
        if start < 0 or not all(index.covers(relation) for relation in relations):
            return None
        walk = _Walk(index, relations, limit, min(most, LINKS_PER_NODE * limit))
        try:
            for way in ("up", "down"):
                if direction in (way, "both"):
                    walk.go(start, way, depth)
        except _Cut:
            return None
        nodes = {node: said for node in walk.found if (said := self._node(node)) and (node == start or not said[1])}
        edges = [edge for edge, (subject, object_) in walk.edges.items() if subject in nodes and object_ in nodes]
        return (
            f'{{"thing": {json.dumps(thing, ensure_ascii=False)}, "release": {json.dumps(index.release)}, '
            f'"nodes": [{", ".join([text for text, _ in nodes.values()])}], '
            f'"edges": [{", ".join(map(self._edge, edges))}]}}\n'
        )

    def _node_text(self, node: int) -> tuple[str, bool]:
        """How a thing is written, and whether it is a statement about things."""
        thing = self._index.thing_at(node)
        return json.dumps(thing.to_json(), ensure_ascii=False), is_statement(thing)

    def _edge_text(self, edge: int) -> str:
        index = self._index
        link, (subject, object_) = index.link(edge), index.ends(edge)
        relation, sources = self._relations[link.predicate], index.sources_at(edge)
        found = edge_of(link, relation, index.thing_at(subject).label, index.thing_at(object_).label, sources)
        return json.dumps(found.to_json(), ensure_ascii=False)


class _Walk:
    """As `queries.lineage` walks. `found` and `edges` (with their ends) are in the order of their finding."""

    def __init__(self, index: Adjacency, relations: Sequence[LineageRelation], limit: int, most: int) -> None:
        self._index = index
        self._limit = limit
        self._most = most
        self._up = index.predicates(r for r in relations if r.direction == "up")
        self._down = index.predicates(r for r in relations if r.direction != "up")
        self._containing = [r for r in relations if r.containment]
        self.found: dict[int, None] = {}
        self.edges: dict[int, tuple[int, int]] = {}

    def go(self, start: int, way: str, depth: int) -> None:
        """Follow the lineage one way. Raises _Cut."""
        self.found.setdefault(start)
        seen, frontier = {start}, [start]
        along, against = (self._up, self._down) if way == "up" else (self._down, self._up)
        if way == "up":
            frontier += self._parts(start, seen)
        for _ in range(depth):
            if not frontier:
                return
            frontier = self._step(frontier, along, against, seen)

    def _parts(self, start: int, seen: set[int]) -> list[int]:
        index, parts = self._index, list[int]()
        along = index.predicates(r for r in self._containing if r.direction == "down")
        against = index.predicates(r for r in self._containing if r.direction != "down")
        step = [start] if self._containing else []
        while step:
            step = self._step(step, along, against, seen)
            parts += step
        return parts

    def _step(self, frontier: Sequence[int], along: set[int], against: set[int], seen: set[int]) -> list[int]:
        index, found = self._index, self.found
        edges = index.edges(frontier, along, against, self._most)
        if len(edges) > self._most:
            raise _Cut
        edges.sort()
        at, reached = set(frontier), dict[int, None]()
        for edge in edges:
            self.edges[edge] = ends = index.ends(edge)
            for end in ends:
                if end not in found:
                    found[end] = None
                if end not in seen and end not in at:
                    reached[end] = None
        if len(found) > self._limit or len(self.edges) > self._most:
            raise _Cut
        seen.update(reached)
        return list(reached)
