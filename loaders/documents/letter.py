"""Letters: date, addressees, an invitation, an announcement in short lines, a signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from loaders.documents.acts import acts, convened, convocations, invitations
from loaders.documents.announcement import announced
from loaders.documents.mandates import reported_mandates
from loaders.documents.offices import Office, office
from loaders.documents.page import Page, body_paragraphs
from loaders.extraction import ConvocationMention, InvitationMention, PersonMention, ProgrammeMention
from loaders.gazetteer import Gazetteer
from loaders.grammar.dates import find_dates
from loaders.grammar.honours import INVITE
from loaders.grammar.invitees import find_invitees
from loaders.grammar.ordinals import CARDINAL, cardinal_value
from loaders.grammar.people import signature_in
from loaders.grammar.programmes import find_programmes
from loaders.grammar.treaties import find_treaties
from loaders.text import Block, NormalisedText
from ontology.keys import slug

_SALUTATION = re.compile(r"(?:Your )?(?:Excellenc(?:y|ies)|Dear|Sir|Madam|Mr\. |Ms\. )[^\n]{0,120}[,:]")
_CLOSING = re.compile(
    r"(?:Yours (?:sincerely|faithfully|truly)|Sincerely(?: yours)?|With (?:my )?best regards)[,.]?|\(Signed\) .*"
    r"|(?:Please )?accept,? .*assurances? of my.*",
    re.I | re.S,
)
_CAPACITY = re.compile(r"[Ii]n my capacity (?:of|as) (?:the )?(?=[A-Z])")
_TOGETHER = re.compile(
    rf"(?i:together|in cooperation|jointly|in collaboration) with (?:the )?(?:(?P<count>{CARDINAL}) )?"
    r"(?P<whom>[A-Z][\w-]*(?: (?:(?:of|for|on|the) ){0,2}[A-Z][\w-]*){0,8})"
)


def read(source: NormalisedText, gazetteer: Gazetteer) -> tuple[Page, dict[str, Any]] | None:
    """The page of a letter, and what is special to it as fields of `Extraction`; None without a salutation line."""
    blocks = [block for block in source.blocks if block.kind != "footnote"]
    first = next((at for at, block in enumerate(blocks) if _SALUTATION.fullmatch(source.of(block))), None)
    if first is None:
        return None
    last = next(
        (at for at, block in enumerate(blocks) if at > first and _CLOSING.fullmatch(source.of(block))), len(blocks)
    )
    paragraphs = body_paragraphs([block for block in blocks[first + 1 : last] if block.kind == "prose"])
    dated = next(
        (days[0] for block in blocks[:first] if (days := find_dates(source.text, block.start, block.end))), None
    )
    treaties = find_treaties(source.text, gazetteer)
    page = Page(source, paragraphs, treaties, dated.first if dated else None)
    about = convened(acts(page))
    if about is not None:
        page = replace(page, short=about.type, focus=about.key)
    signer, people, spans = _signature(page, blocks[last:])
    if dated is not None:
        spans = [*spans, ("issued", dated.start, dated.end)]
    addressees = _addressees(source, blocks[:first])
    programmes = _programmes(page)
    return page, {
        "issued": page.dated,
        "issuer": signer.name if signer else None,
        "issuer_key": signer.key if signer else None,
        "addressees": addressees,
        "people": people,
        "programmes": programmes,
        "mandates": reported_mandates(page),
        "convocations": _convocations(page, signer, programmes),
        "invitations": _invitations(page, signer, addressees),
        "announcement": announced(page, blocks[first:last]),
        "spans": tuple(sorted(spans)),
    }


def _addressees(source: NormalisedText, blocks: Sequence[Block]) -> tuple[str, ...]:
    """The lines between date and salutation, without `To:`."""
    lines = [line for block in blocks for line in source.of(block).split("\n")]
    plain = [re.sub(r"^(?:To|TO) ?: ?", "", line).removeprefix("The ").strip(" ,") for line in lines]
    return tuple(line for line in plain if line and not find_dates(line) and not line.casefold().startswith("ref"))


def _signature(
    page: Page, blocks: Sequence[Block]
) -> tuple[Office | None, tuple[PersonMention, ...], list[tuple[str, int, int]]]:
    """Who signs, in which office. The words `In my capacity of …` name the office if the signature does not."""
    for block in blocks:
        found = signature_in(page.text, block.start, block.end) if block.kind == "lines" else None
        if found is None:
            continue
        at = page.text.index(found.role, found.start + len(found.name))
        post = office(page, at, found.end)
        of_meeting = post.key.startswith("post/")
        person = PersonMention(
            name=found.name,
            role=found.role,
            of=post.key.removeprefix("post/").removesuffix(f"-{slug(found.role)}") if of_meeting else None,
            key=slug(found.name),
            post=post.key.removeprefix("post/") if of_meeting else None,
            honorific=found.honorific,
            in_=None,
            start=found.start,
            end=found.end,
        )
        return post, (person,), [("issuer", found.start, found.end)]
    capacity = _CAPACITY.search(page.text)
    if capacity is None:
        return None, (), []
    stop = page.text.find(",", capacity.end())
    post = office(page, capacity.end(), stop if stop > 0 else len(page.text))
    return (
        (post, (), [("issuer", capacity.start(), capacity.end())]) if post.key.startswith("post/") else (None, (), [])
    )


def _programmes(page: Page) -> tuple[ProgrammeMention, ...]:
    treaty = page.treaties.main
    return tuple(
        ProgrammeMention(
            key=f"{treaty}-{slug(found.name)}",
            title=found.name,
            treaty=treaty,
            established=found.established,
            in_=paragraph.part,
            start=found.start,
            end=found.end,
        )
        for paragraph in page.paragraphs
        if treaty is not None
        for found in find_programmes(page.text, paragraph.start, paragraph.end)
    )


def _convocations(
    page: Page, signer: Office | None, programmes: Sequence[ProgrammeMention]
) -> tuple[ConvocationMention, ...]:
    """The signer calls to the meeting that the letter invites to, with those who prepared it."""
    done = acts(page)
    stated = convocations(page, done, ())
    if stated or signer is None or page.focus is None:
        return stated
    act = next((item for item in done if item.act.verb == INVITE and item.meeting is not None), None)
    if act is None:
        return ()
    helpers = [found for item in page.paragraphs if (found := _TOGETHER.search(page.text, item.start, item.end))]
    counts = [cardinal_value(found["count"]) for found in helpers if found["count"]]
    kind = page.short or ""
    near = [item.key for item in programmes if kind != "im" or "intersessional" in item.key]
    return (
        ConvocationMention(
            meeting=page.focus,
            convener=signer.name,
            convener_key=signer.key,
            in_cooperation_with=tuple(dict.fromkeys(found["whom"] for found in helpers)),
            in_cooperation_count=counts[0] if counts else None,
            programme=near[0] if len(near) == 1 else None,
            in_=act.part,
            start=act.act.start,
            end=act.act.end,
        ),
    )


def _invitations(page: Page, signer: Office | None, addressees: Sequence[str]) -> tuple[InvitationMention, ...]:
    """`to invite you`: the addressees are the invited."""
    stated = invitations(page, acts(page))
    act = next((item for item in acts(page) if item.act.verb == INVITE), None)
    addressed = "\n".join(addressees)
    invitees = find_invitees(addressed.replace(" of the States", " States"), 0, len(addressed))
    if stated or act is None or page.focus is None or not invitees:
        return stated
    return (
        InvitationMention(
            meeting=page.focus,
            invitees=invitees,
            capacity=None,
            inviter=signer.name if signer else None,
            inviter_key=signer.key if signer else None,
            in_=act.part,
            start=act.act.start,
            end=act.act.end,
        ),
    )
