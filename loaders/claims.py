"""Claims: what one read document states, as quads.

`claims(extraction)` fills three graphs (DESIGN, "How data flows"): the source graph with the plain statements, the
claims graph with the passage of each, and the provenance graph with who read what. What the extraction holds becomes
triples by the terms of the ontology; nothing is added that the document does not state, except what follows from a
thing's name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pyoxigraph import Quad
from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, SKOS

from loaders.acts import (
    Numbers,
    state_agenda_request,
    state_convocation,
    state_cost_rule,
    state_count,
    state_deadline,
    state_event,
    state_invitation,
    state_mandate,
    state_outcome,
    state_programme,
)
from loaders.canonical import canonical_trig
from loaders.extraction import ContactMention, Extraction, MeetingMention, ProvisionMention, ResolutionMention
from loaders.provenance import provenance_quads
from loaders.statements import Statements, Value
from loaders.things import (
    DOCUMENT_CLASSES,
    iri_of,
    listed,
    state_body,
    state_document,
    state_meeting,
    state_part,
    state_person,
    state_provision,
    state_treaty,
)
from ontology import symbols
from ontology.keys import code, doc, thing
from ontology.namespaces import ELI, TG
from ontology.schema import local_name

#: Name of the loader in provenance.
LOADER: Final = "documents"

#: From the finest.
_PRECISIONS: Final = ("day", "week", "month", "year")

_DOCUMENT_TYPES: Final = {
    "Resolution": "resolution",
    "NoteVerbale": "note-verbale",
    "Letter": "letter",
    "Report": "report",
    "Treaty": "treaty",
}


def claims(extraction: Extraction, *, quotations: bool = False) -> list[Quad]:
    """The quads of one extraction: source graph, claims graph, provenance; order is that of the document.

    With `quotations` each passage holds the text it spans (oa:exact): for a store of the user's own. Without, as for
    the repository, facts, spans and checksum only.
    """
    said = Statements(extraction.key, text=extraction.text if quotations else None)
    _heading(said, extraction)
    _paragraphs(said, extraction)
    _mentions(said, extraction)
    _acts(said, extraction)
    provenance = provenance_quads(
        said.graph, source=said.document, confidence="extracted", loader=LOADER, checksum=extraction.checksum
    )
    return [*said.quads(), *provenance]


def claims_trig(extraction: Extraction) -> str:
    """The claims of one document as canonical TriG: the form of the files in `data/claims/`."""
    return canonical_trig(claims(extraction))


def claims_path(extraction: Extraction, data_dir: Path) -> Path:
    """The file in `data/claims/` that holds the claims of a document: its key with `/` as `-`."""
    return data_dir / "claims" / f"{extraction.key.replace('/', '-')}.trig"


def write_claims(extraction: Extraction, data_dir: Path) -> Path:
    """Write the claims of one document into `data/claims/` and return the file; the same document gives the same bytes.

    Raises OSError where the folder cannot be written.
    """
    path = claims_path(extraction, data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(claims_trig(extraction), encoding="utf-8", newline="\n")
    return path


def _heading(said: Statements, read: Extraction) -> None:
    document = said.document
    kind = _DOCUMENT_TYPES.get(read.type, "unknown")
    said.type(document, DOCUMENT_CLASSES.get(kind, TG.Document))
    said.say(document, TG.documentType, code("document-type", kind))
    issuer = state_body(said, read.issuer_key, read.issuer) if read.issuer_key else None
    report = state_document(said, read.committee_report) if read.committee_report else None
    plenary = _plenary(said, read)
    # A post signs; only a body issues.
    is_body = read.issuer_key is not None and read.issuer_key.startswith("body/")
    facts: dict[str, tuple[URIRef, Value | None]] = {
        "symbol": (DCTERMS.identifier, read.symbol),
        "reference": (DCTERMS.identifier, read.reference if read.symbol is None else None),
        "title": (DCTERMS.title, Literal(read.title, lang=read.language or "en") if read.title else None),
        "language": (DCTERMS.language, read.language),
        "adopted": (TG.adoptionDate, read.adopted),
        "distributed": (TG.distributionDate, read.distributed),
        "issued": (TG.issueDate, read.issued),
        "issuer": (TG.issuer, issuer if is_body else None),
        "session": (TG.session, read.session),
        "plenary_meeting": (TG.adoptedAt, plenary),
        "agenda_item": (TG.agendaItem, read.agenda_item),
        "agenda_item_title": (TG.agendaItemTitle, _english(read.agenda_item_title)),
        "committee_report": (TG.committeeReport, report),
        "committee_report_paragraph": (TG.committeeReportParagraph, _text(read.committee_report_paragraph)),
        "treaty": (TG.ofTreaty, thing("treaty", read.treaty) if read.treaty else None),
    }
    for field, (predicate, value) in facts.items():
        said.say(document, predicate, value, *said.passage(read.span(field)))
    for addressee in read.addressees:
        said.say(document, TG.addressedTo, Literal(addressee, lang="en"), *said.passage(read.span("addressees")))
    if report is not None and read.committee_key:
        said.say(report, TG.documentType, code("document-type", "report"))
        said.type(report, TG.Report)
        said.say(report, TG.issuer, state_body(said, f"body/{read.committee_key}", read.committee))
    if read.symbol and (parsed := symbols.parse(read.symbol)) and parsed.text != read.symbol:
        said.say(document, SKOS.hiddenLabel, parsed.text)


def _plenary(said: Statements, read: Extraction) -> URIRef | None:
    if read.plenary_key is None:
        return None
    meeting = thing("meeting", read.plenary_key)
    said.type(meeting, TG.PlenaryMeeting)
    facts: dict[URIRef, Value | None] = {
        TG.meetingType: code("meeting-type", "plenary"),
        TG.ordinal: read.plenary_meeting,
        TG.session: read.session,
        # What a plenary meeting adopts, it adopts on the day it meets.
        TG.startDate: read.adopted,
        TG.endDate: read.adopted,
        TG.datePrecision: code("precision", "day") if read.adopted else None,
    }
    said.tell(meeting, facts, *said.passage(read.span("plenary_meeting")))
    return meeting


def _paragraphs(said: Statements, read: Extraction) -> None:
    for paragraph in read.paragraphs:
        passages = said.passage((paragraph.start, paragraph.end), paragraph.part)
        node = state_part(said, said.document, paragraph.part)
        said.say(node, ELI.is_part_of, said.document, *passages)
        force = code("force", paragraph.force) if paragraph.force else None
        said.tell(node, {TG.openingWords: paragraph.opening, TG.force: force}, *passages)


def _mentions(said: Statements, read: Extraction) -> None:
    for treaty in read.treaties:
        state_treaty(said, treaty, *said.passage((treaty.start, treaty.end), treaty.in_))
    recalling = {part.part for part in read.paragraphs if part.kind == "preambular" and part.force == "recalls"}
    finest: dict[tuple[str, bool], int] = {}
    for meeting in read.meetings:
        if meeting.precision:
            about = (meeting.key, bool(meeting.held))
            finest[about] = min(_PRECISIONS.index(meeting.precision), finest.get(about, len(_PRECISIONS)))
    for meeting in read.meetings:
        # A document that says "the week of" in one place and the days in another is exact to the day.
        most = finest.get((meeting.key, bool(meeting.held)))
        exact = meeting.precision is not None and _PRECISIONS.index(meeting.precision) == most
        node = state_meeting(said, meeting, *said.passage((meeting.start, meeting.end), meeting.in_), exact=exact)
        if meeting.in_ in recalling:
            _citation(said, meeting.key, node, meeting, manner=code("manner", "recalls"))
    for resolution in read.resolutions:
        _cite_document(said, resolution)
    for mention in read.provisions:
        _cite_provision(said, mention)
    for person in read.people:
        passages = said.passage((person.start, person.end), person.in_)
        node = state_person(said, person, *passages)
        if person.in_ is None and read.type == "Letter":
            # Outside the paragraphs of a letter a person stands under it: the signature.
            said.say(said.document, TG.signatory, node, *passages)
    for contact in read.contacts:
        _contact(said, contact)


def _cite_document(said: Statements, mention: ResolutionMention) -> None:
    passages = said.passage((mention.start, mention.end), mention.in_)
    cited = state_document(said, mention.symbol, *passages)
    said.say(cited, TG.adoptionDate, mention.adopted, *passages)
    said.say(cited, DCTERMS.title, _english(mention.title), *passages)
    if mention.part:
        cited = state_part(said, doc(mention.key), mention.part)
    _citation(said, mention.cited, cited, mention, _manner(mention.manner))


def _cite_provision(said: Statements, mention: ProvisionMention) -> None:
    cited = state_provision(said, mention.key, *said.passage((mention.start, mention.end), mention.in_))
    _citation(said, mention.key, cited, mention, _manner(mention.manner))


def _manner(words: str) -> URIRef:
    return listed("manner", words) or code("manner", "refers-to")


def _citation(
    said: Statements,
    cited_key: str,
    cited: URIRef,
    mention: ResolutionMention | ProvisionMention | MeetingMention,
    manner: URIRef,
) -> None:
    """One node for each pair of paragraph and thing cited; another manner in the same paragraph gets its own node."""
    citing = f"{said.key}~{mention.in_}" if mention.in_ else said.key
    node = thing("citation", f"{citing}/{cited_key}")
    if said.value(node, TG.manner) not in (None, manner):
        node = URIRef(f"{node}.{local_name(manner)}")
    said.statement(
        node,
        TG.Citation,
        {
            TG.citing: said.part(mention.in_),
            TG.cited: cited,
            TG.manner: manner,
            TG.citedDate: mention.adopted if isinstance(mention, ResolutionMention) else None,
        },
        *said.passage((mention.start, mention.end), mention.in_),
    )


def _contact(said: Statements, contact: ContactMention) -> None:
    node = said.document
    if contact.of_key:
        path = contact.of_key if "/" in contact.of_key else f"body/{contact.of_key}"
        node = iri_of(path)
        state_body(said, path, contact.of)
    passages = said.passage((contact.start, contact.end), contact.in_)
    said.tell(node, {TG.email: contact.email, TG.website: contact.website}, *passages)


def _acts(said: Statements, read: Extraction) -> None:
    numbers = Numbers()
    for mandate in read.mandates:
        state_mandate(said, mandate, read.mandates)
    for programme in read.programmes:
        state_programme(said, programme)
    for convocation in read.convocations:
        state_convocation(said, convocation)
    for invitation in read.invitations:
        state_invitation(said, invitation, numbers)
    for deadline in read.deadlines:
        state_deadline(said, deadline, numbers)
    for rule in read.cost_rules:
        state_cost_rule(said, rule)
    for count in read.participation:
        state_count(said, count, numbers)
    for outcome in read.outcomes:
        state_outcome(said, outcome)
    for event in read.events:
        state_event(said, event)
    for request in read.agenda_requests:
        state_agenda_request(said, request)


def _english(text: str | None) -> Literal | None:
    return Literal(text, lang="en") if text else None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
