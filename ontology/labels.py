"""English labels, minted one way, and the other spellings that people type.

Two loaders that meet the same meeting, provision or paragraph give it the same label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_UNITS: Final = (
    *("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth"),
    "nineteenth",
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENTHS: Final = ("twentieth", *(f"{word.removesuffix('y')}ieth" for word in _TENS[1:]))

#: Kind of meeting (code/meeting-type) to its name, singular.
MEETING_NAMES: Final[dict[str, str]] = {
    "msp": "Meeting of the States Parties",
    "rc": "Review Conference",
    "im": "intersessional meetings",
    "pm": "preparatory meeting",
    "csp": "Conference of States Parties",
    "ac": "Annual Conference",
    "xiv": "article XIV conference",
    "ministerial": "ministerial meeting",
    "wg": "session of the working group",
    "workshop": "workshop",
    "fcm": "formal consultative meeting",
    "prepcom": "session of the preparatory committee",
    "amendment-conference": "amendment conference",
    "extraordinary": "extraordinary meeting",
    "plenary": "plenary meeting",
}

_ABBREVIATIONS: Final = {"msp": ("MSP",), "rc": ("RC", "RevCon"), "im": ("ISM",), "pm": ("PM", "PrepMeeting")}

_PART_NAMES: Final = {"op": "operative paragraph", "pp": "preambular paragraph", "p": "paragraph", "art": "article"}
_PART: Final = re.compile(r"(op|pp|p|art)(\d+)(?:\.(.+))?\Z")


def ordinal_word(number: int) -> str:
    """`ordinal_word(21)` is "Twenty-first". Raises ValueError outside 1 to 100."""
    if not 1 <= number <= 100:
        raise ValueError(f"ordinals in words go from 1 to 100, not {number}")
    if number == 100:
        return "One hundredth"
    if number < 20:
        return _UNITS[number].capitalize()
    tens, units = divmod(number, 10)
    return (f"{_TENS[tens - 2]}-{_UNITS[units]}" if units else _TENTHS[tens - 2]).capitalize()


def ordinal_suffix(number: int) -> str:
    """`ordinal_suffix(21)` is "21st"."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def meeting_name(kind: str) -> str:
    """The English name of a kind of meeting: "Meeting of the States Parties" for `msp`."""
    return MEETING_NAMES.get(kind, f"{kind} meeting")


def meeting_label(short: str, kind: str, nominal: int) -> str:
    """The label of a meeting: "21st Meeting of the States Parties (APLC)", "2018 intersessional meetings (APLC)".

    `nominal` is the ordinal, or the year for meetings that have none (`im`, and any number above 999).
    """
    number = str(nominal) if nominal > 999 else ordinal_suffix(nominal)
    return f"{number} {meeting_name(kind)} ({short})"


def series_label(short: str, kind: str) -> str:
    """The label of a series: "Meetings of the States Parties (APLC)"."""
    name = meeting_name(kind)
    plural = name.replace("Meeting ", "Meetings ", 1) if name.startswith("Meeting ") else name
    plural = plural if plural != name or name.endswith("s") else f"{name}s"
    return f"{plural[0].upper()}{plural[1:]} ({short})"


def provision_label(short: str, article: int | str, paragraph: int | str | None = None) -> str:
    """The label of a provision of a treaty: "APLC article 11(1)"."""
    return f"{short} article {article}" + ("" if paragraph is None else f"({paragraph})")


def part_label(document: str, part: str) -> str:
    """The label of a part of a document: `part_label("A/RES/77/63", "op10")` is "A/RES/77/63, operative paragraph 10".

    A part of an unknown form stands as it is.
    """
    match = _PART.match(part)
    if match is None:
        return f"{document}, {part}"
    name = f"{_PART_NAMES[match[1]]} {match[2]}" + (f"({match[3]})" if match[3] else "")
    return f"{document}, {name}"


def meeting_spellings(
    abbreviation: str, kind: str, nominal: int, titles: Iterable[str] = (), year: int | None = None
) -> tuple[str, ...]:
    """The other ways in which people write the name of a meeting, sorted, for hidden labels.

    With `titles` (full and short titles of the treaty, without article) come the long names: "21st Meeting of the
    States Parties to the Mine Ban Convention". `year` adds "APLC MSP 2023". The label itself is not among them.
    """
    name = meeting_name(kind)
    numbers = [str(nominal)] if nominal > 999 else [ordinal_suffix(nominal), *_worded(nominal)]
    names = [name, *([name.replace("of the States", "of States")] if "of the States" in name else [])]
    found = {f"{number} {form}" for number in numbers for form in names}
    found |= {f"{abbreviation} {form}" for form in set(found)}
    joint = "to" if kind == "msp" else "of"
    found |= {f"{number} {form} {joint} the {title}" for title in titles for number in numbers for form in names}
    for short in _ABBREVIATIONS.get(kind, (kind.upper(),)):
        found |= {f"{abbreviation} {short} {nominal}", f"{abbreviation}-{short}-{nominal}", f"{short} {nominal}"}
        found |= {f"{abbreviation} {short}{nominal}", f"{short}{nominal}"}
        if nominal <= 999:
            compact = f"{nominal}{short}"
            found |= {compact, f"{abbreviation} {compact}", f"{ordinal_suffix(nominal)} {short}"}
            found |= {f"{abbreviation} {ordinal_suffix(nominal)} {short}"}
        if year is not None:
            found |= {f"{abbreviation} {short} {year}"}
    return tuple(sorted(found - {meeting_label(abbreviation, kind, nominal)}))


def _worded(nominal: int) -> list[str]:
    return [ordinal_word(nominal)] if 1 <= nominal <= 100 else []
