"""Reads the shape of a small SELECT query strictly: the form without the names, which thousands of questions share.

    SELECT DISTINCT? ?column+ WHERE? { triples of variables, IRIs, plain texts and whole numbers }
    ORDER BY (?column | ASC(?column) | DESC(?column))+  LIMIT n  OFFSET n

IRIs, variables and texts are cut out of the text, which is then read once for all that differ in nothing else. What is
not surely such a query, in every sign, is left to the engine. Specification: SPARQL 1.1 Query, 19.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from queries.columns.question import limits

__all__ = ["LONGEST", "Asked", "Constant", "Shape", "asked"]

#: Characters; a longer text is not looked at.
LONGEST: Final = 3_000
_SHAPES: Final = 1_024
_IRIS: Final = 8_192
_MOST_PATTERNS: Final = 16
_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_INTEGER: Final = "<http://www.w3.org/2001/XMLSchema#integer>"
_USUAL: Final = "SELECT"
_SELECT: Final = re.compile(r"\bselect\b", re.IGNORECASE)
_COMMENT: Final = re.compile(r"^[ \t]*#[^\n\r]*$", re.MULTILINE)
#: What is cut out: IRIs, variables, texts without escapes.
_SLOT: Final = re.compile(r"""(<[^<>"{}|^`\\\x00-\x20]*>|\?[A-Za-z_][A-Za-z0-9_]*|"[ !#-\[\]-~]*")""")
_BLANK: Final = " \t\r\n"
#: What may stand between. Names, numbers and words end where every reader ends them.
_BETWEEN: Final = re.compile(
    r"[ \t\r\n]+|(?P<sign>[{}().;,])"
    r"|(?P<name>[A-Za-z][A-Za-z0-9]*:[A-Za-z][A-Za-z0-9_-]*(?=[ \t\r\n;,{}()]|\.[ \t\r\n}]))"
    r"|(?P<number>(?:0|[1-9][0-9]{0,8})(?=[ \t\r\n;,{}()]|\Z))"
    r"|(?P<word>[A-Za-z]+(?=[ \t\r\n{}()]|\Z))"
)
_DECLARATION: Final = re.compile(
    r"[ \t\r\n]*(?:base[ \t\r\n]*<(?P<base>[^<>\s]*)>"
    r"|prefix[ \t\r\n]+(?P<prefix>[A-Za-z][A-Za-z0-9]*):[ \t\r\n]*<(?P<iri>[^<>\s]*)>)",
    re.IGNORECASE,
)
#: IRIs that every reader takes as they stand: no dots between slashes, which are resolved away where there is a base.
_ABSOLUTE: Final = re.compile(
    r"https?://[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*(?:/(?!\.)(?:[A-Za-z0-9_~.=&@:,-]|%[0-9A-Fa-f]{2})*)*"
    r"(?:#[A-Za-z0-9_~.=&@:,-]*)?"
)
_RELATIVE: Final = re.compile(
    r"(?!\.)(?:[A-Za-z0-9_~.-]|%[0-9A-Fa-f]{2})+(?:/(?!\.)(?:[A-Za-z0-9_~.-]|%[0-9A-Fa-f]{2})*)*"
)


class _Other(Exception):
    """Not one of these queries."""


class Constant(NamedTuple):
    """A term of the query: the slot that holds it, or else the term as N-Triples writes it."""

    slot: int
    term: str


@dataclass(frozen=True, eq=False)
class Shape:
    """A query without its names, of which there is one object only. Variables are numbers from 0 on, in the order of
    their first places; -1 - n is the constant number n."""

    columns: tuple[int, ...]
    slots: tuple[int, ...]
    """For each column a slot that holds its name."""
    distinct: bool
    constants: tuple[Constant, ...]
    patterns: tuple[tuple[int, int, int], ...]
    order: tuple[tuple[int, bool], ...]
    """Variables, and whether from the highest down."""
    limit: int | None
    offset: int
    base: str | None

    @cached_property
    def variables(self) -> int:
        """How many variables there are."""
        return 1 + max(place for pattern in self.patterns for place in pattern)


class Asked(NamedTuple):
    """A query: its shape and what stands in the slots."""

    shape: Shape
    slots: list[str]

    @property
    def names(self) -> list[str]:
        """What the columns are called."""
        return [self.slots[slot][1:] for slot in self.shape.slots]

    def term(self, number: int) -> str | None:
        """A constant as N-Triples writes it; None where it is an IRI that readers may take differently."""
        slot, term = self.shape.constants[number]
        if slot < 0:
            return term
        written = self.slots[slot]
        return _resolved(written[1:-1], self.shape.base) if written[0] == "<" else written


def asked(text: str) -> Asked | None:
    """The query of a text; None where it is another kind, or where anything about it is in doubt."""
    if len(text) > LONGEST or not text.isascii() or "\\" in text:
        return None
    found = _asked(text)
    if found is None and "#" in text and '""' not in text:  # a long text could hold lines that look like comments
        bare = _COMMENT.sub("", text)
        found = None if bare == text else _asked(bare)
    return found


def _asked(text: str) -> Asked | None:
    """The query of a text without comments; the sign that begins them is in none that is one."""
    begin = text.find(_USUAL)  # a place that is none leaves a text that is no query
    if begin < 0:
        found = _SELECT.search(text)
        if found is None:
            return None
        begin = found.start()
    parts = _SLOT.split(text[begin + len(_USUAL) :])
    slots = parts[1::2]
    first: dict[str, int] = {}
    codes = tuple([first.setdefault(slot, len(first)) if slot[0] == "?" else slot[0] for slot in slots])
    shape = _shape(text[:begin], tuple(parts[::2]), codes)
    return None if shape is None else Asked(shape, slots)


@lru_cache(maxsize=_SHAPES)
def _shape(prologue: str, between: tuple[str, ...], codes: tuple[int | str, ...]) -> Shape | None:
    try:
        return _Reader(between, codes, *_declared(prologue)).shape()
    except _Other:
        return None


def _declared(prologue: str) -> tuple[str | None, dict[str, str]]:
    """The base, where one is declared, and the prefixes."""
    base: str | None = None
    prefixes: dict[str, str] = {}
    at = 0
    while (found := _DECLARATION.match(prologue, at)) is not None:
        at = found.end()
        if found["prefix"] is None:
            if base is not None or prefixes or not _ABSOLUTE.fullmatch(found["base"]):
                raise _Other
            base = found["base"]
            continue
        if found["prefix"] in prefixes or not _ABSOLUTE.fullmatch(found["iri"]):
            raise _Other
        prefixes[found["prefix"]] = found["iri"]
    if prologue[at:].strip(_BLANK):
        raise _Other
    return base, prefixes


@lru_cache(maxsize=_IRIS)
def _resolved(iri: str, base: str | None) -> str | None:
    """An IRI resolved against the base (RFC 3986, 5.2), where that is nothing but putting one behind the other; as
    N-Triples writes it."""
    if _ABSOLUTE.fullmatch(iri):
        return f"<{iri}>"
    if base is None or not base.endswith("/") or "#" in base or base.count("/") < 3 or not _RELATIVE.fullmatch(iri):
        return None
    return f"<{base}{iri}>"


class _Reader:
    """One text between slots. A token is its kind and its text; that of a slot (`variable`, `iri`, `string`) the number
    of the slot."""

    def __init__(
        self, between: Sequence[str], codes: Sequence[int | str], base: str | None, prefixes: dict[str, str]
    ) -> None:
        self._codes = codes
        self._base = base
        self._prefixes = prefixes
        self._tokens = [*_tokens(between, codes), ("end", "")]
        self._at = 0
        self._constants: list[Constant] = []
        self._patterns: list[tuple[int, int, int]] = []

    def shape(self) -> Shape:
        distinct = self._word("distinct")
        slots: list[int] = []
        while self._next[0] == "variable":
            slots.append(int(self._take("variable")))
        self._word("where")
        self._group()
        order = self._order()
        limit, offset = limits(self._word, lambda: int(self._take("number")))
        if self._next[0] != "end":
            raise _Other
        columns = tuple(self._variable(slot) for slot in slots)
        known = {place for pattern in self._patterns for place in pattern if place >= 0}
        ordered = {variable for variable, _ in order}
        properties = [pattern[1] for pattern in self._patterns if pattern[1] >= 0]
        places = [place for pattern in self._patterns for place in pattern]
        fine = (
            0 < len(columns) == len(set(columns))
            and 0 < len(self._patterns) <= _MOST_PATTERNS
            and known.issuperset(columns)
            and (set(columns) if distinct else known).issuperset(ordered)
            and all(places.count(variable) == 1 for variable in properties)
        )
        if not fine:
            raise _Other
        constants, patterns = tuple(self._constants), tuple(self._patterns)
        return Shape(columns, tuple(slots), distinct, constants, patterns, order, limit, offset, self._base)

    # Tokens

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _take(self, *kinds: str) -> str:
        kind, text = self._tokens[self._at]
        if kind not in kinds:
            raise _Other
        self._at += 1
        return text

    def _is(self, kind: str, text: str) -> bool:
        """Whether this follows; it is taken then."""
        found = self._next == (kind, text)
        self._at += found
        return found

    def _word(self, word: str) -> bool:
        found = self._next[0] == "word" and self._next[1].lower() == word
        self._at += found
        return found

    def _sign(self, sign: str) -> None:
        if not self._is("sign", sign):
            raise _Other

    # The grammar

    def _group(self) -> None:
        self._sign("{")
        while not self._is("sign", "}"):
            self._triples()
            if not self._is("sign", ".") and self._next != ("sign", "}"):
                raise _Other

    def _triples(self) -> None:
        subject = self._term("variable", "iri", "name")
        while True:
            typed = self._is("word", "a")
            predicate = self._constant(-1, _TYPE) if typed else self._term("variable", "iri", "name")
            while True:
                object_ = self._term("variable", "iri", "name", "string", "number")
                self._patterns.append((subject, predicate, object_))
                if not self._is("sign", ","):
                    break
            if not self._is("sign", ";"):
                return
            if self._next in (("sign", "."), ("sign", "}")):
                return

    def _term(self, *kinds: str) -> int:
        kind = self._next[0]
        text = self._take(*kinds)
        if kind == "variable":
            return self._variable(int(text))
        if kind == "name":
            prefix, _, local = text.partition(":")
            if prefix not in self._prefixes:
                raise _Other
            return self._constant(-1, f"<{self._prefixes[prefix]}{local}>")
        if kind == "number":
            return self._constant(-1, f'"{text}"^^{_INTEGER}')
        return self._constant(int(text), "")

    def _variable(self, slot: int) -> int:
        code = self._codes[slot]
        assert isinstance(code, int)
        return code

    def _constant(self, slot: int, term: str) -> int:
        self._constants.append(Constant(slot, term))
        return -len(self._constants)

    def _order(self) -> tuple[tuple[int, bool], ...]:
        if not self._word("order"):
            return ()
        if not self._word("by"):
            raise _Other
        found: list[tuple[int, bool]] = []
        while True:
            if self._next[0] == "variable":
                found.append((self._variable(int(self._take("variable"))), False))
            elif (down := self._word("desc")) or self._word("asc"):
                self._sign("(")
                found.append((self._variable(int(self._take("variable"))), down))
                self._sign(")")
            elif found:
                return tuple(found)
            else:
                raise _Other


_KINDS: Final = {"<": "iri", '"': "string"}


def _tokens(between: Sequence[str], codes: Sequence[int | str]) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(between):
        at = 0
        while at < len(text):
            found = _BETWEEN.match(text, at)
            if found is None:
                raise _Other
            if found.lastgroup is not None:
                yield found.lastgroup, found.group()
            at = found.end()
        if number < len(codes):
            code = codes[number]
            yield ("variable" if isinstance(code, int) else _KINDS[code]), str(number)
