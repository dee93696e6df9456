"""How many States have joined a treaty, and how many signatories have not ratified it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loaders.grammar.ordinals import CARDINAL, cardinal_value

_JOINED = re.compile(
    rf"(?<![\w.,-])(?P<count>{CARDINAL}) States (?:have|had) (?:now |already |so far )?(?:ratified"
    rf"|acceded to|become part)"
    rf"|(?<![\w.,-])(?P<parties>{CARDINAL}) States (?:are|were) (?:now )?part(?:y|ies) to"
)
_LEFT = re.compile(
    rf"(?:the )?(?P<count>{CARDINAL}) remaining States? that (?:has|have) signed but (?:has|have) not (?:yet )?ratified"
    rf"|(?P<other>{CARDINAL}) (?:signator(?:y|ies)|States?)(?: that)? (?:has|have) signed but (?:has"
    rf"|have) not (?:yet )?ratified"
)


@dataclass(frozen=True, slots=True)
class Count:
    """A count of States, and of what (code of the list `participation`)."""

    start: int
    end: int
    count: int
    of: str


def find_counts(text: str, start: int, end: int) -> list[Count]:
    """All such counts of a span, in order."""
    out = []
    for pattern, code in ((_JOINED, "states-parties"), (_LEFT, "signatories-not-ratified")):
        for match in pattern.finditer(text, start, end):
            value = cardinal_value(next(group for group in match.groups() if group))
            if value is not None:
                out.append(Count(match.start(), match.end(), value, code))
    return sorted(out, key=lambda count: (count.start, count.of))
