"""Who bears the costs of meetings, and by what scale."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RULE = re.compile(
    r"costs? of [^;:\u201c\u201d]{0,240}?(?:shall|are to|will|is to"
    r"|should) be borne by (?P<bearers>[^.;:\u201c\u201d]{3,240})",
    re.I,
)
_SCALE = re.compile(r"united nations scale of assessments?", re.I)
_PARTIES = re.compile(r"(?<!not )states parties", re.I)
_NOT = re.compile(
    r"states not part(?:y|ies)[^.;]{0,80}?participating|states not part(?:y|ies)[^.;]{0,80}?attending", re.I
)


@dataclass(frozen=True, slots=True)
class CostRule:
    """A rule on costs: codes of the bearers (sorted) and of the scale."""

    start: int
    end: int
    bearers: tuple[str, ...]
    scale: str | None


def find_cost_rules(text: str, start: int, end: int) -> list[CostRule]:
    """The cost rules of a span whose bearers are known."""
    out = []
    for match in _RULE.finditer(text, start, end):
        span = match.span("bearers")
        bearers = []
        if _NOT.search(text, *span):
            bearers.append("participating-states-not-parties")
        if _PARTIES.search(text, *span):
            bearers.append("states-parties")
        adjusted = _SCALE.search(text, *span) and "adjusted" in text[slice(*span)].casefold()
        if bearers:
            out.append(CostRule(match.start(), match.end(), tuple(bearers), "un-scale-adjusted" if adjusted else None))
    return out
