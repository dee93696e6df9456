"""The lineage index of a release: who is joined to whom, what each is called, and which sources say so.

It holds what `queries.lineage` and `queries.paths` would ask the store for, worked out once when the release is built
(`loaders.adjacency`), and gives the same answers. The file is mapped, not read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final

from ontology.keys import key_of
from ontology.namespaces import ID
from queries.backend import Direction, Link, Relation
from queries.evidence import Source
from queries.packed import Packed
from queries.things import UNTYPED, Thing

#: The file in the directory of a release.
FILE: Final = "lineage.index"
#: Stands for "not known" where a number is expected.
NOTHING: Final = 0xFFFF_FFFF
#: Numbers of texts in one row of evidence: document, part, start, end, confidence.
ROW: Final = 5
_FEW: Final = 24
#: Links whose sources are kept after they were read.
_REMEMBERED: Final = 16_384


class Adjacency:
    """Opened index. Nodes, edges and texts are known by their place in the tables; safe for several threads.

    A node is a thing of the record (everything below `id/` that has a type) or an end of an edge. The edges are those
    of `relations` between two IRIs in the default graph, once in the order of subject, predicate, object, and once as
    numbers of edges in the order of object, predicate, subject.
    """

    def __init__(self, path: Path) -> None:
        """Map the file. Raises BackendError where it is damaged."""
        table = Packed(path)
        self.release = table.release
        self._nodes = table.strings("nodes")
        self._texts = table.strings("texts")
        self._types = table.numbers("types")
        self._labels = table.numbers("labels")
        self._first = table.numbers("first")
        self._subjects = table.numbers("subjects")
        self._predicates = table.numbers("predicates")
        self._objects = table.numbers("objects")
        self._first_in = table.numbers("first-in")
        self._edges_in = table.numbers("edges-in")
        self._predicates_in = table.numbers("predicates-in")
        self._first_row = table.numbers("first-row")
        self._rows = table.numbers("rows")
        self._sources = lru_cache(maxsize=_REMEMBERED)(self._sources_of)
        self._names = [self._texts[at] for at in table.numbers("relations")]
        self._relations = {name: number for number, name in enumerate(self._names)}

    def covers(self, relation: Relation) -> bool:
        """Whether all links of a relation are here."""
        return str(relation.iri) in self._relations

    def exists(self, iri: str) -> bool | None:
        """Whether the record says what kind of thing this is; None where that must be asked of the store."""
        if not iri.startswith(str(ID)):
            return None
        node = self._nodes.find(iri)
        return node >= 0 and self._types[node] != NOTHING

    def thing(self, iri: str) -> Thing | None:
        """Key, type and label of a node; None for what is no node."""
        node = self._nodes.find(iri)
        return None if node < 0 else self.thing_at(node)

    # By number, for answers that are made from the index alone (`queries.scribe`): nodes are numbered in the order of
    # their IRIs, edges in that of subject, predicate, object, so that sorted numbers are sorted links.

    def node(self, iri: str) -> int:
        """The number of a node, or -1."""
        return self._nodes.find(iri)

    def thing_at(self, node: int) -> Thing:
        """Key, type and label of a node."""
        iri, kind, label = self._nodes[node], self._types[node], self._labels[node]
        return Thing(iri, key_of(iri), UNTYPED if kind == NOTHING else self._texts[kind], self._texts[label])

    def predicates(self, relations: Iterable[Relation]) -> set[int]:
        """The numbers of relations, which must be covered."""
        return {self._relations[str(relation.iri)] for relation in relations}

    def edges(self, nodes: Iterable[int], along: AbstractSet[int], against: AbstractSet[int], most: int) -> list[int]:
        """The edges of these predicates that begin at one of the nodes (`along`) or end at one (`against`); where there
        are more than `most`, one more than that: at a thing on which very much hangs, the rest is not read."""
        found: list[int] = []
        for node in nodes:
            if along:
                places = _of(self._predicates, self._first[node], self._first[node + 1], along)
                found += islice(places, most + 1 - len(found))
            if against:
                places = _of(self._predicates_in, self._first_in[node], self._first_in[node + 1], against)
                found += [self._edges_in[at] for at in islice(places, most + 1 - len(found))]
            if len(found) > most:
                break
        return found

    def ends(self, edge: int) -> tuple[int, int]:
        """The nodes of its subject and its object."""
        return self._subjects[edge], self._objects[edge]

    def link(self, edge: int) -> Link:
        """The statement of an edge."""
        subject, object_ = self.ends(edge)
        return Link(self._nodes[subject], self._names[self._predicates[edge]], self._nodes[object_])

    def predicate_at(self, edge: int) -> str:
        """The property of an edge."""
        return self._names[self._predicates[edge]]

    def rows_at(self, edge: int) -> tuple[int, ...]:
        """The sources of an edge as the numbers of their cells, `ROW` for each; sorted."""
        return tuple(self._rows[ROW * self._first_row[edge] : ROW * self._first_row[edge + 1]])

    def text_at(self, number: int) -> str | None:
        """A cell of a row of sources; None where nothing is known."""
        return None if number == NOTHING else self._texts[number]

    def neighbours(
        self, frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
    ) -> Iterator[Link]:
        """See `Backend.neighbours`; all relations must be covered."""
        names = {self._relations[str(r.iri)]: str(r.iri) for r in relations}
        along = {self._relations[str(r.iri)] for r in relations if direction in ("both", r.direction)}
        against = {self._relations[str(r.iri)] for r in relations if direction == "both" or r.direction != direction}
        iris, predicates = self._nodes, self._predicates
        places = [(iri, node) for iri in frontier if (node := iris.find(iri)) >= 0]
        for iri, node in places:
            for edge in _of(predicates, self._first[node], self._first[node + 1], along):
                yield Link(iri, names[predicates[edge]], iris[self._objects[edge]])
        for iri, node in places:
            for at in _of(self._predicates_in, self._first_in[node], self._first_in[node + 1], against):
                edge = self._edges_in[at]
                yield Link(iris[self._subjects[edge]], names[predicates[edge]], iri)

    def sources(self, link: Link) -> tuple[Source, ...] | None:
        """The sources of a statement, sorted; None for one that is no edge."""
        subject, object_ = self._nodes.find(link.subject), self._nodes.find(link.object)
        predicate = self._relations.get(link.predicate)
        if subject < 0 or object_ < 0 or predicate is None:
            return None
        low, high = self._first[subject], self._first[subject + 1]
        low = bisect_left(self._predicates, predicate, low, high)
        high = bisect_left(self._predicates, predicate + 1, low, high)
        edge = bisect_left(self._objects, object_, low, high)
        if edge == high or self._objects[edge] != object_:
            return None
        return self._sources(edge)

    def _sources_of(self, edge: int) -> tuple[Source, ...]:
        rows = self.rows_at(edge)
        return tuple(self._source(rows[at : at + ROW]) for at in range(0, len(rows), ROW))

    def _source(self, cells: Iterable[int]) -> Source:
        document, part, start, end, confidence = map(self.text_at, cells)
        return Source(document or "", part, _number(start), _number(end), confidence)


def _of(predicates: memoryview[int], low: int, high: int, wanted: AbstractSet[int]) -> Iterator[int]:
    """The places between two whose predicate is wanted. At a thing on which very much hangs, nothing else is read."""
    if high - low <= _FEW:
        yield from (at for at in range(low, high) if predicates[at] in wanted)
        return
    for predicate in sorted(wanted):
        begin = bisect_left(predicates, predicate, low, high)
        yield from range(begin, bisect_left(predicates, predicate + 1, begin, high))


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
