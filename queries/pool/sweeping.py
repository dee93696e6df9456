"""Questions that ask for the statements themselves, as many as there are: a worker in memory reads those from disk.

The engine counts references in the data, so a worker that reads the whole copy in memory makes half of it its own,
page by page. The store on disk is read through a cache of fixed size, so memory stays flat however long the answer is,
and the engine then spends most of its time on writing. What reads everything and tells little (counts, sorting, a
filter) stays with the copy, which is two to three times as fast.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyoxigraph as ox

from queries.pool import sandbox
from queries.scanner import Token, tokens

__all__ = ["Sweeping", "sweeps"]

#: Characters; nobody writes out a list of things in a question for everything.
_LONGEST: Final = 5_000
#: Rows that are read from memory without much ado. It is the number after LIMIT that decides, never that after OFFSET:
#: whoever reads page by page needs all pages in one order.
_FEW: Final = 50_000
_DIGITS: Final = 9
_THREE: Final = re.compile(r"(?:[?$]\w+\s+){2}[?$]\w+")
_FORMS: Final = frozenset({"select", "construct"})
_PAIRS: Final = {"{": ("{", 1), "}": ("{", -1), "(": ("(", 1), ")": ("(", -1)}
_CONSTANTS: Final = frozenset({"iri", "name", "string", "number", "tag"})
#: What gathers rows before the first is told, or tells few.
_GATHERS: Final = frozenset(
    {"ask", "avg", "count", "describe", "distinct", "filter", "from", "group", "group_concat", "having", "max", "min"}
    | {"order", "reduced", "sample", "sum"}
)


class Sweeping:
    """The store on disk of a worker that has the same in memory."""

    def __init__(self, path: str, named: list[ox.NamedNode | ox.BlankNode], memory_bytes: int) -> None:
        """`named` are its named graphs; `memory_bytes` is what a query may take."""
        self._path: str | None = path
        self._memory_bytes = memory_bytes
        self._store: ox.Store | None = None
        self._named = named

    def open(self) -> ox.Store | None:
        """The store; None where this process cannot open it."""
        if self._store is None and self._path is not None:
            path, self._path = self._path, None
            with sandbox.uncapped(self._memory_bytes), contextlib.suppress(OSError, ValueError, RuntimeError):
                self._store = ox.Store.read_only(path)
        return self._store

    def answer(self, text: str, *, union: bool) -> Any:
        """The engine's answer from disk to a question about the whole release; None where the store cannot be opened.

        Asked for all graphs by a variable, the engine walks through the default graph first, only to leave out what it
        finds there; told the names of the graphs, it begins at once.
        """
        store = self.open()
        if store is None:
            return None
        if union or "graph" not in text.lower():
            return store.query(text, use_default_graph_as_union=union)
        return store.query(text, default_graph=[ox.DefaultGraph()], named_graphs=self._named)


def sweeps(text: str) -> bool:
    """Whether a SELECT or CONSTRUCT has nothing but variables in its patterns, and asks for all or very many rows.

    To be wrong costs time or memory, never an answer; so the text is not parsed, only read word by word.
    """
    if len(text) > _LONGEST or not _THREE.search(text):
        return False
    read = list(tokens(text))
    words = [token.text.lower() if token.kind == "word" else "" for token in read]
    if not _GATHERS.isdisjoint(words):
        return False
    start = next((at for at, word in enumerate(words) if word in _FORMS), None)
    if start is None:
        return False
    if words[start] == "construct" and any(token.text == "{" for token in read[start + 1 : start + 2]):
        start = next((at for at in range(start, len(read)) if read[at].text == "}"), start)  # after its template
    return not (_limited(read, words) or any(map(_fixed, _patterns(read[start + 1 :]))))


def _limited(read: list[Token], words: list[str]) -> bool:
    """Whether a LIMIT asks for few rows."""
    numbers = [read[at + 1].text for at, word in enumerate(words[:-1]) if word == "limit"]
    return any(len(number) <= _DIGITS and number.isdecimal() and int(number) <= _FEW for number in numbers)


def _patterns(read: Iterable[Token]) -> Iterator[Token]:
    """What stands in braces and in no brackets."""
    depth = {"{": 0, "(": 0}
    for token in read:
        if token.text in _PAIRS:
            opening, step = _PAIRS[token.text]
            depth[opening] += step
        elif depth["{"] > 0 and depth["("] <= 0:
            yield token


def _fixed(token: Token) -> bool:
    """Whether it is a known thing, and no variable."""
    return token.kind in _CONSTANTS or (token.kind == "word" and token.text == "a")
