"""Standing programmes and when they were established."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESTABLISHED = re.compile(
    r"(?:[Aa]n?|[Tt]he) (?P<name>(?:[A-Z][\w-]* ){1,5}Programme)(?: of [^.;,]{2,60}?)? (?:was|were|has been) "
    r"(?:established|launched|set up|created)(?: by [^.;]{2,80}?)? in (?P<year>(?:19|20)\d\d)(?!\d)"
)


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme by its name, and the year it was established."""

    start: int
    end: int
    name: str
    established: int


def find_programmes(text: str, start: int, end: int) -> list[Programme]:
    """The programmes whose establishment a span dates."""
    return [
        Programme(match.start(), match.end(), match["name"], int(match["year"]))
        for match in _ESTABLISHED.finditer(text, start, end)
    ]
