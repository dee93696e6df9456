"""Meetings of treaties: single ones, lists of ordinals paired with places and years, and whole series.

A meeting is named by an ordinal or a year before its kind (`Twenty-first Meeting of the States Parties`, `2018
intersessional meetings`, `21MSP`, `first to nineteenth meetings …, held in …`); what follows may give place,
building and time. A kind without number is a series (`the Meetings of States Parties`) or, with a definite article
in the singular, the meeting that the document is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from loaders.grammar.dates import Dated, date_at
from loaders.grammar.ordinals import ORDINAL, ordinal_value
from loaders.grammar.places import place_at, venue_at
from loaders.grammar.treaties import INSTRUMENT, Treaties
from ontology.keys import meeting_key, series_key

#: Code of the meeting type, and the words for it (singular or plural), the more special first.
KINDS: Final = (
    ("extraordinary", r"extraordinary (?:meeting|conference)s?(?: of (?:the )?(?:high contracting|states) parties)?"),
    ("msp", r"(?:meetings?|conferences?) of (?:the )?(?:high contracting|states) parties"),
    ("rc", r"review conferences?"),
    ("im", r"intersessional (?:meeting|session)s?"),
    ("prepcom", r"preparatory (?:committee|conference)s?(?! meeting)"),
    ("pm", r"preparatory meetings?"),
    ("amendment-conference", r"amendment conferences?"),
)
_KIND = "|".join(f"(?P<{code.replace('-', '_')}>(?i:{words}))(?!\\w)" for code, words in KINDS)
_LINK = r"(?:, and |, | and | to | through | ?[\u2013-] ?)"
_NAME = re.compile(
    rf"(?<![\w-])(?:(?P<ordinals>{ORDINAL}(?:{_LINK}(?:the )?{ORDINAL}){{0,120}}) (?:annual |formal |regular )?"
    rf"|(?P<year>(?:19|20)\d\d) |(?P<article>(?i:the|a|an|this)) (?:annual |next |future )?|)"
    rf"(?:{_KIND}|(?P<short>[Mm]eeting(?! of)|Conference(?! of))(?!\w))"
)
_INITIALS = re.compile(r"(?<![\w/.-])(?P<number>\d{1,2})(?:st|nd|rd|th)? ?(?P<kind>MSP|RC|RevCon)(?![\w/.])")
_ORDINAL = re.compile(ORDINAL)
_PARTIES = re.compile(r" of (?:the )?(?:high contracting|states) parties", re.I)
_TREATY = re.compile(rf" (?:to|of) (?:(?:the|this|that) (?P<own>{INSTRUMENT})(?!\w)|(?:the )?)")
_HELD = re.compile(
    r"(?P<planned>to be (?:held|convened)|(?:which )?(?:is|are|will be) (?:to be )?(?:held|convened)"
    r"|(?:which )?will take place)"
    r"|(?P<past>(?:which )?(?:(?:was|were) )?(?:held|convened)|(?:which )?took place)"
)
_HELD_IN = re.compile(r",? (?:which were |that were )?held(?:, respectively,)? (?:in|at) ")
_AND = re.compile(r", and |, | and ")
_BETWEEN = re.compile(r" ?\(|,? |, ?")
_IN = re.compile(r"(?:in|at) ")
_ON = re.compile(r"(?:(?:from|on|during|in|for) )?(?:the )?")
_YEAR = re.compile(r"(?:in )?(?P<year>(?:19|20)\d\d)(?![\d/])")
_YEARS = re.compile(r" ?\((?P<years>(?:19|20)\d\d(?:(?:, and |, | and )(?:19|20)\d\d){0,20})\)")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where and when, as far as the words after a name say. `said`: True past, False planned, None neither."""

    place: str | None = None
    country: str | None = None
    venue: str | None = None
    first: date | None = None
    last: date | None = None
    precision: str | None = None
    year: int | None = None
    said: bool | None = None


@dataclass(frozen=True, slots=True)
class MeetingName:
    """A meeting or a series in the text. `nominal` is the ordinal or, if there is none, the year; None: no number.

    `definite`: "the Meeting …", the one the document is about. The span covers the name and what follows of it.
    """

    start: int
    end: int
    treaty: str
    type: str
    ordinal: int | None = None
    nominal: int | None = None
    definite: bool = False
    circumstances: Circumstances = Circumstances()

    @property
    def key(self) -> str | None:
        """aplc-msp-21; None for a series."""
        return None if self.nominal is None else meeting_key(self.treaty, self.type, self.nominal)

    @property
    def series(self) -> str:
        """aplc-msp"""
        return series_key(self.treaty, self.type)


def find_meetings(text: str, start: int, end: int, treaties: Treaties, short: str | None = None) -> list[MeetingName]:
    """All meetings and series of a span, in order.

    `short` is the type that "the Meeting", "the Twelfth Meeting" mean in this document (that of the meeting it is
    about). Without a treaty there is no meeting: a "second meeting" of nothing known is left out.
    """
    out: list[MeetingName] = []
    for match in _NAME.finditer(text, start, end):
        out += _read(text, match, end, treaties, short)
    for match in _INITIALS.finditer(text, start, end):
        number, kind = int(match["number"]), "msp" if match["kind"] == "MSP" else "rc"
        if treaties.main and number:
            out.append(MeetingName(match.start(), match.end(), treaties.main, kind, number, number))
    return sorted(out, key=lambda name: (name.start, name.nominal or 0))


def _read(text: str, match: re.Match[str], end: int, treaties: Treaties, short: str | None) -> list[MeetingName]:
    kind = next((code for code, _ in KINDS if match[code.replace("-", "_")]), None)
    if match["short"] is not None:
        kind = short if match["ordinals"] or (match["article"] or "").casefold() in ("the", "this") else None
        if match["short"][0] == "m" and not match["ordinals"]:
            kind = None
    if kind is None:
        return []
    words = text[match.start() : match.end()].casefold()
    parties = _PARTIES.match(text, match.end(), end)
    treaty, at = _of_treaty(text, parties.end() if parties else match.end(), end, treaties)
    if treaty is None:
        return []
    name = MeetingName(match.start(), at, treaty, kind)
    if match["ordinals"]:
        return _numbered(text, match, name, end)
    if match["year"]:
        stop, found = circumstances(text, at, end)
        year = int(match["year"])
        return [replace(name, end=stop, nominal=year, circumstances=_in_year(found, year))]
    singular = not words.endswith(("meetings", "conferences", "sessions")) and "meetings of" not in words
    return [replace(name, definite=singular and words.startswith(("the ", "this ")) and "next" not in words)]


def _of_treaty(text: str, at: int, end: int, treaties: Treaties) -> tuple[str | None, int]:
    """The treaty that the words after a kind name, and where they end; the main one if they name none."""
    found = _TREATY.match(text, at, end)
    if found is None:
        return treaties.main, at
    named = treaties.at(found.start("own") if found["own"] else found.end())
    if named is not None and named.start < end:
        return named.code, named.end
    return treaties.main, found.end() if found["own"] else at


def _numbered(text: str, match: re.Match[str], name: MeetingName, end: int) -> list[MeetingName]:
    ordinals = _ordinals(match["ordinals"])
    if len(ordinals) == 1:
        stop, found = circumstances(text, name.end, end)
        return [replace(name, end=stop, ordinal=ordinals[0], nominal=ordinals[0], circumstances=found)]
    rows = _list(text, name.end, end)
    if len(rows) != len(ordinals):
        return [replace(name, ordinal=number, nominal=number) for number in ordinals]
    rows.sort(key=lambda row: row[2].year or 0)  # stable: a place that serves several years is printed once
    return [
        replace(name, start=begin, end=stop, ordinal=number, nominal=number, circumstances=found)
        for number, (begin, stop, found) in zip(ordinals, rows, strict=True)
    ]


def _ordinals(printed: str) -> list[int]:
    """`first to nineteenth` gives 1 … 19, `First, Second and Fourth` gives 1, 2, 4."""
    out: list[int] = []
    at = 0
    for match in _ORDINAL.finditer(printed):
        value = ordinal_value(match[0])
        link = printed[at : match.start()].strip(" ,").removesuffix("the").strip()
        if value is None:
            continue
        if out and link in ("to", "through", "-", "\u2013") and out[-1] < value:
            out += range(out[-1] + 1, value)
        out.append(value)
        at = match.end()
    return out


def _list(text: str, at: int, end: int) -> list[tuple[int, int, Circumstances]]:
    """`, held in Maputo (1999), Geneva (2008 and 2010) and …`: one row a year."""
    lead = _HELD_IN.match(text, at, end)
    rows: list[tuple[int, int, Circumstances]] = []
    at = lead.end() if lead else at
    while lead:
        place = place_at(text, at, end)
        years = _YEARS.match(text, place.end, end) if place else None
        if place is None or years is None:
            break
        for year in re.findall(r"\d{4}", years["years"]):
            found = Circumstances(place.name, place.country, None, None, None, "year", int(year), True)
            rows.append((place.start, years.end(), found))
        following = _AND.match(text, years.end(), end)
        if following is None:
            break
        at = following.end()
    return rows


def circumstances(text: str, at: int, end: int) -> tuple[int, Circumstances]:
    """Read place, building and time after a name, as far as the words allow; where they end."""
    found = Circumstances()
    stop = at
    bracket = False
    for _ in range(12):
        step = _BETWEEN.match(text, at, end)
        at = step.end() if step else at
        bracket = bracket or (step is not None and step[0].endswith("("))
        took = _step(text, at, end, found, bracket)
        if took is None:
            break
        at, found = took
        stop = at
    if bracket and text.startswith(")", stop):
        stop += 1
    return stop, found


def _step(text: str, at: int, end: int, found: Circumstances, bracket: bool) -> tuple[int, Circumstances] | None:
    """One more circumstance at an offset: a word for held or planned, a date, a year, a building, a place."""
    held = _HELD.match(text, at, end)
    if held is not None and found.said is None:
        return held.end(), replace(found, said=held["past"] is not None)
    lead = _ON.match(text, at, end)
    dated = date_at(text, lead.end() if lead else at, end)
    if dated is not None and found.first is None:
        return dated.end, _dated(found, dated)
    year = _YEAR.match(text, at, end)
    if year is not None and found.year is None and (bracket or year[0].startswith("in ")):
        return year.end(), replace(found, year=int(year["year"]), precision="year")
    preposition = _IN.match(text, at, end)
    if preposition is None and not (bracket and found == Circumstances()):
        return None
    begin = preposition.end() if preposition else at
    if preposition is not None and preposition[0] == "at ":
        venue = venue_at(text, begin, end)
        return (venue[1], replace(found, venue=venue[0])) if venue and found.venue is None else None
    place = place_at(text, begin, end)
    if place is None or found.place is not None:
        return None
    return place.end, replace(found, place=place.name, country=place.country)


def _dated(found: Circumstances, dated: Dated) -> Circumstances:
    last = dated.last if dated.last is not None or dated.precision != "day" else dated.first
    first = None if dated.precision == "month" else dated.first
    return replace(found, first=first, last=last, precision=dated.precision, year=dated.first.year)


def _in_year(found: Circumstances, year: int) -> Circumstances:
    return found if found.year else replace(found, year=year, precision="year")
