"""Names of things: which properties hold them, and the form in which two spellings are the same."""

from __future__ import annotations

import difflib
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from weakref import WeakKeyDictionary

import pyoxigraph as ox
from rdflib.namespace import DCTERMS, FOAF, SKOS

from ontology.namespaces import ID, TG
from queries.backend import Backend
from queries.library import support
from queries.spelling import western_digits
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
#: How alike two words must be that one stands for the other (0 to 1), and how many may stand for one.
ALIKE: Final = 0.75
ALTERNATIVES: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")


def normal(text: str) -> str:
    """Words without case and accents, digits as 0 to 9: `São Tomé, 21st M.S.P.` gives `sao tome 21st m s p`."""
    plain = western_digits(unicodedata.normalize("NFKD", text.replace("\N{SOFT HYPHEN}", "")))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_WORD.findall(kept.casefold()))


def is_numbered(word: str) -> bool:
    """Whether a word has a digit. `25th` is nearly `26th`, and yet another: numbers are never guessed."""
    return any(c.isdigit() for c in word)


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """One name of one thing, in normal form, and as written."""

    normal: str
    strength: int
    iri: str
    written: str

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """What sorts the names that match equally well: a thing's own name first, then the shorter."""
        return self.strength, len(self.normal), self.normal, self.iri


class Names(Protocol):
    """The look-ups that a store cannot do: without case, by beginnings of words, by similarity. Best names first."""

    def equal(self, form: str) -> Iterable[Name]:
        """Names whose normal form is this."""

    def starting(self, form: str) -> Iterable[Name]:
        """Names whose normal form begins so."""

    def with_words(self, beginnings: Sequence[str]) -> Iterable[Name]:
        """Names that have, for each beginning, a word that begins so."""

    def with_any(self, choices: Sequence[Sequence[str]]) -> Iterable[Name]:
        """Names that have, for each choice, a word that begins with one of its beginnings."""

    def near(self, word: str) -> list[str]:
        """Words of names that are spelt nearly so, the nearest first."""


class NameTable:
    """All names of a release in memory, for back ends without a text index (see `Names`).

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

    def starting(self, form: str) -> list[Name]:
        """Names whose normal form begins so."""
        low = high = bisect_left(self._keys, form)
        while high < len(self._keys) and self._keys[high].startswith(form):
            high += 1
        return sorted(self.names[low:high], key=_placed)

    def with_words(self, beginnings: Sequence[str]) -> list[Name]:
        """Names that have, for each beginning, a word that begins so."""
        return self.with_any([[beginning] for beginning in beginnings])

    def with_any(self, choices: Sequence[Sequence[str]]) -> list[Name]:
        """Names that have, for each choice, a word that begins with one of its beginnings."""
        found: set[int] | None = None
        for choice in choices:
            words = {word for beginning in choice for word in self.words_starting(beginning)}
            having = set().union(*(self._by_word[word] for word in words))
            found = having if found is None else found & having
            if not found:
                return []
        return sorted((self.names[at] for at in found or ()), key=_placed)

    def near(self, word: str) -> list[str]:
        """Words of names that are spelt nearly so, the nearest first."""
        words = (other for other in self.words if not is_numbered(other))
        return [] if is_numbered(word) else difflib.get_close_matches(word, words, ALTERNATIVES, ALIKE)

    def words_starting(self, beginning: str) -> Iterator[str]:
        """All words of names that begin so."""
        at = bisect_left(self.words, beginning)
        while at < len(self.words) and self.words[at].startswith(beginning):
            yield self.words[at]
            at += 1


def _placed(name: Name) -> tuple[tuple[int, int, str, str], str]:
    return name.rank, name.written


# With the name of the release: a back end may go over to another one while it answers.
_TABLES: WeakKeyDictionary[Backend, tuple[str, NameTable]] = WeakKeyDictionary()


def name_table(backend: Backend) -> Names:
    """The names of a back end's release: its attribute `text_index`, else read at first use. Raises BackendError."""
    index: Names | None = getattr(backend, "text_index", None)
    if index is not None:
        return index
    release, table = _TABLES.get(backend, ("", None))
    if table is None or release != backend.release:
        release = backend.release
        table = NameTable(read_names(backend))
        _TABLES[backend] = (release, table)
    return table


def read_names(backend: Backend) -> Iterator[Name]:
    """All names of all things, in one query. Raises BackendError."""
    text = fill(support("all-names"), {("property",): [(iri_text(p),) for p in STRENGTH]})
    for row in backend.query(text).rows():
        thing, name = row["thing"], row["name"]
        if isinstance(thing, ox.NamedNode) and isinstance(name, ox.Literal) and thing.value.startswith(str(ID)):
            form = normal(name.value)
            if form:
                yield Name(form, STRENGTH[row["property"].value], thing.value, name.value)
