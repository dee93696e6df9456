"""What a text states of a treaty: when it entered into force, and where it is registered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from loaders.grammar.dates import date_at

_FORCE = re.compile(r"(?:which |that |has |it )?(?:entered|came|enters) into force on ")
_TREATY_SERIES = re.compile(
    r"Treaty Series,? vol(?:ume|\.) (?P<volume>\d{1,5}),? (?:No\.|number|registration No\.) (?P<number>(?:I-)?\d{1,6})"
)


@dataclass(frozen=True, slots=True)
class EntryIntoForce:
    """When a treaty entered into force."""

    start: int
    end: int
    day: date


@dataclass(frozen=True, slots=True)
class Registration:
    """Volume and number in the United Nations Treaty Series."""

    start: int
    end: int
    volume: str
    number: str


def find_entries(text: str, start: int, end: int) -> list[EntryIntoForce]:
    """Statements of entry into force, in order."""
    out = []
    for match in _FORCE.finditer(text, start, end):
        dated = date_at(text, match.end(), end)
        if dated is not None and dated.last is None and dated.precision == "day":
            out.append(EntryIntoForce(match.start(), dated.end, dated.first))
    return out


def find_registrations(text: str, start: int, end: int) -> list[Registration]:
    """References to the Treaty Series, in order."""
    return [
        Registration(match.start(), match.end(), match["volume"], match["number"])
        for match in _TREATY_SERIES.finditer(text, start, end)
    ]
