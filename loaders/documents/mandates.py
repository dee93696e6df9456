"""Mandates that a document gives or reports: operative paragraphs, decisions of meetings, quoted paragraphs."""

from __future__ import annotations

import re

from loaders.documents.page import Page
from loaders.extraction import MandateMention, ParagraphSpan
from loaders.grammar.mandates import FORCES, Order, find_orders, regularity
from loaders.grammar.meetings import MeetingName, find_meetings
from loaders.grammar.provisions import find_provisions
from loaders.grammar.resolutions import Cited
from loaders.grammar.sentences import sentences
from loaders.grammar.verbs import force_of, opening, verb_after
from ontology.keys import decision_key

_DECIDED = re.compile(r",? (?:had |has )?(?:also |further )?(?P<verb>[a-z]{4,14}ed(?: upon)?)(?P<that> that)?(?= )")
_BE_HELD = re.compile(r"(?:would|will|shall|should)? ?be (?:held|convened)(?!\w)")


def operative_mandates(page: Page, key: str) -> tuple[MandateMention, ...]:
    """The mandates that the operative paragraphs of this document confer."""
    out: list[MandateMention] = []
    for paragraph in page.paragraphs:
        found = opening(page.text, paragraph.start, paragraph.end, page.source.emphasis)
        if paragraph.kind != "operative" or found is None or paragraph.force not in FORCES:
            continue
        orders = find_orders(page.text, found.end, paragraph.end, page.treaties, page.short)
        out += _numbered(page, f"{key}~{paragraph.part}", paragraph, force=paragraph.force, orders=orders)
    return tuple(out)


def reported_mandates(page: Page) -> tuple[MandateMention, ...]:
    """The mandates that a note or letter reports.

    Decisions of meetings and paragraphs of resolutions, in text order.
    """
    out: list[MandateMention] = []
    for paragraph in page.paragraphs:
        for start, end in sentences(page.text, paragraph.start, paragraph.end):
            for name in find_meetings(page.text, start, end, page.treaties, page.short):
                out += _decisions(page, paragraph, name, start, end)
    for paragraph, cited in page.cited:
        if cited.part is not None and cited.part.startswith("op"):
            out += _quoted(page, paragraph, cited)
    seen: dict[str, MandateMention] = {}
    for mandate in sorted(out, key=lambda item: (item.start, item.end, item.key)):
        seen.setdefault(mandate.key, mandate)
    return tuple(seen.values())


def _decisions(page: Page, paragraph: ParagraphSpan, name: MeetingName, start: int, end: int) -> list[MandateMention]:
    """What the meeting is said to have agreed, decided or asked for, right after its name."""
    decided = _DECIDED.match(page.text, name.end, end)
    force = force_of(decided["verb"]) if decided else None
    if name.key is None or decided is None or force not in FORCES:
        return []
    orders = find_orders(page.text, decided.end("verb"), end, page.treaties, page.short)
    out = []
    for order in orders:
        if order.target is None:
            continue
        target = order.target.key or order.target.series
        out.append(_decided(page, paragraph, name, force=force, order=order, target=target, sentence=(start, end)))
    if not orders and decided["that"]:
        for found in find_meetings(page.text, decided.end(), end, page.treaties, page.short):
            if found.key and _BE_HELD.search(page.text, found.start, end):
                order = _to_hold(page, found, decided.end(), end)
                out.append(
                    _decided(page, paragraph, name, force=force, order=order, target=found.key, sentence=(start, end))
                )
                break
    return out


def _to_hold(page: Page, target: MeetingName, start: int, end: int) -> Order:
    """`decided that the Twelfth Meeting be held …`: an order to convene it, addressed to nobody."""
    invokes = tuple(provision.key for provision in find_provisions(page.text, start, end, page.treaties))
    return Order(start, end, None, None, ("convene",), target, invokes, (), None, (), None, None)


def _decided(
    page: Page,
    paragraph: ParagraphSpan,
    name: MeetingName,
    *,
    force: str,
    order: Order,
    target: str,
    sentence: tuple[int, int],
) -> MandateMention:
    assert name.key is not None
    key = decision_key(name.key, order.task, target)
    before = [p.key for p in find_provisions(page.text, sentence[0], name.start, page.treaties)]
    series = order.target is not None and order.target.key is None
    rule = regularity(page.text, order.start, sentence[1]) if series else None
    return _mandate(
        page,
        order,
        key=key,
        conferred_by=key,
        force=force,
        in_=paragraph.part,
        span=sentence,
        decided_by=name.key,
        invokes=tuple(dict.fromkeys((*before, *order.invokes))),
        frequency=rule.frequency if rule else None,
        max_days=rule.max_days if rule else None,
        period=rule.period if rule else None,
    )


def _quoted(page: Page, paragraph: ParagraphSpan, cited: Cited) -> list[MandateMention]:
    """What a cited operative paragraph says, quoted or told, in the same sentence or in the paragraph after it."""
    limits = sentences(page.text, paragraph.start, paragraph.end)
    end = next((stop for start, stop in limits if start <= cited.start < stop), paragraph.end)
    begin, holder = cited.end, paragraph
    following = page.quotation_after(paragraph, cited.end)
    if following is not None:
        begin, end, holder = following.start, following.end, following
    verb = verb_after(page.text, begin, end, FORCES)
    if verb is None or verb.force is None:
        return []
    orders = find_orders(page.text, verb.end, end, page.treaties, page.short)
    span = (holder.start, end) if holder is not paragraph else (cited.start, end)
    return _numbered(page, cited.cited, holder, force=verb.force, orders=orders, quoted_span=span)


def _numbered(
    page: Page,
    conferring: str,
    paragraph: ParagraphSpan,
    *,
    force: str,
    orders: list[Order],
    quoted_span: tuple[int, int] | None = None,
) -> list[MandateMention]:
    """The mandates of one paragraph: the first has the paragraph's key, the others `.2`, `.3`."""
    out = []
    for number, order in enumerate(orders, 1):
        span = quoted_span or (paragraph.start, paragraph.end)
        if len(orders) > 1:
            span = (span[0] if number == 1 else order.start, order.end if number < len(orders) else span[1])
        start = span[0] + len(page.text[slice(*span)]) - len(page.text[slice(*span)].lstrip(" ,"))
        out.append(
            _mandate(
                page,
                order,
                key=conferring if number == 1 else f"{conferring}.{number}",
                conferred_by=conferring,
                force=force,
                in_=paragraph.part,
                span=(start, span[1]),
                invokes=order.invokes,
                quoted=quoted_span is not None,
            )
        )
    return out


def _mandate(
    page: Page,
    order: Order,
    *,
    key: str,
    conferred_by: str,
    force: str,
    in_: str,
    span: tuple[int, int],
    invokes: tuple[str, ...],
    decided_by: str | None = None,
    frequency: str | None = None,
    max_days: int | None = None,
    period: str | None = None,
    quoted: bool = False,
) -> MandateMention:
    target = order.target
    meeting = target.key if target else None
    if target is not None and meeting is None and target.definite:
        meeting = page.focus
    return MandateMention(
        key=key,
        conferred_by=conferred_by,
        by_decision=decided_by is not None,
        decided_by=decided_by,
        force=force,
        addressee=order.addressee,
        addressee_key=order.body.key.removeprefix("body/") if order.body else None,
        task=order.task,
        tasks=order.tasks,
        meeting=meeting,
        series=target.series if target and meeting is None else None,
        invokes=invokes,
        relies_on=order.relies_on,
        on_behalf_of=order.on_behalf_of,
        invitees=order.invitees,
        capacity=order.capacity,
        session=order.session,
        frequency=frequency,
        max_days=max_days,
        period=period,
        quoted=quoted or decided_by is not None,
        in_=in_,
        start=span[0],
        end=span[1],
    )
