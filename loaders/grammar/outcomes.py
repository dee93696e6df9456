"""What a meeting adopted: declarations, action plans and their periods."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ADOPTED = re.compile(r"(?<!\w)adopt(?:ed|s|ing)(?: (?:also|further))? (?=(?:a|an|the|its|their|both) )")
_KINDS: Final = (
    ("action-plan", r"(?:action plan|plan of action|programme of action)"),
    ("declaration", r"(?:political )?declaration"),
    ("report", r"(?:final |progress )?report"),
)
_ITEM = re.compile(
    r"(?:,? and |, )?(?:(?:a|an|the|its|their|both) )?(?P<item>(?:(?:[A-Z][\w-]* ){0,3})(?:"
    + "|".join(f"(?P<{code.replace('-', '_')}>(?i:{words}))" for code, words in _KINDS)
    + r")(?!\w)(?:(?: for the (?:period|years))?,? \(?(?P<from>(?:19|20)\d\d) ?(?:[-\u2013]"
    r"|to) ?(?P<to>(?:19|20)\d\d|\d\d)(?!\d)\)?)?)"
)


@dataclass(frozen=True, slots=True)
class Adopted:
    """One adopted document: code of its type, and its period in years."""

    start: int
    end: int
    kind: str
    period: tuple[int, int] | None


def find_adopted(text: str, start: int, end: int) -> list[Adopted]:
    """The documents that a sentence says were adopted.

    What follows in the list is read as long as it is of a known kind.
    """
    out = []
    for verb in _ADOPTED.finditer(text, start, end):
        at = verb.end()
        while item := _ITEM.match(text, at, end):
            kind = next(code for code, _ in _KINDS if item[code.replace("-", "_")])
            out.append(Adopted(item.start("item"), item.end(), kind, _period(item)))
            at = item.end()
    return out


def _period(item: re.Match[str]) -> tuple[int, int] | None:
    if item["from"] is None:
        return None
    first, last = item["from"], item["to"]
    return int(first), int(last if len(last) == 4 else first[:2] + last)
