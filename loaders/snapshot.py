"""Snapshots: what all data files say at one state, in one file that can be asked about single things.

A snapshot holds every statement with its place, what was wrong with each file by itself, which things break a rule
across records, and how far the shapes and rules look. It is an SQLite database that is written once and never changed
(`loaders.shelf` keeps it). Terms carry a keyed hash and rows a checksum: what a fault of the disk has changed is seen
when it is read, and `Damaged` is raised.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final, NamedTuple
from zlib import crc32

from rdflib import Literal, URIRef
from rdflib.term import Node

from loaders.diagnose import Diagnosis
from loaders.positions import Position, PositionedQuad
from loaders.snapshotterms import decoded, digest_of, encoded

_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT, content TEXT, even INTEGER, keys TEXT, foreign_keys TEXT);
CREATE TABLE term (id INTEGER PRIMARY KEY, hash INTEGER, text BLOB);
CREATE TABLE stated (
  id INTEGER PRIMARY KEY, file INTEGER, line INTEGER, column INTEGER, cell INTEGER, pline INTEGER, pcolumn INTEGER,
  s INTEGER, p INTEGER, o INTEGER, g INTEGER, everywhere INTEGER, sum INTEGER
);
CREATE TABLE rowkey (file INTEGER, hash INTEGER, line INTEGER, PRIMARY KEY (file, hash, line)) WITHOUT ROWID;
CREATE TABLE fault (file INTEGER, line INTEGER, said TEXT);
CREATE TABLE opening (g INTEGER, stated INTEGER, PRIMARY KEY (g, stated)) WITHOUT ROWID;
CREATE TABLE offender (rule TEXT, s INTEGER, PRIMARY KEY (rule, s)) WITHOUT ROWID;
CREATE TABLE conflict (s INTEGER, p INTEGER, PRIMARY KEY (s, p)) WITHOUT ROWID;
"""
_INDEXES: Final = """
CREATE INDEX term_hash ON term (hash);
CREATE INDEX stated_s ON stated (s);
CREATE INDEX stated_o ON stated (o, p);
CREATE INDEX stated_line ON stated (file, line);
CREATE INDEX stated_everywhere ON stated (id) WHERE everywhere = 1;
CREATE INDEX fault_file ON fault (file, line);
"""
_ROW: Final = "id, file, line, column, cell, pline, pcolumn, s, p, o, g, everywhere, sum"


class Damaged(Exception):
    """A snapshot that does not hold what was written into it, or is no snapshot."""


@dataclass
class FileContent:
    """One data file as it was read.

    `content` names its bytes (and those of its mapping), `even` whether each of its lines is one row, `keys` the
    values of the primary key with their lines, `foreign_keys` column, table and target column of each reference.
    """

    name: str
    content: str
    quads: list[PositionedQuad] = field(default_factory=list)
    faults: list[Diagnosis] = field(default_factory=list)
    even: bool = False
    keys: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    foreign_keys: list[tuple[str, str, str]] = field(default_factory=list)


class KnownFile(NamedTuple):
    """What a snapshot knows of a file: its number in it, the name of its content, and the shape of a table."""

    number: int
    content: str
    even: bool
    primary_key: tuple[str, ...]
    foreign_keys: list[tuple[str, str, str]]


class Stated(NamedTuple):
    """A statement of the record: its number (the order within a file), the file, and the statement with its place."""

    number: int
    file: str
    positioned: PositionedQuad


class Writer:
    """Fills a new snapshot. `path` must not exist; None keeps it in memory."""

    def __init__(self, path: Path | None) -> None:
        self._base = sqlite3.connect(":memory:" if path is None else str(path))
        self._base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        self._salt = token_bytes(16)
        # By plain texts: to tell two terms of rdflib apart takes several times as long.
        self._iris: dict[str, int] = {}
        self._terms: dict[tuple[str | None, ...], int] = {}
        self._numbers: dict[str, int] = {}
        self._fresh: list[tuple[int, int, bytes]] = []
        self._count = 0

    def add(self, content: FileContent, everywhere: Iterable[bool]) -> None:
        """Store one file; `everywhere` says of each of its statements whether it matters for all things."""
        number = self._numbers[content.name] = len(self._numbers) + 1
        described = (json.dumps(content.primary_key), json.dumps(content.foreign_keys))
        row = (number, content.name, content.content, content.even, *described)
        self._base.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)", row)
        rows, openings = [], dict[int, int]()
        for one, always in zip(content.quads, everywhere, strict=True):
            self._count += 1
            at, verb = one.position, one.predicate
            s, p, o, g = one.quad
            terms = (self._term(s), self._term(p), self._term(o), None if g is None else self._term(g))
            cell = None if at.cell is None else self._term(at.cell)
            place = (at.line, at.column, cell, *((verb.line, verb.column) if verb else (None, None)))
            fields = (self._count, number, *place, *terms, int(always))
            rows.append((*fields, _sum(fields)))
            openings.setdefault(terms[3] or 0, self._count)
        self._base.executemany(f"INSERT INTO stated VALUES ({', '.join('?' * 13)})", rows)  # noqa: S608
        self._base.executemany("INSERT INTO opening VALUES (?, ?)", openings.items())
        keys = [(number, digest_of(_key(key), self._salt), line) for key, line in content.keys]
        self._base.executemany("INSERT OR IGNORE INTO rowkey VALUES (?, ?, ?)", keys)
        faults = [(number, one.line, json.dumps(asdict(one))) for one in content.faults]
        self._base.executemany("INSERT INTO fault VALUES (?, ?, ?)", faults)
        self._base.executemany("INSERT INTO term VALUES (?, ?, ?)", self._fresh)
        self._fresh.clear()

    def mark(self, nodes: Iterable[Node]) -> None:
        """Say of all statements about some things that they matter for all things."""
        for node in nodes:
            for row in self._base.execute(f"SELECT {_ROW} FROM stated WHERE s = ?", (self._term(node),)).fetchall():  # noqa: S608
                fields = (*row[:11], 1)
                self._base.execute("UPDATE stated SET everywhere = 1, sum = ? WHERE id = ?", (_sum(fields), row[0]))

    def close(
        self, meta: dict[str, Any], offenders: Iterable[tuple[str, str]], conflicts: Iterable[tuple[str, str]]
    ) -> sqlite3.Connection:
        """Finish: plain data by name, (rule, thing) of each offence, (thing, property) of each conflict of sources."""
        pairs = [(rule, self._term(URIRef(subject))) for rule, subject in offenders]
        self._base.executemany("INSERT OR IGNORE INTO offender VALUES (?, ?)", pairs)
        slots = [(self._term(URIRef(subject)), self._term(URIRef(path))) for subject, path in conflicts]
        self._base.executemany("INSERT OR IGNORE INTO conflict VALUES (?, ?)", slots)
        self._base.executemany("INSERT INTO term VALUES (?, ?, ?)", self._fresh)
        everything = {**meta, "salt": self._salt.hex()}
        self._base.executemany("INSERT INTO meta VALUES (?, ?)", [(k, json.dumps(v)) for k, v in everything.items()])
        self._base.executescript(_INDEXES + "PRAGMA optimize;")
        self._base.commit()
        return self._base

    def _term(self, term: Node | str) -> int:
        known: dict[Any, int] = self._terms
        key: str | tuple[str | None, ...]
        kind = type(term)
        if kind is URIRef:
            known, key = self._iris, str(term)
        elif kind is Literal:
            assert isinstance(term, Literal)
            # rdflib takes "x"@en and "x"@EN for one.
            key = (str(term), term.language, term.datatype)
        else:
            key = (kind.__name__, str(term))
        number = known.get(key)
        if number is None:
            number = known[key] = len(self._iris) + len(self._terms) + 1
            text = encoded(term)
            self._fresh.append((number, digest_of(text, self._salt), text))
        return number


class Snapshot:
    """A finished snapshot, opened for reading. Raises Damaged, here and from each method."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._known: dict[int, Any] = {}
        self._ids: dict[Node, int | None] = {}
        self.meta: dict[str, Any] = {
            name: json.loads(value) for name, value in self._ask("SELECT name, value FROM meta")
        }
        try:
            self._salt = bytes.fromhex(self.meta["salt"])
        except KeyError:
            raise Damaged("no snapshot") from None
        self.files: dict[str, KnownFile] = {}
        for row in self._ask("SELECT id, name, content, even, keys, foreign_keys FROM file"):
            foreign = [(column, table, target) for column, table, target in json.loads(row[5])]
            self.files[row[1]] = KnownFile(row[0], row[2], bool(row[3]), tuple(json.loads(row[4])), foreign)
        self._names = {one.number: name for name, one in self.files.items()}
        #: How many statements were read from the file: the work that an answer took.
        self.read = 0

    @classmethod
    def open(cls, path: Path) -> Snapshot:
        """Open a snapshot that nobody changes any more."""
        try:
            return cls(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True))
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error

    def about(self, node: Node) -> Iterator[Stated]:
        """The statements about a thing."""
        if (number := self._id(node)) is not None:
            yield from self._stated("WHERE s = ?", number)

    def naming(self, node: Node, properties: Sequence[str], most: int = -1) -> Iterator[Stated]:
        """The statements whose value is this, by one of the properties; at most so many of each property."""
        number = self._id(node)
        for path in properties if number is not None else ():
            if (step := self._id(URIRef(path))) is not None:
                yield from self._stated("WHERE o = ? AND p = ? LIMIT ?", number, step, most)

    def count_naming(self, node: Node, properties: Sequence[str]) -> int:
        """How many statements `naming` would give."""
        number = self._id(node)
        steps = [step for path in properties if (step := self._id(URIRef(path))) is not None]
        if number is None:
            return 0
        asked = "SELECT count(*) FROM stated WHERE o = ? AND p = ?"
        return sum(self._ask(asked, number, step)[0][0] for step in steps)

    def between(self, file: str, first: int, last: int) -> Iterator[Stated]:
        """The statements in the lines from `first` to `last` of a file."""
        yield from self._stated("WHERE file = ? AND line BETWEEN ? AND ?", self.files[file].number, first, last)

    def all_of(self, file: str) -> Iterator[Stated]:
        """The statements of a file."""
        yield from self._stated("WHERE file = ? ORDER BY id", self.files[file].number)

    def everything(self) -> Iterator[Stated]:
        """All statements."""
        yield from self._stated("ORDER BY id")

    def everywhere(self) -> Iterator[Stated]:
        """The statements that matter for all things."""
        yield from self._stated("WHERE everywhere = 1")

    def openings(self, graph: Node | None) -> Iterator[Stated]:
        """The first statement of a graph in each file (None: outside of all graphs)."""
        number = 0 if graph is None else self._id(graph)
        if number is not None:
            yield from self._stated("WHERE id IN (SELECT stated FROM opening WHERE g = ?)", number)

    def faults(self, file: str, line: int | None = None) -> list[Diagnosis]:
        """What was wrong with a file by itself, in all its lines or in one."""
        number, asked = self.files[file].number, "SELECT said FROM fault WHERE file = ?"
        rows = self._ask(asked, number) if line is None else self._ask(f"{asked} AND line = ?", number, line)
        return [Diagnosis(**json.loads(said)) for (said,) in rows]

    def lines_of(self, file: str, key: tuple[str, ...]) -> list[int]:
        """The lines of a table whose rows have this primary key."""
        asked = "SELECT line FROM rowkey WHERE file = ? AND hash = ?"
        return [line for (line,) in self._ask(asked, self.files[file].number, digest_of(_key(key), self._salt))]

    def offenders(self, rule: str) -> set[Node]:
        """The things that break a rule across records."""
        return {self._term(number) for (number,) in self._ask("SELECT s FROM offender WHERE rule = ?", rule)}

    def conflicts(self) -> list[tuple[Node, str]]:
        """Thing and property of which sources state several values though there can be one only."""
        return [(self._term(s), str(self._term(p))) for s, p in self._ask("SELECT s, p FROM conflict")]

    def _stated(self, condition: str, *values: object) -> Iterator[Stated]:
        for row in self._ask(f"SELECT {_ROW} FROM stated {condition}", *values):  # noqa: S608
            if _sum(row[:12]) != row[12]:
                raise Damaged(f"statement {row[0]}")
            self.read += 1
            number, file, line, column, cell, pline, pcolumn, s, p, o, g = row[:11]
            place = Position(line, column, None if cell is None else self._term(cell))
            verb = None if pline is None else Position(pline, pcolumn)
            graph = None if g is None else self._term(g)
            quad = (self._term(s), self._term(p), self._term(o), graph)
            yield Stated(number, self._names[file], PositionedQuad(quad, place, verb))

    def _id(self, node: Node) -> int | None:
        if node not in self._ids:
            text = encoded(node)
            rows = self._ask("SELECT id, text FROM term WHERE hash = ?", digest_of(text, self._salt))
            self._ids[node] = next((number for number, found in rows if found == text), None)
        return self._ids[node]

    def _term(self, number: int) -> Any:
        known = self._known.get(number)
        if known is None:
            rows = self._ask("SELECT hash, text FROM term WHERE id = ?", number)
            if not rows or digest_of(rows[0][1], self._salt) != rows[0][0]:
                raise Damaged(f"term {number}")
            known = self._known[number] = decoded(rows[0][1])
        return known

    def _ask(self, text: str, *values: object) -> list[Any]:
        try:
            return self._base.execute(text, values).fetchall()
        except sqlite3.Error as error:
            raise Damaged(str(error)) from error


def _sum(fields: Sequence[object]) -> int:
    return crc32(repr(tuple(fields)).encode())


def _key(parts: tuple[str, ...]) -> bytes:
    return json.dumps(parts).encode()
