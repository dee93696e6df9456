"""Lexical forms: how dates, numbers and years must be written, and what a person probably meant.

Each check returns None for a good value, else a fault: what is wrong, and how to mend it.
"""

from __future__ import annotations

import calendar
import datetime
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rdflib import XSD, URIRef

_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\Z")
_YEAR = re.compile(r"-?\d{4,}\Z")
_INTEGER = re.compile(r"[+-]?\d+\Z")
_SLOPPY_DATE = re.compile(r"(?P<year>\d{4})[-./ ](?P<month>\d{1,2})[-./ ](?P<day>\d{1,2})\Z")
_WORDED_DATE = (
    re.compile(r"(?P<day>\d{1,2})\.?(?:st|nd|rd|th)?\s+(?P<month>[A-Za-z]{3,9})\.?,?\s+(?P<year>\d{4})\Z"),
    re.compile(r"(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})\Z"),
)
_MONTHS: Final = {name[:3].casefold(): number for number, name in enumerate(calendar.month_name) if name}


# rdflib logs a traceback for each literal that it cannot convert. Such values are reported here, with their place.
logging.getLogger("rdflib.term").addFilter(lambda record: not record.msg.startswith("Failed to convert Literal"))


@dataclass(frozen=True)
class Fault:
    """What is wrong with a value, and how to mend it, each one sentence."""

    message: str
    hint: str


def date_fault(text: str) -> Fault | None:
    """None for a date of the calendar in the form 2023-11-20."""
    match = _DATE.match(text)
    if match is None:
        meant = _meant(text)
        hint = f"Write {meant}." if meant else "Write year-month-day with hyphens, for instance 2023-11-20."
        return Fault(f"“{text}” is not a date of the form YYYY-MM-DD.", hint)
    year, month, day = (int(match[part]) for part in ("year", "month", "day"))
    if not 1 <= month <= 12:
        return Fault(f"“{text}” is not a date: there is no month {month}.", "Months go from 01 to 12.")
    if year == 0:
        return Fault(f"“{text}” is not a date: there is no year 0.", "Write the year with four digits.")
    days = calendar.monthrange(year, month)[1]
    if not 1 <= day <= days:
        hint = f"{calendar.month_name[month]} {year} has {days} days."
        return Fault(f"“{text}” is not a date: there is no day {day} in that month.", hint)
    return None


def _meant(text: str) -> str | None:
    """The date that a person probably meant by `20 Nov 2023`, `November 20, 2023` or `2023/11/20`."""
    for pattern in (_SLOPPY_DATE, *_WORDED_DATE):
        match = pattern.match(text.strip())
        if match is None:
            continue
        month = match["month"]
        number = int(month) if month.isdigit() else _MONTHS.get(month[:3].casefold(), 0)
        try:
            return datetime.date(int(match["year"]), number, int(match["day"])).isoformat()
        except ValueError:
            return None
    return None


def integer_fault(text: str) -> Fault | None:
    """None for a whole number in digits."""
    if _INTEGER.match(text):
        return None
    return Fault(f"“{text}” is not a whole number.", "Write digits only, for instance 21.")


def natural_fault(text: str) -> Fault | None:
    """None for a whole number of zero or more."""
    if _INTEGER.match(text) and not (text.startswith("-") and text.strip("-0")):
        return None
    return Fault(f"“{text}” is not a whole number of zero or more.", "Write digits only, for instance 21.")


def year_fault(text: str) -> Fault | None:
    """None for a year of four digits."""
    if _YEAR.match(text):
        return None
    return Fault(f"“{text}” is not a year.", "Write four digits, for instance 2023.")


def boolean_fault(text: str) -> Fault | None:
    """None for true and false."""
    if text in {"true", "false", "1", "0"}:
        return None
    return Fault(f"“{text}” is neither true nor false.", "Write true or false.")


def address_fault(text: str) -> Fault | None:
    """None for a web address."""
    if re.match(r"https?://[^\s<>\"{}|\\^`]+\Z", text):
        return None
    return Fault(f"“{text}” is not a web address.", "Write it in full, with https:// in front.")


#: The check for each datatype; a datatype that is not listed is not checked here.
CHECKS: Final[Mapping[URIRef, Callable[[str], Fault | None]]] = {
    XSD.date: date_fault,
    XSD.integer: integer_fault,
    XSD.nonNegativeInteger: natural_fault,
    XSD.gYear: year_fault,
    XSD.boolean: boolean_fault,
    XSD.anyURI: address_fault,
}


def fault(text: str, datatype: URIRef | None) -> Fault | None:
    """What is wrong with the lexical form of a literal of that datatype, or None."""
    check = None if datatype is None else CHECKS.get(datatype)
    return None if check is None else check(text)
