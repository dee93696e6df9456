"""In what manner a text cites: the phrases of the code list `manner`, found before (or around) what is cited."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from ontology.schema import load_schema

#: What a text does that names a source without more.
REFERS: Final = "refers to"
QUOTES: Final = "quotes"

_NEAR: Final = 48
_QUOTING = re.compile(
    r"[^.;\u201c\"]{0,60}?\b(?:states?|provides?|reads?|stipulates?|says)\b[^.;]{0,40}?(?:that the "
    r"|that |:|, |)\s*[\u201c\":]"
)
_COLON_QUOTE = re.compile(r"[^.;\u201c\"]{0,120}?:\s*[\u201c\"]")


@cache
def _before() -> re.Pattern[str]:
    phrases = sorted(load_schema().manners, key=lambda phrase: (-len(phrase), phrase))
    words = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases)
    return re.compile(
        rf"(?<!\w)(?P<phrase>{words})(?:\s+(?:also|further))?(?:\s+(?:with|the|its|their|his|of|to|in|provisions))*"
        r"\s*(?:paragraphs? \d{1,3}(?: and \d{1,3})? of (?:its |the )?)?$",
        re.I,
    )


def manner_before(text: str, start: int, offset: int) -> str | None:
    """The manner whose phrase ends right before an offset (not before `start`).

    As design spells it; none if none does.
    """
    found = _before().search(text, max(start, offset - _NEAR), offset)
    if found is None:
        return None
    code = load_schema().manners[" ".join(found["phrase"].casefold().split())]
    return code.replace("-", " ")


def quotes_after(text: str, offset: int, end: int) -> bool:
    """Whether what stands before the offset is quoted right after it (`… states that the “…`, `… as follows:`)."""
    return _QUOTING.match(text, offset, end) is not None or _COLON_QUOTE.match(text, offset, end) is not None
