"""The things that a document names, as nodes: treaties and provisions, meetings, resolutions, people, bodies, places.

What follows from a thing's key (its kind, its series, its treaty, its number) is stated with it, so that a document
read alone gives a whole graph. Names of things that a document does not spell are minted later, for all sources in one
way (`loaders.names`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyoxigraph import NamedNode
from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, SKOS

from loaders.extraction import MeetingMention, PersonMention, TreatyMention
from loaders.statements import Statements
from ontology import symbols
from ontology.keys import code, doc, provision, series_key, slug, thing
from ontology.namespaces import ELI, TG
from ontology.schema import load_schema

#: Kind of meeting (code/meeting-type) to its class; other kinds are plain meetings.
MEETING_CLASSES: Final = {
    "msp": TG.MeetingOfStatesParties,
    "rc": TG.ReviewConference,
    "im": TG.IntersessionalMeeting,
    "pm": TG.PreparatoryMeeting,
    "prepcom": TG.PreparatoryMeeting,
    "plenary": TG.PlenaryMeeting,
}
#: Kind of document (code/document-type) to its class; other kinds are plain documents.
DOCUMENT_CLASSES: Final = {
    "resolution": TG.Resolution,
    "note-verbale": TG.NoteVerbale,
    "letter": TG.Letter,
    "report": TG.Report,
    "declaration": TG.Declaration,
    "action-plan": TG.ActionPlan,
}
#: Form of a part's name to its class: `op10` is an operative paragraph.
_PART_CLASSES: Final = {
    "op": TG.OperativeParagraph,
    "pp": TG.PreambularParagraph,
    "p": TG.BodyParagraph,
}


@dataclass(frozen=True)
class MeetingKey:
    """What the key of a meeting says: `treaty-on-harbours-msp-9` is the 9th `msp` of `treaty-on-harbours`."""

    treaty: str
    kind: str
    number: int

    @classmethod
    def parse(cls, key: str) -> MeetingKey | None:
        """Take a key apart; None for one of another form (a plenary meeting, an event beside a meeting)."""
        match = re.fullmatch(rf"(?P<treaty>.+?)-(?P<kind>{_kinds()})-(?P<number>[0-9]{{1,4}})", key)
        if match is None or cls.parse(match["treaty"]) is not None:
            return None
        return cls(match["treaty"], match["kind"], int(match["number"]))


def treaty_of(meeting: str) -> URIRef | None:
    """The treaty of a meeting by the meeting's key."""
    name = MeetingKey.parse(meeting)
    return thing("treaty", name.treaty) if name else None


@cache
def _kinds() -> str:
    """The kinds of meetings, as alternatives of a regular expression, the longest first."""
    return "|".join(sorted(map(re.escape, load_schema().codes("meeting-type")), key=lambda kind: (-len(kind), kind)))


def listed(scheme: str, words: str) -> URIRef | None:
    """The code for words of a document, None where the list has none: a code is not made up."""
    return load_schema().codes(scheme).get(slug(words))


def iri_of(path: str) -> URIRef:
    """The IRI of `folder/key` (`body/un-secretary-general`)."""
    folder, _, key = path.partition("/")
    return thing(folder, key)


def state_treaty(said: Statements, treaty: TreatyMention, *passages: NamedNode) -> URIRef:
    """A treaty with its title, abbreviation, entry into force and registration, each with its own passage."""
    node = thing("treaty", treaty.code)
    said.type(node, TG.Treaty, *passages)
    said.say(node, DCTERMS.title, Literal(treaty.title, lang="en"), *passages)
    said.say(node, TG.abbreviation, treaty.abbreviation, *passages)
    force = said.passage(treaty.entry_into_force_in, treaty.in_)
    said.say(node, TG.entryIntoForce, treaty.entry_into_force, *force)
    registered = said.passage(treaty.unts_in)
    said.tell(node, {TG.untsVolume: treaty.unts_volume, TG.untsNumber: treaty.unts_number}, *registered)
    return node


def state_provision(said: Statements, key: str, *passages: NamedNode) -> URIRef:
    """An article or a paragraph of one by its key (`aplc~art12.1`), and the wholes that it is part of."""
    treaty, _, part = key.partition("~")
    article, _, paragraph = part.removeprefix("art").partition(".")
    whole = provision(treaty, article)
    said.type(whole, TG.Article)
    said.tell(whole, {ELI.is_part_of: thing("treaty", treaty), ELI.number: article})
    said.type(thing("treaty", treaty), TG.Treaty)
    if not paragraph:
        return whole
    node = provision(treaty, article, paragraph)
    said.type(node, TG.ArticleParagraph, *passages)
    said.tell(node, {ELI.is_part_of: whole, ELI.number: paragraph})
    return node


def state_document(said: Statements, symbol: str, *passages: NamedNode) -> URIRef:
    """A document that is named by its symbol: a resolution where the symbol is one, else a document."""
    parsed = symbols.parse(symbol)
    node = doc(parsed.key) if parsed else doc(symbol)
    is_resolution = parsed is not None and parsed.is_resolution
    said.type(node, TG.Resolution if is_resolution else TG.Document, *passages)
    said.say(node, DCTERMS.identifier, parsed.text if parsed else symbol, *passages)
    if is_resolution:
        said.say(node, TG.documentType, code("document-type", "resolution"))
    return node


def state_part(said: Statements, document: URIRef, part: str) -> URIRef:
    """A paragraph of a document by its name (`op10`), with its place in the document."""
    node = URIRef(f"{document}~{part}")
    kind = part.rstrip("0123456789")
    number = part.removeprefix(kind)
    if cls := _PART_CLASSES.get(kind):
        said.type(node, cls)
    said.tell(node, {ELI.is_part_of: document, ELI.number: number or part})
    said.say(node, TG.position, int(number) if number.isdecimal() else None)
    return node


def state_meeting_key(said: Statements, key: str) -> URIRef:
    """A meeting that is only named: what its key says (`aplc-msp-21`: treaty, kind, ordinal or year)."""
    node = thing("meeting", key)
    name = MeetingKey.parse(key)
    if name is None:
        said.type(node, TG.Meeting)
        return node
    said.type(node, MEETING_CLASSES.get(name.kind, TG.Meeting))
    said.tell(
        node,
        {
            TG.meetingType: code("meeting-type", name.kind),
            TG.inSeries: state_series(said, series_key(name.treaty, name.kind)),
            TG.ofTreaty: thing("treaty", name.treaty),
            (TG.ordinal if name.number < 1000 else TG.year): name.number,
        },
    )
    return node


def state_series(said: Statements, key: str) -> URIRef:
    """A series of meetings: all of one kind under one treaty (`aplc-msp`)."""
    node = thing("series", key)
    said.type(node, TG.MeetingSeries)
    if match := re.fullmatch(rf"(?P<treaty>.+)-(?P<kind>{_kinds()})", key):
        treaty = thing("treaty", match["treaty"])
        said.tell(node, {TG.ofTreaty: treaty, TG.meetingType: code("meeting-type", match["kind"])})
        said.type(treaty, TG.Treaty)
    return node


def state_meeting(said: Statements, meeting: MeetingMention, *passages: NamedNode, exact: bool = True) -> URIRef:
    """A meeting with what one paragraph states of it: planned and held dates are told apart.

    With `exact` false the precision is left out: the document gives the dates more exactly in another place.
    """
    node = thing("meeting", meeting.key)
    said.type(node, MEETING_CLASSES.get(meeting.type, TG.Meeting), *passages)
    series = state_series(said, meeting.series)
    place = state_place(said, meeting.place, meeting.country, *passages) if meeting.place else None
    first, last, exactness = (
        (TG.startDate, TG.endDate, TG.datePrecision)
        if meeting.held
        else (TG.plannedStartDate, TG.plannedEndDate, TG.plannedDatePrecision)
    )
    said.tell(
        node,
        {
            TG.meetingType: code("meeting-type", meeting.type),
            TG.inSeries: series,
            TG.ofTreaty: thing("treaty", meeting.treaty),
            TG.ordinal: meeting.ordinal,
            TG.place: place,
            TG.venue: meeting.venue,
            TG.year: meeting.year,
            first: meeting.start_date,
            last: meeting.end_date,
            exactness: code("precision", meeting.precision) if exact and meeting.precision else None,
        },
        *passages,
    )
    for purpose in meeting.purposes:
        said.say(node, TG.purpose, Literal(purpose, lang="en"), *passages)
    return node


def state_place(said: Statements, name: str, country: str | None, *passages: NamedNode) -> URIRef:
    """A city by the name that the document gives, and its country where one is named."""
    node = thing("place", slug(name))
    said.type(node, TG.Place)
    said.say(node, SKOS.prefLabel, Literal(name, lang="en"), *passages)
    said.say(node, TG.countryName, country, *passages)
    return node


def state_body(said: Statements, path: str, name: str | None = None, *passages: NamedNode) -> URIRef:
    """A body or post by `folder/key`, with the name that the document gives it."""
    node = iri_of(path)
    if path.startswith("post/"):
        return state_post(said, path.partition("/")[2])
    said.type(node, TG.Body)
    if name:
        said.say(node, SKOS.prefLabel, Literal(name, lang="en"), *passages)
    return node


def state_post(said: Statements, key: str, *passages: NamedNode) -> URIRef:
    """A post by its key: `aplc-msp-17-president` is the President of the meeting `aplc-msp-17`.

    Where the key does not begin with a meeting's, the post is stated without the body that it belongs to.
    """
    node = thing("post", key)
    said.type(node, TG.Post)
    if match := re.fullmatch(rf"(?P<meeting>.+?-(?:{_kinds()})-[0-9]+)-(?P<role>[a-z-]+)", key):
        meeting = state_meeting_key(said, match["meeting"])
        said.tell(node, {TG.postOf: meeting, TG.role: listed("role", match["role"])}, *passages)
    return node


def state_person(said: Statements, person: PersonMention, *passages: NamedNode) -> URIRef:
    """A person, and the tenure of the post in which the document shows him or her."""
    node = thing("person", person.key)
    said.type(node, TG.Person)
    said.tell(node, {FOAF.name: person.name, SKOS.prefLabel: Literal(person.name, lang="en")}, *passages)
    if person.post:
        post = state_post(said, person.post, *passages)
        tenure = thing("tenure", f"{person.post}/{person.key}")
        said.statement(tenure, TG.Tenure, {TG.holder: node, TG.post: post})
        said.tell(tenure, {TG.holder: node, TG.post: post}, *passages)
    return node
