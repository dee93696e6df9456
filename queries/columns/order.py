"""The order of SPARQL among terms, where that is beyond doubt (SPARQL 1.1 Query, 15.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

__all__ = ["Key", "comparable", "key"]

_INTEGER: Final = "^^<http://www.w3.org/2001/XMLSchema#integer>"
_DATE: Final = re.compile(r'"([0-9]{4}-[0-9]{2}-[0-9]{2})"\^\^<http://www\.w3\.org/2001/XMLSchema#date>')


class Key(NamedTuple):
    """What a term is sorted by, among terms of its kind."""

    kind: Literal["iri", "text", "integer", "day"]
    value: str | int


def key(text: str) -> Key | None:
    """The key of a term as N-Triples writes it: an IRI, a plain text, an integer, a day; None for others."""
    if text[0] == "<":
        return Key("iri", text[1:-1])
    if text[0] == '"' == text[-1]:
        return None if "\\" in text else Key("text", text[1:-1])
    if text.endswith(_INTEGER):
        number = text.removesuffix(_INTEGER)[1:-1]
        digits = number.removeprefix("-")
        whole = digits.isascii() and digits.isdigit() and len(digits) < 19
        return Key("integer", int(number)) if whole else None
    day = _DATE.fullmatch(text)
    return None if day is None else Key("day", day[1])


def comparable(keys: Iterable[Key | None]) -> list[Key] | None:
    """The keys, where the terms can be compared: all are of one kind."""
    found: list[Key] = []
    for one in keys:
        if one is None or (found and one.kind != found[0].kind):
            return None
        found.append(one)
    return found
