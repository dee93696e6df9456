"""What is wrong with files by themselves, at one state of the record, without reading what has not changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from loaders.cells import Cell, decode, read_cells
from loaders.change import Pair
from loaders.diagnose import Diagnosis, Malformed
from loaders.edits import FileEdit
from loaders.endings import TABLE
from loaders.mapping import TableMapping, load_mapping
from loaders.record import Record
from loaders.tables import REPEATED, check_references, dangling, values_of

UNKNOWN_REFERENCE: Final = "unknown-reference"


def faults_at(record: Record, file: str, lines: Iterable[int] | None = None) -> Iterator[Diagnosis]:
    """What is wrong with a file by itself, all of it or what stands in some lines.

    Left out are references to other tables (`References`) and, of a file that was read as a whole, what is wrong with
    single statements.
    """
    edit = record.edits.get(file)
    if edit is not None:
        yield from edit.faults
    if file not in record.snapshot.files or (edit is not None and edit.hunks is None):
        return
    wanted = None if lines is None else set(lines)
    for one in record.snapshot.faults(file):
        line = one.line if edit is None else edit.line(one.line)
        if line is None or one.rule == UNKNOWN_REFERENCE or (edit is not None and one.rule == REPEATED):
            continue
        if wanted is None or line in wanted:
            yield one if line == one.line else replace(one, line=line)


class References:
    """The cells of the tables as they are now that name a row which another table does not have."""

    def __init__(self, pair: Pair, touched: frozenset[str]) -> None:
        self._pair = pair
        self._touched = touched
        self._moved: dict[tuple[str, str], bool] = {}

    def faults(self) -> Iterator[Diagnosis]:
        """All of them, in all tables."""
        for file in sorted(self._pair.now.files()):
            if file.endswith(TABLE):
                yield from self._of(file)

    def is_new(self, one: Diagnosis) -> bool:
        """Whether a table that did not change names a row that its target had at the revision."""
        for column, table, target in self._keys(one.file):
            name = _beside(one.file, table)
            if column == one.cell and name in self._touched and one.value in self._pair.values_then(name, target):
                return True
        return False

    def _keys(self, file: str) -> list[tuple[str, str, str]]:
        now = self._pair.now
        if file in now.edits:
            try:
                return [(key.column, key.table, key.target_column) for key in load_mapping(Path(file)).foreign_keys]
            except Malformed:
                return []
        return now.snapshot.files[file].foreign_keys

    def _of(self, file: str) -> Iterator[Diagnosis]:
        now = self._pair.now
        edit = now.edits.get(file)
        keys = self._keys(file)
        if not keys or not Path(file).is_file():
            return
        same = not any(self._has_moved(_beside(file, table), target) for _, table, target in keys)
        try:
            if same and edit is None:
                yield from (one for one in now.snapshot.faults(file) if one.rule == UNKNOWN_REFERENCE)
            elif same and edit is not None and edit.hunks is not None:
                yield from self._of_rows(file, edit)
            elif edit is None or not _unreadable(edit):
                yield from check_references(Path(file))
        except Malformed:
            return  # The file itself was reported.

    def _of_rows(self, file: str, edit: FileEdit) -> Iterator[Diagnosis]:
        """Where the tables that are named have the rows that they had, only new rows can be wrong in a new way."""
        path = Path(file)
        mapping: TableMapping = load_mapping(path)
        rows: list[list[Cell]] = []
        lines = decode(path.read_bytes(), file).split("\n")
        for hunk in edit.hunks or ():
            rows.extend(read_cells("\n".join(lines[hunk.new - 1 : hunk.new_end - 1]), file, first=hunk.new))
        for key in mapping.foreign_keys:
            known = values_of(path.with_name(key.table), key.target_column)
            if known is not None:
                yield from dangling(path, mapping, rows, key, known)
        for one in self._pair.now.snapshot.faults(file):
            if one.rule == UNKNOWN_REFERENCE and (line := edit.line(one.line)) is not None:
                yield replace(one, line=line)

    def _has_moved(self, table: str, column: str) -> bool:
        """Whether a table has other values in a column than the snapshot knows."""
        key = (table, column)
        if key not in self._moved:
            if table in self._pair.now.edits:
                self._moved[key] = values_of(Path(table), column) != self._pair.values_known(table, column)
            else:
                # A table that is not among the files that are validated may have changed without anyone's knowing.
                self._moved[key] = table not in self._pair.now.snapshot.files
        return self._moved[key]


def _unreadable(edit: FileEdit) -> bool:
    return any(one.rule == "malformed" for one in edit.faults)


def _beside(file: str, table: str) -> str:
    return str(Path(file).with_name(table))
