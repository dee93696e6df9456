"""Search by the beginning of names, ranked, for autocompletion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from queries.backend import Backend
from queries.errors import AmbiguousThing, ParameterError, UnknownThing
from queries.names import Name, name_table, normal
from queries.resolve import resolve
from queries.things import Thing, describe

_MOST: Final = 100
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Some results, best first; `cursor` leads to the next page, None at the end; `total` counts all."""

    things: tuple[Thing, ...]
    total: int
    cursor: str | None

    def to_json(self) -> dict[str, Any]:
        """The JSON of `/search`."""
        results = [{"iri": t.iri, "key": t.key, "type": t.type, "label": t.label} for t in self.things]
        return {"results": results, "total": self.total, "cursor": self.cursor}


def search(backend: Backend, q: str, limit: int = 20, cursor: str | None = None) -> Page:
    """Things whose names match, in this order: the one that is meant exactly (IRI, key, symbol, name); names that begin
    with the text; names that have all its words, or their beginnings. Shorter names come first among equals.

    Raises ParameterError for a limit outside 1 to 100, or a cursor that this search did not give.
    """
    if not 1 <= limit <= _MOST:
        raise ParameterError(f"limit must be between 1 and {_MOST}")
    if len(q) > _LONGEST:
        raise ParameterError(f"a search has at most {_LONGEST} characters")
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 9):
        raise ParameterError("cursor must be one that an earlier page gave")
    offset = int(cursor or 0)
    ranked = _ranked(backend, q)
    shown = ranked[offset : offset + limit]
    things = describe(backend, shown)
    following = str(offset + limit) if offset + limit < len(ranked) else None
    return Page(tuple(things[iri] for iri in shown), len(ranked), following)


def _ranked(backend: Backend, q: str) -> list[str]:
    form = normal(q)
    if not form:
        return []
    best: dict[str, tuple[int, int, int, str, str]] = {}

    def offer(iri: str, rank: int, name: Name | None) -> None:
        written = (name.strength, len(name.normal), name.normal) if name else (0, 0, "")
        place = (rank, *written, iri)
        best[iri] = min(place, best.get(iri, place))

    for iri in _meant(backend, q):
        offer(iri, 0, None)
    table = name_table(backend)
    for name in table.starting(form):
        offer(name.iri, 1 if name.normal == form else 2, name)
    for name in table.with_words(form.split()):
        offer(name.iri, 3, name)
    return sorted(best, key=lambda iri: best[iri])


def _meant(backend: Backend, q: str) -> list[str]:
    try:
        return [resolve(backend, q).iri]
    except (AmbiguousThing, UnknownThing, ParameterError):
        return []
