"""Bodies and offices: who issues, addresses, convenes, receives. A name gives a key; no list has to know it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ontology.keys import slug

#: Organs and offices of the United Nations that texts name without "United Nations".
_UNITED_NATIONS: Final = (
    "General Assembly",
    "Security Council",
    "Economic and Social Council",
    "Human Rights Council",
    "Secretary-General",
    "Office for Disarmament Affairs",
    "Office of Legal Affairs",
    "High Representative for Disarmament Affairs",
    "Institute for Disarmament Research",
)
_COMMITTEE = re.compile(r"(?:First|Second|Third|Fourth|Fifth|Sixth) Committee")
_UNIT = re.compile(r"(?:the )?Implementation Support Unit", re.I)
_PREFIX = re.compile(r"(?:the |United Nations |UN )", re.I)
_SUFFIX = re.compile(r"(?: of the United Nations| \([^()]{0,40}\)|, Geneva Branch)$", re.I)


@dataclass(frozen=True, slots=True)
class Body:
    """A body: its name without article, and its key with folder (`body/un-secretary-general`)."""

    name: str
    key: str


def body(name: str, treaty: str | None = None) -> Body:
    """The body of a name. An implementation support unit belongs to the document's treaty."""
    plain = " ".join(name.split())
    while match := _PREFIX.match(plain):
        plain = plain[match.end() :]
    geneva = "Geneva Branch" in plain
    plain = _SUFFIX.sub("", plain)
    known = next((known for known in _UNITED_NATIONS if known.casefold() == plain.casefold()), None)
    if known == "Office for Disarmament Affairs" and geneva:
        return Body("Office for Disarmament Affairs, Geneva Branch", "body/unoda-geneva-branch")
    if known is not None:
        return Body(known, f"body/un-{slug(known)}")
    if _COMMITTEE.fullmatch(plain):
        return Body(plain, f"body/un-{slug(plain)}")
    if _UNIT.fullmatch(plain) and treaty:
        return Body(plain, f"body/{treaty}-implementation-support-unit")
    return Body(plain, f"body/{slug(plain)}")
