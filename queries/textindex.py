"""The text index of a release: names found by word, beginning and similarity, in one SQLite file.

    names(id, thing, strength, normal, written)   one row a name; `id` is the rank, the best name first
    things(id, iri)
    words                                         full text of `normal` (FTS5), its row numbers are those of `names`
    spelt                                         all words of names (FTS5, trigrams), for words that are nearly right
    about(release)

Because a name's number is its rank, the engine gives the best hits first without sorting, however many there are.
Words come in their normal form (`queries.names.normal`), whatever the script, and are split at blanks only.
"""

from __future__ import annotations

import difflib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

from queries.errors import BackendError
from queries.names import ALIKE, ALTERNATIVES, Name, is_numbered

#: The file in the directory of a release.
FILE: Final = "names.sqlite"
_CANDIDATES: Final = 60
_FEW: Final = 200
_LAST: Final = "\U0010ffff"
_ROW: Final = (
    "SELECT names.normal, names.strength, things.iri, names.written FROM names JOIN things ON things.id = names.thing"
)
_MATCHING: Final = f"{_ROW} JOIN words ON words.rowid = names.id WHERE words MATCH ? ORDER BY words.rowid"
_EQUAL: Final = f"{_ROW} WHERE names.normal = ? ORDER BY names.id"
_BEGINNING: Final = f"{_ROW} WHERE names.normal >= ? AND names.normal < ? LIMIT ?"
_NEAR: Final = "SELECT word FROM spelt WHERE spelt MATCH ? ORDER BY rank, word LIMIT ?"


@cache
def available() -> bool:
    """Whether this machine's SQLite has FTS5 with trigrams (3.34 or later, as nearly all have)."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize = 'trigram')")
        except sqlite3.OperationalError:
            return False
    return True


class TextIndex:
    """An opened index (see `queries.names.Names`); read-only, a connection for each thread that asks."""

    def __init__(self, path: Path) -> None:
        """Open a file. Raises BackendError where it is damaged."""
        # Nobody writes to a release: no lock is taken, no journal looked for.
        self._address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._path = path
        self._mine = threading.local()
        rows = list(self._rows("SELECT release FROM about", ()))
        self.release = str(rows[0][0]) if rows else ""

    def equal(self, form: str) -> Iterator[Name]:
        """Names whose normal form is this, best first."""
        return self._names(_EQUAL, form)

    def starting(self, form: str) -> Iterator[Name]:
        """Names whose normal form begins so, best first."""
        words = form.split()
        if not words:
            return iter(())
        few = [Name(*row) for row in self._rows(_BEGINNING, (form, form + _LAST, _FEW + 1))]
        if len(few) <= _FEW:
            return iter(sorted(few, key=lambda name: (name.rank, name.written)))
        return self._names(_MATCHING, "^ " + " + ".join(map(_quoted, words)) + " *")

    def with_words(self, beginnings: Sequence[str]) -> Iterator[Name]:
        """Names that have, for each beginning, a word that begins so; best first."""
        return self.with_any([[beginning] for beginning in beginnings])

    def with_any(self, choices: Sequence[Sequence[str]]) -> Iterator[Name]:
        """Names that have, for each choice, a word that begins with one of its beginnings; best first."""
        if not choices or not all(choices):
            return iter(())
        groups = ("(" + " OR ".join(f"{_quoted(one)} *" for one in choice) + ")" for choice in choices)
        return self._names(_MATCHING, " AND ".join(groups))

    def near(self, word: str) -> list[str]:
        """Words of names that are spelt nearly so, the nearest first."""
        if is_numbered(word):
            return []
        padded = f" {word} "
        trigrams = dict.fromkeys(padded[at : at + 3] for at in range(len(padded) - 2))
        found = self._rows(_NEAR, (" OR ".join(map(_quoted, trigrams)), _CANDIDATES))
        return difflib.get_close_matches(word, [str(row[0]).strip() for row in found], ALTERNATIVES, ALIKE)

    def _names(self, query: str, argument: str) -> Iterator[Name]:
        return (Name(*row) for row in self._rows(query, (argument,)))

    def _rows(self, query: str, arguments: Sequence[str | int]) -> Iterator[tuple[str, int, str, str]]:
        try:
            connection = getattr(self._mine, "connection", None)
            if connection is None:
                connection = self._mine.connection = sqlite3.connect(self._address, uri=True)
            yield from connection.execute(query, arguments)
        except sqlite3.Error as error:
            raise BackendError(f"{self._path}: not a sound index ({error}); to mend: run treatygraph build") from error


def _quoted(text: str) -> str:
    """A string of the query language of FTS5."""
    return '"' + text.replace('"', '""') + '"'
