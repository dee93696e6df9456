"""Offices and bodies as they are named in a document, with the key they have.

`Executive Secretary of the Meeting …`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from loaders.documents.page import Page
from loaders.grammar.bodies import body
from loaders.grammar.meetings import find_meetings
from ontology.keys import slug

_OF_MEETING = re.compile(
    r"(?:[Tt]he )?(?P<role>(?:Executive Secretary|Secretary|President-designate|President|Chairperson"
    r"|Chair|Vice-President"
    r"|Secretariat))(?: of)?(?= |$)"
)


@dataclass(frozen=True, slots=True)
class Office:
    """An office or body: name without article, key with folder."""

    name: str
    key: str


def office(page: Page, start: int, end: int) -> Office:
    """The office named in a span. One of a meeting (or of "the Meeting") is a post of that meeting."""
    text = page.text[start:end]
    found = _OF_MEETING.match(text)
    if found is not None:
        names = find_meetings(page.text, start + found.end(), end, page.treaties, page.short)
        key = next((name.key or (page.focus if name.definite else None) for name in names), None)
        if key is not None and found["role"] == "Secretariat":
            return Office(text.removeprefix("the "), f"body/{key}-secretariat")
        if key is not None:
            return Office(found["role"], f"post/{key}-{slug(found['role'])}")
    named = body(text, page.treaties.main)
    return Office(named.name, named.key)
