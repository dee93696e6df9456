"""Days by which something is to be done.

`should be submitted by Friday, 10 November 2023, to the Executive Secretary`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from loaders.grammar.dates import Dated, find_dates

_BY = re.compile(
    r"(?:(?:by|before|until|no later than|not later than|at the latest by|on or before)(?: the)?) ?$", re.I
)
_ARTICLE: Final = re.compile(r"article (?P<article>\d{1,3})", re.I)
_DELEGATION = re.compile(
    r"(?:composition|details|names|members|list) of (?:the |their )?(?:delegations?|delegates"
    r"|representatives|participants)"
    r"|delegation lists?",
    re.I,
)
_REGISTRATION = re.compile(r"(?<!\w)(?:pre-)?regist(?:ration|er)", re.I)
_REPORT = re.compile(r"(?<!\w)(?:reports?|information|transparency)(?!\w)", re.I)
_WHOM = r"(?P<whom>(?:the |its )?(?:[A-Z][\w-]*)(?:,?(?: (?:of|for|the|and|to)){0,3} [A-Z][\w-]*){0,15})"
_TO = re.compile(rf",? to {_WHOM}")
_SENT_TO = re.compile(
    r"(?:submitted|sent|directed|addressed|communicated|notified|transmitted|forwarded|provided"
    r"|returned)(?: \w+){0,2} to " + _WHOM
)


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline in a sentence: what for, until when, to whom as named (None: not said)."""

    start: int
    end: int
    dated: Dated
    purpose: str
    submit_to: str | None
    submit_span: tuple[int, int] | None
    article: int | None


def find_due(text: str, start: int, end: int, before: int, *, after: date | None = None) -> list[Due]:
    """The deadlines of one sentence whose purpose is known.

    `before`: where the sentence before it begins (`This …`).
    """
    out = []
    for dated in find_dates(text, start, end, after=after):
        if dated.last is not None or not _BY.search(text, max(start, dated.start - 40), dated.start):
            continue
        purpose, article = _purpose(text, start, end, before)
        if purpose is None:
            continue
        whom = _TO.search(text, dated.end, end) or _SENT_TO.search(text, start, dated.start)
        span = (whom.start("whom"), whom.end("whom")) if whom else None
        out.append(Due(start, end, dated, purpose, whom["whom"].removeprefix("the ") if whom else None, span, article))
    return out


def _purpose(text: str, start: int, end: int, before: int) -> tuple[str | None, int | None]:
    if _DELEGATION.search(text, start, end):
        return "delegation composition", None
    if _REGISTRATION.search(text, start, end):
        return "registration", None
    article = _ARTICLE.search(text, start, end)
    if article is None and text.startswith(("This ", "That ", "These ", "Such "), start):
        article = _ARTICLE.search(text, before, start)
    if article is not None and _REPORT.search(text, before, end):
        return f"article {int(article['article'])} report", int(article["article"])
    return None, None
