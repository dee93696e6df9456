"""Resolutions of the General Assembly: preambular and operative paragraphs and what they say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from loaders.documents.acts import mandated_invitations
from loaders.documents.heading import Heading, read_heading
from loaders.documents.mandates import operative_mandates
from loaders.documents.offices import Office
from loaders.documents.page import Page
from loaders.extraction import AgendaRequest, ParagraphSpan
from loaders.gazetteer import Gazetteer
from loaders.grammar.agenda import find_agenda_items
from loaders.grammar.bodies import body
from loaders.grammar.treaties import find_treaties
from loaders.grammar.verbs import opening
from loaders.text import Block, NormalisedText
from ontology.keys import symbol_key

_NUMBER = re.compile(r"(?P<number>\d{1,3})\. ?(?=\S)")
_POINT = re.compile(r"\((?:[a-z]{1,2}|[ivx]{1,5})\) ")
_ORGAN = Office("General Assembly", "body/un-general-assembly")


def read(source: NormalisedText, gazetteer: Gazetteer, key: str) -> tuple[Page, dict[str, Any]]:
    """The page of a resolution, and what is special to it as fields of `Extraction`. `key`: for one without symbol."""
    heading = read_heading(source)
    treaties = find_treaties(source.text, gazetteer, heading=heading.spans.get("title"))
    page = Page(source, _paragraphs(source, heading.body), treaties, heading.adopted)
    mandates = operative_mandates(page, symbol_key(heading.symbol) if heading.symbol else key)
    return page, _fields(heading) | {
        "mandates": mandates,
        "invitations": mandated_invitations(page, mandates, _ORGAN),
        "agenda_requests": _agenda_requests(page),
    }


def _fields(heading: Heading) -> dict[str, Any]:
    """The facts of the heading, by the names of the extraction."""
    plenary = heading.session and heading.plenary
    names = {"plenary": "plenary_meeting", "agenda_title": "agenda_item_title", "report": "committee_report"}
    names["report_paragraph"] = "committee_report_paragraph"
    return {
        "symbol": heading.symbol,
        "title": heading.title,
        "adopted": heading.adopted,
        "distributed": heading.distributed,
        "issuer": _ORGAN.name,
        "issuer_key": _ORGAN.key,
        "session": heading.session,
        "plenary_meeting": heading.plenary,
        "plenary_key": f"ga-{heading.session}-plenary-{heading.plenary}" if plenary else None,
        "agenda_item": heading.agenda_item,
        "agenda_item_title": heading.agenda_title,
        "committee": heading.committee,
        "committee_key": body(heading.committee).key.removeprefix("body/") if heading.committee else None,
        "committee_report": heading.report,
        "committee_report_paragraph": heading.report_paragraph,
        "spans": tuple(sorted((names.get(name, name), *span) for name, span in heading.spans.items())),
    }


def _paragraphs(source: NormalisedText, blocks: Sequence[Block]) -> tuple[ParagraphSpan, ...]:
    """Numbered blocks are operative, those before them preambular; points `(a)` belong to the paragraph before.

    Without any number, a last paragraph that ends with a full stop is the only operative one.
    """
    spans: list[tuple[str | None, int, int]] = []
    numbered = any(_NUMBER.match(source.of(block)) for block in blocks)
    for at, block in enumerate(blocks):
        number = _NUMBER.match(source.of(block))
        point = _POINT.match(source.of(block)) or block.kind == "lines"
        if number is not None:
            spans.append((number["number"], block.start, block.end))
        elif spans and (point or (spans[-1][0] is not None and numbered)):
            spans[-1] = (spans[-1][0], spans[-1][1], block.end)
        elif not numbered and at == len(blocks) - 1 and source.of(block).endswith("."):
            spans.append(("1", block.start, block.end))
        elif block.kind == "prose":
            spans.append((None, block.start, block.end))
    out: list[ParagraphSpan] = []
    seen: Counter[str] = Counter()
    preambular = 0
    for number_, start, end in spans:
        found = opening(source.text, start, end, source.emphasis)
        phrase, force = (found.phrase, found.force) if found else (None, None)
        if number_ is None:
            preambular += 1
            kind, printed, part = "preambular", str(preambular), f"pp{preambular}"
        else:
            printed = str(int(number_))
            seen[printed] += 1
            kind, part = "operative", f"op{printed}" if seen[printed] == 1 else f"op{printed}.s{seen[printed]}"
        out.append(
            ParagraphSpan(kind=kind, number=printed, part=part, opening=phrase, force=force, start=start, end=end)
        )
    return tuple(out)


def _agenda_requests(page: Page) -> tuple[AgendaRequest, ...]:
    return tuple(
        AgendaRequest(
            session=found.session,
            item=found.item,
            sub_item=found.sub_item,
            in_=paragraph.part,
            start=found.start,
            end=found.end,
        )
        for paragraph in page.paragraphs
        if paragraph.kind == "operative"
        for found in find_agenda_items(page.text, paragraph.start, paragraph.end)
    )
