"""From what a person types to the thing that is meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from rdflib import URIRef

from ontology.keys import FOLDERS, folder_of, key_of
from ontology.namespaces import TG
from ontology.schema import load_schema, local_name
from queries.backend import Backend, adjacency_of
from queries.errors import AmbiguousThing, ParameterError, UnknownThing
from queries.library import support
from queries.names import STRENGTH, Names, name_table, normal
from queries.spelling import candidate_iris, candidate_names, split_part
from queries.things import Thing, describe
from queries.values import fill, iri_text, string_text

_LONGEST: Final = 500
_SUGGESTIONS: Final = 5
_ENOUGH_WORDS: Final = 3
_POOL: Final = 500  # names that are compared word by word
_ARTICLES: Final = frozenset({"a", "an", "the"})


@dataclass(frozen=True, slots=True)
class Resolution:
    """The thing that is meant, and how it was found.

    By `iri`, `key`, `name`, `spelling` (without case or accents), or `words` (a name that has all of them, in order).
    """

    thing: Thing
    by: str

    @property
    def iri(self) -> str:
        """The IRI of the thing."""
        return self.thing.iri


def resolve(backend: Backend, text: str, *, cls: str | None = None) -> Resolution:
    """Find the one thing that a text means: an IRI, a key, any spelling of a symbol, or a name.

    `cls`, the local name of a class (`Meeting`), leaves out all other things. A thing's own name goes before a
    spelling, an IRI or key before both. Asks the store by look-up only; where that finds nothing, names are compared
    without case, accents and punctuation, and last by their words: several words that stand in this order in the name
    of one thing only mean that thing. Raises AmbiguousThing (with candidates), UnknownThing (with suggestions).
    """
    found = find(backend, text, cls=cls)
    if found is None:
        raise UnknownThing(text, () if "://" in text else _suggestions(name_table(backend), text))
    return found


def find(backend: Backend, text: str, *, cls: str | None = None) -> Resolution | None:
    """As `resolve`, but None for what nothing is called. Raises AmbiguousThing."""
    if len(text) > _LONGEST:
        raise ParameterError(f"a name has at most {_LONGEST} characters")
    if not text.strip():
        raise ParameterError("nothing to look for: give an IRI, a key, a symbol or a name")
    if (found := _by_key(backend, text, cls)) is not None:
        return Resolution(found, "iri" if "://" in text else "key")
    if "://" in text:
        return None
    if (found := _one(backend, text, _by_name(backend, text), cls)) is not None:
        return Resolution(found, "name")
    if (found := _part(backend, text, cls)) is not None:
        return Resolution(found, "name")
    table = name_table(backend)
    folded = [(name.strength, name.iri) for name in table.equal(normal(text))]
    if (found := _one(backend, text, folded, cls)) is not None:
        return Resolution(found, "spelling")
    if (found := _one(backend, text, _containing(table, text), cls)) is not None:
        return Resolution(found, "words")
    return None


def _by_key(backend: Backend, text: str, cls: str | None) -> Thing | None:
    candidates = [iri for iri in candidate_iris(text) if _writable(iri)]
    if not candidates:
        return None
    existing = _existing(backend, candidates)
    for thing in describe(backend, [iri for iri in candidates if iri in existing]).values():
        if _fits(thing, cls):
            return thing
    return None


def _existing(backend: Backend, iris: Sequence[str]) -> set[str]:
    """Those of some IRIs that the record says anything about."""
    index = adjacency_of(backend)
    known = {iri: None if index is None else index.exists(iri) for iri in iris}
    found = {iri for iri, there in known.items() if there}
    if asked := [iri for iri, there in known.items() if there is None]:
        query = fill(support("things-that-exist"), {("thing",): [(iri_text(iri),) for iri in asked]})
        found |= {row["thing"].value for row in backend.query(query).rows()}
    return found


def _by_name(backend: Backend, text: str) -> list[tuple[int, str]]:
    """Strength and IRI of each thing that bears one of the usual spellings as it stands."""
    try:
        names = [string_text(form, language) for form, language in candidate_names(text)]
    except ParameterError:
        return []
    pairs = [(iri_text(p), name) for p in STRENGTH for name in names]
    rows = backend.query(fill(support("things-named"), {("property", "name"): pairs})).rows()
    return [(STRENGTH[row["property"].value], row["thing"].value) for row in rows]


def _containing(table: Names, text: str) -> list[tuple[int, str]]:
    """Things in a name of which all the words stand, in this order; the fewer others there are, the stronger.

    One or two words are too little to go by; of very many such names the best are looked at. Bibliographic records are
    left out: their titles name other things.
    """
    words = [word for word in normal(text).split() if word not in _ARTICLES]
    if len(words) < _ENOUGH_WORDS:
        return []
    found = set()
    for name in islice(table.with_words(words), _POOL):
        written = name.normal.split()
        if folder_of(name.iri) != "source" and _in_order(words, written):
            found.add((len(written) - len(words), name.iri))
    return sorted(found)


def _in_order(words: list[str], name: list[str]) -> bool:
    rest = iter(name)
    return all(word in rest for word in words)


def _part(backend: Backend, text: str, cls: str | None) -> Thing | None:
    """A part of something that is named, not written as a key: `article 9(1) of the Tin Lantern Convention`."""
    split = split_part(text)
    if split is None or not split[0].strip():
        return None
    whole = find(backend, split[0])
    if whole is None:
        return None
    return _by_key(backend, f"{whole.iri}~{split[1]}", cls)


def _one(backend: Backend, text: str, found: Collection[tuple[int, str]], cls: str | None) -> Thing | None:
    """The thing that matches most strongly. Raises AmbiguousThing when there are several."""
    things = describe(backend, sorted({iri for _, iri in found}))
    fitting = [(strength, iri) for strength, iri in found if _fits(things[iri], cls)]
    best = {iri for strength, iri in fitting if strength == min(fitting)[0]}
    if len(best) > 1:
        raise AmbiguousThing(text, tuple(sorted(_unmistakable(iri) for iri in best)))
    return things[best.pop()] if best else None


def _fits(thing: Thing, cls: str | None) -> bool:
    if cls is None:
        return True
    above = load_schema().superclasses(URIRef(TG[thing.type]))
    return cls in {local_name(general) for general in above}


def _unmistakable(iri: str) -> str:
    """The key, with its folder where the key alone would be looked for elsewhere first."""
    folder = folder_of(iri)
    return key_of(iri) if folder in FOLDERS[:3] else f"{folder}/{key_of(iri)}"


def _suggestions(table: Names, text: str) -> tuple[str, ...]:
    """Keys of things with a similar name, the most similar first."""
    form = normal(text)
    words = form.split()
    near = [hit for word in words for hit in table.near(word)]
    pool: dict[str, str] = {}
    for word in dict.fromkeys([*words, *near]):
        for name in islice(table.with_words([word]), _POOL):
            pool.setdefault(name.normal, name.iri)
    best = difflib.get_close_matches(form, list(pool), 3 * _SUGGESTIONS, 0.5)
    return tuple(_first(_unmistakable(pool[match]) for match in best))


def _first(keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(keys))[:_SUGGESTIONS]


def _writable(iri: str) -> bool:
    try:
        iri_text(iri)
    except ParameterError:
        return False
    return True
