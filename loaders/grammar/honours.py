"""What a third-person note does.

`The Secretary-General has the honour, on behalf of …, to convene … and to invite …`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_HONOUR = re.compile(
    r"(?P<who>(?:The|the) [A-Z][\w .-]{2,90}?|[Ii]t) (?:also |further |therefore |thus )?(?:has|is) "
    r"(?:also )?(?:the |(?:my|our) )?(?:further |additional |great )?(?:honour|honor|pleasure|privilege)"
    r"(?:,? on behalf of (?:the )?(?P<whom>[^,.;]{3,60}),?)?,? to (?=[a-z])"
)
_FIRST_PERSON = re.compile(
    r"(?P<who>I|[Ii]t is my|[Ii]t gives me) (?:have )?(?:the )?(?:great )?(?:honour|honor|pleasure|privilege),? "
    r"(?:on behalf of (?:the )?(?P<whom>[^,.;]{3,60}),? )?to (?=[a-z])"
)
_ACT = re.compile(
    r"(?:(?:also|further|hereby|cordially) )?(?P<act>convene|invite|announce|inform|refer|transmit|recall)(?!\w)"
)
_AND_TO = re.compile(r",? and (?:also )?to (?=(?:convene|invite|announce|inform|transmit)(?!\w))")

#: Acts that are read further.
CONVENE: Final = "convene"
INVITE: Final = "invite"


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a sentence: who does it, on whose behalf, the verb, and the span after the verb."""

    start: int
    end: int
    verb: str
    who: str | None  #: as named, with article; None in the first person
    on_behalf_of: str | None
    after: int


def find_acts(text: str, start: int, end: int) -> list[Act]:
    """The acts of one sentence. Several acts of one sentence divide it between them."""
    found = _HONOUR.search(text, start, end)
    who = found["who"] if found and found["who"].casefold() != "it" else None
    if found is None:
        found = _FIRST_PERSON.search(text, start, end)
    if found is None:
        return []
    heads = [found.end(), *(match.end() for match in _AND_TO.finditer(text, found.end(), end))]
    limits = [*(match.start() for match in _AND_TO.finditer(text, found.end(), end)), end]
    out = []
    for number, (head, limit) in enumerate(zip(heads, limits, strict=True)):
        act = _ACT.match(text, head, limit)
        if act is not None:
            begin = found.start() if number == 0 else head
            out.append(Act(begin, limit, act["act"], who, found["whom"], act.end()))
    return out
