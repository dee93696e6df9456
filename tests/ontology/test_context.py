"""The committed JSON-LD context is the generated one, and means what the ontology says."""

from __future__ import annotations

import json
from importlib.resources import files

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, XSD

from ontology.context import RENEW, build_context, context_text
from ontology.namespaces import BASE, TG
from ontology.schema import load_schema, local_name


def test_the_committed_file_is_current() -> None:
    committed = files("ontology").joinpath("context.jsonld").read_text(encoding="utf-8")
    assert committed == context_text(), f"ontology/context.jsonld is out of date; renew it with: {RENEW}"


def test_every_term_is_in_the_context() -> None:
    context = build_context()["@context"]
    assert {local_name(t) for t in load_schema().classes | load_schema().properties} <= set(context)


def test_a_document_in_plain_json_becomes_typed_triples() -> None:
    thing = {
        **build_context(),
        "id": "meeting/ctl-msp-3",
        "type": "MeetingOfStatesParties",
        "startDate": "2031-05-04",
        "ordinal": 3,
        "inSeries": "series/ctl-msp",
        "purpose": {"en": "example"},
        "prefLabel": {"en": "3rd Meeting"},
    }
    graph = Graph().parse(data=json.dumps(thing), format="json-ld")
    meeting = URIRef(f"{BASE}id/meeting/ctl-msp-3")
    assert (meeting, RDF.type, TG.MeetingOfStatesParties) in graph
    assert (meeting, TG.startDate, Literal("2031-05-04", datatype=XSD.date)) in graph
    assert (meeting, TG.ordinal, Literal(3)) in graph
    assert (meeting, TG.inSeries, URIRef(f"{BASE}id/series/ctl-msp")) in graph
    assert (meeting, TG.purpose, Literal("example", lang="en")) in graph
    assert len(graph) == 6
