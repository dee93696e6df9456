"""Cells: a CSV file (RFC 4180) cut into cells, each with its place.

The standard library's reader does not tell where a cell begins; a curator who is told "row 14, column start" does not
have to count commas.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from loaders.diagnose import Malformed
from loaders.positions import Position

#: Longest cell that is read, in characters. Longer ones are a mistake or an attack.
CELL_LIMIT = 100_000


_PLAIN: Final = re.compile(r"[^,\r\n]*")


class Cell(NamedTuple):
    """The text of one cell, and the line and column where it begins (the quotation mark, if it is quoted).

    A tuple, because a table has more cells than anything else has of anything.
    """

    text: str
    line: int
    column: int

    @property
    def position(self) -> Position:
        """Where it begins."""
        return Position(self.line, self.column)


def decode(data: bytes, name: str) -> str:
    """UTF-8 text, without a byte order mark. Raises `Malformed` with the line of the first broken byte."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        expected = f"This is not UTF-8 text: byte 0x{data[error.start]:02x} cannot stand here."
        raise Malformed(name, line, expected, "Save the file with the encoding UTF-8.", column=column) from error
    return text.removeprefix("\ufeff")


def read_cells(text: str, name: str, first: int = 1) -> list[list[Cell]]:
    """The rows of a CSV text; empty lines are left out. Raises `Malformed` for a quotation mark that never closes.

    `first` is the number of the text's first line, where it is a part of a file.
    """
    rows: list[list[Cell]] = []
    offset, line = 0, first
    while offset < len(text):
        end = text.find("\n", offset)
        written = text[offset : end if end >= 0 else len(text)]
        if '"' in written or "\r" in written or len(written) > CELL_LIMIT:
            row, offset, line = _row(text, offset, name, line)
        else:
            # Nearly all lines: what stands between the commas are the cells.
            row, column = [], 1
            for value in written.split(","):
                row.append(Cell(value, line, column))
                column += len(value) + 1
            offset += len(written) + 1
            line += 1
        if len(row) > 1 or row[0].text:
            rows.append(row)
    return rows


def _row(text: str, offset: int, name: str, line: int) -> tuple[list[Cell], int, int]:
    """The row that begins at an offset, which is the first of its line; the offset after it, and the line of that."""
    row: list[Cell] = []
    start = text.rfind("\n", 0, offset) + 1
    while True:
        place = Position(line, offset - start + 1)
        value, after = _cell(text, offset, name, place)
        row.append(Cell(value, place.line, place.column))
        if within := text.count("\n", offset, after):
            line, start = line + within, text.rfind("\n", offset, after) + 1
        if not text.startswith(",", after):
            break
        offset = after + 1
    after += 2 if text.startswith("\r\n", after) else 1
    return row, after, line + (1 if text[after - 1 : after] == "\n" else 0)


def _cell(text: str, offset: int, name: str, place: Position) -> tuple[str, int]:
    """The value of the cell that begins at an offset, and the offset after it (a comma, a line end or the end)."""
    if text.startswith('"', offset):
        value, offset = _quoted(text, offset, name, place)
        if offset < len(text) and text[offset] not in ",\r\n":
            expected = "After the closing quotation mark of this cell a comma or the end of the line was expected."
            mend = 'Double every quotation mark inside a quoted cell: "".'
            raise Malformed(name, place.line, expected, mend, column=place.column)
    else:
        plain = _PLAIN.match(text, offset)
        assert plain is not None  # it matches nothing, too
        value, offset = plain[0], plain.end()
    if len(value) > CELL_LIMIT:
        expected = f"A cell holds at most {CELL_LIMIT} characters; this one holds {len(value)}."
        raise Malformed(name, place.line, expected, "Shorten it.", column=place.column)
    return value, offset


def _quoted(text: str, start: int, name: str, place: Position) -> tuple[str, int]:
    """The value of a quoted cell and the offset after its closing quotation mark."""
    parts: list[str] = []
    offset = start + 1
    while True:
        close = text.find('"', offset)
        if close < 0:
            expected = "This quotation mark opens a cell that never ends."
            raise Malformed(name, place.line, expected, 'Close the cell with ".', column=place.column)
        parts.append(text[offset:close])
        if not text.startswith('""', close):
            return "".join(parts), close + 1
        parts.append('"')
        offset = close + 2


def write_cells(rows: list[list[str]]) -> str:
    """Rows as CSV in one form: LF, quotation marks only where they are needed."""
    return "".join(",".join(_written(value) for value in row) + "\n" for row in rows)


def _written(value: str) -> str:
    if any(character in value for character in ',"\r\n') or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value
