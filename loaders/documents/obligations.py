"""Deadlines, costs, stated weekdays, announced events, addresses: what the receiver has to keep in mind."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loaders.documents.offices import office
from loaders.documents.page import Page
from loaders.extraction import (
    ContactMention,
    CostRuleMention,
    DeadlineMention,
    EventMention,
    ParagraphSpan,
    StatedWeekday,
)
from loaders.grammar.contacts import Address, Found, address_in, find_emails, find_websites
from loaders.grammar.costs import find_cost_rules
from loaders.grammar.dates import find_dates
from loaders.grammar.deadlines import Due, find_due
from loaders.grammar.meetings import find_meetings
from loaders.grammar.provisions import find_provisions
from loaders.grammar.sentences import sentences

_ANNOUNCED = re.compile(r"address(?:es)? ?:?$")
_ABOVE = re.compile(
    r"address(?:es)? (?:indicated|given|mentioned|stated|set out) (?:above|earlier)|above(?:-mentioned)? address"
)
_OWNER = re.compile(r"(?:the )?(?P<name>(?:[A-Z][\w-]*)(?: (?:of |for |the |and )?[A-Z][\w-]*){0,7}) ?\(?$")
_EVENTS = re.compile(
    r"(?P<kind>bilateral meetings|bilateral consultations|side events?|opening ceremony"
    r"|informal consultations|briefings?"
    r"|receptions?)(?!\w)",
    re.I,
)


def read_deadlines(page: Page) -> tuple[DeadlineMention, ...]:
    """The deadlines with addressee, address and basis."""
    out = []
    for paragraph in page.paragraphs:
        limits = sentences(page.text, paragraph.start, paragraph.end)
        for number, (start, end) in enumerate(limits):
            before = limits[number - 1][0] if number else start
            for due in find_due(page.text, start, end, before, after=page.dated):
                out.append(_deadline(page, paragraph, due, before))
    return tuple(out)


def _deadline(page: Page, paragraph: ParagraphSpan, due: Due, before: int) -> DeadlineMention:
    address = _address(page, paragraph, due)
    sites = find_websites(page.text, due.start, due.end)
    emails = find_emails(page.text, due.start, due.end)
    whom = office(page, *_without_article(page, due.submit_span)) if due.submit_span else None
    lines = address.lines if address else ()
    if whom is None and address is not None and lines and lines[0].startswith("Secretariat of"):
        whom = office(page, address.start, address.start + len(lines[0]))
    names = find_meetings(page.text, due.start, due.end, page.treaties, page.short)
    meeting = next((name.key for name in names if name.key), page.focus)
    return DeadlineMention(
        date=due.dated.first,
        weekday_stated=due.dated.weekday,
        for_=due.purpose,
        submit_to=whom.name if whom else None,
        submit_to_key=whom.key if whom else None,
        address=lines,
        email=(address.email if address else None) or (emails[0].value if emails else None),
        website=(address.website if address else None) or (sites[0].value if sites else None),
        meeting=meeting if due.article is None else None,
        basis=_basis(page, due, before) if due.article is not None else None,
        in_=paragraph.part,
        start=due.start,
        end=due.end,
    )


def _without_article(page: Page, span: tuple[int, int]) -> tuple[int, int]:
    return (span[0] + 4 if page.text.startswith("the ", span[0]) else span[0]), span[1]


def _address(page: Page, paragraph: ParagraphSpan, due: Due) -> Address | None:
    """The block of lines that the sentence points to, below or above it."""
    block = None
    if _ANNOUNCED.search(page.text[due.start : due.end]):
        block = page.lines_after(paragraph.end)
    elif _ABOVE.search(page.text, due.start, due.end):
        block = page.lines_before(due.start)
    return address_in(page.text, block.start, block.end) if block else None


def _basis(page: Page, due: Due, before: int) -> str | None:
    """The paragraph of a resolution that the sentence, or the one before it, names; else the article itself."""
    for _, cited in page.cited:
        if cited.part and before <= cited.start < due.end:
            return f"doc/{cited.cited}"
    return f"treaty/{page.treaties.main}~art{due.article}" if page.treaties.main else None


def read_cost_rules(page: Page) -> tuple[CostRuleMention, ...]:
    """The cost rules, with the article named with them or in the paragraph before."""
    out = []
    previous: ParagraphSpan | None = None
    for paragraph in page.paragraphs:
        for rule in find_cost_rules(page.text, paragraph.start, paragraph.end):
            begin = previous.start if previous else paragraph.start
            provisions = find_provisions(page.text, begin, rule.start, page.treaties)
            if not provisions:
                continue
            names = find_meetings(page.text, rule.start, rule.end, page.treaties, page.short)
            out.append(
                CostRuleMention(
                    treaty=provisions[-1].treaty,
                    provision=provisions[-1].key,
                    bearers=rule.bearers,
                    scale=rule.scale,
                    concerns=next((name.series for name in names), None),
                    in_=paragraph.part,
                    start=rule.start,
                    end=rule.end,
                )
            )
        previous = paragraph
    return tuple(out)


def read_events(page: Page) -> tuple[EventMention, ...]:
    """Other events that a sentence announces for one day."""
    out = []
    for paragraph in page.paragraphs:
        for start, end in sentences(page.text, paragraph.start, paragraph.end):
            found = _EVENTS.search(page.text, start, end)
            days = find_dates(page.text, start, end, after=page.dated)
            if found is None or len(days) != 1 or days[0].last is not None:
                continue
            out.append(
                EventMention(
                    kind=found["kind"].lower(),
                    date=days[0].first,
                    weekday_stated=days[0].weekday,
                    meeting=page.focus,
                    in_=paragraph.part,
                    start=start,
                    end=end,
                )
            )
    return tuple(out)


def read_weekdays(
    page: Page, deadlines: Sequence[DeadlineMention], events: Sequence[EventMention]
) -> tuple[StatedWeekday, ...]:
    """Every date printed with a day of the week, and what is due or held then."""
    out = []
    for dated in find_dates(page.text, after=page.dated):
        if dated.weekday is None:
            continue
        due = (item.for_ for item in deadlines if item.start <= dated.start < item.end)
        held = (item.kind for item in events if item.start <= dated.start < item.end)
        out.append(
            StatedWeekday(
                date=dated.first,
                weekday=dated.weekday,
                about=next(iter((*due, *held)), None),
                year_inferred=dated.year_inferred,
                in_=page.part_of(dated.start),
                start=dated.start,
                end=dated.end,
            )
        )
    return tuple(out)


def read_contacts(page: Page) -> tuple[ContactMention, ...]:
    """Electronic addresses and web sites; an address block gives them the name of its first line."""
    out = []
    for block in page.source.blocks:
        found = [("email", item) for item in find_emails(page.text, block.start, block.end)]
        found += [("website", item) for item in find_websites(page.text, block.start, block.end)]
        lines = address_in(page.text, block.start, block.end).lines if block.kind == "lines" else ()
        for kind, item in sorted(found, key=lambda pair: pair[1].start):
            owner = (block.start, block.start + len(lines[0])) if lines else _owner(page, item)
            named = office(page, *owner) if owner else None
            out.append(
                ContactMention(
                    email=item.value if kind == "email" else None,
                    website=item.value if kind == "website" else None,
                    of=named.name if named else None,
                    of_key=named.key.removeprefix("body/") if named and named.key.startswith("body/") else None,
                    in_=page.part_of(item.start),
                    start=item.start,
                    end=item.end,
                )
            )
    return tuple(out)


def _owner(page: Page, item: Found) -> tuple[int, int] | None:
    """The name right before an address in brackets."""
    if page.text[item.start - 1 : item.start] != "(":
        return None
    found = _OWNER.search(page.text, max(0, item.start - 90), item.start)
    return found.span("name") if found else None
