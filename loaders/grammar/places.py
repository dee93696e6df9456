"""Places with and without country, and the buildings where meetings are held."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from loaders.grammar.dates import MONTHS, WEEKDAYS

_CAPITAL = r"[^\W\d_a-z\u00df-\u00ff][\w'\u2019.-]*"
_NAME = (
    rf"{_CAPITAL}(?: (?:(?:de|des|du|da|do|dos|del|la|le|les|el|al|of|and the|van|von|der) ){{0,2}}{_CAPITAL}){{0,5}}"
)
_PLACE = re.compile(rf"(?:the (?=[A-Z]))?(?P<place>{_NAME})(?:, (?P<country>(?:the )?{_NAME})(?=[,;.) ]|$))?")
_VENUE = re.compile(rf"(?:the )?(?P<venue>{_NAME}(?:, Building [A-Z0-9]{{1,3}})?)")
_NEVER: Final = frozenset(
    (*MONTHS, *WEEKDAYS, "Article", "Articles", "States", "State", "Convention", "Meeting", "Building")
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place at an offset: `Cartagena`, `Colombia`. Without article, save where it is written large (`The Hague`)."""

    start: int
    end: int
    name: str
    country: str | None


def place_at(text: str, start: int, end: int) -> Place | None:
    """The place that begins at an offset; a capitalised word of another kind (month, weekday, `States`) is none."""
    match = _PLACE.match(text, start, end)
    if match is None or match["place"].split()[0] in _NEVER:
        return None
    name = match["place"].rstrip(".")
    country = match["country"]
    if country is not None and country.split()[0] in _NEVER:
        return Place(start, match.start("place") + len(name), name, None)
    if country is not None:
        country = country.removeprefix("the ").rstrip(".")
        return Place(start, match.start("country") + len(match["country"].rstrip(".")), name, country)
    return Place(start, match.start("place") + len(name), name, None)


def venue_at(text: str, start: int, end: int) -> tuple[str, int] | None:
    """The building that begins at an offset (after `at`), and where its name ends."""
    match = _VENUE.match(text, start, end)
    if match is None or match["venue"].split()[0] in _NEVER:
        return None
    venue = match["venue"].rstrip(".")
    return venue, match.start("venue") + len(venue)
