"""Sentences of a paragraph, with offsets. Abbreviations and numbers do not end a sentence."""

from __future__ import annotations

import re
from typing import Final

#: The longest sentence that is looked at as one; real ones stay below 2,000 characters.
_LONGEST: Final = 4000
_END = re.compile(r"[.!?][\"\u201d\u2019')\]]{0,3} (?=[\"\u201c\u2018(\[]?[^\W\d_a-z])")
_ABBREVIATION = re.compile(
    r"(?<!\w)(?:[A-Z]|No|Nos|vol|para|paras|art|arts|p|pp|cf|H\.E|Mr|Ms|Mrs|Dr|St|Rev|Add|Corr)\.$"
)


def sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences of a span, in order, without the blanks between them."""
    out: list[tuple[int, int]] = []
    at = start
    for match in _END.finditer(text, start, end):
        if _ABBREVIATION.search(text, max(at, match.start() - 8), match.start() + 1):
            continue
        out += _bounded(text, at, match.end() - 1)
        at = match.end()
    if at < end:
        out += _bounded(text, at, end)
    return out


def _bounded(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A sentence in pieces of bounded length, so that looking around in it costs a bounded time."""
    out = []
    while end - start > _LONGEST:
        cut = text.rfind(" ", start + 1, start + _LONGEST)
        cut = cut if cut > 0 else start + _LONGEST
        out.append((start, cut))
        start = cut + (1 if text[cut] == " " else 0)
    return [*out, (start, end)]
