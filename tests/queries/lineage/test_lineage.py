"""Lineage over the small record: what it reaches, what each step says, what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from ontology.schema import load_schema
from queries.errors import ParameterError
from queries.lineage import Lineage, lineage


@pytest.fixture(scope="module")
def store(small: Any) -> ox.Store:
    return small.store()


@pytest.fixture
def backend(small: Any, store: ox.Store) -> Any:
    return small.CountingBackend(store)


def statements(answer: Lineage, small: Any) -> set[tuple[str, str, str]]:
    bare = [(e.subject, e.relation, e.object) for e in answer.edges]
    return {(s.removeprefix(small.ID), r, o.removeprefix(small.ID)) for s, r, o in bare}


MANDATE_OF_5 = {
    ("meeting/ctl-msp-5", "convenedUnder", "doc/a/res/91/7~op4"),
    ("meeting/ctl-msp-5", "convenedUnder", "meeting/ctl-msp-4~convene-ctl-msp-5"),
    ("meeting/ctl-msp-5", "convenedUnder", "treaty/ctl~art9.1"),
    ("meeting/ctl-msp-5", "convokedBy", "doc/note-verbale/2031-02-03/ctl-msp-5"),
    ("doc/a/res/91/7~op4", "invokes", "treaty/ctl~art10.1"),
    ("doc/a/res/91/7~op4", "provisionOf", "doc/a/res/91/7"),
    ("meeting/ctl-msp-4~convene-ctl-msp-5", "invokes", "treaty/ctl~art9.1"),
    ("meeting/ctl-msp-4~convene-ctl-msp-5", "restsOn", "meeting/ctl-rc-1~convene-ctl-msp"),
    ("meeting/ctl-msp-4~convene-ctl-msp-5", "takenBy", "meeting/ctl-msp-4"),
    ("meeting/ctl-rc-1~convene-ctl-msp", "takenBy", "meeting/ctl-rc-1"),
}


def test_the_mandate_of_a_meeting(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}meeting/ctl-msp-5", kinds=["mandate"])
    assert statements(answer, small) == MANDATE_OF_5
    assert answer.nodes[0].key == "ctl-msp-5"
    assert not answer.truncated
    assert all(edge.kind == "mandate" for edge in answer.edges)


def test_all_kinds_add_recall_and_succession(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}meeting/ctl-msp-5")
    assert statements(answer, small) == MANDATE_OF_5 | {
        ("meeting/ctl-msp-5", "previousInSeries", "meeting/ctl-msp-4"),
        ("meeting/ctl-msp-4", "previousInSeries", "meeting/ctl-msp-3"),
        ("doc/a/res/91/7", "recalls", "doc/a/res/90/8"),
    }


def test_the_reverse_reaches_the_meeting_and_leaves_statements_out(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}treaty/ctl~art9.1", direction="down", kinds=["mandate"])
    assert {node.key for node in answer.nodes} == {"ctl~art9.1", "ctl-msp-5", "ctl-msp-4~convene-ctl-msp-5"}
    assert {node.type for node in answer.nodes} == {"ArticleParagraph", "MeetingOfStatesParties", "Decision"}


def test_a_statement_can_be_asked_about(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}mandate/a/res/91/7~op4")
    assert statements(answer, small) == {("mandate/a/res/91/7~op4", "invokes", "treaty/ctl~art10.1")}


def test_a_whole_starts_with_its_parts(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}doc/a/res/91/7")
    assert statements(answer, small) == {
        ("doc/a/res/91/7~op4", "provisionOf", "doc/a/res/91/7"),
        ("doc/a/res/91/7~op4", "invokes", "treaty/ctl~art10.1"),
        ("doc/a/res/91/7", "recalls", "doc/a/res/90/8"),
    }
    only = lineage(backend, f"{small.ID}doc/a/res/91/7", kinds=["recall"])
    assert statements(only, small) == {("doc/a/res/91/7", "recalls", "doc/a/res/90/8")}


def test_outcomes_run_down_with_their_triple(backend: Any, small: Any) -> None:
    adopted = ("meeting/ctl-rc-1", "adopted", "doc/ctl-rc-1/action-plan")
    assert adopted in statements(lineage(backend, f"{small.ID}meeting/ctl-rc-1", direction="down"), small)
    assert adopted not in statements(lineage(backend, f"{small.ID}meeting/ctl-rc-1", direction="up"), small)
    assert adopted in statements(lineage(backend, f"{small.ID}doc/ctl-rc-1/action-plan", direction="up"), small)


def test_both_directions_together_without_turning(backend: Any, small: Any) -> None:
    thing = f"{small.ID}meeting/ctl-msp-4~convene-ctl-msp-5"
    up, down = lineage(backend, thing, direction="up"), lineage(backend, thing, direction="down")
    both = lineage(backend, thing, direction="both")
    assert statements(both, small) == statements(up, small) | statements(down, small)
    assert "a/res/91/7~op4" not in {node.key for node in both.nodes}, "that would be down and up again"


def test_depth_counts_steps(backend: Any, small: Any) -> None:
    thing = f"{small.ID}meeting/ctl-msp-5"
    assert [n.key for n in lineage(backend, thing, depth=0).nodes] == ["ctl-msp-5"]
    one = statements(lineage(backend, thing, depth=1), small)
    assert {s for s, _, _ in one} == {"meeting/ctl-msp-5"}
    two = statements(lineage(backend, thing, depth=2), small)
    assert ("meeting/ctl-msp-4~convene-ctl-msp-5", "takenBy", "meeting/ctl-msp-4") in two
    assert ("meeting/ctl-rc-1~convene-ctl-msp", "takenBy", "meeting/ctl-rc-1") not in two


def test_a_limit_is_kept_and_said(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}meeting/ctl-msp-5", limit=4)
    assert len(answer.nodes) == 4
    assert answer.truncated
    assert answer.to_json()["truncated"] is True
    known = {node.iri for node in answer.nodes}
    assert all(edge.subject in known and edge.object in known for edge in answer.edges)
    again = lineage(backend, f"{small.ID}meeting/ctl-msp-5", limit=4)
    assert again.to_json() == answer.to_json()


def test_an_unknown_thing_has_an_empty_lineage(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}meeting/none-1")
    assert (len(answer.nodes), len(answer.edges)) == (1, 0)


@pytest.mark.parametrize("wrong", [{"direction": "sideways"}, {"kinds": ["no-such"]}, {"depth": -1}, {"limit": 0}])
def test_bad_use_is_told(backend: Any, small: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        lineage(backend, f"{small.ID}meeting/ctl-msp-5", **wrong)


def test_the_json_has_the_fixed_shape(backend: Any, small: Any) -> None:
    said = lineage(backend, f"{small.ID}meeting/ctl-msp-5", kinds=["mandate"]).to_json()
    assert list(said) == ["thing", "release", "nodes", "edges"]
    assert said["release"] == "small"
    assert set(said["nodes"][0]) == {"iri", "key", "type", "label"}
    edge = next(e for e in said["edges"] if e["to"] == f"{small.ID}doc/a/res/91/7~op4")
    label = "5th Meeting of the States Parties (CTL)"
    assert edge == {
        "from": f"{small.ID}meeting/ctl-msp-5",
        "to": f"{small.ID}doc/a/res/91/7~op4",
        "relation": "convenedUnder",
        "kind": "mandate",
        "sentence": f"{label} was convened under A/RES/91/7, operative paragraph 4.",
        "sources": [
            {"document": f"{small.ID}doc/a/res/91/7", "in": "op4", "start": 900, "end": 990, "confidence": "extracted"},
            {
                "document": f"{small.ID}doc/note-verbale/2031-02-03/ctl-msp-5",
                "in": "p4",
                "start": 300,
                "end": 390,
                "confidence": "extracted",
            },
        ],
    }


def test_every_edge_has_a_sentence_with_both_labels(backend: Any, small: Any) -> None:
    answer = lineage(backend, f"{small.ID}meeting/ctl-msp-5")
    labels = {node.iri: node.label for node in answer.nodes}
    for edge in answer.edges:
        assert labels[edge.subject] in edge.sentence
        assert labels[edge.object] in edge.sentence
        assert "{" not in edge.sentence


def test_cycles_end(small: Any) -> None:
    store = ox.Store()
    recalls = ox.NamedNode(f"{small.TG}recalls")
    ring = [ox.NamedNode(f"{small.ID}doc/a/res/{n}/1") for n in range(1, 6)]
    store.extend(ox.Quad(a, recalls, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))
    store.add(ox.Quad(ring[0], recalls, ring[0]))
    for direction in ("up", "down", "both"):
        answer = lineage(small.CountingBackend(store), ring[0].value, direction=direction, depth=50)
        assert len(answer.nodes) == 5
        assert len(answer.edges) == 6


def test_it_costs_what_the_answer_costs_not_what_the_graph_costs(small: Any) -> None:
    """The same chain in a graph with 20,000 more things: the same number of queries."""
    asked = []
    for others in (0, 20_000):
        store = small.store()
        recalls = ox.NamedNode(f"{small.TG}recalls")
        store.extend(
            ox.Quad(ox.NamedNode(f"urn:a{n}"), recalls, ox.NamedNode(f"urn:b{n % 100}")) for n in range(others)
        )
        backend = small.CountingBackend(store)
        answer = lineage(backend, f"{small.ID}meeting/ctl-msp-5", depth=6)
        assert len(answer.nodes) == 12
        asked.append(backend.asked)
    assert asked[0] == asked[1]
    assert asked[0] <= 2 * 6 + 12, "two a step, and a fixed number for parts, labels and sources"


def test_a_wide_step_is_asked_in_batches(small: Any) -> None:
    store = ox.Store()
    recalls, root = ox.NamedNode(f"{small.TG}recalls"), ox.NamedNode(f"{small.ID}doc/a/res/99/1")
    leaves = [ox.NamedNode(f"{small.ID}doc/a/res/98/{n}") for n in range(900)]
    store.extend(ox.Quad(root, recalls, leaf) for leaf in leaves)
    backend = small.CountingBackend(store)
    answer = lineage(backend, root.value, depth=2)
    assert len(answer.nodes) == 901
    assert not answer.truncated
    assert backend.asked < 60
    cut = lineage(backend, root.value, depth=2, limit=100)
    assert len(cut.nodes) == 100
    assert cut.truncated


def test_a_new_relation_is_one_line_of_the_ontology(small: Any, tmp_path: Path) -> None:
    line = (
        "<https://w3id.org/treatygraph/def#inspiredBy> a <http://www.w3.org/2002/07/owl#ObjectProperty> ; "
        '<http://www.w3.org/2000/01/rdf-schema#label> "inspired by"@en ; '
        "<https://w3id.org/treatygraph/def#lineageKind> <https://w3id.org/treatygraph/code/lineage/recall> .\n"
    )
    extra = tmp_path / "extra.ttl"
    extra.write_text(line, encoding="utf-8")
    relations = load_schema(extra).lineage
    store = small.store()
    meeting, place = (ox.NamedNode(small.ID + key) for key in ("meeting/ctl-msp-5", "place/sao-tome"))
    store.add(ox.Quad(meeting, ox.NamedNode(f"{small.TG}inspiredBy"), place))
    backend = small.CountingBackend(store)
    found = lineage(backend, meeting.value, kinds=["recall"], relations=relations)
    assert statements(found, small) == {("meeting/ctl-msp-5", "inspiredBy", "place/sao-tome")}
    assert found.edges[0].sentence == "5th Meeting of the States Parties (CTL) – inspired by – São Tomé"
    assert statements(lineage(backend, meeting.value, kinds=["recall"]), small) == set()


def test_it_equals_the_answer_of_a_property_path(backend: Any, small: Any) -> None:
    """The closure over all upward relations, by one SPARQL path."""
    schema = load_schema().lineage
    path = "|".join(f"{'' if r.direction == 'up' else '^'}<{r.iri}>" for r in schema)
    for start in ("meeting/ctl-msp-5", "meeting/ctl-msp-4", "doc/a/res/91/7~op4", "doc/ctl-rc-1/action-plan"):
        rows = backend.query(f"SELECT DISTINCT ?x {{ <{small.ID}{start}> ({path})* ?x }}").rows()
        answer = lineage(backend, f"{small.ID}{start}", depth=20)
        assert {node.iri for node in answer.nodes} == {row["x"].value for row in rows}


def test_labels_with_braces_stay_what_they_are(small: Any) -> None:
    store = ox.Store()
    one, two = (ox.NamedNode(f"{small.ID}doc/a/res/{n}/1") for n in (1, 2))
    store.add(ox.Quad(one, ox.NamedNode(f"{small.TG}recalls"), two))
    store.add(
        ox.Quad(one, ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel"), ox.Literal("{to} {from} {0}"))
    )
    answer = lineage(small.CountingBackend(store), one.value)
    assert answer.edges[0].sentence == "{to} {from} {0} recalls a/res/2/1."
