"""Articles of treaties.

`article 12, paragraph 1, of the Convention`, `Article 11(1)`, `articles 5 and 7`, `article IV`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from loaders.grammar.treaties import INSTRUMENT, Treaties

_ROMAN: Final = {"I": 1, "V": 5, "X": 10, "L": 50}
_NUMBER = r"(?:\d{1,3}(?![\d/])|[IVXL]{1,7}(?![\w]))"
_PARAGRAPH = r"(?: ?\((?P<p{0}>\d{{1,2}})\)|,? paragraphs? (?P<q{0}>\d{{1,2}}(?:(?:, | and |, and )\d{{1,2}}(?!\d))*))?"

_ARTICLE = re.compile(
    rf"(?<!\w)[Aa]rt(?:icles?|\.) (?P<a1>{_NUMBER}){_PARAGRAPH.format(1)}"
    rf"(?:(?:, | and |, and )(?:article )?(?P<a2>{_NUMBER})(?! (?:January|February|March|April|May|June|July|August|"
    rf"September|October|November|December)){_PARAGRAPH.format(2)})?(?: ?\([a-z]\))*"
)
_OF = re.compile(r",? (?:of|to|in) (?=(?:the|this|that|its|said) |[A-Z])(?:(?:the|this|that|its|said|present) ){0,2}")
_OWN = re.compile(rf"{INSTRUMENT}(?!\w)")


@dataclass(frozen=True, slots=True)
class Provision:
    """An article or a paragraph of one. `end` takes in `of the Convention`."""

    start: int
    end: int
    treaty: str
    article: int
    paragraph: int | None

    @property
    def key(self) -> str:
        """aplc~art12.1"""
        tail = "" if self.paragraph is None else f".{self.paragraph}"
        return f"{self.treaty}~art{self.article}{tail}"


def find_provisions(text: str, start: int, end: int, treaties: Treaties) -> list[Provision]:
    """All provisions of a span, in order.

    An article of an instrument that is not a treaty of the document is left out.
    """
    out: list[Provision] = []
    for match in _ARTICLE.finditer(text, start, end):
        treaty, stop = _treaty(text, match.end(), end, treaties)
        if treaty is None:
            continue
        for number in ("1", "2"):
            article = _value(match[f"a{number}"])
            if article is None:
                continue
            printed = match[f"p{number}"] or match[f"q{number}"]
            for paragraph in re.findall(r"\d+", printed) if printed else [None]:
                out.append(Provision(match.start(), stop, treaty, article, int(paragraph) if paragraph else None))
    return out


def _treaty(text: str, at: int, end: int, treaties: Treaties) -> tuple[str | None, int]:
    """The treaty that the words after an article name, and where they end; the main one if they name none."""
    of = _OF.match(text, at, end)
    if of is None:
        return treaties.main, at
    named = treaties.at(of.end())
    if named is not None:
        return named.code, named.end
    own = _OWN.match(text, of.end(), end)
    if own is not None:
        return treaties.main, own.end()
    # `in Geneva`, `to the meeting`: not a statement of whose article it is; `of the Charter`: somebody else's.
    return (None, at) if of[0].lstrip(", ").startswith("of") else (treaties.main, at)


def _value(number: str | None) -> int | None:
    if number is None:
        return None
    if number.isdigit():
        return int(number) or None
    total = 0
    for char, following in zip(number, [*number[1:], ""], strict=True):
        value = _ROMAN[char]
        total += -value if following and _ROMAN[following] > value else value
    return total or None
