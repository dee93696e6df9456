"""What an extraction says becomes triples, each with its passage."""

from __future__ import annotations

import dataclasses

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import DCTERMS, PROV, RDF, SKOS, XSD

from loaders.canonical import canonical_trig
from loaders.claims import claims, claims_path, claims_trig, write_claims
from loaders.extraction import Extraction
from ontology.keys import claims_graph, code, doc, provision, source_graph, thing
from ontology.namespaces import BASE, ELI, GRAPH, OA, TG
from ontology.schema import load_schema

KEY = "note-verbale/2031-02-03/ctl-msp-7"
DAY = ox.NamedNode(str(XSD.date))


def term(value: object) -> ox.NamedNode | ox.Literal:
    if isinstance(value, rdflib.URIRef):
        return ox.NamedNode(str(value))
    if isinstance(value, rdflib.Literal):
        datatype = ox.NamedNode(str(value.datatype)) if value.datatype else None
        return (
            ox.Literal(str(value), language=value.language)
            if value.language
            else ox.Literal(str(value), datatype=datatype)
        )
    if isinstance(value, int):
        return ox.Literal(str(value), datatype=ox.NamedNode(str(XSD.integer)))
    return ox.Literal(str(value))


def day(value: str) -> rdflib.Literal:
    return rdflib.Literal(value, datatype=XSD.date, normalize=False)


@pytest.fixture
def store(note: Extraction) -> ox.Store:
    store = ox.Store()
    store.extend(claims(note))
    return store


def says(store: ox.Store, subject: str, predicate: str, graph: str | None = None) -> set[ox.NamedNode | ox.Literal]:
    graph = graph or source_graph(KEY)
    found = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None, ox.NamedNode(graph))
    return {quad.object for quad in found}


MEETING = thing("meeting", "ctl-msp-7")
EARLIER = thing("meeting", "ctl-msp-6")
DECISION = thing("meeting", "ctl-msp-6~convene-ctl-msp-7")
MANDATE = thing("mandate", "a/res/85/12b~op4")
DEADLINE = thing("deadline", f"{KEY}~p2")
CITATION = thing("citation", f"{KEY}~p1/ctl~art9.1")


@pytest.mark.parametrize(
    ("subject", "predicate", "values"),
    [
        (doc(KEY), RDF.type, {TG.NoteVerbale}),
        (doc(KEY), TG.documentType, {code("document-type", "note-verbale")}),
        (doc(KEY), TG.issueDate, {day("2031-02-03")}),
        (doc(KEY), TG.issuer, {thing("body", "un-secretary-general")}),
        (doc(KEY), TG.ofTreaty, {thing("treaty", "ctl")}),
        (doc(KEY), TG.website, {"lanterns.example.org"}),
        (doc(f"{KEY}~p2"), RDF.type, {TG.BodyParagraph}),
        (doc(f"{KEY}~p2"), ELI.is_part_of, {doc(KEY)}),
        (doc(f"{KEY}~p2"), TG.position, {2}),
        (doc(f"{KEY}~p2"), TG.provisionalAgendaSession, {86}),
        (thing("treaty", "ctl"), TG.entryIntoForce, {day("2009-05-01")}),
        (thing("treaty", "ctl"), TG.untsVolume, {"9001"}),
        (thing("treaty", "ctl"), TG.untsNumber, {"70001"}),
        (thing("treaty", "ctl"), TG.abbreviation, {"CTL"}),
        (provision("ctl", 9, 1), RDF.type, {TG.ArticleParagraph}),
        (provision("ctl", 9, 1), ELI.is_part_of, {provision("ctl", 9)}),
        (provision("ctl", 9), ELI.is_part_of, {thing("treaty", "ctl")}),
        (MEETING, RDF.type, {TG.MeetingOfStatesParties}),
        (MEETING, TG.ordinal, {7}),
        (MEETING, TG.plannedStartDate, {day("2031-06-02")}),
        (MEETING, TG.startDate, set()),
        (MEETING, TG.plannedDatePrecision, {code("precision", "week")}),
        (MEETING, TG.datePrecision, set()),
        (MEETING, TG.convokedBy, {doc(KEY)}),
        (MEETING, TG.convenedBy, {thing("body", "un-secretary-general")}),
        (MEETING, TG.inCooperationWith, {thing("body", "ctl-committees")}),
        (EARLIER, TG.startDate, {day("2030-06-03")}),
        (EARLIER, TG.plannedStartDate, set()),
        (EARLIER, TG.place, {thing("place", "port-alder")}),
        (thing("place", "port-alder"), TG.countryName, {"Vesperia"}),
        (DECISION, RDF.type, {TG.Decision}),
        (DECISION, TG.takenBy, {EARLIER}),
        (MANDATE, TG.conferredBy, {doc("a/res/85/12b~op4")}),
        (MANDATE, TG.force, {code("force", "requests")}),
        (MANDATE, TG.addressee, {thing("body", "un-secretary-general")}),
        (MANDATE, TG.concerns, {MEETING}),
        (MANDATE, TG.onBehalfOf, {code("invitee", "states-parties")}),
        (
            doc("a/res/85/12b~op4"),
            TG.restsOn,
            {thing("meeting", "ctl-rc-1~convene-ctl-msp-7"), DECISION, thing("treaty", "ctl")},
        ),
        (doc("a/res/85/12b"), DCTERMS.identifier, {"A/RES/85/12 B"}),
        (doc("a/res/85/12b"), TG.adoptionDate, {day("2030-12-02")}),
        (CITATION, TG.manner, {code("manner", "pursuant-to")}),
        (rdflib.URIRef(f"{CITATION}.quotes"), TG.manner, {code("manner", "quotes")}),
        (DEADLINE, TG.dueDate, {day("2031-05-23")}),
        (DEADLINE, TG.statedWeekday, {"Friday"}),
        (DEADLINE, TG.postalAddress, {"CTL Secretariat, 1 Pier Road"}),
        (DEADLINE, TG.submitTo, {thing("post", "ctl-msp-7-executive-secretary")}),
        (DEADLINE, TG.onBasisOf, {doc("a/res/85/12b~op4")}),
        (rdflib.URIRef(f"{DEADLINE}.2"), TG.deadlineFor, {code("deadline", "registration")}),
        (thing("post", "ctl-msp-7-executive-secretary"), TG.postOf, {MEETING}),
        (
            thing("invitation", f"{KEY}~p2"),
            TG.invitee,
            {code("invitee", "ngos"), code("invitee", "states-not-parties")},
        ),
        (thing("invitation", f"{KEY}~p2"), TG.underProvision, {provision("ctl", 9, 4)}),
        (thing("cost-rule", "ctl~art12.1"), TG.bearer, {code("bearer", "states-parties")}),
        (thing("count", f"{KEY}~p1"), TG["count"], {77}),
        (thing("meeting", "ctl-rc-1"), TG.adopted, {doc("ctl-rc-1/action-plan")}),
        (doc("ctl-rc-1/action-plan"), TG.periodEnd, {2032}),
        (thing("tenure", "ctl-msp-6-president/ada-quill"), TG.holder, {thing("person", "ada-quill")}),
        (thing("post", "ctl-msp-6-president"), TG.role, {code("role", "president")}),
        (thing("meeting", "ctl-msp-7-lamp-viewing"), TG.statedWeekday, {"Sunday"}),
        (thing("meeting", "ctl-msp-7-lamp-viewing"), TG.plannedStartDate, {day("2031-06-01")}),
        (thing("programme", "ctl-lamp-programme"), RDF.type, {TG.Programme}),
        (thing("mandate", "ctl-lamp-programme~convene-ctl-msp-7"), TG.concerns, {MEETING}),
    ],
)
def test_an_item_becomes_these_values(
    store: ox.Store, subject: rdflib.URIRef, predicate: rdflib.URIRef, values: set[object]
) -> None:
    assert says(store, subject, predicate) == {term(value) for value in values}


def test_a_claim_names_triple_passage_graph_and_confidence(store: ox.Store) -> None:
    rows = store.query(
        f"""SELECT ?passage ?graph ?confidence WHERE {{ GRAPH <{claims_graph(KEY)}> {{
          ?claim a <{TG.Claim}> ; <{TG.subject}> <{MEETING}> ; <{TG.predicate}> <{TG.plannedStartDate}> ;
            <{TG.object}> "2031-06-02"^^<{XSD.date}> ; <{TG.passage}> ?passage ; <{TG.inSource}> ?graph ;
            <{TG.confidence}> ?confidence }} }}"""
    )
    assert [tuple(value.value for value in row) for row in rows] == [
        (f"{doc(KEY)}#char=210,260", str(source_graph(KEY)), str(code("confidence", "extracted")))
    ]


def test_entry_into_force_and_registration_have_their_own_passages(store: ox.Store) -> None:
    found = {}
    for name in (TG.entryIntoForce, TG.untsVolume):
        rows = store.query(f"SELECT ?p WHERE {{ GRAPH ?g {{ ?c <{TG.predicate}> <{name}> ; <{TG.passage}> ?p }} }}")
        found[name] = [row[0].value.rpartition("=")[2] for row in rows]
    assert found == {TG.entryIntoForce: ["60,90"], TG.untsVolume: ["1900,1950"]}


def test_each_claim_is_in_the_source_graph_and_each_passage_lies_in_the_text(store: ox.Store, note: Extraction) -> None:
    graph = ox.NamedNode(source_graph(KEY))
    claimed = store.query(
        f"SELECT ?s ?p ?o WHERE {{ GRAPH <{claims_graph(KEY)}> "
        f"{{ ?c <{TG.subject}> ?s ; <{TG.predicate}> ?p ; <{TG.object}> ?o }} }}"
    )
    rows = list(claimed)
    assert len(rows) > 50
    assert all(ox.Quad(row["s"], row["p"], row["o"], graph) in store for row in rows)
    for name, bound in ((TG.start, 0), (TG.end, 1)):
        offsets = [int(q.object.value) for q in store.quads_for_pattern(None, ox.NamedNode(str(name)), None, graph)]
        assert offsets
        assert all(bound <= offset <= len(note.text) for offset in offsets)


def test_every_term_is_declared(store: ox.Store) -> None:
    schema = load_schema()
    declared = {str(term) for term in (*schema.properties, *schema.classes)}
    used = {quad.predicate.value for quad in store} | {
        quad.object.value for quad in store if quad.predicate.value == str(RDF.type)
    }
    assert {name for name in used if name.startswith(str(TG))} <= declared
    codes = {q.object.value for q in store if isinstance(q.object, ox.NamedNode) and f"{BASE}code/" in q.object.value}
    assert {name for name in codes if (rdflib.URIRef(name), SKOS.inScheme, None) not in schema.graph} == set()


def test_provenance_names_loader_version_and_checksum_and_no_time(store: ox.Store) -> None:
    provenance = str(GRAPH["provenance"])
    graph = source_graph(KEY)
    assert says(store, graph, RDF.type, provenance) == {ox.NamedNode(str(TG.SourceGraph))}
    assert says(store, graph, TG.checksum, provenance) == {ox.Literal("0" * 64)}
    assert says(store, graph, DCTERMS.source, provenance) == {ox.NamedNode(doc(KEY))}
    (activity,) = says(store, graph, PROV.wasGeneratedBy, provenance)
    (agent,) = says(store, activity.value, PROV.wasAssociatedWith, provenance)
    assert agent.value.startswith(f"{BASE}software/treatygraph/")
    times = {str(XSD.dateTime), str(XSD.time)}
    assert not [q for q in store if isinstance(q.object, ox.Literal) and q.object.datatype.value in times]


def test_quotations_only_when_asked_for(note: Extraction) -> None:
    exact = ox.NamedNode(str(OA.exact))
    assert not [quad for quad in claims(note) if quad.predicate == exact]
    quoted = {
        q.subject.value.rpartition("=")[2]: q.object.value
        for q in claims(note, quotations=True)
        if q.predicate == exact
    }
    assert quoted["210,260"] == note.text[210:260]


def test_the_same_extraction_gives_the_same_bytes_and_canonical_trig_reads_back(note: Extraction) -> None:
    text = claims_trig(note)
    assert text == claims_trig(note)
    assert text == canonical_trig(reversed(claims(note)))
    expected = set(claims(note))
    assert set(ox.parse(text, format=ox.RdfFormat.TRIG)) == expected
    dataset = rdflib.Dataset()
    dataset.parse(data=text, format="trig")
    assert len(set(dataset.quads((None, None, None, None)))) == len(expected)


def test_a_claims_file_is_written_under_the_documents_key(note: Extraction, tmp_path) -> None:
    first = write_claims(note, tmp_path)
    before = first.read_bytes()
    assert first == claims_path(note, tmp_path) == tmp_path / "claims" / "note-verbale-2031-02-03-ctl-msp-7.trig"
    assert write_claims(note, tmp_path).read_bytes() == before
    assert note.text[210:260] not in before.decode()


def test_an_unknown_document_states_what_could_be_read(note: Extraction) -> None:
    bare = Extraction(type="Unknown", key="unknown/abc", name="x.txt", checksum="1" * 64, treaties=note.treaties)
    store = ox.Store()
    store.extend(claims(bare))
    graph = source_graph("unknown/abc")
    assert says(store, doc("unknown/abc"), TG.documentType, graph) == {term(code("document-type", "unknown"))}
    assert says(store, thing("treaty", "ctl"), TG.abbreviation, graph) == {term("CTL")}


def test_a_letter_is_signed_by_whoever_stands_outside_its_paragraphs(note: Extraction) -> None:
    letter = dataclasses.replace(note, type="Letter", issuer_key="post/ctl-msp-6-president")
    store = ox.Store()
    store.extend(claims(letter))
    assert says(store, doc(KEY), TG.signatory) == {term(thing("person", "ada-quill"))}
    assert says(store, doc(KEY), TG.issuer) == set()


@pytest.mark.parametrize("rough", ["week", "month", "year"])
def test_dates_stated_roughly_and_exactly_are_exact(note: Extraction, rough: str) -> None:
    exactly = next(each for each in note.meetings if each.key == "ctl-msp-7")
    meetings = tuple(dataclasses.replace(exactly, precision=each) for each in (rough, "day", None))
    graph = ox.Store()
    graph.extend(claims(dataclasses.replace(note, meetings=meetings)))
    stated = says(graph, MEETING, TG.plannedDatePrecision)
    assert stated == {term(code("precision", "day"))}
