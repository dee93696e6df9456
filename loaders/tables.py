"""Tables: CSV files with a mapping, read as statements that know their row and column.

What a row says goes into the source graph of its citation (`loaders.citations`); a cell with a citation or a confidence
of its own goes into another. Rows and cells that nobody has verified are refused: they stay out, and a diagnosis says
so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pyoxigraph
from rdflib import XSD, Literal, URIRef

from loaders.cells import Cell, decode, read_cells, write_cells
from loaders.citations import PUBLISHABLE, UNVERIFIED, Citation
from loaders.diagnose import Diagnosis, Malformed, TooLarge, suggestion
from loaders.lexical import CHECKS, Fault
from loaders.mapping import DATATYPES, Column, ForeignKey, TableMapping, expand, load_mapping, variables
from loaders.positions import Position, PositionedQuad, Quad, pipeline_quad

#: The rule about rows with the same primary key.
REPEATED: Final = "repeated-key"
#: Columns that say where a row comes from.
SOURCE: Final = "source"
CONFIDENCE: Final = "confidence"


@dataclass
class TableResult:
    """What a table says: statements with their places, the citations they rest on, and what is wrong with it."""

    path: Path
    quads: list[PositionedQuad] = field(default_factory=list)
    citations: set[Citation] = field(default_factory=set)
    problems: list[Diagnosis] = field(default_factory=list)
    rows: int = 0

    def published(self) -> Iterator[pyoxigraph.Quad]:
        """Statements and bibliographic records as the rest of the pipeline carries them, in no particular order."""
        for positioned in self.quads:
            yield pipeline_quad(positioned.quad)
        for quad in self.records():
            yield pipeline_quad(quad)

    def records(self) -> list[Quad]:
        """The bibliographic records of the citations, for the graph `provenance`; sorted."""
        return sorted({quad for citation in self.citations for quad in citation.record()}, key=str)


def read_table(path: Path) -> TableResult:
    """Read a table by the mapping beside it. Raises `Malformed` for what is no table, or not this one."""
    return read_table_bytes(path.read_bytes(), load_mapping(path), path)


def read_table_bytes(data: bytes, mapping: TableMapping, path: Path, most: int | None = None) -> TableResult:
    """Read a table from memory (an upload, an editor's buffer) by a known mapping; `path` names it in diagnoses.

    With `most`, more statements than that are refused (`TooLarge`) as soon as they are met.
    """
    return read_table_cells(read_cells(decode(data, str(path)), str(path)), mapping, path, most)


def read_table_cells(rows: list[list[Cell]], mapping: TableMapping, path: Path, most: int | None = None) -> TableResult:
    """The same from the cells of a table, its first line among them."""
    _check_header(rows, mapping, path)
    return _read(rows[1:], mapping, path, most)


def _read(rows: Iterable[list[Cell]], mapping: TableMapping, path: Path, most: int | None = None) -> TableResult:
    reader = _Reader(mapping, TableResult(path))
    for row in rows:
        reader.read(row)
        if most is not None and len(reader.result.quads) > most:
            expected = f"At most {most} statements are checked at once."
            raise TooLarge(str(path), row[0].position.line, expected, "Check it in parts.")
    return reader.result


def read_rows(rows: list[list[Cell]], mapping: TableMapping, path: Path) -> TableResult:
    """Read some rows of a table; that a primary key stands elsewhere too is not seen. Raises `Malformed`."""
    _check_lengths(rows, len(mapping.header), path)
    return _read(rows, replace(mapping, primary_key=()), path)


def key_of_row(row: list[Cell], mapping: TableMapping) -> tuple[str, ...]:
    """The values of the primary key in a row."""
    return tuple(row[mapping.header.index(part)].text.strip() for part in mapping.primary_key)


def repeated_key(path: Path, mapping: TableMapping, row: list[Cell], known: int) -> Diagnosis:
    """What is said of a row whose primary key stands already in the line `known`."""
    cell = row[mapping.header.index(mapping.primary_key[0])]
    message = f"The same {' and '.join(mapping.primary_key)} stands already in line {known}."
    place = (str(path), cell.position.line, cell.position.column)
    hint, value = "Make one row of the two.", cell.text.strip()
    return Diagnosis(*place, "violation", REPEATED, message, hint, value=value, cell=mapping.primary_key[0])


def _check_header(rows: list[list[Cell]], mapping: TableMapping, path: Path) -> None:
    """Raise `Malformed` unless the first line names exactly the columns of the mapping, in order."""
    if not rows:
        raise Malformed(str(path), 1, "The table is empty.", f"Its first line must be: {','.join(mapping.header)}")
    found = [cell.text.strip() for cell in rows[0]]
    for cell, name in zip(rows[0], found, strict=True):
        if name not in mapping.header:
            near = suggestion(name, mapping.header)
            mend = f"Did you mean “{near}”?" if near else f"The columns are: {', '.join(mapping.header)}."
            expected = f"The column “{name}” is not in the mapping {mapping.path.name}."
            raise Malformed(str(path), cell.position.line, expected, mend, column=cell.position.column)
    if found != list(mapping.header):
        missing = [name for name in mapping.header if name not in found]
        expected = (
            f"The column “{missing[0]}” is missing." if missing else "The columns are not in the mapping's order."
        )
        raise Malformed(str(path), 1, expected, f"The first line must be: {','.join(mapping.header)}")
    _check_lengths(rows[1:], len(found), path)


def _check_lengths(rows: Iterable[list[Cell]], number: int, path: Path) -> None:
    """Raise `Malformed` for the first row that has another number of cells."""
    for row in rows:
        if len(row) != number:
            expected = f"This row has {len(row)} cells; {number} were expected."
            mend = "Count the commas; put quotation marks around a cell that holds a comma."
            raise Malformed(str(path), row[0].position.line, expected, mend, column=row[-1].position.column)


class _Reader:
    """Turns rows into statements; remembers what must be known from row to row."""

    def __init__(self, mapping: TableMapping, result: TableResult) -> None:
        self.mapping = mapping
        self.result = result
        self._nulls = [(column.name, column.null) for column in mapping.columns if not column.virtual]
        self._checks = {column.name: CHECKS.get(DATATYPES[column.datatype]) for column in mapping.columns}
        self._keys: dict[tuple[str, ...], int] = {}
        self._texts: dict[str, str] = {}
        self._reported: set[Diagnosis] = set()
        # The rows of a table say the same things often: each is made once.
        self._citations: dict[tuple[str, str], Citation] = {}
        self._iris: dict[str, URIRef] = {}
        self._literals: dict[tuple[str, str | None, str], Literal] = {}
        self._subjects: dict[str, URIRef] = {}

    def read(self, row: list[Cell]) -> None:
        """Read one row: its statements and problems are added to the result."""
        self.result.rows += 1
        cells = dict(zip(self.mapping.header, row, strict=True))
        texts = {
            name: text
            for (name, null), cell in zip(self._nulls, row, strict=True)
            if (text := cell.text.strip()) not in null
        }
        self._texts = texts
        self._subjects.clear()
        self._check_key(cells)
        row_citation = self._citation(cells, SOURCE, CONFIDENCE)
        for column in self.mapping.columns:
            if column.virtual:
                self._state(column, row[0], texts, row_citation)
            elif column.name not in texts:
                if column.required and column.name not in (SOURCE, CONFIDENCE):
                    self._report(column.name, cells[column.name], "missing-value", "A value is missing.", "Fill it in.")
            elif column.name not in (SOURCE, CONFIDENCE) and self._is_sound(
                column, cells[column.name], texts[column.name]
            ):
                self._state(column, cells[column.name], texts, self._cell_citation(cells, texts, column, row_citation))

    def _check_key(self, cells: dict[str, Cell]) -> None:
        if not self.mapping.primary_key:
            return
        name = self.mapping.primary_key[0]
        line = cells[name].line
        known = self._keys.setdefault(tuple(cells[part].text.strip() for part in self.mapping.primary_key), line)
        if known != line:
            row = [cells[column] for column in self.mapping.header]
            self._keep(repeated_key(self.result.path, self.mapping, row, known))

    def _cell_citation(
        self, cells: dict[str, Cell], texts: dict[str, str], column: Column, row_citation: Citation | None
    ) -> Citation | None:
        """The citation of one cell: its own, where `X_source` or `X_confidence` is filled in, else the row's."""
        source, confidence = f"{column.name}_{SOURCE}", f"{column.name}_{CONFIDENCE}"
        if source not in texts and confidence not in texts:
            return row_citation
        return self._citation(
            cells, source if source in texts else SOURCE, confidence if confidence in texts else CONFIDENCE
        )

    def _citation(self, cells: dict[str, Cell], source_name: str, confidence_name: str) -> Citation | None:
        """The citation that two cells make; None, with a diagnosis, if it cannot be published."""
        source, confidence = cells.get(source_name), cells.get(confidence_name)
        if source is None or confidence is None or not source.text.strip():
            where = source or next(iter(cells.values()))
            self._report(source_name, where, "missing-source", "No source is given.", "Say where the fact stands.")
            return None
        value = confidence.text.strip()
        if (known := self._citations.get((source.text, value))) is not None:
            return known
        if value == UNVERIFIED:
            message, hint = "Nobody has verified this: it stays out.", "Find a source that states it, or delete it."
            self._report(confidence_name, confidence, "unverified", message, hint)
            return None
        if not value:
            hint = f"Write one of: {', '.join(PUBLISHABLE)}."
            self._report(confidence_name, confidence, "missing-value", "The confidence is missing.", hint)
            return None
        if value not in PUBLISHABLE:
            near = suggestion(value, PUBLISHABLE)
            hint = f"Did you mean “{near}”?" if near else f"Write one of: {', '.join(PUBLISHABLE)}."
            self._report(confidence_name, confidence, "unknown-code", f"“{value}” is not a confidence.", hint)
            return None
        citation = Citation(source.text.strip(), value)
        faults = citation.faults()
        for message in faults:
            hint = "Separate the parts of a source by “ ; ”; a document is written doc:a/res/77/63."
            self._report(source_name, source, "bad-source", message, hint)
        if faults:
            return None
        self.result.citations.add(citation)
        self._citations[source.text, value] = citation
        return citation

    def _state(self, column: Column, cell: Cell, texts: dict[str, str], citation: Citation | None) -> None:
        """Add the statements of one cell, or of a virtual column, unless a template needs an empty cell."""
        if citation is None or column.predicate is None or column.about is None or not column.needs <= texts.keys():
            return
        subject = self._subjects.get(column.about)
        if subject is None:
            subject = self._subjects[column.about] = self._iri(expand(column.about, texts))
        name = self.mapping.header[0] if column.virtual else column.name  # a virtual column stands at the row's key
        place = Position(cell.line, cell.column, name)
        for item in [""] if column.virtual else self._items(column, texts[column.name]):
            value = self._value(column, item, texts)
            quad: Quad = (subject, column.predicate, value, citation.graph)
            self.result.quads.append(PositionedQuad(quad, place))

    @staticmethod
    def _items(column: Column, text: str) -> list[str]:
        """The items of a cell: several where the column has a separator, else one."""
        items = text.split(column.separator) if column.separator else [text]
        return [item.strip() for item in items if item.strip()]

    def _value(self, column: Column, item: str, texts: dict[str, str]) -> URIRef | Literal:
        if column.value is not None:
            several = not column.virtual and column.separator
            return self._iri(expand(column.value, {**texts, column.name: item} if several else texts))
        key = (item, column.lang, column.datatype)
        known = self._literals.get(key)
        if known is None:
            known = self._literals[key] = _literal(column, item)
        return known

    def _iri(self, text: str) -> URIRef:
        known = self._iris.get(text)
        if known is None:
            known = self._iris[text] = URIRef(text)
        return known

    def _is_sound(self, column: Column, cell: Cell, text: str) -> bool:
        """Whether every item of the cell has the form that its datatype needs; a diagnosis says if not."""
        check = self._checks[column.name]
        if check is None and column.format is None:
            return True
        for item in self._items(column, text):
            wrong = None if check is None else check(item)
            if wrong is None and column.format is not None and not column.format.fullmatch(item):
                wrong = Fault(
                    f"“{item}” does not have the form that this column needs.",
                    f"It must match {column.format.pattern}.",
                )
            if wrong is not None:
                self._report(column.name, cell, "bad-value", wrong.message, wrong.hint)
                return False
        return True

    def _report(self, name: str, cell: Cell, rule: str, message: str, hint: str) -> None:
        place, value = cell.position, cell.text.strip()
        column = self.mapping.column(name)
        # What it is about: no other check need complain that this thing lacks what the cell should have said.
        about = column.about if column is not None and column.about is not None else ""
        subject = expand(about, self._texts) if about and variables(about) <= self._texts.keys() else ""
        path = "" if column is None or column.predicate is None else str(column.predicate)
        found = Diagnosis(
            str(self.result.path),
            place.line,
            place.column,
            "violation",
            rule,
            message,
            hint,
            subject,
            path=path,
            value=value,
            cell=name,
        )
        self._keep(found)

    def _keep(self, found: Diagnosis) -> None:
        if found not in self._reported:
            self._reported.add(found)
            self.result.problems.append(found)


def _literal(column: Column, item: str) -> Literal:
    if column.lang is not None:
        return Literal(item, lang=column.lang)
    datatype = DATATYPES[column.datatype]
    return Literal(item) if datatype == XSD.string else Literal(item, datatype=datatype, normalize=False)


def check_references(path: Path, rows: list[list[Cell]] | None = None) -> list[Diagnosis]:
    """The cells of a table that name a row of another table which does not exist there.

    `rows` are its cells, the first line among them, where they have been read already.
    """
    mapping = load_mapping(path)
    if not mapping.foreign_keys:
        return []
    text = decode(path.read_bytes(), str(path)) if rows is None else ""
    # Without their places cells are read in a tenth of the time.
    plain = _plain_rows(text, "") if rows is None else [[cell.text for cell in row] for row in rows]
    found: list[Diagnosis] = []
    for key in mapping.foreign_keys:
        known = values_of(path.with_name(key.table), key.target_column)
        if known is None or _items_of(plain, mapping, key) <= known:
            continue
        rows = rows if rows is not None else read_cells(text, str(path))
        found.extend(dangling(path, mapping, rows[1:], key, known))
    return found


def values_of(path: Path, name: str) -> frozenset[str] | None:
    """The values of one column of a table: none where there is no such table or column, None if it cannot be read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return frozenset()
    try:
        return column_values(decode(data, str(path)), str(path), name)
    except Malformed:
        return None  # The table itself is reported.


def column_values(text: str, file: str, name: str) -> frozenset[str]:
    """The values of one column of a text, none where there is no such column. Raises `Malformed`."""
    rows = iter(_plain_rows(text, file))
    header = [cell.strip() for cell in next(rows, [])]
    if name not in header:
        return frozenset()
    index = header.index(name)
    return frozenset(row[index].strip() for row in rows if len(row) > index)


def _items_of(rows: Sequence[Sequence[str]], mapping: TableMapping, key: ForeignKey) -> set[str]:
    """What the cells of a column name, in the rows after the first."""
    index = mapping.header.index(key.column)
    column = mapping.column(key.column)
    separator = column.separator if column is not None else None
    cells = {row[index] for row in rows[1:] if len(row) > index}
    items = {item.strip() for cell in cells for item in (cell.split(separator) if separator else (cell,))}
    return items - {""}


def _plain_rows(text: str, file: str) -> list[list[str]]:
    """The cells of a table without their places."""
    try:
        return [
            row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row and (len(row) > 1 or row[0])
        ]
    except csv.Error:
        return [[cell.text for cell in row] for row in read_cells(text, file)]


def dangling(
    path: Path, mapping: TableMapping, rows: list[list[Cell]], key: ForeignKey, known: frozenset[str]
) -> Iterable[Diagnosis]:
    """The cells of these rows (without the first line) whose items are not known."""
    column = mapping.column(key.column)
    index = mapping.header.index(key.column)
    for row in rows:
        cell = row[index]
        separator = column.separator if column is not None else None
        items = cell.text.split(separator) if separator else [cell.text]
        for item in (item.strip() for item in items):
            if item and item not in known:
                near = suggestion(item, known)
                yield Diagnosis(
                    file=str(path),
                    line=cell.position.line,
                    column=cell.position.column,
                    severity="violation",
                    rule="unknown-reference",
                    message=f"“{item}” is not in the table {key.table}.",
                    hint=f"Did you mean “{near}”?" if near else f"Add it to {key.table} first.",
                    value=item,
                    cell=key.column,
                )


def canonical_csv(path: Path) -> str:
    """The table in its one form: columns as they stand, rows sorted by the primary key and then whole, LF, UTF-8.

    Sorting is by number where two keys differ in a number only, so that the 9th meeting stands before the 10th.
    """
    mapping = load_mapping(path)
    rows = [[cell.text.strip() for cell in row] for row in read_cells(decode(path.read_bytes(), str(path)), str(path))]
    if not rows:
        return ""
    keys = [mapping.header.index(name) for name in mapping.primary_key]
    body = sorted(rows[1:], key=lambda row: ([_natural(row[index]) for index in keys], row))
    return write_cells([rows[0], *body])


def _natural(text: str) -> list[tuple[int, int, str]]:
    """A sort key in which runs of digits count as numbers."""
    parts: list[tuple[int, int, str]] = []
    digits = word = ""
    for character in text + "\0":
        if character.isdecimal() and character.isascii():
            if word:
                parts.append((1, 0, word))
                word = ""
            digits += character
        else:
            if digits:
                parts.append((0, int(digits), ""))
                digits = ""
            word += character
    parts.append((1, 0, word))
    return parts
