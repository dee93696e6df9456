"""The text index of a release: written once, from the names that a finished store holds (`queries.textindex`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from queries.names import Name, is_numbered

_SCHEMA: Final = """
CREATE TABLE about (release TEXT NOT NULL);
CREATE TABLE things (id INTEGER PRIMARY KEY, iri TEXT NOT NULL);
CREATE TABLE names (
  id INTEGER PRIMARY KEY, thing INTEGER NOT NULL, strength INTEGER NOT NULL, normal TEXT NOT NULL, written TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5(normal, content = '', columnsize = 0, prefix = '1 2 3', tokenize = 'ascii');
CREATE VIRTUAL TABLE spelt USING fts5(word, tokenize = 'trigram case_sensitive 1');
"""
_AFTERWARDS: Final = (
    "CREATE INDEX names_by_normal ON names (normal)",
    "INSERT INTO words (words) VALUES ('optimize')",
    "INSERT INTO spelt (spelt) VALUES ('optimize')",
    "COMMIT",
)


def write_text_index(path: Path, names: Iterable[Name], release: str) -> None:
    """Write the index of some names into a new file. Equal names give equal bytes, with one version of SQLite.

    Raises OSError and sqlite3.Error.
    """
    ranked = sorted(set(names), key=lambda name: (name.rank, name.written))
    things = {iri: number for number, iri in enumerate(sorted({name.iri for name in ranked}), 1)}
    words = sorted({word for name in ranked for word in name.normal.split() if not is_numbered(word)})
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # The file is written in a folder that nobody reads yet, and thrown away if this fails.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;" + _SCHEMA)
        connection.execute("INSERT INTO about VALUES (?)", (release,))
        connection.executemany("INSERT INTO things VALUES (?, ?)", ((number, iri) for iri, number in things.items()))
        numbered = list(enumerate(ranked, 1))
        rows = ((number, things[name.iri], name.strength, name.normal, name.written) for number, name in numbered)
        connection.executemany("INSERT INTO names VALUES (?, ?, ?, ?, ?)", rows)
        normals = ((number, name.normal) for number, name in numbered)
        connection.executemany("INSERT INTO words (rowid, normal) VALUES (?, ?)", normals)
        # Blanks at both ends make trigrams of the beginning and the end of a word.
        connection.executemany("INSERT INTO spelt (word) VALUES (?)", ((f" {word} ",) for word in words))
        for statement in _AFTERWARDS:
            connection.execute(statement)
    finally:
        connection.close()
