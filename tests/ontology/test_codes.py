"""The code lists: complete labels, one meaning per verb, everything that the contract of the lists promises."""

from __future__ import annotations

import pytest
from rdflib import Graph, Literal
from rdflib.namespace import RDF, SKOS

from ontology.namespaces import CODE, TG
from ontology.schema import load_schema
from ontology.shapes import validate

SIX = {"ar", "en", "es", "fr", "ru", "zh"}


def languages(graph: Graph, node: object) -> set[str]:
    return {str(v.language) for v in graph.objects(node, SKOS.prefLabel) if isinstance(v, Literal)}  # type: ignore[arg-type]


def test_every_list_is_there() -> None:
    wanted = {"force", "task", "manner", "meeting-type", "document-type", "finding-state", "precision", "confidence"}
    wanted |= {"severity", "lineage", "mode", "invitee", "capacity", "bearer", "scale", "deadline", "participation"}
    wanted |= {"action-type", "adoption-type", "regional-group", "stage", "state-group", "un-status"}
    assert set(load_schema().schemes()) == wanted | {"role", "authority"}


@pytest.mark.parametrize("scheme", load_schema().schemes())
def test_members_are_complete(scheme: str) -> None:
    graph, members = load_schema().graph, load_schema().codes(scheme)
    assert members
    for name, iri in members.items():
        assert graph.value(iri, SKOS.notation) == Literal(name)
        assert (iri, RDF.type, SKOS.Concept) in graph
        assert (iri, SKOS.topConceptOf, CODE[scheme]) in graph
    labels = [load_schema().label(iri) for iri in members.values()]
    assert sorted(labels) == sorted(set(labels))


@pytest.mark.parametrize(
    ("scheme", "member"),
    [
        ("document-type", "resolution"),
        ("force", "requests"),
        ("manner", "recalls"),
        ("meeting-type", "rc"),
        ("meeting-type", "msp"),
        ("capacity", "observer"),
        ("force", "decides"),
        ("invitee", "states-parties"),
    ],
)
def test_standard_terms_have_six_languages(scheme: str, member: str) -> None:
    assert languages(load_schema().graph, CODE[f"{scheme}/{member}"]) == SIX


def test_the_lists_pass_the_editorial_shapes() -> None:
    graph = Graph()
    for triple in load_schema().graph:
        if str(triple[0]).startswith(str(CODE)):
            graph.add(triple)
    assert validate(graph) == []


def test_no_verb_has_two_forces() -> None:
    graph = load_schema().graph
    for scheme in ("force", "manner"):
        seen: dict[str, str] = {}
        for name, iri in load_schema().codes(scheme).items():
            for verb in {str(v).lower() for v in graph.objects(iri, TG.verb)}:
                assert seen.setdefault(verb, name) == name, f"{verb!r} is listed twice"


def test_a_force_with_verbs_is_named_after_one_of_them() -> None:
    graph, verbs = load_schema().graph, load_schema().verbs
    for name, iri in load_schema().codes("force").items():
        if (iri, TG.verb, None) in graph:
            assert verbs[load_schema().label(iri)] == name


@pytest.mark.parametrize(
    ("phrase", "force"),
    [
        ("requests", "requests"),
        ("also requests", "requests"),
        ("requests also", "requests"),
        ("further requests", "requests"),
        ("renews its call upon", "calls-upon"),
        ("calls further upon", "calls-upon"),
        ("invites and encourages", "invites"),
        ("expresses strong concern", "expresses-concern"),
        ("noting with satisfaction", "welcomes"),
        ("recalling also", "recalls"),
        ("emphasizing", "stresses"),
    ],
)
def test_verbs_give_their_force(phrase: str, force: str) -> None:
    assert load_schema().verbs[phrase] == force


def test_manners_give_their_code() -> None:
    assert load_schema().manners["pursuant to"] == "pursuant-to"
    assert load_schema().manners["in accordance with"] == "in-accordance-with"


def test_the_order_of_authority() -> None:
    assert list(load_schema().ranks("authority")) == ["curated-decision", "self", "organiser", "other", "secondary"]
    assert set(load_schema().ranks("authority")) == set(load_schema().codes("authority"))
