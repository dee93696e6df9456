"""The contract of a back end, kept by the embedded one, the remote one against a real server, and one over rdflib."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from ontology.schema import load_schema
from queries.embedded import EmbeddedBackend
from queries.engines import OXIGRAPH
from queries.errors import BackendError, QueryRefused, QuerySyntaxError, UnsupportedFormat
from queries.lineage import lineage
from queries.paths import path
from queries.remote import RemoteBackend
from queries.resolve import resolve
from queries.results import GRAPH_TYPES
from queries.search import search

from ...endpoints import oxigraph

PREFIX = """BASE <https://w3id.org/treatygraph/id/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
NOTE = "https://w3id.org/treatygraph/graph/note-verbale/2031-02-03/ctl-msp-5"
RESOLUTION = "https://w3id.org/treatygraph/graph/a/res/91/7"


@pytest.fixture(scope="session")
def on_disk(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "db"
    made = ox.Store(str(path))
    made.bulk_extend(small.quads())
    made.flush()
    del made
    return path


@pytest.fixture(scope="session")
def server(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with oxigraph(tmp_path_factory.mktemp("server"), small.quads()) as address:
        yield address


@pytest.fixture(scope="session", params=["memory", "disk", "remote", "rdflib"])
def backend(request: pytest.FixtureRequest, small: Any) -> Iterator[Any]:
    if request.param == "memory":
        made: Any = EmbeddedBackend(small.store(), "small")
    elif request.param == "disk":
        made = EmbeddedBackend(request.getfixturevalue("on_disk"), "small")
    elif request.param == "remote":
        url = request.getfixturevalue("server")
        made = RemoteBackend(url, release="small", engine=OXIGRAPH)
    else:
        made = small.RdflibBackend(small.quads())
    yield made
    made.close()


def values(backend: Any, text: str, **options: Any) -> list[tuple[str | None, ...]]:
    result = backend.query(PREFIX + text, **options)
    names = result.variables
    return [tuple(None if row[n] is None else row[n].value for n in names) for row in result.rows()]


def test_names_its_release(backend: Any) -> None:
    assert backend.release == "small"


def test_rows_of_a_select(backend: Any) -> None:
    text = "SELECT ?n ?missing WHERE { ?m tg:ordinal ?n OPTIONAL { ?m tg:year ?missing } } ORDER BY ?n"
    assert values(backend, text) == [("1", None), ("4", None), ("5", None)]
    result = backend.query(PREFIX + text)
    assert result.kind == "select"
    assert result.variables == ("n", "missing")
    first = next(iter(result))
    assert first["n"] == ox.Literal("1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer"))


def test_the_default_graph_is_the_canonical_one(backend: Any) -> None:
    claim = "ASK { ?c a tg:Claim }"
    assert bool(backend.query(PREFIX + "ASK { <meeting/ctl-msp-5> tg:ordinal 5 }"))
    assert not backend.query(PREFIX + claim)
    assert backend.query(PREFIX + claim, union=True)
    assert backend.query(PREFIX + "ASK { GRAPH ?g { ?c a tg:Claim } }")


def test_the_dataset_of_a_request_replaces_the_stored_one(backend: Any) -> None:
    everything = "SELECT (COUNT(DISTINCT ?m) AS ?n) WHERE { ?m a tg:Mandate }"
    assert values(backend, everything) == [("3",)]
    assert values(backend, everything, default_graphs=[RESOLUTION]) == [("1",)]
    assert values(backend, everything, default_graphs=[RESOLUTION, NOTE]) == [("3",)]
    assert values(backend, everything, named_graphs=[RESOLUTION]) == [("0",)]
    named = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?m a tg:Mandate } } ORDER BY ?g"
    assert values(backend, named) == [(RESOLUTION,), (NOTE,)]
    assert values(backend, named, named_graphs=[NOTE]) == [(NOTE,)]
    assert values(backend, named, default_graphs=[NOTE]) == []


def test_the_truth_of_an_ask(backend: Any) -> None:
    assert backend.query("ASK {}").kind == "ask"
    assert bool(backend.query("ASK {}")) is True
    assert bool(backend.query("ASK { <urn:none> ?p ?o }")) is False
    with pytest.raises(TypeError):
        list(backend.query("ASK {}"))
    with pytest.raises(TypeError):
        bool(backend.query("SELECT * {}"))


def test_triples_of_a_construct(backend: Any) -> None:
    text = PREFIX + "CONSTRUCT { ?m tg:year ?n } WHERE { ?m tg:ordinal ?n }"
    result = backend.query(text)
    assert result.kind == "construct"
    assert {t.object.value for t in result} == {"1", "4", "5"}
    assert backend.query(PREFIX + "DESCRIBE <place/lisbon>").kind == "construct"
    assert any(t.predicate.value.endswith("prefLabel") for t in backend.query(PREFIX + "DESCRIBE <place/lisbon>"))


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/csv", b"n\r\n1\r\n"),
        ("text/tab-separated-values", b"?n\n1\n"),
        ("application/sparql-results+xml", b"<variable"),
        ("application/sparql-results+json", b'"bindings"'),
    ],
)
def test_tables_in_every_format(backend: Any, media_type: str, expected: bytes) -> None:
    result = backend.query(PREFIX + "SELECT ?n WHERE { ?m tg:ordinal ?n } ORDER BY ?n LIMIT 1")
    assert expected in b"".join(result.serialize(media_type))
    again = b"".join(result.serialize("application/sparql-results+json"))
    assert json.loads(again)["head"]["vars"] == ["n"], "a result can be written more than once"


def test_a_result_that_is_dropped_is_gone_at_once(backend: Any) -> None:
    """Not when the collector runs, in whatever thread: what an engine's parser gives must die where it was made."""
    result = backend.query(PREFIX + "SELECT ?n WHERE { ?m tg:ordinal ?n }")
    assert result.variables == ("n",)  # so that it holds rows of the engine
    known = weakref.ref(result)
    gc.disable()
    try:
        del result
        assert known() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("media_type", GRAPH_TYPES)
def test_graphs_in_every_format(backend: Any, media_type: str) -> None:
    result = backend.query(PREFIX + "CONSTRUCT WHERE { <place/lisbon> skos:prefLabel ?l }")
    data = b"".join(result.serialize(media_type))
    read = list(ox.parse(data, format=ox.RdfFormat.from_media_type(media_type)))
    assert [q.object for q in read] == [ox.Literal("Lisbon", language="en")]
    assert {q.graph_name for q in read} == {ox.DefaultGraph()}


def test_a_truth_value_in_every_format(backend: Any) -> None:
    for media_type in ("text/csv", "text/tab-separated-values"):
        assert b"".join(backend.query("ASK {}").serialize(media_type)) == b"true"
    assert json.loads(b"".join(backend.query("ASK {}").serialize()))["boolean"] is True


def test_a_format_of_the_other_kind_is_refused(backend: Any) -> None:
    with pytest.raises(UnsupportedFormat, match="text/turtle"):
        backend.query("SELECT * {}").serialize("text/turtle")
    with pytest.raises(UnsupportedFormat):
        backend.query("CONSTRUCT WHERE { ?s ?p ?o }").serialize("text/csv")


@pytest.mark.parametrize("text", ["", "SELECT * WHERE {", "SELECT ?x WHERE { ?s ?p }", "nonsense", "{}", "SELECT"])
def test_a_syntax_error_comes_up_at_once(backend: Any, text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        backend.query(text)


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "service"),
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "update"),
        ("PREFIX a: <urn:a>\nLOAD <http://127.0.0.1:1/>", "update"),
        ("drop all", "update"),
    ],
)
def test_service_and_updates_are_refused(backend: Any, text: str, feature: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        backend.query(text)
    assert refused.value.feature == feature


def test_neighbours_follow_the_marks(backend: Any, small: Any) -> None:
    relations = load_schema().lineage
    meeting, decision = f"{small.ID}meeting/ctl-msp-4", f"{small.ID}meeting/ctl-msp-4~convene-ctl-msp-5"

    def ends(direction: Any) -> set[tuple[str, str, str]]:
        found = backend.neighbours([meeting, f"{small.ID}treaty/ctl~art9.1"], relations, direction)
        bare = [(link.subject, link.predicate.removeprefix(small.TG), link.object) for link in found]
        return {(s.removeprefix(small.ID), p, o.removeprefix(small.ID)) for s, p, o in bare}

    up, down = ends("up"), ends("down")
    assert up == {("meeting/ctl-msp-4", "previousInSeries", "meeting/ctl-msp-3")}
    assert down == {
        ("meeting/ctl-msp-4~convene-ctl-msp-5", "takenBy", "meeting/ctl-msp-4"),
        ("meeting/ctl-msp-5", "previousInSeries", "meeting/ctl-msp-4"),
        ("meeting/ctl-msp-4~convene-ctl-msp-5", "invokes", "treaty/ctl~art9.1"),
        ("mandate/ctl-msp-4~convene-ctl-msp-5", "invokes", "treaty/ctl~art9.1"),
        ("meeting/ctl-msp-5", "convenedUnder", "treaty/ctl~art9.1"),
    }
    assert ends("both") == up | down
    conference = f"{small.ID}meeting/ctl-rc-1"
    assert [link.object for link in backend.neighbours([conference], relations, "down")].count(
        f"{small.ID}doc/ctl-rc-1/action-plan"
    ), "a relation marked `down` runs with its triple"
    assert list(backend.neighbours([], relations, "both")) == []
    assert list(backend.neighbours([decision], [], "both")) == []


def test_the_same_rows_from_every_engine(backend: Any, small: Any) -> None:
    text = PREFIX + "SELECT ?s ?p ?o WHERE { ?s ?p ?o FILTER(isIRI(?o)) } ORDER BY ?s ?p ?o"
    rows = [tuple(t.value for t in (r["s"], r["p"], r["o"])) for r in backend.query(text).rows()]
    expected = EmbeddedBackend(small.store()).query(text).rows()
    assert rows == [tuple(t.value for t in (r["s"], r["p"], r["o"])) for r in expected]
    assert len(rows) > 100


def test_a_closed_or_missing_store_says_so(small: Any, tmp_path: Path) -> None:
    backend = EmbeddedBackend(small.store())
    backend.close()
    with pytest.raises(BackendError, match="closed"):
        backend.query("ASK {}")
    with pytest.raises(BackendError, match="not a store"):
        EmbeddedBackend(tmp_path / "nothing")


def test_the_same_lineage_path_and_names_from_every_engine(backend: Any, small: Any) -> None:
    """Traversal, evidence and resolution ask only what every engine answers alike."""
    reference = EmbeddedBackend(small.store(), "small")
    thing = f"{small.ID}meeting/ctl-msp-5"
    assert lineage(backend, thing, direction="both").to_json() == lineage(reference, thing, direction="both").to_json()
    ends = f"{small.ID}person/ines-dalva", f"{small.ID}doc/a/res/91/7"
    assert path(backend, *ends).to_json() == path(reference, *ends).to_json()
    for text in ("5th Meeting of the States Parties", "91/7 op4", "sao tome", "CTL article 9(1)"):
        assert resolve(backend, text) == resolve(reference, text)
    assert search(backend, "meeting") == search(reference, "meeting")
