"""What a note or letter does itself: it convenes a meeting, it invites to one. And the invitations of resolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loaders.documents.offices import Office, office
from loaders.documents.page import Page
from loaders.extraction import ConvocationMention, InvitationMention, MandateMention
from loaders.grammar.honours import CONVENE, INVITE, Act, find_acts
from loaders.grammar.invitees import find_capacity, find_invitees
from loaders.grammar.meetings import MeetingName, find_meetings
from loaders.grammar.provisions import find_provisions
from loaders.grammar.sentences import sentences


@dataclass(frozen=True, slots=True)
class Done:
    """An act with its paragraph and the first meeting it names."""

    part: str
    act: Act
    meeting: MeetingName | None


def acts(page: Page) -> list[Done]:
    """All acts of the document, in order."""
    out = []
    for paragraph in page.paragraphs:
        for start, end in sentences(page.text, paragraph.start, paragraph.end):
            for act in find_acts(page.text, start, end):
                names = find_meetings(page.text, act.after, act.end, page.treaties, page.short)
                named = next((name for name in names if name.key), None)
                out.append(Done(paragraph.part, act, named))
    return out


def convened(done: Sequence[Done]) -> MeetingName | None:
    """The meeting that the document is about: the one it convenes, else the one it invites to."""
    for verb in (CONVENE, INVITE):
        for item in done:
            if item.act.verb == verb and item.meeting is not None:
                return item.meeting
    return None


def convocations(
    page: Page, done: Sequence[Done], mandates: Sequence[MandateMention]
) -> tuple[ConvocationMention, ...]:
    """The meetings that the document convenes, each with the mandates that the document names for it before."""
    out: dict[str, ConvocationMention] = {}
    for item in done:
        name, who = item.meeting, _who(page, item.act)
        if item.act.verb != CONVENE or name is None or name.key is None or who is None:
            continue
        under = [
            mandate.conferred_by
            for mandate in mandates
            if "convene" in mandate.tasks
            and mandate.start < item.act.start
            and (mandate.meeting == name.key or (mandate.meeting is None and mandate.series == name.series))
        ]
        found = ConvocationMention(
            meeting=name.key,
            convener=who.name,
            convener_key=who.key,
            under=tuple(dict.fromkeys(under)),
            in_=item.part,
            start=item.act.start,
            end=item.act.end,
        )
        out.setdefault(name.key, found)
    return tuple(out.values())


def invitations(page: Page, done: Sequence[Done]) -> tuple[InvitationMention, ...]:
    """The invitations that the document itself utters."""
    out = []
    for item in done:
        if item.act.verb != INVITE:
            continue
        meeting = item.meeting.key if item.meeting else page.focus
        invitees = find_invitees(page.text, item.act.after, item.act.end)
        if meeting is None or not invitees:
            continue
        who = _who(page, item.act)
        provisions = find_provisions(page.text, item.act.start, item.act.end, page.treaties)
        out.append(
            InvitationMention(
                meeting=meeting,
                invitees=invitees,
                capacity=find_capacity(page.text, item.act.after, item.act.end),
                inviter=who.name if who else None,
                inviter_key=who.key if who else None,
                provision=provisions[0].key if provisions else None,
                on_behalf_of=item.act.on_behalf_of,
                in_=item.part,
                start=item.act.start,
                end=item.act.end,
            )
        )
    return tuple(out)


def mandated_invitations(
    page: Page, mandates: Sequence[MandateMention], issuer: Office
) -> tuple[InvitationMention, ...]:
    """The invitations of operative paragraphs: those the organ utters, and those it asks somebody to utter."""
    out = []
    for mandate in mandates:
        asked = mandate.task == "invite"
        if mandate.meeting is None or not (asked or (mandate.force == "invites" and mandate.task == "participate")):
            continue
        invitees = mandate.invitees if asked else find_invitees(page.text, mandate.start, mandate.end)
        if not invitees:
            continue
        key = f"body/{mandate.addressee_key}" if mandate.addressee_key else None
        out.append(
            InvitationMention(
                meeting=mandate.meeting,
                invitees=invitees,
                capacity=mandate.capacity if asked else find_capacity(page.text, mandate.start, mandate.end),
                inviter=mandate.addressee if asked else issuer.name,
                inviter_key=key if asked else issuer.key,
                provision=mandate.invokes[0] if mandate.invokes else None,
                on_behalf_of=mandate.on_behalf_of,
                in_=mandate.in_,
                start=mandate.start,
                end=mandate.end,
            )
        )
    return tuple(out)


def _who(page: Page, act: Act) -> Office | None:
    """The office that acts. `has the honour` names it at the start of the sentence."""
    if act.who is None:
        return None
    at = page.text.find(act.who, max(0, act.start - 600), act.end)
    if at < 0:
        return None
    article = 4 if act.who.startswith(("The ", "the ")) else 0
    return office(page, at + article, at + len(act.who))
