"""Whom to believe: the written order of authority by which one value is preferred to another.

| step (code/authority) | the source …                                                                    |
|-----------------------|---------------------------------------------------------------------------------|
| `curated-decision`    | is a person who decided this case and gave a reason                             |
| `self`                | is the document that the statement is about, or that it is a part of            |
| `organiser`           | was issued by a body that convenes or organises the meetings of that treaty     |
| `other`               | quotes or reports the thing                                                     |
| `secondary`           | is a secondary source (confidence `sourced-secondary`)                          |

Within a step: confidence in the order `sourced-exactly` (read by a person in an official source about the thing),
`extracted` (read by a program in a document), `curated`, `sourced-secondary`; then the later date of issue; then the
IRI of the source graph; last the value, so that the outcome never depends on the order of reading.

Who organises is read from the graph, not from a list: a body that convenes a meeting of the treaty or helps to, that a
mandate asks to convene one, that belongs to the treaty, or that is a unit of such a body. A web page is issued by the
body whose web site it stands on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pyoxigraph import NamedNode, Quad
from rdflib import URIRef
from rdflib.namespace import DCTERMS, FOAF, ORG, PROV

from loaders.provenance import PROVENANCE
from loaders.terms import iri
from ontology.keys import code, folder_of, key_of
from ontology.namespaces import CODE, TG
from ontology.schema import load_schema

#: Order of confidence within one step.
CONFIDENCES: Final = ("sourced-exactly", "extracted", "curated", "sourced-secondary")

#: Things named after a document's parts: they are statements of that document.
_STATED_BY_KEY: Final = ("mandate", "citation", "deadline", "invitation", "count")

#: The relations (IRIs) on which a rank rests, besides what the provenance graph says of sources.
RELATIONS: Final = frozenset(
    str(term)
    for term in (
        *(TG.issuer, TG.issueDate, TG.adoptionDate, TG.ofTreaty, TG.convenedBy, TG.inCooperationWith),
        *(TG.addressee, TG.concerns, TG.task, TG.website, ORG.subOrganizationOf, ORG.unitOf),
    )
)

_CONFIDENCE: Final = f"{CODE}confidence/"


@dataclass(frozen=True, order=True)
class Rank:
    """The place of a source for one statement; the smallest wins."""

    step: int
    #: Code of the step, for the record; it never decides, because `step` is the same.
    step_name: str
    confidence: int
    #: Date of issue turned round (the complement of each character), so that the later date sorts first.
    age: str
    graph: str


@dataclass(frozen=True)
class SourceFacts:
    """What is known of one source graph: the documents that it is from, their issuers and date, its confidence."""

    graph: str
    documents: tuple[str, ...] = ()
    issuers: frozenset[str] = frozenset()
    issued: str = ""
    confidence: str = "curated"


class Authorities:
    """Ranks sources, from what all source graphs and the provenance graph say about documents, bodies and meetings."""

    def __init__(self, statements: Iterable[Quad], provenance: Iterable[Quad]) -> None:
        index = _Index(statements)
        self._sources = _sources(provenance, index)
        self._treaties = index.treaties
        self._organisers = index.organisers()
        self._steps = load_schema().ranks("authority")

    def source(self, graph: str) -> SourceFacts:
        """What is known of a source graph; an unrecorded one has no document and confidence `curated`."""
        return self._sources.get(graph) or SourceFacts(graph)

    def step(self, subject: str, graph: str, confidence: str | None = None) -> str:
        """The step (code/authority) that a source has for statements about this subject."""
        source = self.source(graph)
        if any(_is_about_itself(subject, document) for document in source.documents):
            return "self"
        if (confidence or source.confidence) == "sourced-secondary":
            return "secondary"
        if source.issuers & self._organisers_of(subject):
            return "organiser"
        return "other"

    def rank(self, subject: str, graph: str, confidence: str | None = None) -> Rank:
        """The rank of a source for statements about this subject; `confidence` is that of the claim, if it has one."""
        source = self.source(graph)
        known = confidence or source.confidence
        place = CONFIDENCES.index(known) if known in CONFIDENCES else len(CONFIDENCES)
        age = "".join(chr(0x10FFFF - ord(character)) for character in source.issued) or chr(0x10FFFF)
        step = self.step(subject, graph, confidence)
        return Rank(self._steps[step], step, place, age, graph)

    def _organisers_of(self, subject: str) -> frozenset[str]:
        """The bodies that organise what the subject is: a meeting, a series, a decision of a meeting."""
        thing = subject.partition("~")[0]
        if folder_of(thing) not in ("meeting", "series"):
            return frozenset()
        found: frozenset[str] = frozenset()
        for treaty in self._treaties.get(thing, ()):
            found |= self._organisers.get(treaty, frozenset())
        return found


def _is_about_itself(subject: str, document: str) -> bool:
    """Whether the subject is the document, a part of it, or a statement named after a part of it."""
    if subject == document or subject.startswith(f"{document}~"):
        return True
    if folder_of(subject) not in _STATED_BY_KEY or folder_of(document) != "doc":
        return False
    key, owner = key_of(subject), key_of(document)
    return key.startswith(f"{owner}~") or (folder_of(subject) == "citation" and key.startswith(f"{owner}/"))


class _Index:
    """The few relations that ranking needs, gathered in one pass over all source graphs."""

    def __init__(self, statements: Iterable[Quad]) -> None:
        wanted = {term: set[tuple[str, str]]() for term in RELATIONS}
        for quad in statements:
            if (pairs := wanted.get(quad.predicate.value)) is not None and isinstance(quad.subject, NamedNode):
                pairs.add((quad.subject.value, _value(quad.object)))
        self._pairs = wanted
        self.treaties = self.by_subject(TG.ofTreaty)

    def by_subject(self, predicate: str) -> dict[str, set[str]]:
        """Subject to objects of one relation."""
        found: dict[str, set[str]] = defaultdict(set)
        for subject, value in self._pairs[str(predicate)]:
            found[subject].add(value)
        return found

    def hosts(self) -> dict[str, set[str]]:
        """Host of a web site to the bodies whose site it is."""
        found: dict[str, set[str]] = defaultdict(set)
        for body, site in self._pairs[str(TG.website)]:
            if folder_of(body) == "body" and (host := _host(site)):
                found[host].add(body)
        return found

    def organisers(self) -> dict[str, frozenset[str]]:
        """Treaty to the bodies that organise its meetings."""
        found: dict[str, set[str]] = defaultdict(set)
        for predicate in (TG.convenedBy, TG.inCooperationWith):
            for meeting, body in self._pairs[str(predicate)]:
                for treaty in self.treaties.get(meeting, ()):
                    found[treaty].add(body)
        concerns = self.by_subject(TG.concerns)
        convening = {mandate for mandate, task in self._pairs[str(TG.task)] if task == str(code("task", "convene"))}
        for mandate, body in self._pairs[str(TG.addressee)]:
            for meeting in concerns.get(mandate, ()) if mandate in convening else ():
                for treaty in self.treaties.get(meeting, ()):
                    found[treaty].add(body)
        for body, treaty in self._pairs[str(TG.ofTreaty)]:
            if folder_of(body) == "body":
                found[treaty].add(body)
        units = {pair for term in (ORG.subOrganizationOf, ORG.unitOf) for pair in self._pairs[str(term)]}
        return {treaty: frozenset(_with_units(bodies, units)) for treaty, bodies in found.items()}


def _with_units(bodies: set[str], units: set[tuple[str, str]]) -> set[str]:
    """The bodies and everything below them; a chain of units that runs in a circle ends."""
    found = set(bodies)
    while more := {unit for unit, whole in units if whole in found} - found:
        found |= more
    return found


def _sources(provenance: Iterable[Quad], index: _Index) -> dict[str, SourceFacts]:
    documents: dict[str, set[str]] = defaultdict(set)
    publishers: dict[str, set[str]] = defaultdict(set)
    confidences: dict[str, set[str]] = defaultdict(set)
    hosts = index.hosts()
    for quad in provenance:
        if quad.graph_name != PROVENANCE or not isinstance(quad.subject, NamedNode):
            continue
        subject, value = quad.subject.value, _value(quad.object)
        if quad.predicate in (iri(DCTERMS.source), iri(PROV.hadPrimarySource)):
            documents[subject].add(value)
        elif quad.predicate == iri(DCTERMS.publisher):
            publishers[subject].add(value)
        elif quad.predicate == iri(FOAF.page):
            publishers[subject] |= hosts.get(_host(value), set())
        elif quad.predicate == iri(TG.confidence):
            confidences[subject].add(value.removeprefix(_CONFIDENCE))
    issuers = index.by_subject(TG.issuer)
    dates = {term: index.by_subject(term) for term in (TG.issueDate, TG.adoptionDate)}
    found = {}
    for graph in {*documents, *confidences}:
        sources = documents.get(graph, set())
        issued = max(_dates(sources, dates), default="")
        bodies = {body for source in sources for body in (*issuers.get(source, ()), *publishers.get(source, ()))}
        # A graph with two confidences is as weak as the weaker one.
        weakest = max(
            confidences.get(graph, {"curated"}), key=lambda name: CONFIDENCES.index(name) if name in CONFIDENCES else 9
        )
        found[graph] = SourceFacts(graph, tuple(sorted(sources)), frozenset(bodies), issued, weakest)
    return found


def _dates(sources: set[str], dates: Mapping[URIRef, Mapping[str, set[str]]]) -> Iterator[str]:
    for source in sources:
        for known in dates.values():
            yield from known.get(source, ())


def _host(page: str) -> str:
    """The host of a web address, in lower case, without `www.`; a scheme may be missing."""
    try:
        host = urlsplit(page if "//" in page else f"//{page}").hostname
    except ValueError:
        return ""
    return (host or "").removeprefix("www.")


def _value(term: object) -> str:
    return str(getattr(term, "value", term))
