"""Things and statements of a lineage as JSON, put together from pieces that the index numbers and that are kept.

The text of a statement is what `queries.export` makes of `queries.lineage.Edge`. Most of it stands in other statements
too (the names of things, of documents, of relations), so it is quoted once and joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from ontology.schema import LineageRelation
from queries.adjacency import ROW, Adjacency
from queries.lineage import is_statement, told

__all__ = ["Phrase", "Phrases"]

#: Things and statements whose text is kept, some 400 bytes each; and pieces of those, some 80.
_REMEMBERED: Final = 65_536
_NULL: Final = "null"
_EMPTY: Final = '""'
#: Stand in a sentence for the names of its two things. No sentence holds them.
_FROM, _TO = "\x00", "\x01"
_MARKS: Final = re.compile(r"(\\u000[01])")


class Phrase(NamedTuple):
    """A thing: how it is written; whether it is a statement about things; its IRI, quoted; its name, within quotes."""

    text: bytes
    statement: bool
    iri: str
    name: str


class _Frame(NamedTuple):
    """What all statements of a relation have between their things."""

    relation: str
    sentence: tuple[str, ...]
    """Pieces; every second one is the mark of a name."""


class Phrases:
    """One per index; safe for several threads."""

    def __init__(self, index: Adjacency, relations: Iterable[LineageRelation]) -> None:
        self._index = index
        self._frames = {str(relation.iri): _frame(relation) for relation in relations}
        self.thing = lru_cache(maxsize=_REMEMBERED)(self._thing_of)
        self.edge = lru_cache(maxsize=_REMEMBERED)(self._edge_text)
        self._sources = lru_cache(maxsize=_REMEMBERED)(self._sources_text)
        self._cell = lru_cache(maxsize=_REMEMBERED)(self._cell_text)

    def _thing_of(self, node: int) -> Phrase:
        """How a thing is written."""
        thing = self._index.thing_at(node)
        iri, label = encode_basestring(thing.iri), encode_basestring(thing.label)
        key = iri if thing.key is thing.iri else encode_basestring(thing.key)
        text = f'{{"iri": {iri}, "key": {key}, "type": {encode_basestring(thing.type)}, "label": {label}}}'
        return Phrase(text.encode(), is_statement(thing), iri, label[1:-1])

    def _edge_text(self, edge: int) -> bytes:
        """How a statement is written."""
        index = self._index
        subject, object_ = index.ends(edge)
        one, other = self.thing(subject), self.thing(object_)
        relation, sentence = self._frames[index.predicate_at(edge)]
        names = {_MARK_FROM: one.name, _MARK_TO: other.name}
        said = "".join([names.get(piece, piece) for piece in sentence])
        sources = self._sources(index.rows_at(edge))
        return f'{{"from": {one.iri}, "to": {other.iri}, {relation}{said}", "sources": [{sources}]}}'.encode()

    def _sources_text(self, rows: tuple[int, ...]) -> str:
        """Sources, by the numbers of their cells."""
        cell, found = self._cell, list[str]()
        for at in range(0, len(rows), ROW):
            document, part, start, end, confidence = rows[at : at + ROW]
            place = f'"in": {cell(part) or _NULL}, "start": {self._number(start)}, "end": {self._number(end)}'
            sure = cell(confidence) or _NULL
            found.append(f'{{"document": {cell(document) or _EMPTY}, {place}, "confidence": {sure}}}')
        return ", ".join(found)

    def _cell_text(self, number: int) -> str | None:
        text = self._index.text_at(number)
        return None if text is None else encode_basestring(text)

    def _number(self, number: int) -> str:
        text = self._index.text_at(number)
        return _NULL if text is None else str(int(text))


_MARK_FROM: Final = encode_basestring(_FROM)[1:-1]
_MARK_TO: Final = encode_basestring(_TO)[1:-1]


def _frame(relation: LineageRelation) -> _Frame:
    head = f'"relation": {encode_basestring(relation.name)}, "kind": {encode_basestring(relation.kind)}, "sentence": "'
    sentence = encode_basestring(told(relation.sentence, {"from": _FROM, "to": _TO}))[1:-1]
    return _Frame(head, tuple(_MARKS.split(sentence)))
