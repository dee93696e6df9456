"""Misspelled names are found and the nearest declared one is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph

from ontology.namespaces import BASE, CODE, TG
from ontology.schema import load_schema
from ontology.vocabulary import misnamed_documents, nearest, undeclared_terms

HEAD = f"BASE <{BASE}id/> PREFIX tg: <{TG}> PREFIX dcterms: <http://purl.org/dc/terms/> "
MEETING = f"{BASE}id/meeting/ctl-msp-3"


def turtle(text: str) -> Graph:
    return Graph().parse(data=HEAD + text, format="turtle")


@pytest.mark.parametrize(
    ("statement", "term", "suggestion"),
    [
        ("a tg:MeetingOfStateParties", TG.MeetingOfStateParties, TG.MeetingOfStatesParties),
        ('tg:startdate "2031-05-04"', TG.startdate, TG.startDate),
        ('tg:start_date "2031-05-04"', TG.start_date, TG.startDate),
        ("tg:meetingType <../code/meeting-type/mps>", CODE["meeting-type/mps"], CODE["meeting-type/msp"]),
        ("a tg:startDate", TG.startDate, None),
        ("tg:Qqqqqqqq 1", TG.Qqqqqqqq, None),
    ],
)
def test_a_misspelled_name(statement: str, term: str, suggestion: str | None) -> None:
    found = undeclared_terms(turtle(f"<meeting/ctl-msp-3> {statement} ."))
    assert found == [(MEETING, str(term), None if suggestion is None else str(suggestion))]


def test_declared_names_pass() -> None:
    text = "<meeting/ctl-msp-3> a tg:Meeting ; tg:meetingType <../code/meeting-type/msp> . <c> tg:predicate tg:year ."
    assert undeclared_terms(turtle(text)) == []
    assert undeclared_terms(load_schema().graph) == []


def test_a_property_is_no_class_and_a_class_no_property() -> None:
    found = undeclared_terms(turtle("<meeting/ctl-msp-3> tg:Meeting 1 ; a tg:year ."))
    assert [row[1] for row in found] == [str(TG.Meeting), str(TG.year)]


def test_further_terms_can_be_allowed(tmp_path: Path) -> None:
    path = tmp_path / "more.ttl"
    path.write_text(f"PREFIX tg: <{TG}> tg:replaces a <http://www.w3.org/2002/07/owl#ObjectProperty> .")
    graph = turtle("<doc/a/res/85/9> tg:replaces <doc/a/res/84/8> .")
    assert len(undeclared_terms(graph)) == 1
    assert undeclared_terms(graph, load_schema(path)) == []


def test_the_result_is_sorted_and_has_no_repeats() -> None:
    found = undeclared_terms(turtle("<b> tg:zzz 1, 2 . <a> tg:zzz 1 ; tg:aaa 1 ."))
    assert found == sorted(set(found), key=lambda row: (row[0], row[1]))
    assert len(found) == 3


def test_nearest_of_nothing() -> None:
    assert nearest(TG.startDate, []) is None


def test_a_document_whose_iri_does_not_follow_from_its_symbol() -> None:
    text = (
        '<doc/a/res/85/9> dcterms:identifier "A/RES/85/9" . <doc/a/res/54/54b> dcterms:identifier "A/RES/54/54 B" . '
        '<doc/a/res/85/10> dcterms:identifier "A/RES/85/11" . <meeting/x> dcterms:identifier "A/RES/85/12" . '
        '<doc/x> dcterms:identifier "no symbol" . <doc/a/47/60> dcterms:identifier "A/47/60", "S/23329" .'
    )
    assert misnamed_documents(turtle(text)) == [
        (f"{BASE}id/doc/a/res/85/10", "A/RES/85/11", f"{BASE}id/doc/a/res/85/11")
    ]
