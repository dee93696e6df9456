"""The SPARQL protocol, as far as one process shows it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from typing import Any

import pytest
import rdflib
from rdflib.namespace import RDF
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from loaders.release import ReleaseInfo
from queries.backend import Backend
from queries.embedded import EmbeddedBackend
from queries.errors import BackendError

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RESOLUTIONS = "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> } ORDER BY ?s"
EXPECTED = ["https://w3id.org/treatygraph/id/doc/a/res/90/8", "https://w3id.org/treatygraph/id/doc/a/res/91/7"]
GRAPH = "https://w3id.org/treatygraph/graph/a/res/91/7"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
_PARSERS = {"jsonld": "json-ld", "rdfxml": "xml", "ntriples": "nt", "nquads": "nquads", "trig": "trig"}


def rows(text: str) -> list[str]:
    return [row["s"]["value"] for row in json.loads(text)["results"]["bindings"]]


def test_a_description_is_made_once_for_all_who_ask(release: ReleaseInfo) -> None:
    """Also while it is being made, and again after a failure."""
    backend = EmbeddedBackend(release.store, release.id)
    here = create_app(Settings(release=release.path), backend).state.context
    made: list[int] = []

    def work(_: Backend) -> bytes:
        made.append(len(made))
        time.sleep(0.05)
        if len(made) == 1:
            raise BackendError("the first time")
        return b"made"

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(here.kept("x", work) for _ in range(5)), return_exceptions=True)

    async def twice() -> tuple[list[Any], list[Any], list[Any]]:
        return await all_at_once(), await all_at_once(), await all_at_once()

    first, then, last = asyncio.run(twice())
    assert [type(one) for one in first] == [BackendError] * 5
    assert then == last == [b"made"] * 5
    assert made == [0, 1]
    backend.close()


def test_the_three_ways_to_ask_give_the_same(client: TestClient) -> None:
    get = client.get("/sparql", params={"query": RESOLUTIONS})
    form = client.post("/sparql", data={"query": RESOLUTIONS})
    direct = client.post("/sparql", content=RESOLUTIONS, headers={"content-type": DIRECT})
    assert rows(get.text) == rows(form.text) == rows(direct.text) == EXPECTED
    assert get.content == form.content == direct.content


def test_percent_signs_survive_a_form(client: TestClient) -> None:
    query = "SELECT ?s WHERE { BIND(<http://e/a%20b> AS ?s) }"
    assert rows(client.post("/sparql", data={"query": query}).text) == ["http://e/a%20b"]
    assert rows(client.get("/sparql", params={"query": query}).text) == ["http://e/a%20b"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/sparql-results+json", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("application/json", "application/sparql-results+json"),
        (BROWSER, "text/html; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("query", [RESOLUTIONS, "ASK { ?s ?p ?o }"])
def test_tables_in_every_format(client: TestClient, accept: str, content_type: str, query: str) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == content_type
    assert "Accept" in answer.headers["vary"]
    assert answer.content


def test_csv_has_the_rows(client: TestClient) -> None:
    text = client.get("/sparql", params={"query": RESOLUTIONS, "format": "csv"}).text
    assert list(csv.reader(io.StringIO(text))) == [["s"], *[[iri] for iri in EXPECTED]]


@pytest.mark.parametrize(
    ("form", "content_type", "parser"),
    [
        ("turtle", "text/turtle; charset=utf-8", "turtle"),
        ("ntriples", "application/n-triples", "nt"),
        ("jsonld", "application/ld+json", "json-ld"),
        ("rdfxml", "application/rdf+xml", "xml"),
        ("nquads", "application/n-quads", "nquads"),
        ("trig", "application/trig", "trig"),
    ],
)
@pytest.mark.parametrize("query", ["CONSTRUCT { ?s a ?t } WHERE { ?s a ?t }", f"DESCRIBE <{EXPECTED[1]}>"])
def test_graphs_in_every_format(client: TestClient, form: str, content_type: str, parser: str, query: str) -> None:
    by_name = client.get("/sparql", params={"query": query, "format": form})
    by_type = client.get("/sparql", params={"query": query}, headers={"accept": content_type})
    assert by_name.headers["content-type"] == by_type.headers["content-type"] == content_type
    graph = rdflib.Dataset(default_union=False).parse(data=by_type.text, format=parser)
    assert (rdflib.URIRef(EXPECTED[1]), RDF.type, None) in graph, "in the default graph of a dataset"
    plain = client.get("/sparql", params={"query": query}, headers={"accept": "application/n-triples"}).text
    assert len(graph) == len(rdflib.Graph().parse(data=plain, format="nt")), "all of it, and nothing in other graphs"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("application/n-quads, application/trig;q=0.9", "application/n-quads"),
        ("application/trig;q=0.9, text/turtle;q=0.8, application/n-quads;q=0.1", "application/trig"),
        ("application/x-trig", "application/trig"),
        ("text/x-nquads", "application/n-quads"),
        ("application/trig;q=0, application/n-quads;q=0, */*;q=0.1", "text/turtle"),
        ("application/trig, text/turtle", "text/turtle"),
        ("application/*", "application/ld+json"),
        ("*/*", "text/turtle"),
    ],
)
def test_formats_of_datasets_are_chosen_where_they_are_asked_for(client: TestClient, accept: str, chosen: str) -> None:
    answer = client.get("/sparql", params={"query": "CONSTRUCT { ?s a ?t } { ?s a ?t }"}, headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == chosen


@pytest.mark.parametrize(("word", "media_type"), [("nq", "n-quads"), ("n-quads", "n-quads"), ("trig", "trig")])
def test_and_by_their_words(client: TestClient, word: str, media_type: str) -> None:
    query = "CONSTRUCT { ?s a ?t } WHERE { ?s a ?t }"
    answer = client.get("/sparql", params={"query": query, "format": word})
    assert answer.headers["content-type"] == f"application/{media_type}"
    packed = client.get("/sparql", params={"query": query, "format": word}, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == answer.content
    assert client.get("/sparql", params={"query": RESOLUTIONS, "format": word}).status_code == 406, "no graph"


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (RESOLUTIONS, "text/turtle"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/sparql-results+json"),
        (RESOLUTIONS, "application/pdf"),
    ],
)
def test_impossible_formats_are_406(client: TestClient, query: str, accept: str) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"accept": accept})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"


def test_head_tells_what_get_would(client: TestClient) -> None:
    get = client.get("/sparql", params={"query": RESOLUTIONS})
    head = client.head("/sparql", params={"query": RESOLUTIONS})
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "etag", "content-length"):
        assert head.headers[name] == get.headers[name]


def test_options_without_credentials(client: TestClient) -> None:
    answer = client.options("/sparql", headers={"origin": "https://e.org", "access-control-request-method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


def test_the_same_question_has_the_same_tag_and_304(client: TestClient) -> None:
    first = client.get("/sparql", params={"query": RESOLUTIONS})
    again = client.get("/sparql", params={"query": RESOLUTIONS}, headers={"if-none-match": first.headers["etag"]})
    other = client.get("/sparql", params={"query": RESOLUTIONS, "format": "csv"})
    assert (again.status_code, again.content) == (304, b"")
    assert other.headers["etag"] != first.headers["etag"]


def test_bad_syntax_has_line_and_column(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "SELECT ?s\nWHRE { ?s ?p ?o }"})
    problem = answer.json()
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["line"], problem["status"]) == (2, 400)
    assert problem["type"].endswith("/problem/query-syntax")
    assert problem["column"] >= 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { sErViCe SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "INSERT DATA { <http://e/a> <http://e/b> 1 }",
        "LOAD <http://127.0.0.1:9/>",
        "DROP ALL",
    ],
)
def test_service_and_updates_are_refused(client: TestClient, query: str) -> None:
    assert client.get("/sparql", params={"query": query}).status_code == 403


def test_an_update_operation_is_refused(client: TestClient) -> None:
    assert client.post("/sparql", data={"update": "DROP ALL"}).status_code == 403
    direct = client.post("/sparql", content="DROP ALL", headers={"content-type": "application/sparql-update"})
    assert direct.status_code == 403


def test_the_default_graph_parameter_replaces_the_dataset(client: TestClient) -> None:
    query = "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> } ORDER BY ?s"
    one = client.get("/sparql", params={"query": query, "default-graph-uri": GRAPH})
    none = client.get("/sparql", params={"query": query, "default-graph-uri": "https://e.org/absent"})
    over_from = client.get(
        "/sparql",
        params={"query": query.replace("WHERE", "FROM <https://e.org/absent> WHERE"), "default-graph-uri": GRAPH},
    )
    assert rows(one.text) == EXPECTED == rows(over_from.text)
    assert rows(none.text) == []


def test_the_named_graph_parameter(client: TestClient) -> None:
    query = "SELECT DISTINCT ?s WHERE { GRAPH ?s { ?a ?b ?c } }"
    answer = client.post("/sparql", data={"query": query, "named-graph-uri": GRAPH})
    assert rows(answer.text) == [GRAPH]
    in_address = client.post(f"/sparql?named-graph-uri={GRAPH}", content=query, headers={"content-type": DIRECT})
    assert rows(in_address.text) == [GRAPH]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ({"params": [("query", "ASK {}"), ("query", "ASK {}")]}, 400),
        ({"params": {"query": "ASK {}", "default-graph-uri": "not an iri"}}, 400),
        ({"params": {"query": ""}}, 400),
        ({"params": {"query": "x" * 40_000}}, 414),
    ],
)
def test_bad_requests(client: TestClient, call: dict[str, object], status: int) -> None:
    assert client.get("/sparql", **call).status_code == status  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"ASK {}", 415),
        ("", b"ASK {}", 415),
        (DIRECT + "; charset=utf-16", "ASK {}".encode("utf-16"), 415),
        (DIRECT + '; charset="UTF-8"', b"ASK {}", 200),
        (DIRECT + "; charset=no-such", b"ASK {}", 415),
        (DIRECT, b"ASK { \xff }", 400),
        (FORM, b"query=%FF", 400),
        (FORM, b"a=b", 400),
        (FORM + "; charset=utf-8", b"query=ASK%20%7B%7D", 200),
        (DIRECT, b"ASK {}" + b" " * 11_000_000, 413),
        (DIRECT, b"ASK {}" + b" " * 300_000, 413),
    ],
)
def test_bodies(client: TestClient, content_type: str, body: bytes, status: int) -> None:
    headers = {"content-type": content_type} if content_type else {}
    assert client.post("/sparql", content=body, headers=headers).status_code == status


def test_other_methods_are_405_and_told_what_is_allowed(client: TestClient) -> None:
    answer = client.delete("/sparql")
    assert answer.status_code == 405
    assert {"GET", "HEAD", "POST", "OPTIONS"} <= set(answer.headers["allow"].replace(" ", "").split(","))


def test_the_service_description(client: TestClient) -> None:
    answer = client.get("/sparql", headers={"accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.text, format="turtle")
    service = graph.value(predicate=RDF.type, object=SD.Service)
    assert graph.value(service, SD.endpoint) == rdflib.URIRef("http://testserver/sparql")
    assert (service, SD.supportedLanguage, SD.SPARQL11Query) in graph
    assert rdflib.URIRef(GRAPH) in set(graph.objects(None, SD.name))
    for form, parser in _PARSERS.items():
        text = client.get("/sparql", params={"format": form}).text
        assert len(rdflib.Dataset().parse(data=text, format=parser)) == len(graph)
    offered = {str(name).rpartition("/")[2] for name in graph.objects(service, SD.resultFormat)}
    assert offered >= {"Turtle", "JSON-LD", "N-Triples", "RDF_XML", "N-Quads", "TriG"}


def test_the_editor_shows_the_error_and_keeps_the_query(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": "SELECT ?s WHRE <b>"}, headers={"accept": BROWSER})
    assert answer.status_code == 400
    assert "line 1" in answer.text
    assert "SELECT ?s WHRE &lt;b&gt;" in answer.text
