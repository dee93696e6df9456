"""The announcement in short lines of a letter: name of the meeting, dates, building, street and town.

And its purposes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from loaders.documents.mentions import held
from loaders.documents.page import Page
from loaders.extraction import MeetingMention
from loaders.grammar.dates import find_dates
from loaders.grammar.meetings import Circumstances, find_meetings
from loaders.grammar.places import place_at
from loaders.grammar.provisions import find_provisions
from loaders.grammar.sentences import sentences
from loaders.text import Block

#: Purposes in our own words, and the words by which a text tells them.
_PURPOSES: Final = (
    (
        "updates on implementation",
        re.compile(r"present(?:ing)? (?:of )?updates|updates on (?:the )?implementation", re.I),
    ),
    ("regular work of the committees", re.compile(r"regular work of the committees", re.I)),
    ("preparation of a meeting", re.compile(r"prepar(?:e|ation) (?:for |of )?the (?:next|upcoming)", re.I)),
)
_THEME = re.compile(r"thematic (?:discussion|panel|session|debate)s? on", re.I)
_STREET = re.compile(r"\d")


def announced(page: Page, blocks: Sequence[Block]) -> tuple[MeetingMention, ...]:
    """The meeting that the letter is about, as its block of lines announces it; nothing if no such block has a date."""
    if page.focus is None:
        return ()
    lines = [block for block in blocks if block.kind == "lines"]
    day = next(((block, days[0]) for block in lines if (days := find_dates(page.text, block.start, block.end))), None)
    if day is None:
        return ()
    block, dated = day
    mentioned = (
        name
        for item in page.paragraphs
        for name in find_meetings(page.text, item.start, item.end, page.treaties, page.short)
    )
    name = next((name for name in mentioned if name.key == page.focus), None)
    if name is None or name.key is None:
        return ()
    last = dated.last if dated.last is not None or dated.precision != "day" else dated.first
    found = Circumstances(first=dated.first, last=last, precision=dated.precision, year=dated.first.year)
    after = lines[lines.index(block) + 1] if lines.index(block) + 1 < len(lines) else None
    venue, end = _venue(page, dated.end, block.end), block.end
    if venue == (None, None) and after is not None:
        venue, end = _venue(page, after.start, after.end), after.end
    found = replace(found, venue=venue[0], place=venue[1])
    return (
        MeetingMention(
            key=name.key,
            series=name.series,
            treaty=name.treaty,
            type=name.type,
            ordinal=name.ordinal,
            place=found.place,
            venue=found.venue,
            start_date=found.first,
            end_date=found.last,
            precision=found.precision,
            year=found.year,
            held=held(page, found),
            purposes=_purposes(page),
            in_=None,
            start=block.start,
            end=end,
        ),
    )


def _venue(page: Page, start: int, end: int) -> tuple[str | None, str | None]:
    """Building (first line) and town (after the last comma) of the lines of a span."""
    lines = [line.strip() for line in page.text[start:end].split("\n") if line.strip(" ,")]
    if not lines:
        return None, None
    town = lines[-1].rpartition(",")[2].strip()
    place = place_at(town, 0, len(town)) if town and not _STREET.search(town) else None
    venue = lines[0] if len(lines) > 1 and not _STREET.search(lines[0]) else None
    return venue, place.name if place else None


def _purposes(page: Page) -> tuple[str, ...]:
    """What the meeting is for, in our own words, sorted."""
    found = {
        words
        for words, pattern in _PURPOSES
        for item in page.paragraphs
        if pattern.search(page.text, item.start, item.end)
    }
    for item in page.paragraphs:
        for start, end in sentences(page.text, item.start, item.end):
            theme = _THEME.search(page.text, start, end)
            if theme is not None:
                articles = find_provisions(page.text, theme.end(), end, page.treaties)
                found.add(
                    f"thematic discussion of article {articles[0].article}" if articles else "thematic discussion"
                )
    return tuple(sorted(found))
