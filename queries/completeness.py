"""How complete the record is: what it covers, by treaty, series and session, and what it lacks, by kind.

The numbers are those of the questions `coverage-of-meetings`, `coverage-by-session` and `coverage-of-participation`;
the gaps are the rows of the queries in `gaps/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pyoxigraph import Literal, NamedNode

from ontology.namespaces import ID
from queries.backend import Backend
from queries.catalogue import Catalogue

__all__ = ["Coverage", "Gap", "GapsOfKind", "kinds", "read_coverage", "read_gaps"]


@dataclass(frozen=True)
class Coverage:
    """One line of the table: how much of something the record should have, has, and lacks.

    `treaty` is a key; `part` is `meetings`, `resolutions` or `participation`, and `of` the key of the series, the
    session of the Assembly, or empty. `expected` counts meetings of the series, facts on the resolutions of the session
    (`things` of them), or is None where nobody can tell how many acts of States there are; so is `missing`. Of those
    `present`, `exactly`, `secondary` and `undated` say how well they are sourced. `until` is the day up to which
    participation is known.
    """

    treaty: str
    part: str
    of: str
    label: str
    things: int
    expected: int | None
    present: int
    exactly: int
    secondary: int
    undated: int
    missing: int | None
    until: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Gap:
    """One thing and what it lacks; `treaty` is empty where the thing belongs to none."""

    iri: str
    key: str
    label: str
    treaty: str
    missing: str

    def to_json(self) -> dict[str, str]:
        """The fields, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class GapsOfKind:
    """All gaps of one kind: the name of its query, its title and what it is about."""

    kind: str
    title: str
    description: str
    gaps: tuple[Gap, ...]


def read_coverage(backend: Backend) -> list[Coverage]:
    """The whole table: by treaty, then meetings, resolutions, participation. Raises QueryError as the back end does."""
    lines = [*_meetings(backend), *_resolutions(backend), *_participation(backend)]
    return sorted(lines, key=lambda line: line.treaty)


def kinds() -> list[str]:
    """The kinds of gaps, sorted."""
    return Catalogue.load("gaps").names()


def read_gaps(backend: Backend, wanted: Sequence[str] | None = None) -> list[GapsOfKind]:
    """The gaps of these kinds (None: of all), in the order of their names. Raises QueryError as the back end does."""
    found = []
    for query in Catalogue.load("gaps").values():
        if wanted is None or query.name in wanted:
            gaps = tuple(_gap(row) for row in _rows(backend, query.text))
            found.append(GapsOfKind(query.name, query.title, " ".join(query.description.split()), gaps))
    return found


def _meetings(backend: Backend) -> Iterator[Coverage]:
    for row in _rows(backend, Catalogue.load("questions")["coverage-of-meetings"].text):
        series = _key(row, "series")
        present = _number(row, "present")
        yield Coverage(
            _key(row, "treaty").removeprefix("treaty/"),
            "meetings",
            series.removeprefix("series/"),
            _text(row, "seriesLabel") or series,
            present,
            _number(row, "expected"),
            present,
            _number(row, "exactly"),
            _number(row, "secondary"),
            _number(row, "undated"),
            _number(row, "missing"),
        )


def _resolutions(backend: Backend) -> Iterator[Coverage]:
    for row in _rows(backend, Catalogue.load("questions")["coverage-by-session"].text):
        yield Coverage(
            _key(row, "treaty").removeprefix("treaty/"),
            "resolutions",
            _text(row, "session"),
            f"session {_text(row, 'session')}",
            _number(row, "resolutions"),
            _number(row, "expected"),
            _number(row, "present"),
            _number(row, "exactly"),
            _number(row, "secondary"),
            0,
            _number(row, "missing"),
        )


def _participation(backend: Backend) -> Iterator[Coverage]:
    for row in _rows(backend, Catalogue.load("questions")["coverage-of-participation"].text):
        acts = _number(row, "acts")
        yield Coverage(
            _key(row, "treaty").removeprefix("treaty/"),
            "participation",
            "",
            "acts of States",
            acts,
            None,
            acts,
            _number(row, "exactly"),
            _number(row, "secondary"),
            _number(row, "undated"),
            None,
            _text(row, "until"),
        )


def _gap(row: dict[str, object]) -> Gap:
    key = _key(row, "thing")
    treaty = _key(row, "treaty").removeprefix("treaty/")
    return Gap(f"{ID}{key}", key, _text(row, "thingLabel") or key, treaty, _text(row, "missing"))


def _rows(backend: Backend, text: str) -> list[dict[str, object]]:
    result = backend.query(text)
    names = tuple(result.variables)
    return [dict(zip(names, row, strict=True)) for row in result.rows()]


def _text(row: dict[str, object], name: str) -> str:
    term = row.get(name)
    return term.value if isinstance(term, NamedNode | Literal) else ""


def _key(row: dict[str, object], name: str) -> str:
    return _text(row, name).removeprefix(str(ID))


def _number(row: dict[str, object], name: str) -> int:
    return int(_text(row, name) or 0)
