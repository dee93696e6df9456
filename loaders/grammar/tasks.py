"""What somebody is to do: infinitives of a mandate, as codes of the list `task`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PREPARING = r"(?:preparations?|arrangements|preparatory work)"

#: Codes of a task and the words of its infinitive; the first that matches counts.
_TASKS: Final = (
    (
        ("prepare", "convene"),
        rf"(?:undertake|make|begin|initiate) (?:all )?(?:the )?(?:necessary )?{_PREPARING}(?: necessary)?"
        r"(?: required)? (?:to (?:re)?convene|for (?:the convening of|convening))",
    ),
    (
        ("prepare",),
        rf"(?:undertake|make|begin|initiate) (?:all )?(?:the )?(?:necessary )?{_PREPARING}|prepare(?: for)?",
    ),
    (
        ("convene",),
        r"(?:re)?convene|hold(?= (?:annually |regularly )?(?:the|a|an|its|their) )"
        r"|organi[sz]e(?= (?:the|a|an|its|their) )",
    ),
    (("invite",), r"invite"),
    (("participate",), r"attend|participate|take part"),
    (("accede",), r"accede|become (?:a party|parties)"),
    (("ratify",), r"ratify"),
    (
        ("report",),
        r"report|(?:submit|provide|transmit)(?=[ ,][^.;]{0,120}?(?:reports?|information)\b)(?! such services)|inform",
    ),
    (("submit",), r"submit|transmit"),
    (("support",), r"render|assist|support|provide(?= [^.;]{0,60}?(?:services|assistance|support)\b)"),
    (
        ("finance",),
        r"pay|finance|bear|address issues arising from outstanding dues|proceed (?:promptly )?with the payment",
    ),
    (("include-in-agenda",), r"(?:include|inscribe|place)(?= [^.;]{0,40}?agenda\b)"),
    (("establish",), r"establish|set up"),
    (("extend",), r"extend"),
    (("implement",), r"implement"),
    (("preside",), r"preside|chair"),
)
_FIND = re.compile(
    r"(?<!\w)to (?:(?:continue|begin|proceed|consider|also|further|promptly|fully) (?:to )?){0,3}"
    r"(?:take (?:the |all )?(?:necessary )?(?:steps|measures) (?:necessary )?to )?(?:"
    + "|".join(f"(?P<t{number}>{words})" for number, (_, words) in enumerate(_TASKS))
    + r")(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Task:
    """A task: its codes, where `to` begins and where the verb ends."""

    start: int
    end: int
    codes: tuple[str, ...]


def find_tasks(text: str, start: int, end: int) -> list[Task]:
    """All known infinitives of a span, in order."""
    out = []
    for match in _FIND.finditer(text, start, end):
        number = next(number for number in range(len(_TASKS)) if match[f"t{number}"])
        out.append(Task(match.start(), match.end(), _TASKS[number][0]))
    return out
