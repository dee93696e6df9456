"""Dates as United Nations documents print them, alone, in ranges, by the week and with a day of the week."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MONTH = "|".join(MONTHS)
_WEEKDAY = "|".join(WEEKDAYS)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?!\d)"
_YEAR = r"(?:1[89]|20|21)\d\d(?!\d)"
_TO = r" ?(?:[-\u2013\u2014]|to|and|until|through) ?"

_DATE = re.compile(
    rf"(?:(?P<week>(?i:week) (?:of|commencing|beginning)(?: on)?) )?(?:(?P<weekday>{_WEEKDAY}),? )?(?<![\w/.,-])(?:"
    rf"(?P<d1>{_DAY})(?: (?P<m1>{_MONTH})(?:,? (?P<y1>{_YEAR}))?)?{_TO}(?:(?:{_WEEKDAY}),? )?"
    rf"(?P<d2>{_DAY}) (?P<m2>{_MONTH})(?!\w)(?:,? (?P<y2>{_YEAR}))?"
    rf"|(?P<d3>{_DAY}) (?:of )?(?P<m3>{_MONTH})(?!\w)(?:,? (?P<y3>{_YEAR}))?"
    rf"|(?P<m4>{_MONTH}) (?P<d4>{_DAY})(?:{_TO}(?P<d5>{_DAY}))?(?:,? (?P<y4>{_YEAR}))"
    rf"|(?P<m6>{_MONTH}) (?P<y6>{_YEAR}))"
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date or a range in the text. `last` is None for one day, for `week of <day>` and for a month."""

    start: int
    end: int
    first: date
    last: date | None
    precision: str  #: day | week | month
    weekday: str | None  #: as printed before the (first) day
    year_inferred: bool = False


def find_dates(text: str, start: int = 0, end: int | None = None, *, after: date | None = None) -> list[Dated]:
    """All dates of a span, in order. A day without year is read only with `after`: the next such day from there on.

    Days that no calendar has (31 November) are not dates. A range that ends before it starts is kept as printed.
    """
    out = []
    for match in _DATE.finditer(text, start, len(text) if end is None else end):
        found = _dated(match, after)
        if found is not None:
            out.append(found)
    return out


def date_at(text: str, start: int, end: int | None = None) -> Dated | None:
    """The date that begins exactly at an offset, None if there is none."""
    match = _DATE.match(text, start, len(text) if end is None else end)
    return _dated(match, None) if match else None


def _dated(match: re.Match[str], after: date | None) -> Dated | None:
    groups = match.groupdict()
    week, weekday = groups["week"], groups["weekday"]
    inferred = False
    try:
        if groups["d1"]:
            month, year = groups["m2"], groups["y2"] or groups["y1"]
            if year is None:
                return None
            first = _day(groups["d1"], groups["m1"] or month, groups["y1"] or year)
            last: date | None = _day(groups["d2"], month, year)
            if not groups["y1"] and last is not None and first > last and groups["m1"]:
                first = first.replace(year=first.year - 1)  # 30 December to 2 January 2026
        elif groups["d3"]:
            inferred = groups["y3"] is None
            if inferred and after is None:
                return None
            first, last = _single(groups["d3"], groups["m3"], groups["y3"], after), None
        elif groups["d4"]:
            first = _day(groups["d4"], groups["m4"], groups["y4"])
            last = _day(groups["d5"], groups["m4"], groups["y4"]) if groups["d5"] else None
        else:
            first = date(int(groups["y6"]), MONTHS.index(groups["m6"]) + 1, 1)
            return Dated(match.start(), match.end(), first, None, "month", None)
    except ValueError:
        return None
    return Dated(match.start(), match.end(), first, last, "week" if week else "day", weekday, inferred)


def _day(day: str, month: str, year: str) -> date:
    return date(int(year), MONTHS.index(month) + 1, int(day.rstrip("stndrh")))


def _single(day: str, month: str, year: str | None, after: date | None) -> date:
    if year is not None or after is None:
        return _day(day, month, year or "")
    found = _day(day, month, str(after.year))
    return found if found >= after else _day(day, month, str(after.year + 1))
