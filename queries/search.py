"""Search by the beginning of names, ranked, for autocompletion."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from queries.backend import Backend
from queries.errors import AmbiguousThing, ParameterError
from queries.names import Names, name_table, normal
from queries.resolve import find
from queries.things import Thing, describe

#: Things that a search gives at most; who is not among so many is to be looked for by more words.
MOST_FOUND: Final = 500
_MOST: Final = 100
_COMPARED: Final = 30
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Some results, best first; `cursor` leads to the next page, None at the end; `total` counts all, up to 500."""

    things: tuple[Thing, ...]
    total: int
    cursor: str | None

    def to_json(self) -> dict[str, Any]:
        """The JSON of `/search`."""
        results = [{"iri": t.iri, "key": t.key, "type": t.type, "label": t.label} for t in self.things]
        return {"results": results, "total": self.total, "cursor": self.cursor}


def search(backend: Backend, q: str, limit: int = 20, cursor: str | None = None) -> Page:
    """Things whose names match, in this order: the one that is meant exactly (IRI, key, symbol, name); names that begin
    with the text; names that have all its words, or their beginnings. Shorter names come first among equals. Where
    nothing has them, names with words that are spelt nearly so.

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
    found = dict.fromkeys(_meant(backend, q))
    table = name_table(backend)
    # One after the other: a look-up is not begun when those before it gave enough.
    for names in (table.equal, table.starting, lambda form: table.with_words(form.split())):
        for name in names(form):
            found.setdefault(name.iri)
            if len(found) >= MOST_FOUND:
                return list(found)
    return list(found) or _similar(table, form)


def _similar(table: Names, form: str) -> list[str]:
    """Things whose names have words that are spelt nearly so, the most similar name first."""
    # A word that names have is taken at its word.
    choices = [[word] if any(table.with_words([word])) else table.near(word) for word in form.split()]
    names = list(islice(table.with_any(choices), _COMPARED))
    matcher = difflib.SequenceMatcher(None, b=form, autojunk=False)  # what it learns of `b` it keeps
    alike: dict[str, float] = {}
    for name in names:
        matcher.set_seq1(name.normal)
        alike[name.normal] = matcher.ratio()
    return list(dict.fromkeys(name.iri for name in sorted(names, key=lambda name: (-alike[name.normal], name.rank))))


def _meant(backend: Backend, q: str) -> list[str]:
    try:
        found = find(backend, q)
    except (AmbiguousThing, ParameterError):
        return []
    return [] if found is None else [found.iri]
