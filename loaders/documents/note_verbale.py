"""Notes verbales: third-person notes of the Secretary-General, of an office of the Secretariat or of a mission."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from loaders.documents.acts import acts, convened, convocations, invitations
from loaders.documents.mandates import reported_mandates
from loaders.documents.offices import office
from loaders.documents.page import Page, body_paragraphs
from loaders.gazetteer import Gazetteer
from loaders.grammar.dates import date_at, find_dates
from loaders.grammar.treaties import find_treaties
from loaders.text import Block, NormalisedText

_OPENING = re.compile(
    r"(?:The )?(?P<who>[A-Z][^.;:]{2,160}?) presents? (?:its|his|her|their) compliments to (?P<whom>[^.;]{3,400}?)"
    r"(?= and (?:has|have|wishes|would)(?!\w)|,? (?:has|have) the hono|[.;])"
)
_REFERENCE = re.compile(
    r"(?:REFERENCE|Reference|Ref\.?|REF\.?)(?: No\.)? ?: ?\n?(?P<reference>[A-Z][\w./-]*/[\w./-]*\d[\w./-]*)"
)
_AND_TO = re.compile(r",? and to ")


def read(source: NormalisedText, gazetteer: Gazetteer) -> tuple[Page, dict[str, Any]] | None:
    """The page of a note, and what is special to it as fields of `Extraction`; None if it lacks the opening form."""
    prose = [block for block in source.blocks if block.kind == "prose"]
    first = next((at for at, block in enumerate(prose) if _OPENING.search(source.of(block))), None)
    if first is None:
        return None
    closing = next(
        (block for block in reversed(prose) if date_at(source.of(block), 0) and _is_date(source, block)), None
    )
    paragraphs = body_paragraphs([block for block in prose[first:] if not _is_date(source, block)])
    treaties = find_treaties(source.text, gazetteer)
    head = source.text[: prose[first].start]
    issued = _issued(source, closing, prose[:first])
    page = Page(source, paragraphs, treaties, issued[0] if issued else None)
    return _finished(page, _fields(page, head, prose[first], issued))


def _finished(page: Page, fields: dict[str, Any]) -> tuple[Page, dict[str, Any]]:
    """Find the meeting that the note is about, then read again with it: "the Meeting" has a meaning now."""
    about = convened(acts(page))
    if about is not None:
        page = replace(page, short=about.type, focus=about.key)
    done = acts(page)
    mandates = reported_mandates(page)
    return page, fields | {
        "mandates": mandates,
        "convocations": convocations(page, done, mandates),
        "invitations": invitations(page, done),
    }


def _fields(page: Page, head: str, opening: Block, issued: tuple[date, int, int] | None) -> dict[str, Any]:
    found = _OPENING.search(page.text, opening.start, opening.end)
    assert found is not None
    who = office(page, *found.span("who"))
    reference = _REFERENCE.search(head)
    spans = [("issuer", *found.span("who")), ("addressees", *found.span("whom"))]
    if reference is not None:
        spans.append(("reference", *reference.span("reference")))
    if issued is not None:
        spans.append(("issued", issued[1], issued[2]))
    return {
        "reference": reference["reference"] if reference else None,
        "issued": issued[0] if issued else None,
        "issuer": who.name,
        "issuer_key": who.key,
        "addressees": tuple(_without_article(part) for part in _AND_TO.split(" ".join(found["whom"].split()))),
        "spans": tuple(sorted(spans)),
    }


def _is_date(source: NormalisedText, block: Block) -> bool:
    """A block that is a date, perhaps with the place before it (`Geneva, 21 March 2023`)."""
    text = source.of(block).strip(" .")
    days = find_dates(text)
    return len(text) <= 60 and len(days) == 1 and days[0].end == len(text) and days[0].precision == "day"


def _issued(source: NormalisedText, closing: Block | None, head: Sequence[Block]) -> tuple[date, int, int] | None:
    """The date under the note, else the one above it."""
    for block in (closing, *(block for block in head if _is_date(source, block))):
        if block is not None:
            dated = find_dates(source.text, block.start, block.end)[0]
            return dated.first, dated.start, dated.end
    return None


def _without_article(text: str) -> str:
    return text.removeprefix("the ").strip(" ,")
