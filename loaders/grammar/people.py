"""People and the offices in which they sign: a name line and, below it, the title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_HONORIFIC = (
    r"(?:H\.? ?E\.?|His Excellency|Her Excellency|The Honou?rable|Ambassador|Amb\.|Mr\.?|Ms\.?|Mrs\.?|Dr\.?|Prof\.?)"
)
_WORD = r"(?:[^\W\d_a-z][^\W\d_]*(?:['\u2019-][^\W\d_]+)*\.?)"
_PERSON = re.compile(
    rf"(?:\(Signed\) ?)?(?P<honorific>{_HONORIFIC}(?:,? {_HONORIFIC})*)?[ ,]*"
    rf"(?P<name>{_WORD}(?: (?:(?:de|del|da|dos|van|von|der|den|bin|al|el|la|le) ){{0,2}}{_WORD}){{1,5}})"
)
_ROLES: Final = (
    *("President-designate", "Vice-President", "Deputy President", "Co-President", "President", "Executive Secretary"),
    *("Under-Secretary-General", "Secretary-General", "High Representative", "Permanent Representative", "Chairperson"),
    *("Co-Chair", "Chair", "Director", "Secretary", "Head", "Minister"),
)
_ROLE = re.compile(rf"(?P<role>{'|'.join(_ROLES)})(?!\w)(?:,? (?:of|for|to)(?: the)? (?P<of>.+))?", re.S)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature: who, in which office, and where the words after `of` stand (None: nothing follows)."""

    start: int
    end: int
    name: str
    honorific: str | None
    role: str
    of: tuple[int, int] | None


def signature_in(text: str, start: int, end: int) -> Signature | None:
    """The signature in a block of lines (name, then office); None if the block is something else."""
    lines = text[start:end].split("\n")
    at = start
    for line, following in pairwise(lines):
        person = _PERSON.fullmatch(line.strip())
        role = _ROLE.match(text, at + len(line) + 1, end)
        if person is not None and role is not None and not _ROLE.match(line):
            of = role.span("of") if role["of"] else None
            return Signature(
                at, role.end() if of else at + len(line) + 1 + len(following), *_named(person), role["role"], of
            )
        at += len(line) + 1
    return None


def _named(person: re.Match[str]) -> tuple[str, str | None]:
    return person["name"], person["honorific"]
