"""Which treaties a document names, and which of them "the Convention" means.

A treaty is found by a known name (gazetteer) or, if nobody has listed it, by the form of its title: an instrument word,
a preposition, capitalised words, and perhaps an abbreviation in brackets.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from loaders.gazetteer import Gazetteer, folded
from ontology.keys import slug

INSTRUMENT: Final = r"(?:Convention|Treaty|Protocol|Covenant)"

_HEAD = re.compile(
    rf"(?<!\w)(?:(?P<year>(?:19|20)\d\d) )?(?P<title>(?:Framework )?{INSTRUMENT} "
    r"(?:on|for|against|concerning|prohibiting|relating to|banning|of) )(?=(?:the )?[A-Z])"
)
_TOKEN = re.compile(r"(?P<word>[^\W\d_][\w'\u2019-]*)(?P<stop>,)? ?")
_SMALL: Final = frozenset(
    (
        *("of", "the", "and", "on", "or", "for", "their", "its", "against", "with", "to", "as", "which", "by", "a"),
        *("an", "be", "from", "in"),
    )
)
#: Prepositions that more often lead to a place or a time than further into a title.
_LOOSE: Final = frozenset(("in", "from", "to", "by", "as", "with"))
_ABBREVIATION = re.compile(
    r" ?\((?:hereinafter:? |hereinafter (?:called|referred to as):? |the )?[\"\u201c]?"
    r"(?P<abbreviation>[A-Z][A-Za-z]{0,12}[A-Z]|[A-Z]{2,12})[\"\u201d]?\)"
)
_CAPITALS = re.compile(r"(?<![\w(\u201c\"])(?:[A-Z][A-Za-z]{0,12}[A-Z]|[A-Z]{2,12})(?![\w/])")
_YEAR_BEFORE = re.compile(r"(?:19|20)\d\d $")
_MAX_TITLE: Final = 60


@dataclass(frozen=True, slots=True)
class TreatyName:
    """A treaty named in the text. The span covers the name only, without year and abbreviation."""

    start: int
    end: int
    code: str
    year: int | None = None
    abbreviation: str | None = None
    full: bool = True  #: a title; False: an abbreviation or short title


@dataclass(frozen=True)
class Treaties:
    """The treaties of one document.

    `main` is the code of the one that "the Convention" means, None if there is none.
    """

    names: tuple[TreatyName, ...]
    main: str | None
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(name.start for name in self.names))

    def at(self, offset: int) -> TreatyName | None:
        """The name that begins at an offset, or whose printed year does."""
        for start in (offset, offset + 5):
            place = bisect_right(self._starts, start) - 1
            if place >= 0 and self.names[place].start == start:
                return self.names[place]
        return None

    def within(self, start: int, end: int) -> tuple[TreatyName, ...]:
        """The names that begin in a span."""
        return tuple(name for name in self.names if start <= name.start < end)

    def before(self, offset: int) -> TreatyName | None:
        """The last name that ends at or before an offset."""
        at = bisect_right(self._starts, offset) - 1
        while at >= 0 and self.names[at].end > offset:
            at -= 1
        return self.names[at] if at >= 0 else None


def find_treaties(text: str, gazetteer: Gazetteer, *, heading: tuple[int, int] | None = None) -> Treaties:
    """All treaties named in a text. The main one is that of the heading (title of a resolution), else the first."""
    found: dict[int, TreatyName] = {}
    if gazetteer.pattern is not None:
        for match in gazetteer.pattern.finditer(text):
            code = gazetteer.code(" ".join(match[0].split()))
            if code is not None:
                names = gazetteer.names(code)
                full = names is not None and folded(match[0]) == folded(names.title)
                found[match.start()] = _named(text, match.start(), match.end(), code, full)
    spans = sorted((name.start, name.end) for name in found.values())
    unknown = [span for span in _titles(text) if not _overlaps(span, spans)]
    found |= {name.start: name for name in _coined(text, unknown, gazetteer)}
    named = tuple(found[start] for start in sorted(found))
    inside = [name for name in named if heading and heading[0] <= name.start < heading[1]]
    titles = [name for name in named if name.full]
    first = (inside or titles or list(named))[:1]
    return Treaties(named, first[0].code if first else None)


def _named(text: str, start: int, end: int, code: str, full: bool) -> TreatyName:
    before = _YEAR_BEFORE.search(text, max(0, start - 5), start)
    after = _ABBREVIATION.match(text, end) if full else None
    year = int(before[0]) if before and full else None
    return TreatyName(start, end, code, year, after["abbreviation"] if after else None, full)


def _overlaps(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    place = bisect_right(spans, (span[1], -1)) - 1
    return place >= 0 and spans[place][1] > span[0]


def _titles(text: str) -> list[tuple[int, int]]:
    """Spans that have the form of a title, as long as they can be."""
    out = []
    at = 0
    while match := _HEAD.search(text, at):
        end = last = match.end()
        words = 0
        while (token := _TOKEN.match(text, end)) and words < _MAX_TITLE:
            word = token["word"]
            if word[0].isupper():
                last = token.end("word")
            elif word not in _SMALL:
                break
            end = token.end()
            words += 1
            if token["stop"] and not text[end : end + 1].isupper() and not text.startswith("and ", end):
                break
        if last > match.end():
            out.append((match.start("title"), last))
        at = max(last, match.end())
    return out


def _coined(text: str, spans: list[tuple[int, int]], gazetteer: Gazetteer) -> list[TreatyName]:
    """Give codes to unlisted titles: the abbreviation that the document introduces, else the title itself."""
    cut = [(start, end if _ABBREVIATION.match(text, end) else _without_place(text, start, end)) for start, end in spans]
    titles = {folded(text[slice(*span)]) for span in cut}
    shortest = {span: _shortest_prefix(folded(text[slice(*span)]), titles) for span in cut}
    codes: dict[str, str] = {}
    abbreviations: dict[str, str] = {}
    for span in cut:
        found = _ABBREVIATION.match(text, span[1])
        if found and shortest[span] == folded(text[slice(*span)]):
            abbreviation = found["abbreviation"]
            code = abbreviation.casefold()
            known = gazetteer.names(code) is not None or gazetteer.code(abbreviation) is not None
            codes.setdefault(shortest[span], slug(shortest[span]) if known else code)
            abbreviations.setdefault(abbreviation, codes[shortest[span]])
    out = []
    for start, end in cut:
        title = shortest[start, end]
        code = codes.get(title) or slug(title)
        out.append(_named(text, start, start + _length(text[start:end], title), code, full=True))
    for match in _CAPITALS.finditer(text) if abbreviations else ():
        if match[0] in abbreviations:
            out.append(TreatyName(match.start(), match.end(), abbreviations[match[0]], full=False))
    return out


def _shortest_prefix(title: str, titles: set[str]) -> str:
    """The shortest title of the document that this one begins with: what follows it here is no part of the name."""
    words = title.split()
    prefixes = (" ".join(words[:count]) for count in range(3, len(words)))
    return next((prefix for prefix in prefixes if prefix in titles), title)


def _without_place(text: str, start: int, end: int) -> int:
    """Cut a title before a loose preposition: `… on Lanterns in Lisbon` names a place, not more of the title."""
    words = list(_TOKEN.finditer(text, start, end))
    for number, token in enumerate(words):
        if number > 2 and token["word"] in _LOOSE:
            return words[number - 1].end("word")
    return end


def _length(printed: str, title: str) -> int:
    """How many characters of the printed form the (folded) title covers."""
    words = len(title.split())
    found = list(re.finditer(r"\S+", printed))
    return found[words - 1].end() if len(found) >= words else len(printed)
