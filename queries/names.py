"""Names of things: which properties hold them, and the form in which two spellings are the same."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import pyoxigraph as ox
from rdflib.namespace import DCTERMS, FOAF, SKOS

from ontology.namespaces import ID, TG
from queries.backend import Backend
from queries.library import support
from queries.values import fill, iri_text

#: Properties that name, with the strength of a match: 0 is the thing's own name, 2 a spelling that was met.
STRENGTH: Final[dict[str, int]] = {
    str(DCTERMS.identifier): 0,
    str(SKOS.prefLabel): 0,
    str(FOAF.name): 0,
    str(SKOS.altLabel): 1,
    str(DCTERMS.title): 1,
    str(TG.shortTitle): 1,
    str(TG.abbreviation): 1,
    str(SKOS.hiddenLabel): 2,
}
_WORD: Final = re.compile(r"[^\W_]+")


def normal(text: str) -> str:
    """Words without case, accents and punctuation: `São Tomé, 21st M.S.P.` gives `sao tome 21st m s p`."""
    plain = unicodedata.normalize("NFKD", text.replace("\N{SOFT HYPHEN}", ""))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_WORD.findall(kept.casefold()))


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """One name of one thing, in normal form, and as written."""

    normal: str
    strength: int
    iri: str
    written: str


class NameTable:
    """All names of a release, sorted by normal form, for the look-ups that a store cannot do: without case, fuzzy.

    Read once per back end, in one query; about 300 bytes a name.
    """

    def __init__(self, names: Iterator[Name]) -> None:
        self.names = sorted(set(names))
        self._keys = [name.normal for name in self.names]
        self._by_word: dict[str, set[int]] = defaultdict(set)
        for at, name in enumerate(self.names):
            for word in name.normal.split():
                self._by_word[word].add(at)
        self.words = sorted(self._by_word)

    def equal(self, form: str) -> list[Name]:
        """Names whose normal form is this."""
        return [name for name in self.starting(form) if name.normal == form]

    def starting(self, form: str) -> Iterator[Name]:
        """Names whose normal form begins so."""
        at = bisect_left(self._keys, form)
        while at < len(self._keys) and self._keys[at].startswith(form):
            yield self.names[at]
            at += 1

    def with_words(self, beginnings: list[str]) -> list[Name]:
        """Names that have, for each beginning, a word that begins so."""
        found: set[int] | None = None
        for beginning in sorted(beginnings, key=len, reverse=True):
            having = set().union(*(self._by_word[word] for word in self.words_starting(beginning)))
            found = having if found is None else found & having
            if not found:
                return []
        return [self.names[at] for at in sorted(found or ())]

    def words_starting(self, beginning: str) -> Iterator[str]:
        """All words of names that begin so."""
        at = bisect_left(self.words, beginning)
        while at < len(self.words) and self.words[at].startswith(beginning):
            yield self.words[at]
            at += 1


# With the name of the release: a back end may go over to another one while it answers.
_TABLES: WeakKeyDictionary[Backend, tuple[str, NameTable]] = WeakKeyDictionary()


def name_table(backend: Backend) -> NameTable:
    """The names of a back end's release, read at first use. Raises BackendError."""
    release, table = _TABLES.get(backend, ("", None))
    if table is None or release != backend.release:
        release = backend.release
        table = NameTable(_read(backend))
        _TABLES[backend] = (release, table)
    return table


def _read(backend: Backend) -> Iterator[Name]:
    text = fill(support("all-names"), {("property",): [(iri_text(p),) for p in STRENGTH]})
    for row in backend.query(text).rows():
        thing, name = row["thing"], row["name"]
        if isinstance(thing, ox.NamedNode) and isinstance(name, ox.Literal) and thing.value.startswith(str(ID)):
            form = normal(name.value)
            if form:
                yield Name(form, STRENGTH[row["property"].value], thing.value, name.value)
