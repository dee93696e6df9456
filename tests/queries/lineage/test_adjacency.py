"""The lineage index: the same answers as the store's, from a file that is mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.adjacency import adjacency
from loaders.release import open_release, write_release
from ontology.schema import load_schema
from queries import evidence as evidence_module
from queries import things as things_module
from queries.adjacency import FILE, Adjacency
from queries.backend import Link
from queries.embedded import EmbeddedBackend
from queries.errors import BackendError
from queries.evidence import sources_of
from queries.export import export
from queries.lineage import Lineage, lineage
from queries.paths import path, path_relations
from queries.resolve import resolve
from queries.scribe import Scribe
from queries.things import describe

TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2004/02/skos/core#prefLabel"
DERIVED = "http://www.w3.org/ns/prov#wasDerivedFrom"
ID = "https://w3id.org/treatygraph/id/"
TG = "https://w3id.org/treatygraph/def#"
GRAPH = "https://w3id.org/treatygraph/graph/"
CONFIDENCE = "https://w3id.org/treatygraph/code/confidence/"

THINGS = [
    *(ID + key for key in ("doc/a/res/91/7", "doc/a/res/91/7~op4", "doc/a/res/90/8", "doc/lettre/\u00e9t\u00e9")),
    *(ID + key for key in ("meeting/ctl-msp-5", "meeting/ctl-msp-4", "treaty/ctl", "treaty/ctl~art9", "mandate/m1")),
    "https://w3id.org/treatygraph/code/task/convene",
]
CLASSES = ["Resolution", "OperativeParagraph", "Document", "MeetingOfStatesParties", "Mandate", "Unheard"]
MARKED = [str(relation.iri) for relation in load_schema().lineage]
JOINING = [str(relation.iri) for relation in path_relations()]

things = st.sampled_from(THINGS)
links = st.tuples(things, st.sampled_from(MARKED) | st.sampled_from(JOINING), things)
types = st.tuples(things, st.sampled_from(CLASSES))
names = st.tuples(things, st.text("ab \u00e4{}", min_size=1, max_size=4), st.sampled_from(["en", "fr", None]))
# Evidence of a link: how it is said, in which source, and where.
said = st.tuples(
    st.integers(0, 30), st.sampled_from(["claim", "rule", "graph"]), st.sampled_from("kl"), st.integers(0, 9)
)


def iri(text: str) -> ox.NamedNode:
    return ox.NamedNode(text)


def term(name: str) -> ox.NamedNode:
    return iri(TG + name)


@st.composite
def stores(draw: st.DrawFn) -> ox.Store:
    """A record with any links, names and sources."""
    store = ox.Store()
    joined = draw(st.lists(links, min_size=1, max_size=25))
    for subject, predicate, target in joined:
        store.add(ox.Quad(iri(subject), iri(predicate), iri(target)))
    for thing, name in draw(st.lists(types, max_size=12)):
        store.add(ox.Quad(iri(thing), iri(TYPE), term(name)))
    for thing, name, language in draw(st.lists(names, max_size=8)):
        store.add(ox.Quad(iri(thing), iri(LABEL), ox.Literal(name, language=language)))
    for number, (at, how, key, start) in enumerate(draw(st.lists(said, max_size=15))):
        _say(store, joined[at % len(joined)], how, key, start, number)
    return store


def _say(store: ox.Store, link: tuple[str, str, str], how: str, key: str, start: int, number: int) -> None:
    subject, predicate, target = map(iri, link)
    graph = iri(GRAPH + key)
    claims = iri(GRAPH + key + "~claims")
    passage = iri(f"{THINGS[0]}#char={start},{start + 5}")
    if how == "graph":
        store.add(ox.Quad(subject, predicate, target, graph))
        return
    node = iri(f"{ID}claim/{number}") if how == "claim" else ox.BlankNode()
    where = claims if how == "claim" else ox.DefaultGraph()
    for name, value in (("subject", subject), ("predicate", predicate), ("object", target)):
        store.add(ox.Quad(node, term(name), value, where))
    if how == "claim":
        store.add(ox.Quad(node, term("passage"), passage, where))
        store.add(ox.Quad(node, term("inSource"), graph, where))
        store.add(ox.Quad(node, term("confidence"), iri(CONFIDENCE + "extracted"), where))
        store.add(ox.Quad(passage, term("inPart"), iri(THINGS[1]), where))
        return
    ground = iri(f"{ID}mandate/ground-{number}")
    store.add(ox.Quad(node, iri(DERIVED), ground))
    store.add(ox.Quad(ground, iri(TYPE), term("Mandate"), graph))
    store.add(ox.Quad(ground, term("concerns"), target, graph))
    if start % 2:
        store.add(ox.Quad(ground, term("passage"), passage, graph))


class Silent(EmbeddedBackend):
    """Fails when the store is asked."""

    def query(self, text: str, **options: Any) -> Any:
        raise AssertionError(f"the store was asked: {text}")


def indexed(store: ox.Store, folder: Path, made: type[EmbeddedBackend] = EmbeddedBackend) -> EmbeddedBackend:
    file = folder / FILE
    file.unlink(missing_ok=True)  # never written over: an open index still maps it
    file.write_bytes(adjacency(store, "any"))
    backend = made(store, "any")
    backend.adjacency = Adjacency(file)
    return backend


anew = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@anew
@given(store=stores())
def test_tables_that_are_read_whole_give_what_look_ups_give(store: ox.Store) -> None:
    backend = EmbeddedBackend(store, "any")
    every = [quad for quad in store if quad.graph_name == ox.DefaultGraph()]
    named = [(q.subject, q.predicate, q.object) for q in every if isinstance(q.object, ox.NamedNode)]
    links = [Link(s.value, p.value, o.value) for s, p, o in named if isinstance(s, ox.NamedNode)][1:]
    wanted = [*THINGS, ID + "doc/none", "urn:x:y"][1:]
    slow = sources_of(backend, links), describe(backend, wanted)
    with mock.patch.object(evidence_module, "MANY", 0), mock.patch.object(things_module, "MANY", 0):
        assert (sources_of(backend, links), describe(backend, wanted)) == slow


@anew
@given(store=stores(), start=things, end=things, depth=st.integers(0, 5), limit=st.integers(1, 12))
def test_any_record_has_the_lineage_that_the_store_gives(
    tmp_path: Path, store: ox.Store, start: str, end: str, depth: int, limit: int
) -> None:
    fast, slow = indexed(store, tmp_path), EmbeddedBackend(store, "any")
    for direction in ("up", "down", "both"):
        options: dict[str, Any] = {"direction": direction, "depth": depth, "limit": limit}
        expected = lineage(slow, start, **options)
        assert lineage(fast, start, **options).to_json() == expected.to_json()
        for kinds in (None, ["mandate"]):
            _written_alike(fast, lineage(slow, start, kinds=kinds, **options), kinds=kinds, **options)
    assert path(fast, start, end).to_json() == path(slow, start, end).to_json()
    every = [*THINGS, ID + "doc/none", "urn:x:y"]
    assert describe(fast, every) == describe(slow, every)


def _written_alike(fast: EmbeddedBackend, expected: Lineage, **options: Any) -> None:
    """The index alone writes the same text, but for what is cut or unknown to it."""
    assert fast.adjacency is not None
    text = Scribe(fast.adjacency).written(expected.thing, most=1000, **options)
    if expected.truncated or fast.adjacency.node(expected.thing) < 0:
        assert text is None
    else:
        assert text == export(expected, "json").encode()


@anew
@given(store=stores(), start=st.sampled_from(THINGS[:8]))
def test_what_is_reached_is_what_a_property_path_reaches(tmp_path: Path, store: ox.Store, start: str) -> None:
    for quad in list(store.quads_for_pattern(None, iri(TYPE), None, ox.DefaultGraph())):
        store.remove(quad)  # statements are left out of a lineage; here nothing is one
    store.add(ox.Quad(iri(start), iri(TYPE), term("Document")))
    marks = load_schema().lineage
    up = "|".join(f"<{mark.iri}>" if mark.direction == "up" else f"^<{mark.iri}>" for mark in marks)
    whole = "|".join(f"^<{mark.iri}>" for mark in marks if mark.containment)
    rows: Any = store.query(f"SELECT DISTINCT ?x WHERE {{ <{start}> ({whole})*/({up})* ?x }}")
    answer = lineage(indexed(store, tmp_path, Silent), start, depth=50)
    assert {node.iri for node in answer.nodes} == {row["x"].value for row in rows}


def test_nothing_is_asked_of_the_store(small: Any, tmp_path: Path) -> None:
    store = small.store()
    backend = indexed(store, tmp_path, Silent)
    thing = resolve(backend, "ctl-msp-5").iri
    answer = lineage(backend, thing, direction="both")
    assert answer.to_json()["nodes"] == lineage(EmbeddedBackend(store), thing, direction="both").to_json()["nodes"]
    assert all(edge.sources for edge in answer.edges if edge.relation == "convenedUnder")
    assert path(backend, thing, resolve(backend, "person/ines-dalva").iri).chains


def test_a_thing_with_very_many_links_gives_those_that_are_wanted(tmp_path: Path) -> None:
    store = ox.Store()
    for number in range(200):
        relation = MARKED[number % 3]
        store.add(ox.Quad(iri(f"{ID}doc/{number}"), iri(relation), iri(THINGS[0])))
        store.add(ox.Quad(iri(THINGS[0]), iri(relation), iri(f"{ID}doc/{number}")))
    fast, slow = indexed(store, tmp_path), EmbeddedBackend(store, "any")
    for some in (load_schema().lineage[:1], load_schema().lineage[1:3]):
        for direction in ("up", "down", "both"):
            got, expected = (sorted(b.neighbours([THINGS[0]], some, direction)) for b in (fast, slow))
            assert got == expected != []


def test_a_relation_that_the_index_does_not_know_is_asked_of_the_store(small: Any, tmp_path: Path) -> None:
    class Relation:
        iri = "http://www.w3.org/2004/02/skos/core#related"
        direction = "up"

    store = small.store()
    store.add(ox.Quad(iri(THINGS[4]), iri(Relation.iri), iri(THINGS[0])))
    backend = indexed(store, tmp_path)
    found = list(backend.neighbours([THINGS[4]], [Relation(), *load_schema().lineage], "up"))
    slow = list(EmbeddedBackend(store).neighbours([THINGS[4]], [Relation(), *load_schema().lineage], "up"))
    assert sorted(found) == sorted(slow)
    assert any(link.predicate == Relation.iri for link in found)


def written(folder: Path, small: Any) -> Path:
    folder.mkdir()
    lines = sorted(small.store().dump(format=ox.RdfFormat.N_QUADS).decode().splitlines())
    write_release(folder, lines, description="", counts={}, inputs=[])
    return folder


def test_equal_releases_have_equal_indexes_and_damage_is_seen(small: Any, tmp_path: Path) -> None:
    one, two = (written(tmp_path / name, small) for name in ("one", "two"))
    assert (one / FILE).read_bytes() == (two / FILE).read_bytes()
    assert (one / "manifest.json").read_bytes() == (two / "manifest.json").read_bytes()
    assert open_release(one).damage() == []
    content = bytearray((one / FILE).read_bytes())
    content[-1] ^= 1
    (one / FILE).write_bytes(content)
    assert open_release(one).damage() == [f"{FILE} has another checksum than the manifest says"]


def test_a_release_uses_its_own_index_only(small: Any, tmp_path: Path) -> None:
    info = open_release(written(tmp_path / "release", small))
    thing = ID + "meeting/ctl-msp-5"
    fast = EmbeddedBackend(info.store, info.id)
    other = EmbeddedBackend(info.store, "another")
    assert fast.adjacency is not None
    assert other.adjacency is None
    answer = lineage(fast, thing)
    assert answer.edges
    assert answer.edges == lineage(other, thing).edges
    (info.path / FILE).unlink()
    assert lineage(EmbeddedBackend(info.store, info.id), thing) == answer


@pytest.mark.parametrize("cut", [0, 5, 40, -8])
def test_a_damaged_index_is_one_clear_line(small: Any, tmp_path: Path, cut: int) -> None:
    info = open_release(written(tmp_path / "release", small))
    (info.path / FILE).write_bytes((info.path / FILE).read_bytes()[:cut])
    with pytest.raises(BackendError, match=r"lineage\.index: not a sound index .*treatygraph build") as caught:
        EmbeddedBackend(info.store, info.id)
    assert "\n" not in str(caught.value)


def test_evidence_of_what_is_no_edge_is_asked_of_the_store(small: Any, tmp_path: Path) -> None:
    store = small.store()
    link = Link(ID + "meeting/ctl-msp-5", TYPE, TG + "MeetingOfStatesParties")
    assert sources_of(indexed(store, tmp_path), [link]) == sources_of(EmbeddedBackend(store), [link])


def test_no_more_is_read_at_a_hub_than_is_asked_for(tmp_path: Path) -> None:
    """The service writes short answers on its event loop, and must not read all links to find that they are many."""
    store = ox.Store()
    for number in range(200):
        store.add(ox.Quad(iri(f"{ID}doc/{number}"), iri(MARKED[0]), iri(THINGS[0])))
    index = indexed(store, tmp_path).adjacency
    assert index is not None
    marks = index.predicates(load_schema().lineage[:1])
    assert [len(index.edges([index.node(THINGS[0])], set(), marks, most)) for most in (10, 199, 200)] == [11, 200, 200]
    told = [
        Scribe(index).written(THINGS[0], direction="both", kinds=None, depth=2, limit=1000, most=most) is None
        for most in (199, 200)
    ]
    assert told == [True, False]
