"""Checksums of graphs that do not depend on the order of their statements.

The checksum of a graph is the number of its statements and the sum, modulo 2^128, of a BLAKE2b hash of each one in
N-Triples. So it is made in one pass and bounded memory, whatever order an engine sends. It finds loss, damage and
mixture; it is no protection against somebody who forges data on purpose.

Engines keep some literals in another spelling (`"01"` as `"1"`, `"1.50"` as `"1.5"`, `@en-GB` as `@en-gb`), and
Virtuoso keeps a truth value as the integer 1 or 0. `by_value` gives literals that are equal after such a rewriting one
form. Two checksums are kept: of the letters, and of the values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, TypeAlias

import pyoxigraph as ox

Spoken: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal

_MODULUS: Final = 1 << 128
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS: Final = frozenset(
    f"{_XSD}{name}"
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
        "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte",
    )
)  # fmt: skip
_FLOATS: Final = frozenset((f"{_XSD}double", f"{_XSD}float"))
_TIMES: Final = frozenset((f"{_XSD}dateTime", f"{_XSD}dateTimeStamp", f"{_XSD}time"))


@dataclass(frozen=True, slots=True)
class Digest:
    """The checksum of a set of statements: how many, and the sum of their hashes."""

    count: int = 0
    total: int = 0

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name this content."""
        return hashlib.blake2b(f"{self.count}:{self.total}".encode(), digest_size=16).hexdigest()


class Summing:
    """Adds up one graph. Statements with blank nodes are kept until the end, to give the nodes comparable labels."""

    def __init__(self) -> None:
        self._exact = [0, 0]
        self._value = [0, 0]
        self._blank: list[ox.Triple] = []
        self._group: tuple[str, str] | None = None
        self._seen: set[str] = set()

    def add(self, triple: ox.Triple) -> None:
        """Count a statement. Statements of one subject and property that follow one another are compared by value, so
        that two spellings of one value (`"1"`, `"01"`) count as one there."""
        if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
            self._blank.append(triple)
            return
        self._add(triple)

    def result(self) -> tuple[Digest, Digest]:
        """The checksums of the letters and of the values. Nothing may be added afterwards."""
        dataset = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in self._blank)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        for quad in sorted(dataset, key=str):
            self._add(quad.triple)
        self._blank = []
        return Digest(*self._exact), Digest(*self._value)

    def _add(self, triple: ox.Triple) -> None:
        subject, predicate, value = str(triple.subject), str(triple.predicate), triple.object
        exact = str(value)
        _count(self._exact, f"{subject} {predicate} {exact}")
        valued = exact if not isinstance(value, ox.Literal) else str(by_value(value))
        if self._group != (subject, predicate):
            self._group, self._seen = (subject, predicate), set()
        if valued not in self._seen:
            self._seen.add(valued)
            _count(self._value, f"{subject} {predicate} {valued}")


def digests(triples: Iterable[ox.Triple]) -> tuple[Digest, Digest]:
    """The checksums of a graph: of the letters, and of the values."""
    summing = Summing()
    for triple in triples:
        summing.add(triple)
    return summing.result()


@lru_cache(maxsize=65_536)
def by_value(literal: ox.Literal) -> ox.Literal:
    """The literal that stands for all with this value: numbers, truth values, times and language tags in one form."""
    if literal.language:
        return ox.Literal(literal.value, language=literal.language.lower())
    datatype = literal.datatype.value
    text = literal.value.strip()
    try:
        if datatype in _INTEGERS:
            return _typed(str(int(text)), "integer")
        if datatype == f"{_XSD}boolean" and text in ("true", "false", "1", "0"):
            return _typed("1" if text in ("true", "1") else "0", "integer")
        if datatype == f"{_XSD}decimal":
            return _typed(_plain(Decimal(text)), "decimal")
        if datatype in _FLOATS:
            return _typed(repr(float(text)), "double")
    except (ValueError, InvalidOperation):
        return literal
    if datatype in _TIMES:
        return ox.Literal(_time(text), datatype=literal.datatype)
    return literal


def _typed(text: str, name: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(_XSD + name))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _time(text: str) -> str:
    """Without the zeros behind a fraction; UTC as Z."""
    zoned = text.removesuffix("Z") if text.endswith("Z") else text.removesuffix("+00:00")
    zone = "" if zoned == text else "Z"
    if "." in zoned:
        head, _, fraction = zoned.partition(".")
        digits = fraction.rstrip("0123456789")
        kept = fraction[: len(fraction) - len(digits)].rstrip("0")
        zoned = (f"{head}.{kept}" if kept else head) + digits
    return zoned + zone


def _count(sums: list[int], line: str) -> None:
    sums[0] += 1
    sums[1] = (sums[1] + int.from_bytes(hashlib.blake2b(line.encode(), digest_size=16).digest())) % _MODULUS
