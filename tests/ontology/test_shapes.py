"""Every shape has one example that conforms and one that violates it, and it alone; validation reads well."""

from __future__ import annotations

import socket
from importlib.resources import files

import pytest
from rdflib import Dataset, Graph, URIRef
from rdflib.namespace import RDF, SH

from ontology.namespaces import BASE, TG
from ontology.shapes import LEVELS, shape_name, shapes_graph, validate

EXAMPLES = files("ontology").joinpath("examples")
LEVEL_OF = {shape_name(s): level for level in LEVELS for s in shapes_graph((level,)).subjects(SH.message)}


def example(name: str, which: str) -> Graph:
    dataset = Dataset()
    dataset.parse(data=EXAMPLES.joinpath(f"{name}.trig").read_text(encoding="utf-8"), format="trig")
    return Graph() + dataset.graph(URIRef(f"{BASE}example/{which}"))


def turtle(text: str) -> Graph:
    head = (
        f"BASE <{BASE}id/> PREFIX tg: <{TG}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
        "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    )
    return Graph().parse(data=head + text, format="turtle")


def test_every_shape_has_its_file_of_examples_and_the_reverse() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == {f"{name}.trig" for name in LEVEL_OF}


@pytest.mark.parametrize("name", sorted(LEVEL_OF))
def test_example_conforms(name: str) -> None:
    graph = example(name, "conforms")
    assert len(graph)
    assert validate(graph, levels=[LEVEL_OF[name]]) == []


@pytest.mark.parametrize("name", sorted(LEVEL_OF))
def test_example_violates_exactly_this_shape(name: str) -> None:
    assert {result.shape for result in validate(example(name, "violates"), levels=[LEVEL_OF[name]])} == {name}


@pytest.mark.parametrize("level", LEVELS)
def test_shapes_say_what_is_wrong_and_how_to_mend_it(level: str) -> None:
    graph = shapes_graph((level,))
    allowed = {
        "core": {SH.Violation},
        "profile": {SH.Violation, SH.Warning, SH.Info},
        "editorial": {SH.Warning, SH.Info},
    }
    for shape in {*graph.subjects(SH.message)}:
        assert str(graph.value(shape, SH.message)).endswith((".", "…"))
        assert str(graph.value(shape, TG.hint)).endswith(".")
        assert (graph.value(shape, SH.severity) or SH.Violation) in allowed[level]
    targeted = set(graph.subjects(SH.targetClass)) | set(graph.subjects(SH.targetSubjectsOf))
    assert targeted == set(graph.subjects(SH.message))


@pytest.mark.parametrize("level", LEVELS)
def test_shapes_use_core_constraints_only(level: str) -> None:
    graph = shapes_graph((level,))
    assert not {SH.sparql, SH.js, SH.rule, SH.target, SH.select} & set(graph.predicates())


def test_subclasses_are_known_without_being_stated() -> None:
    results = validate(turtle("<meeting/Wrong> a tg:ReviewConference ."), levels=["core"])
    assert [result.shape for result in results] == ["meeting-key"]


def test_three_errors_give_three_results() -> None:
    text = '<meeting/ctl-msp-{n}> a tg:MeetingOfStatesParties ; tg:startDate "soon"^^xsd:date .'
    results = validate(turtle("\n".join(text.replace("{n}", str(n)) for n in (1, 2, 3))), levels=["core"])
    assert [(r.focus[-1], r.path, r.value, r.severity) for r in results] == [
        (n, str(TG.startDate), "soon", "violation") for n in "123"
    ]


def test_one_value_gives_one_result_per_shape() -> None:
    results = validate(turtle('<meeting/ctl-msp-1> tg:ordinal "first" .'), levels=["core"])
    assert [(r.shape, r.value) for r in results] == [("ordinal", "first")]


def test_the_gravest_come_first_and_the_order_is_stable() -> None:
    graph = turtle(
        '<meeting/ctl-msp-1> a tg:MeetingOfStatesParties ; tg:endDate "2031-05-06"^^xsd:date .\n'
        '<doc/a/res/85/9> a tg:Resolution ; dcterms:identifier "85-9" .'
    )
    results = validate(graph)
    ranks = [["violation", "warning", "info"].index(result.severity) for result in results]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 1
    assert results == validate(graph)


def test_only_the_focus_nodes_are_checked() -> None:
    graph = turtle("<meeting/One> a tg:Meeting . <meeting/Two> a tg:Meeting .")
    assert {r.focus for r in validate(graph, levels=["core"])} == {f"{BASE}id/meeting/One", f"{BASE}id/meeting/Two"}
    two = URIRef(f"{BASE}id/meeting/Two")
    assert {r.focus for r in validate(graph, levels=["core"], focus_nodes=[two])} == {str(two)}
    assert validate(graph, levels=["core"], focus_nodes=[]) == []


def test_the_data_are_not_changed() -> None:
    graph = turtle("<meeting/One> a tg:Meeting .")
    before = set(graph)
    validate(graph)
    assert set(graph) == before


def test_an_unknown_level_is_an_error() -> None:
    with pytest.raises(ValueError, match="editorial"):
        validate(Graph(), levels=["strict"])


def test_nothing_is_fetched_and_shapes_in_the_data_have_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("validation opened a connection")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    graph = turtle(
        """PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX sh: <http://www.w3.org/ns/shacl#>
        <http://127.0.0.1:9/o> a owl:Ontology ; owl:imports <http://127.0.0.1:9/more> .
        <http://127.0.0.1:9/s> a sh:NodeShape ; sh:shapesGraph <http://127.0.0.1:9/g> ; sh:targetClass tg:Meeting ;
          sh:message "never" ; sh:property [ sh:path tg:year ; sh:minCount 5 ] .
        <meeting/ctl-msp-1> a tg:MeetingOfStatesParties ."""
    )
    assert validate(graph, levels=["core"]) == []


def test_hostile_values_are_reported_and_not_fatal() -> None:
    graph = turtle(
        '<meeting/ctl-msp-1> tg:startDate "9999999999-99-99"^^xsd:date, _:b, <http://example.org/> ; '
        'tg:ordinal "1e400"^^xsd:integer, "NaN"^^xsd:double ; tg:place "x" ; tg:force [] .'
    )
    graph.add((URIRef(f"{BASE}id/doc/x"), RDF.type, TG.Passage))
    shapes = {result.shape for result in validate(graph)}
    assert {"start-date", "ordinal", "place", "force", "passage-key"} <= shapes


def test_a_date_that_cannot_be_compared_is_a_violation_not_a_crash() -> None:
    graph = turtle(
        '<meeting/ctl-msp-1> tg:startDate "2031-13-45"^^xsd:date ; tg:endDate "2031-05-04"^^xsd:date . '
        "<meeting/ctl-msp-2> tg:ordinal 0 ."
    )
    found = {(result.focus.rpartition("/")[2], result.value, result.severity) for result in validate(graph)}
    assert {("ctl-msp-1", "2031-13-45", "violation"), ("ctl-msp-2", "0", "violation")} <= found
