"""Resolutions that a text cites, with the date it gives them: lists, single ones, their paragraphs.

`resolutions 54/54 B of 1 December 1999, 55/33 V of … and 76/26 of …`; `paragraph 10 of its resolution 77/63 of
7 December 2022`; `resolution 77/79 entitled “…”, adopted by the General Assembly on 7 December 2022`; `operative
paragraph 9 of the resolution` (the one cited last). A decision is no resolution and ends a list.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from loaders.grammar.dates import MONTHS, date_at
from loaders.grammar.symbols import ORGANS, find_numbers, find_symbols, number_at, resolution_symbol
from ontology.keys import symbol_key

_TRIGGER = re.compile(
    r"(?<!\w)(?:(?P<kind>operative |preambular )?paragraphs? (?P<part>\d{1,3}(?:(?:, | and |, and )\d{1,3}(?!\d))*)"
    r" of )?(?:(?P<which>its|the|that|this|said|United Nations|their) (?:previous |earlier |said |annual |own )?)?"
    r"(?P<organ>General Assembly |Assembly |Security Council |Council |Human Rights Council "
    r"|Economic and Social Council )?"
    r"(?P<word>[Rr]esolutions?)(?!\w)(?P<blank> )?"
)
_ORGAN_BEFORE = re.compile(r"(?P<organ>[A-Z][\w]*(?: (?:and |of |on )?[A-Z]\w*){0,5}) $")
_OF_DATE = re.compile(r",? (?:of|adopted on|dated) ")
_ENTITLED = re.compile(r",? entitled [\"\u201c](?P<title>[^\"\u201c\u201d]{1,600})[\"\u201d],?")
_ADOPTED = re.compile(r",? (?:which was )?adopted (?:by the (?P<organ>General Assembly|Security Council) )?on ")
_AND = re.compile(r",? and |, |; (?:and )?")
_DAYS = re.compile(
    rf",? of (?P<days>\d{{1,2}}(?:, \d{{1,2}}){{0,8}} and \d{{1,2}}) (?P<rest>(?:{'|'.join(MONTHS)}) \d{{4}})(?!\d)"
)
_STOP = re.compile(r"(?<!\w)decisions?(?!\w)|[.](?= [A-Z])")
#: How far a list of resolutions may run on in prose.
_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Cited:
    """A cited resolution.

    `part`: `op10`, the cited paragraph. The span runs from the number (or paragraph) to the date.
    """

    start: int
    end: int
    symbol: str
    adopted: date | None = None
    part: str | None = None
    title: str | None = None
    trigger: int = 0  #: where the phrase begins (`its resolutions …`), for the manner before it

    @property
    def key(self) -> str:
        """a/res/77/63"""
        return symbol_key(self.symbol)

    @property
    def cited(self) -> str:
        """a/res/77/63~op10: the paragraph if one is named, else the resolution."""
        return f"{self.key}~{self.part}" if self.part else self.key


def find_resolutions(
    text: str, start: int, end: int, last: Cited | None = None, organ: str = "General Assembly"
) -> list[Cited]:
    """All resolutions cited in a span, in order.

    `last` is what "the resolution" means before the span cites another.
    """
    out: list[Cited] = []
    at = start
    while match := _TRIGGER.search(text, at, end):
        at = match.end()
        found = _list(text, match, end, _organ(text, match, start, organ)) if match["blank"] else []
        if found:
            out += _with_parts(match, found)
            at = max(at, found[-1].end)
        elif match["part"] and match["which"] and match["word"].endswith("n") and (out or last):
            known = out[-1] if out else last
            assert known is not None
            same = Cited(match.start(), match.end() - len(match["blank"] or ""), known.symbol, known.adopted)
            out += _with_parts(match, [replace(same, trigger=match.start())])
    taken = sorted((item.start, item.end) for item in out)
    for symbol in find_symbols(text, start, end):
        if "/RES/" in symbol.official and not _covered(taken, symbol.start):
            stop, adopted, title = _details(text, symbol.end, end)
            out.append(Cited(symbol.start, stop, symbol.official, adopted, None, title, symbol.start))
    return sorted(out, key=lambda item: (item.start, item.symbol, item.part or ""))


def _covered(spans: list[tuple[int, int]], offset: int) -> bool:
    at = bisect_right(spans, (offset, 1 << 60)) - 1
    return at >= 0 and offset < spans[at][1]


def _organ(text: str, match: re.Match[str], start: int, default: str) -> str:
    """Whose resolutions these are: the organ named before the word, else that of the document."""
    named = (match["organ"] or "").strip()
    if named in ("", "Assembly", "Council"):
        before = _ORGAN_BEFORE.search(text, max(start, match.start() - 60), match.start())
        return before["organ"].removeprefix("The ") if before and not match["which"] and not match["part"] else default
    before = _ORGAN_BEFORE.search(text, max(start, match.start() - 60), match.start("organ"))
    full = f"{before['organ']} {named}" if before else named
    return full if full in ORGANS or before else named


def _list(text: str, match: re.Match[str], end: int, organ: str) -> list[Cited]:
    """The numbers after the word: contiguous ones with or without dates, later ones of the sentence with dates."""
    out: list[Cited] = []
    at = match.end()
    while True:
        item = number_at(text, at, end)
        symbol = resolution_symbol(item[0], organ) if item else None
        full = None
        if item is None:
            full = next(
                (s for s in find_symbols(text, at, min(end, at + 60)) if s.start == at and "/RES/" in s.official), None
            )
            symbol = full.official if full else None
        if symbol is None or (item is None and full is None):
            break
        begin, stop = (item.start(), item.end()) if item else (full.start, full.end) if full else (at, at)
        stop, adopted, title = _details(text, stop, end)
        out.append(Cited(begin, stop, symbol, adopted, None, title, match.start()))
        following = _AND.match(text, stop, end)
        if following is None:
            break
        at = following.end()
    out = _shared_dates(text, out, end)
    if out and match["word"].endswith("s"):
        out += _further(text, out[-1].end, end, organ, match.start())
    return out


def _details(text: str, at: int, end: int) -> tuple[int, date | None, str | None]:
    """Date and title after a number, in either order, and where they end."""
    adopted: date | None = None
    title: str | None = None
    for _ in range(2):
        of = _ADOPTED.match(text, at, end) or _OF_DATE.match(text, at, end)
        dated = date_at(text, of.end(), end) if of else None
        if dated is not None and dated.last is None and adopted is None and dated.precision == "day":
            at, adopted = dated.end, dated.first
            continue
        entitled = _ENTITLED.match(text, at, end)
        if entitled is not None and title is None:
            title = entitled["title"].strip(" ,.")
            at = entitled.end() - (1 if entitled[0].endswith(",") else 0)
    return at, adopted, title


def _shared_dates(text: str, items: list[Cited], end: int) -> list[Cited]:
    """`82 (1950) and 83 (1950) of 25 and 27 June 1950`: one day each, when there are as many days as numbers."""
    if not items:
        return items
    days = _DAYS.match(text, items[-1].end, end)
    numbers = re.findall(r"\d+", days["days"]) if days else []
    if days is None or len(numbers) != len(items) or any(item.adopted for item in items):
        return items
    dated = [date_at(f"{number} {days['rest']}", 0) for number in numbers]
    return [
        replace(item, end=days.end(), adopted=day.first if day else None)
        for item, day in zip(items, dated, strict=True)
    ]


def _further(text: str, at: int, end: int, organ: str, trigger: int) -> list[Cited]:
    """Members of a list that prose has broken: they must carry a date, and no decision stands before them."""
    end = min(end, at + _LONGEST)
    stop = _STOP.search(text, at, end)
    limit = stop.start() if stop else end
    out = []
    for item in find_numbers(text, at, limit):
        symbol = resolution_symbol(item[0], organ)
        finish, adopted, title = _details(text, item.end(), limit)
        if symbol is not None and adopted is not None:
            out.append(Cited(item.start(), finish, symbol, adopted, None, title, trigger))
    return out


def _with_parts(match: re.Match[str], found: list[Cited]) -> list[Cited]:
    """`paragraphs 3 and 4 of …` cites two paragraphs of the first resolution named."""
    if match["part"] is None:
        return found
    kind = "pp" if (match["kind"] or "").startswith("preambular") else "op"
    numbers = re.findall(r"\d+", match["part"])
    head = [replace(found[0], start=match.start(), part=f"{kind}{int(number)}") for number in numbers]
    return head + found[1:]
