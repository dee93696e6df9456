"""Document symbols in running text (FORMATS, section 1): full ones, and resolution numbers as prose writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ontology.keys import symbol_key

_ROMAN = r"M{0,3}(?:C[MD]|D?C{0,3})(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3})"
#: A part letter: it ends the number and is not the first word of a sentence.
_LETTER = r"[A-Z](?:-[A-Z])?(?![\w'\u2019])(?!\. [a-z])"

_BARE = (
    rf"(?:(?:(?:E?S-)?\d{{1,3}}/\d{{1,4}}(?![\d/])(?: ?{_LETTER})?)"
    rf"|\d{{1,4}}(?: ?[A-Z])? ?\((?=[IVXLC])(?:{_ROMAN})\)(?: ?{_LETTER})?|\d{{1,4}} ?\((?:19|20)\d\d\))"
)
#: A resolution number as prose writes it: `54/54 B`, `S-27/2`, `ES-11/1`, `2758 (XXVI)`, `2602 C (XXIV)`, `1459
#: (2003)`.
NUMBER: Final = rf"(?<![\w/.]){_BARE}"
_FULL = re.compile(
    r"(?<![\w/])[A-Z]{1,6}/(?:[A-Za-z0-9.()-]{1,20}/){0,7}(?=[A-Za-z.()-]*\d)[A-Za-z0-9.()-]*[A-Za-z0-9)]"
)
_GA_FULL = re.compile(rf"A/RES/(?P<number>{_BARE})")
_NUMBER = re.compile(NUMBER)
_PARTS = re.compile(
    rf"(?:(?P<session>(?:E?S-)?\d{{1,3}})/(?P<number>\d{{1,4}})(?: ?(?P<letter>[A-Z](?:-[A-Z])?))?"
    rf"|(?P<old>\d{{1,4}})(?: ?(?P<part>[A-Z]))? ?\((?P<roman>{_ROMAN})\)(?: ?(?P<last>[A-Z]))?"
    r"|(?P<council>\d{1,4}) ?\((?P<year>(?:19|20)\d\d)\))"
)

#: First word of the symbols of each organ's resolutions, by the organ's name.
ORGANS: Final = {
    "General Assembly": "A/RES",
    "Security Council": "S/RES",
    "Human Rights Council": "A/HRC/RES",
    "Economic and Social Council": "E/RES",
}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol in the text: official spelling and key."""

    start: int
    end: int
    official: str

    @property
    def key(self) -> str:
        """a/res/54/54b"""
        return symbol_key(self.official)


def resolution_symbol(number: str, organ: str = "General Assembly") -> str | None:
    """The official symbol of a resolution number: `54/54B` gives `A/RES/54/54 B`; None if it is no such number.

    A number of the Security Council's form (`1459 (2003)`) is a symbol of the Council whatever the organ.
    """
    found = _PARTS.fullmatch(number.strip())
    if found is None:
        return None
    groups = found.groupdict()
    if groups["council"]:
        return f"S/RES/{groups['council']}({groups['year']})"
    prefix = ORGANS.get(organ)
    if prefix is None or prefix == "S/RES":
        return None
    if groups["old"]:
        letter = groups["part"] or groups["last"]
        return (
            f"{prefix}/{groups['old']}{f' {letter}' if letter else ''} ({groups['roman']})" if groups["roman"] else None
        )
    letter = groups["letter"]
    return f"{prefix}/{groups['session']}/{groups['number']}" + (f" {letter}" if letter else "")


def find_symbols(text: str, start: int = 0, end: int | None = None) -> list[Symbol]:
    """All full symbols of a span: `A/77/385`, `A/RES/54/54 B`, `APLC/MSP.19/2021/14`. Web addresses are not symbols."""
    limit = len(text) if end is None else end
    out = []
    for match in _FULL.finditer(text, start, limit):
        resolution = _GA_FULL.match(text, match.start(), limit)
        if resolution is not None:
            official = resolution_symbol(resolution["number"])
            if official is not None:
                out.append(Symbol(match.start(), resolution.end(), official))
                continue
        out.append(Symbol(match.start(), match.end(), match[0]))
    return out


def number_at(text: str, start: int, end: int) -> re.Match[str] | None:
    """The resolution number that begins exactly at an offset."""
    return _NUMBER.match(text, start, end)


def find_numbers(text: str, start: int, end: int) -> list[re.Match[str]]:
    """All resolution numbers of a span."""
    return list(_NUMBER.finditer(text, start, end))
