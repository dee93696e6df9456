"""The record at one state: a snapshot and the edits that lead from it to that state, asked about single things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rdflib.term import Node

from loaders.edits import FileEdit
from loaders.positions import Position, PositionedQuad
from loaders.snapshot import Snapshot, Stated


class Record:
    """What all files say at a state. `edits` has an edit for each file whose content is not that of the snapshot."""

    def __init__(self, snapshot: Snapshot, edits: Mapping[str, FileEdit]) -> None:
        self.snapshot = snapshot
        self.edits = edits
        self._about: dict[Node, list[Stated]] = {}
        self._by_subject: dict[Node, list[Stated]] = defaultdict(list)
        self._by_value: dict[tuple[Node, str], list[Stated]] = defaultdict(list)
        self._added: list[Stated] = []
        number = 0
        for file, edit in edits.items():
            for positioned in edit.added:
                number -= 1
                self._added.append(Stated(number, file, positioned))
        for one in self._added:
            subject, predicate, value, _ = one.positioned.quad
            self._by_subject[subject].append(one)
            self._by_value[value, str(predicate)].append(one)

    def about(self, node: Node) -> list[Stated]:
        """The statements about a thing."""
        if node not in self._about:
            self._about[node] = [*self._kept(self.snapshot.about(node)), *self._by_subject.get(node, ())]
        return self._about[node]

    def naming(self, node: Node, properties: Sequence[str], most: int = -1) -> Iterator[Stated]:
        """The statements whose value is this, by one of the properties; at least `most` of each, if there are any."""
        for path in properties:
            added = self._by_value.get((node, path), [])
            yield from added
            if most < 0 or len(added) < most:
                # An edit may have taken away the first ones: then all are looked at.
                kept = list(self._kept(self.snapshot.naming(node, [path], most)))
                again = most > 0 and len(kept) < most
                yield from self._kept(self.snapshot.naming(node, [path])) if again else kept

    def many_naming(self, node: Node, properties: Sequence[str]) -> int:
        """About how many statements `naming` would give; never less."""
        added = sum(len(self._by_value.get((node, path), ())) for path in properties)
        return added + self.snapshot.count_naming(node, properties)

    def everything(self) -> Iterator[Stated]:
        """All statements."""
        yield from self._kept(self.snapshot.everything())
        yield from self._added

    def everywhere(self) -> Iterator[Stated]:
        """The statements of the snapshot that matter for all things; those of edits are not sorted out."""
        return self._kept(self.snapshot.everywhere())

    def openings(self, graph: Node | None) -> Iterator[Stated]:
        """The first statement of a graph in each file that no edit has touched."""
        return (one for one in self.snapshot.openings(graph) if one.file not in self.edits)

    def added(self) -> Sequence[Stated]:
        """The statements that edits have added."""
        return self._added

    def files(self) -> set[str]:
        """The names of the files that say anything or have a fault."""
        return {name for name in self.snapshot.files if name not in self.edits} | set(self.edits)

    def _kept(self, found: Iterator[Stated]) -> Iterator[Stated]:
        """What edits have left of the snapshot's statements, each at the line where it stands now."""
        for one in found:
            edit = self.edits.get(one.file)
            if edit is None:
                yield one
            elif (line := edit.line(one.positioned.position.line)) is not None:
                yield one if line == one.positioned.position.line else one._replace(positioned=_moved(one, line))


def _moved(one: Stated, line: int) -> PositionedQuad:
    """The statement of a row that stands in another line now."""
    place = one.positioned.position
    return replace(one.positioned, position=Position(line, place.column, place.cell))
