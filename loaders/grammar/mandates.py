"""What follows the verb of a mandate: addressee, tasks, the meeting or series, the provisions it stands on.

One authority may give several mandates in one sentence (`to convene …` and, on another basis, `to invite …`); tasks
that serve one end (prepare, convene, service a meeting) stay together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from loaders.grammar.bodies import Body, body
from loaders.grammar.invitees import find_capacity, find_invitees
from loaders.grammar.meetings import MeetingName, find_meetings
from loaders.grammar.ordinals import CARDINAL, ORDINAL, cardinal_value, ordinal_value
from loaders.grammar.provisions import find_provisions
from loaders.grammar.tasks import Task, find_tasks
from loaders.grammar.treaties import INSTRUMENT, Treaties

#: Forces that order, ask, allow or decide; a text that recalls or stresses gives no mandate.
FORCES: Final = frozenset(
    ("agrees", "authorizes", "calls-upon", "decides", "encourages", "invites", "recommends", "requests", "urges")
)
#: The longest mandate that is read; the longest operative paragraph of the Assembly has about 3,000 characters.
_LONGEST: Final = 6000
_TOGETHER: Final = frozenset(("prepare", "convene", "support"))
_CONNECTIVE = re.compile(
    r",? and,? (?=(?:on behalf of|in accordance with|pursuant to|in conformity with|also|further|to) )"
)
_BEHALF = re.compile(r"on behalf of (?:the )?(?P<whom>[^,.;]{3,60}?)(?=,| and |\.|;| to )")
_DECISIONS = re.compile(
    r"(?:relevant )?(?:decisions?|recommendations?|agreements?) (?:of|taken (?:by|at)|adopted (?:by|at)) "
)
_ENTRUSTED = re.compile(rf"entrusted to \w+ (?:under|by) (?:the|this) {INSTRUMENT}(?!\w)")
_SAME = re.compile(r"(?<!\w)(?:that|this|the(?: said)?) (?:[Mm]eeting|[Cc]onference)(?! of)(?!\w)")
_SESSION = re.compile(rf"agenda of (?:its|the) (?P<session>{ORDINAL}) session")
_ADDRESSEE_END = re.compile(
    r",|;|\.(?= |$)| to (?!(?:it|the|this|that|them)(?!\w))| that (?!ha)| with a view"
    r"| the (?:Convention|Treaty|Protocol)"
)
_OFFICE = re.compile(
    r"(?:the |its )?(?P<name>(?:United Nations )?(?:[A-Z][\w-]*)(?: (?:of |for |the |and )?[A-Z][\w-]*){0,7})"
)
_STATES = re.compile(r"(?:[A-Z]\w+ )?States?(?!\w)")
_ANNUAL = re.compile(r"annually|every year|each year", re.I)
_DAYS = re.compile(rf"(?:for )?(?:up to|no more than|not exceeding|at most) (?P<days>{CARDINAL}) days")
_WHEN = re.compile(r"(?:at the |the )(?P<part>end|beginning|middle|start) of (?P<month>[A-Z][a-z]{2,8})(?![a-z])")
_PARTS: Final = {"end": "late", "beginning": "early", "start": "early", "middle": "mid"}


@dataclass(frozen=True, slots=True)
class Order:
    """One mandate of a sentence."""

    start: int
    end: int
    addressee: str | None
    body: Body | None
    tasks: tuple[str, ...]
    target: MeetingName | None
    invokes: tuple[str, ...]
    relies_on: tuple[str, ...]
    on_behalf_of: str | None
    invitees: tuple[str, ...]
    capacity: str | None
    session: int | None

    @property
    def task(self) -> str:
        """The task that the others serve."""
        return "convene" if "convene" in self.tasks else self.tasks[0]


@dataclass(frozen=True, slots=True)
class Regularity:
    """How often, how long and when meetings of a series are to be held; in our own words."""

    frequency: str | None
    max_days: int | None
    period: str | None


def find_orders(text: str, start: int, end: int, treaties: Treaties, short: str | None = None) -> list[Order]:
    """The mandates of a span that begins after the verb. A span without a known task has none."""
    end = min(end, start + _LONGEST)
    groups = _groups(find_tasks(text, start, end))
    if not groups:
        return []
    cuts = [start]
    for before, group in pairwise(groups):
        link = _CONNECTIVE.search(text, before[-1].end, group[0].start + 3)
        cuts.append(link.start() if link else group[0].start)
    addressee, office = _addressee(text, start, groups[0][0].start, treaties)
    out: list[Order] = []
    for cut, stop, group in zip(cuts, [*cuts[1:], end], groups, strict=True):
        order = _order(text, cut, stop, group, addressee=(addressee, office), treaties=treaties, short=short)
        if order.target is None and out and _SAME.search(text, group[0].end, stop):
            order = replace(order, target=out[-1].target)
        out.append(order)
    return out


def regularity(text: str, start: int, end: int) -> Regularity:
    """What a span says about a whole series: `annually`, `for up to five days`, `at the end of November`."""
    days = _DAYS.search(text, start, end)
    parts = [f"{_PARTS[when['part']]} {when['month']}" for when in _WHEN.finditer(text, start, end)]
    return Regularity(
        "annual" if _ANNUAL.search(text, start, end) else None,
        cardinal_value(days["days"]) if days else None,
        " to ".join(parts) or None,
    )


def _groups(tasks: list[Task]) -> list[list[Task]]:
    """Tasks of one mandate together; what an invitation is to (`invite … to attend`) is part of the invitation."""
    groups: list[list[Task]] = []
    for task in tasks:
        last = groups[-1][-1].codes if groups else ()
        if last == ("invite",) and task.codes == ("participate",):
            continue
        if groups and (set(last) == set(task.codes) or set(last) | set(task.codes) <= _TOGETHER):
            groups[-1].append(task)
        else:
            groups.append([task])
    return groups


def _order(
    text: str,
    start: int,
    end: int,
    group: list[Task],
    *,
    addressee: tuple[str | None, Body | None],
    treaties: Treaties,
    short: str | None,
) -> Order:
    decisions = _DECISIONS.search(text, group[0].end, end)
    limit = decisions.start() if decisions else end
    targets = [
        name for name in find_meetings(text, group[0].end, limit, treaties, short) if name.key or not name.definite
    ]
    relied = [
        f"meeting/{name.key}" if name.key else f"series/{name.series}"
        for name in (find_meetings(text, decisions.end() - 1, end, treaties, short) if decisions else ())
    ]
    if _ENTRUSTED.search(text, start, end) and treaties.main:
        relied.append(f"treaty/{treaties.main}")
    tasks = dict.fromkeys(code for task in group for code in task.codes)
    behalf = _BEHALF.search(text, start, end)
    session = _SESSION.search(text, start, end)
    invites = "invite" in tasks
    return Order(
        start,
        end,
        *addressee,
        tasks=tuple(tasks),
        target=targets[0] if targets else None,
        invokes=tuple(dict.fromkeys(provision.key for provision in find_provisions(text, start, end, treaties))),
        relies_on=tuple(sorted(set(relied))),
        on_behalf_of=behalf["whom"] if behalf else None,
        invitees=find_invitees(text, group[0].end, end) if invites else (),
        capacity=find_capacity(text, group[0].end, end) if invites else None,
        session=ordinal_value(session["session"]) if session else None,
    )


def _addressee(text: str, start: int, end: int, treaties: Treaties) -> tuple[str | None, Body | None]:
    """Who is addressed: as named, without article; and the body, if it is one."""
    begin = start + len(text[start:end]) - len(text[start:end].lstrip(" ,"))
    if begin >= end:
        return None, None
    stop = _ADDRESSEE_END.search(text, begin, end)
    phrase = " ".join(text[begin : stop.start() if stop else end].split()).removeprefix("the ")
    if not phrase or not (_STATES.search(phrase) or phrase[0].isupper() or phrase.startswith(("all ", "its "))):
        return None, None
    office = _OFFICE.match(text, begin, stop.start() if stop else end)
    if office is not None and not _STATES.match(office["name"]):
        found = body(office["name"], treaties.main)
        return found.name, found
    return phrase, None
