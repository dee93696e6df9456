"""What a document does and reports, as nodes: mandates, convocations, invitations, deadlines, costs, counts, outcomes.

Each function takes the statements being collected and one item of the extraction. `Numbers` names the second and third
node of one paragraph (`deadline/{document}~p9.2`), in the order of the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rdflib import Literal, URIRef

from loaders.extraction import (
    AgendaRequest,
    ConvocationMention,
    CostRuleMention,
    DeadlineMention,
    EventMention,
    InvitationMention,
    MandateMention,
    OutcomeMention,
    ParticipationCountMention,
    ProgrammeMention,
)
from loaders.statements import Statements
from loaders.things import (
    DOCUMENT_CLASSES,
    iri_of,
    listed,
    state_body,
    state_meeting_key,
    state_part,
    state_provision,
    state_series,
    treaty_of,
)
from ontology.keys import code, decision_key, doc, key_of, slug, thing
from ontology.namespaces import TG


class Numbers:
    """Names for several nodes of one kind in one paragraph: the bare key first, then `.2`, `.3`."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def key(self, folder: str, key: str) -> URIRef:
        """The IRI for the next node of this folder and key."""
        name = f"{folder}/{key}"
        self._seen[name] += 1
        count = self._seen[name]
        return thing(folder, key if count == 1 else f"{key}.{count}")


def state_mandate(said: Statements, mandate: MandateMention, others: Sequence[MandateMention] = ()) -> URIRef:
    """A mandate and the authority that confers it: a paragraph of a resolution, or a decision of a meeting.

    `others` are the mandates that the same document states; a mandate may rest on them.
    """
    node = thing("mandate", mandate.key)
    authority = _authority(said, mandate)
    passages = said.passage((mandate.start, mandate.end), mandate.in_)
    concerns = [
        state_meeting_key(said, mandate.meeting) if mandate.meeting else None,
        state_series(said, mandate.series) if mandate.series else None,
        doc(mandate.document) if mandate.document else None,
    ]
    addressee = state_body(said, f"body/{mandate.addressee_key}", mandate.addressee) if mandate.addressee_key else None
    said.statement(
        node,
        TG.Mandate,
        {
            TG.conferredBy: authority,
            TG.force: code("force", mandate.force),
            TG.task: code("task", mandate.task),
            TG.addressee: addressee,
            TG.onBehalfOf: _party(mandate.on_behalf_of),
            TG.maximumDays: mandate.max_days,
            TG.timeOfYear: mandate.period,
        },
        *passages,
    )
    for value in concerns:
        said.say(node, TG.concerns, value)
    for key in mandate.invokes:
        said.say(node, TG.invokes, state_provision(said, key))
    for path in mandate.relies_on:
        for basis in _bases(said, path, mandate, others):
            said.say(authority, TG.restsOn, basis, *passages)
    said.say(authority, TG.provisionalAgendaSession, mandate.session, *passages)
    return node


def state_convocation(said: Statements, act: ConvocationMention) -> None:
    """That the document calls a meeting: who convenes it, with whom, and on what programme it rests."""
    passages = said.passage((act.start, act.end), act.in_)
    meeting = state_meeting_key(said, act.meeting)
    treaty = treaty_of(act.meeting)
    said.say(meeting, TG.convokedBy, said.document, *passages)
    said.say(meeting, TG.convenedBy, state_body(said, act.convener_key, act.convener), *passages)
    for name in act.in_cooperation_with:
        # "Committees of the Convention" are committees of that treaty: `body/aplc-committees`.
        short = name.removesuffix(" of the Convention")
        owner = key_of(treaty) if treaty else act.meeting
        body = state_body(said, f"body/{owner}-{slug(short)}", name)
        said.say(body, TG.ofTreaty, treaty)
        said.say(meeting, TG.inCooperationWith, body, *passages)
    if act.programme:
        programme = thing("programme", act.programme)
        said.statement(
            thing("mandate", f"{act.programme}~convene-{act.meeting}"),
            TG.Mandate,
            {
                TG.conferredBy: programme,
                TG.task: code("task", "convene"),
                TG.concerns: meeting,
            },
            *passages,
        )


def state_invitation(said: Statements, invitation: InvitationMention, numbers: Numbers) -> URIRef:
    """Who invites whom to a meeting, in which capacity, under which provision."""
    node = numbers.key("invitation", _key(said, invitation.in_))
    inviter = state_body(said, invitation.inviter_key, invitation.inviter) if invitation.inviter_key else None
    under = state_provision(said, invitation.provision) if invitation.provision else None
    said.statement(
        node,
        TG.Invitation,
        {
            TG.concerns: state_meeting_key(said, invitation.meeting),
            TG.capacity: code("capacity", invitation.capacity) if invitation.capacity else None,
            TG.underProvision: under,
            TG.inviter: inviter,
            TG.onBehalfOf: _party(invitation.on_behalf_of),
            TG.statedIn: said.document,
        },
        *said.passage((invitation.start, invitation.end), invitation.in_),
    )
    for invitee in invitation.invitees:
        said.say(node, TG.invitee, code("invitee", invitee))
    return node


def state_deadline(said: Statements, deadline: DeadlineMention, numbers: Numbers) -> URIRef:
    """A day by which something is due: what, to whom, where, and on which authority."""
    node = numbers.key("deadline", _key(said, deadline.in_))
    basis = _cited(said, deadline.basis) if deadline.basis else None
    said.statement(
        node,
        TG.Deadline,
        {
            TG.dueDate: deadline.date,
            TG.statedWeekday: deadline.weekday_stated,
            TG.deadlineFor: listed("deadline", deadline.for_),
            TG.submitTo: state_body(said, deadline.submit_to_key, deadline.submit_to)
            if deadline.submit_to_key
            else None,
            TG.postalAddress: ", ".join(deadline.address) or None,
            TG.email: deadline.email,
            TG.website: deadline.website,
            TG.concerns: state_meeting_key(said, deadline.meeting) if deadline.meeting else None,
            TG.onBasisOf: basis,
            TG.statedIn: said.document,
        },
        *said.passage((deadline.start, deadline.end), deadline.in_),
    )
    return node


def state_cost_rule(said: Statements, rule: CostRuleMention) -> URIRef:
    """Who bears the cost of meetings under a provision: one node for each provision, whoever quotes it."""
    node = thing("cost-rule", rule.provision)
    said.statement(
        node,
        TG.CostRule,
        {
            TG.concerns: thing("treaty", rule.treaty),
            TG.underProvision: state_provision(said, rule.provision),
            TG.scale: code("scale", rule.scale) if rule.scale else None,
            TG.statedIn: said.document,
        },
        *said.passage((rule.start, rule.end), rule.in_),
    )
    said.say(node, TG.concerns, state_series(said, rule.concerns) if rule.concerns else None)
    for bearer in rule.bearers:
        said.say(node, TG.bearer, code("bearer", bearer))
    return node


def state_count(said: Statements, count: ParticipationCountMention, numbers: Numbers) -> URIRef:
    """How many States stand in some relation to a treaty, as the document states it."""
    node = numbers.key("count", _key(said, count.in_))
    said.statement(
        node,
        TG.ParticipationCount,
        {
            TG.ofTreaty: thing("treaty", count.treaty),
            TG["count"]: count.count,
            TG.countOf: code("participation", count.count_of),
            TG.asOf: count.as_of,
            TG.statedIn: said.document,
        },
        *said.passage((count.start, count.end), count.in_),
    )
    return node


def state_outcome(said: Statements, outcome: OutcomeMention) -> URIRef:
    """A document that a meeting adopted."""
    node = doc(outcome.key)
    passages = said.passage((outcome.start, outcome.end), outcome.in_)
    meeting = state_meeting_key(said, outcome.meeting)
    said.type(node, DOCUMENT_CLASSES.get(outcome.kind, TG.Document), *passages)
    said.tell(
        node,
        {
            TG.documentType: code("document-type", outcome.kind),
            TG.ofTreaty: treaty_of(outcome.meeting),
            TG.periodStart: outcome.period_start,
            TG.periodEnd: outcome.period_end,
        },
        *passages,
    )
    said.say(meeting, TG.adopted, node, *passages)
    return node


def state_programme(said: Statements, programme: ProgrammeMention) -> URIRef:
    """A standing programme of work."""
    node = thing("programme", programme.key)
    passages = said.passage((programme.start, programme.end), programme.in_)
    said.type(node, TG.Programme, *passages)
    said.label(node, programme.title)
    said.tell(node, {TG.ofTreaty: thing("treaty", programme.treaty), TG.year: programme.established}, *passages)
    return node


def state_event(said: Statements, event: EventMention) -> URIRef:
    """Something that a document announces beside a meeting, on one day: a meeting that belongs to no series."""
    owner = event.meeting or said.key
    node = thing("meeting", f"{owner}-{slug(event.kind)}")
    passages = said.passage((event.start, event.end), event.in_)
    said.type(node, TG.Meeting, *passages)
    said.label(node, f"{event.kind[:1].upper()}{event.kind[1:]}")
    said.tell(
        node,
        {
            TG.ofTreaty: treaty_of(event.meeting) if event.meeting else None,
            TG.plannedStartDate: event.date,
            TG.plannedEndDate: event.date,
            TG.plannedDatePrecision: code("precision", "day"),
            TG.statedWeekday: event.weekday_stated,
        },
        *passages,
    )
    return node


def state_agenda_request(said: Statements, request: AgendaRequest) -> None:
    """The session on whose provisional agenda a paragraph puts an item."""
    passages = said.passage((request.start, request.end), request.in_)
    said.say(said.part(request.in_), TG.provisionalAgendaSession, request.session, *passages)


def _authority(said: Statements, mandate: MandateMention) -> URIRef:
    if mandate.by_decision:
        return _decision(said, mandate.conferred_by, mandate.decided_by)
    document, _, part = mandate.conferred_by.partition("~")
    return state_part(said, doc(document), part) if part else doc(document)


def _decision(said: Statements, key: str, meeting: str | None) -> URIRef:
    node = thing("meeting", key)
    said.type(node, TG.Decision)
    said.say(node, TG.takenBy, state_meeting_key(said, meeting or key.partition("~")[0]))
    return node


def _bases(said: Statements, path: str, mandate: MandateMention, others: Sequence[MandateMention]) -> Iterator[URIRef]:
    """The authorities that the text names as basis of a mandate.

    A meeting is no authority, its decision is: "the decisions of the Second Review Conference" in a paragraph that
    convenes meetings stands for that conference's decision to convene them. "Decisions of the Meetings of the States
    Parties" names none in particular; it stands for those on the same matter that the document itself reports.
    """
    folder, _, key = path.partition("/")
    target = mandate.meeting or mandate.series
    if folder in ("doc", "treaty"):
        yield _cited(said, path)
    elif folder == "programme":
        yield iri_of(path)
    elif folder == "meeting" and "~" in key:
        yield _decision(said, key, None)
    elif folder == "meeting" and target:
        yield _decision(said, decision_key(key, mandate.task, target), key)
    elif folder == "series" and target:
        for other in others:
            about = other.meeting or other.series or ""
            of_series = other.by_decision and (other.decided_by or "").startswith(f"{key}-")
            if of_series and other.task == mandate.task and (about == target or about.startswith(f"{target}-")):
                yield _decision(said, other.conferred_by, other.decided_by)


def _cited(said: Statements, path: str) -> URIRef:
    """What a deadline is based on: a provision or a (paragraph of a) document, with its place in the whole."""
    folder, _, key = path.partition("/")
    if folder == "treaty" and "~" in key:
        return state_provision(said, key)
    if folder == "doc" and "~" in key:
        document, _, part = key.partition("~")
        return state_part(said, doc(document), part)
    return iri_of(path)


def _party(name: str | None) -> URIRef | Literal | None:
    """On whose behalf: a code where the list of invitees has one ("States Parties"), else the words."""
    if name is None:
        return None
    member = listed("invitee", name)
    return member if member is not None else Literal(name, lang="en")


def _key(said: Statements, part: str | None) -> str:
    return f"{said.key}~{part}" if part else said.key
