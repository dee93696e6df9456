"""What every kind of document may mention: treaties, resolutions, articles, meetings, counts, outcomes, footnotes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import Final

from loaders.documents.page import Page
from loaders.extraction import (
    FootnoteSpan,
    MeetingMention,
    OutcomeMention,
    ParagraphSpan,
    ParticipationCountMention,
    ProvisionMention,
    ResolutionMention,
    TreatyMention,
)
from loaders.grammar.manners import QUOTES, REFERS, manner_before, quotes_after
from loaders.grammar.meetings import Circumstances, MeetingName, find_meetings
from loaders.grammar.outcomes import find_adopted
from loaders.grammar.participation import find_counts
from loaders.grammar.provisions import find_provisions
from loaders.grammar.resolutions import Cited
from loaders.grammar.sentences import sentences
from loaders.grammar.treaty_facts import find_entries, find_registrations
from loaders.grammar.verbs import force_of, verb_after
from ontology.schema import load_schema

#: How far before `adopted` the meeting that did it may be named.
_NEAR: Final = 1500


def read_treaties(page: Page) -> tuple[TreatyMention, ...]:
    """Each treaty that the document names by a title, at its first mention, with what the document states of it."""
    out: dict[str, TreatyMention] = {}
    for name in page.treaties.names:
        if not name.full:
            continue
        found = out.get(name.code) or TreatyMention(
            code=name.code,
            title=" ".join(page.text[name.start : name.end].split()),
            main=name.code == page.treaties.main,
            in_=page.part_of(name.start),
            start=name.start,
            end=name.end,
        )
        abbreviation = found.abbreviation or name.abbreviation
        out[name.code] = replace(found, year=found.year or name.year, abbreviation=abbreviation)
    for entry in find_entries(page.text, 0, len(page.text)):
        before = page.treaties.before(entry.start)
        near = before is not None and entry.start - before.end < 60
        code = before.code if before and near else page.treaties.main
        if code in out and out[code].entry_into_force is None:
            out[code] = replace(out[code], entry_into_force=entry.day, entry_into_force_in=(entry.start, entry.end))
    calls = {marker: offset for offset, marker in page.source.calls}
    notes = [(block.start, block.marker) for block in page.source.blocks if block.kind == "footnote"]
    for item in find_registrations(page.text, 0, len(page.text)):
        place = bisect_right(notes, (item.start, "\uffff")) - 1
        marker = notes[place][1] if place >= 0 else None
        before = page.treaties.before(calls.get(marker or "", item.start))
        code = before.code if before else page.treaties.main
        if code in out and out[code].unts_number is None:
            span = (item.start, item.end)
            out[code] = replace(out[code], unts_volume=item.volume, unts_number=item.number, unts_in=span)
    return tuple(out.values())


def read_resolutions(page: Page) -> tuple[ResolutionMention, ...]:
    """The cited resolutions, one per paragraph and thing cited."""
    out: dict[tuple[str, str], ResolutionMention] = {}
    for paragraph, cited in page.cited:
        mention = ResolutionMention(
            symbol=cited.symbol,
            key=cited.key,
            adopted=cited.adopted,
            manner=_manner(page, paragraph, cited),
            part=cited.part,
            title=cited.title,
            in_=paragraph.part,
            start=cited.start,
            end=cited.end,
        )
        out.setdefault((paragraph.part, mention.cited), mention)
    return tuple(out.values())


def _manner(page: Page, paragraph: ParagraphSpan, cited: Cited) -> str:
    if cited.part and quotes_after(page.text, cited.end, paragraph.end):
        return QUOTES
    if cited.part and page.quotation_after(paragraph, cited.end) is not None:
        return QUOTES
    before = manner_before(page.text, paragraph.start, cited.trigger)
    if before is not None:
        return before
    if cited.part:
        verb = verb_after(page.text, cited.end, paragraph.end)
        return "requests" if verb and force_of(verb.phrase) == "requests" else REFERS
    if paragraph.opening:
        code = load_schema().manners.get(paragraph.opening.split(" ")[0].casefold())
        return code.replace("-", " ") if code else REFERS
    return REFERS


def read_provisions(page: Page) -> tuple[ProvisionMention, ...]:
    """The cited articles, one per paragraph and article; where it is cited twice, the more telling manner counts."""
    out: dict[tuple[str, str], ProvisionMention] = {}
    for paragraph in page.paragraphs:
        for found in find_provisions(page.text, paragraph.start, paragraph.end, page.treaties):
            manner = manner_before(page.text, paragraph.start, found.start)
            if manner is None:
                manner = QUOTES if quotes_after(page.text, found.end, paragraph.end) else REFERS
            mention = ProvisionMention(
                treaty=found.treaty,
                article=found.article,
                paragraph=found.paragraph,
                manner=manner,
                key=found.key,
                in_=paragraph.part,
                start=found.start,
                end=found.end,
            )
            known = out.get((paragraph.part, found.key))
            if known is None or (known.manner == REFERS and manner != REFERS):
                out[paragraph.part, found.key] = mention
    return tuple(out.values())


def read_meetings(page: Page) -> tuple[MeetingMention, ...]:
    """The meetings named, one per meeting and paragraph, with all that the paragraph states of it."""
    out: dict[tuple[str, str], MeetingMention] = {}
    for paragraph in page.paragraphs:
        for name in find_meetings(page.text, paragraph.start, paragraph.end, page.treaties, page.short):
            if name.key is None:
                continue
            mention = meeting_mention(page, name, paragraph.part)
            known = out.get((paragraph.part, name.key))
            out[paragraph.part, name.key] = mention if known is None else _merged(known, mention)
    return tuple(out.values())


def meeting_mention(page: Page, name: MeetingName, part: str | None) -> MeetingMention:
    """A meeting with its circumstances."""
    about = name.circumstances
    assert name.key is not None
    return MeetingMention(
        key=name.key,
        series=name.series,
        treaty=name.treaty,
        type=name.type,
        ordinal=name.ordinal,
        place=about.place,
        country=about.country,
        venue=about.venue,
        start_date=about.first,
        end_date=about.last,
        precision=about.precision,
        year=about.year,
        held=held(page, about),
        in_=part,
        start=name.start,
        end=name.end,
    )


def held(page: Page, about: Circumstances) -> bool | None:
    """Whether a meeting is over: as the words say, else by comparing its time with the date of the document."""
    if about.said is not None or page.dated is None:
        return about.said
    last = about.last or about.first
    if last is not None:
        return last < page.dated
    if about.year is not None and about.year != page.dated.year:
        return about.year < page.dated.year
    return None


def _merged(known: MeetingMention, mention: MeetingMention) -> MeetingMention:
    """What two mentions of one paragraph say together; the span is that of the one that says more."""
    if mention.year is None and mention.place is None:
        return known
    if known.year is None and known.place is None:
        return mention
    names = ("place", "country", "venue", "start_date", "end_date", "precision", "year", "held")
    values = {name: getattr(mention, name) for name in names if getattr(known, name) is None}
    return replace(known, **values)


def read_counts(page: Page) -> tuple[ParticipationCountMention, ...]:
    """How many States have joined the document's treaty, as of the date of the document."""
    if page.treaties.main is None:
        return ()
    return tuple(
        ParticipationCountMention(
            treaty=page.treaties.main,
            count=found.count,
            count_of=found.of,
            as_of=page.dated,
            in_=paragraph.part,
            start=found.start,
            end=found.end,
        )
        for paragraph in page.paragraphs
        for found in find_counts(page.text, paragraph.start, paragraph.end)
    )


def read_outcomes(page: Page) -> tuple[OutcomeMention, ...]:
    """What a sentence says a meeting adopted: the last meeting named before the verb."""
    out = []
    for paragraph in page.paragraphs:
        for start, end in sentences(page.text, paragraph.start, paragraph.end):
            for found in find_adopted(page.text, start, end):
                near = max(start, found.start - _NEAR)
                names = find_meetings(page.text, near, found.start, page.treaties, page.short)
                keys = [name.key or (page.focus if name.definite else None) for name in names]
                key = next((key for key in reversed(keys) if key), None)
                if key is None:
                    continue
                first, last = found.period or (None, None)
                out.append(
                    OutcomeMention(
                        meeting=key,
                        kind=found.kind,
                        key=f"{key}/{found.kind}",
                        period_start=first,
                        period_end=last,
                        in_=paragraph.part,
                        start=found.start,
                        end=found.end,
                    )
                )
    return tuple(out)


def read_footnotes(page: Page) -> tuple[FootnoteSpan, ...]:
    """The footnotes and the paragraphs that call them."""
    calls = {marker: offset for offset, marker in page.source.calls}
    return tuple(
        FootnoteSpan(
            marker=block.marker,
            in_=page.part_of(calls[block.marker] - 1) if block.marker in calls else None,
            start=block.start,
            end=block.end,
        )
        for block in page.source.blocks
        if block.kind == "footnote" and block.marker
    )
