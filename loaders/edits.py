"""Edits: how the content of a data file differs from what a snapshot knows, read from no more than the changed rows.

A table whose rows have a line each is compared line by line with what it was, and only rows that are new are read. Any
other file is read as a whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final, NamedTuple

from loaders.cells import Cell, decode, read_cells
from loaders.diagnose import Diagnosis, Malformed
from loaders.files import read_file
from loaders.mapping import TableMapping, load_mapping
from loaders.positions import PositionedQuad
from loaders.snapshot import Snapshot, Stated
from loaders.tables import REPEATED, key_of_row, read_rows, repeated_key

#: Most lines, as the product of both sides, that are compared each with each.
_PAIRS: Final = 4_000_000


class Hunk(NamedTuple):
    """The old lines from `old` to before `old_end` are now the new lines from `new` to before `new_end` (from 1)."""

    old: int
    old_end: int
    new: int
    new_end: int


@dataclass
class FileEdit:
    """What an edit makes of one file: `hunks` is None where nothing of the old statements is left.

    `added` are the new statements, `faults` what is wrong with the new file by itself (of a table: in the new rows and
    about their keys), `rows` how many rows of a table, or statements of another file, were read.
    """

    hunks: tuple[Hunk, ...] | None = None
    added: list[PositionedQuad] = field(default_factory=list)
    faults: list[Diagnosis] = field(default_factory=list)
    rows: int = 0

    def line(self, old: int) -> int | None:
        """Where an old line stands now; None where it does not."""
        if self.hunks is None:
            return None
        at = bisect_right(self.hunks, old, key=lambda hunk: hunk.old) - 1
        if at < 0:
            return old
        hunk = self.hunks[at]
        return None if old < hunk.old_end else old + hunk.new_end - hunk.old_end

    def removed(self, snapshot: Snapshot, file: str) -> Iterator[Stated]:
        """The statements of the snapshot that the edit takes away."""
        if file not in snapshot.files:
            return
        if self.hunks is None:
            yield from snapshot.all_of(file)
            return
        for hunk in self.hunks:
            if hunk.old < hunk.old_end:
                yield from snapshot.between(file, hunk.old, hunk.old_end - 1)


def whole_edit(path: Path, name: str) -> FileEdit:
    """The edit that replaces a file by what stands at `path`; `name` stands for it in diagnoses."""
    try:
        quads, faults = read_file(path, references=False)
    except Malformed as error:
        return FileEdit(faults=[renamed(error.diagnosis(), path, name)], rows=1)
    return FileEdit(added=quads, faults=[renamed(one, path, name) for one in faults], rows=len(quads))


def table_edit(snapshot: Snapshot, name: str, old: bytes, path: Path) -> FileEdit | None:
    """The edit of a table with its mapping unchanged, from its old bytes and what stands at `path`.

    None where only the whole file tells: the first line has changed, or new rows do not begin and end with lines.
    """
    mapping = load_mapping(path)
    try:
        before, now = decode(old, name).split("\n"), decode(path.read_bytes(), name).split("\n")
        hunks = tuple(hunks_of(before, now))
        if hunks and hunks[0].old <= 1:
            return None
        rows: list[list[Cell]] = []
        for hunk in hunks:
            text = "\n".join(now[hunk.new - 1 : hunk.new_end - 1])
            read = read_cells(text, name, first=hunk.new)
            if len(read) != sum(1 for line in text.split("\n") if line.strip("\r")) or "\r" in text:
                return None
            rows.extend(read)
        result = read_rows(rows, mapping, Path(name))
    except Malformed:
        return None
    edit = FileEdit(hunks, result.quads, result.problems, len(rows))
    if mapping.primary_key:
        fresh = {row[0].position.line: row for row in rows}
        edit.faults.extend(_repeated(snapshot, edit, _Table(name, mapping, now, fresh)))
    return edit


class _Table(NamedTuple):
    """A table as it is now: its lines, and its new rows by line."""

    name: str
    mapping: TableMapping
    lines: Sequence[str]
    fresh: dict[int, list[Cell]]

    def row(self, line: int) -> list[Cell]:
        return self.fresh.get(line) or read_cells(self.lines[line - 1], self.name, first=line)[0]


def _repeated(snapshot: Snapshot, edit: FileEdit, table: _Table) -> Iterator[Diagnosis]:
    """The rows of the new table whose primary key stands in an earlier row: all that the edit can have to do with."""
    keys: dict[tuple[str, ...], set[int]] = {}
    for line, row in table.fresh.items():
        keys.setdefault(key_of_row(row, table.mapping), set()).add(line)
    for one in snapshot.faults(table.name):
        if one.rule == REPEATED and (place := edit.line(one.line)) is not None:
            keys.setdefault(key_of_row(table.row(place), table.mapping), set())
    for key, lines in keys.items():
        kept = {place for old in snapshot.lines_of(table.name, key) if (place := edit.line(old)) is not None}
        first, *others = sorted(lines | kept) or [0]
        for line in others:
            yield repeated_key(Path(table.name), table.mapping, table.row(line), first)


def hunks_of(old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
    """Where two lists of lines differ; lines outside of the hunks are equal, one by one."""
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    before, now = old[start : len(old) - end], new[start : len(new) - end]
    if len(before) == len(now):
        at = 0
        while at < len(now):
            if before[at] == now[at]:
                at += 1
                continue
            last = at
            while last < len(now) and before[last] != now[last]:
                last += 1
            yield Hunk(start + at + 1, start + last + 1, start + at + 1, start + last + 1)
            at = last
    elif len(before) * len(now) > _PAIRS:
        yield Hunk(start + 1, start + len(before) + 1, start + 1, start + len(now) + 1)
    else:
        for tag, i, j, k, m in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
            if tag != "equal":
                yield Hunk(start + i + 1, start + j + 1, start + k + 1, start + m + 1)


def _alike(first: Sequence[str], second: Sequence[str]) -> int:
    """How many lines are equal from the start, found by halves: comparing long pieces at once is quick."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def renamed(one: Diagnosis, path: Path, name: str) -> Diagnosis:
    """The diagnosis with the name of a file as it was given, where it was read elsewhere."""
    return replace(one, file=one.file.replace(str(path.parent), str(Path(name).parent), 1))
