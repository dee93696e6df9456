"""Who is invited, and as what: codes of the lists `invitee` and `capacity`."""

from __future__ import annotations

import re
from typing import Final

#: Code of an invitee and the words for it.
_INVITEES: Final = (
    ("states-not-parties", r"states (?:that are )?not (?:yet )?part(?:y|ies)(?! participating)"),
    ("states-parties", r"(?<!of )(?<!of the )states parties"),
    ("signatories", r"signator(?:y states|ies)"),
    ("all-states", r"all (?:interested |other |member )?states(?! part| that| not)|interested states"),
    (
        "united-nations",
        r"united nations(?= ?(?:,|and|system|as well|$|\.|;))|(?:the|relevant) (?:agencies"
        r"|bodies) of the united nations",
    ),
    (
        "international-organizations",
        r"(?<!and )international (?:and regional )?organi[sz]ations|and international organi[sz]ations",
    ),
    ("regional-organizations", r"regional (?:and (?:sub|inter)\w+ )?organi[sz]ations"),
    ("icrc", r"international committee of the red cross"),
    ("ifrc", r"international federation of red cross"),
    ("ngos", r"non-governmental (?:and international )?organi[sz]ations"),
)
_FIND = re.compile("|".join(f"(?P<i{number}>(?<!\\w)(?:{words}))" for number, (_, words) in enumerate(_INVITEES)), re.I)
_BOTH = re.compile(r"non-governmental and international organi[sz]ations", re.I)
_PURPOSE = re.compile(r" to (?:attend|participate|take part)(?!\w)")
_OBSERVER = re.compile(r"(?<!\w)as (?:an )?observers?(?!\w)|(?<!\w)in (?:the|their) capacity of observers?", re.I)
_PARTICIPANT = re.compile(r"(?<!\w)as (?:full )?participants?(?!\w)|(?<!\w)(?:the|their) participation of", re.I)


def find_invitees(text: str, start: int, end: int) -> tuple[str, ...]:
    """The codes of all invitees that a span names before it says to what (`to attend …`), sorted."""
    found = set()
    purpose = _PURPOSE.search(text, start, end)
    end = purpose.start() if purpose else end
    for match in _FIND.finditer(text, start, end):
        found.add(next(code for number, (code, _) in enumerate(_INVITEES) if match[f"i{number}"]))
    if _BOTH.search(text, start, end):
        found.add("international-organizations")
    return tuple(sorted(found))


def find_capacity(text: str, start: int, end: int) -> str | None:
    """observer, participant, or None if the span says neither."""
    if _OBSERVER.search(text, start, end):
        return "observer"
    return "participant" if _PARTICIPANT.search(text, start, end) else None
