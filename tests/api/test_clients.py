"""A real server process and the clients that researchers use."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import rdflib
from httpx2 import Client, HTTPError
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, GET, JSON, JSONLD, N3, POST, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

from tests.patience import BUSY_S, PATIENT_S, quickest, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

QUERY = "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> } ORDER BY ?s"
EXPECTED = ["https://w3id.org/treatygraph/id/doc/a/res/90/8", "https://w3id.org/treatygraph/id/doc/a/res/91/7"]
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { VALUES ?s { <https://w3id.org/treatygraph/id/doc/a/res/91/7> } ?s ?p ?o }"
LONG = QUERY.replace("WHERE", "WHERE " + "# a long comment\n" * 3000)


def wrapper(server: Server, query: str, form: str, method: str = GET) -> SPARQLWrapper:
    found = SPARQLWrapper(server.url("/sparql"))
    found.setQuery(query)
    found.setReturnFormat(form)
    found.setMethod(method)
    return found


@pytest.mark.parametrize("method", [GET, POST])
def test_sparqlwrapper_reads_json(server: Server, method: str) -> None:
    answer: Any = wrapper(server, QUERY, JSON, method).queryAndConvert()
    assert [row["s"]["value"] for row in answer["results"]["bindings"]] == EXPECTED


def test_sparqlwrapper_reads_the_other_tables(server: Server) -> None:
    xml: Any = wrapper(server, QUERY, XML).queryAndConvert()
    assert [node.firstChild.data for node in xml.getElementsByTagName("uri")] == EXPECTED
    for form in (CSV, TSV):
        text: Any = wrapper(server, QUERY, form).queryAndConvert()
        assert all(iri in text.decode() for iri in EXPECTED)


@pytest.mark.parametrize("form", [TURTLE, N3, RDFXML, JSONLD])
def test_sparqlwrapper_reads_graphs(server: Server, form: str) -> None:
    answer: Any = wrapper(server, CONSTRUCT, form).queryAndConvert()
    if isinstance(answer, bytes):
        answer = rdflib.Graph().parse(data=answer, format="turtle")
    assert len(answer) >= 5


def test_sparqlwrapper_sends_long_queries(server: Server) -> None:
    answer: Any = wrapper(server, LONG, JSON, POST).queryAndConvert()
    assert [row["s"]["value"] for row in answer["results"]["bindings"]] == EXPECTED


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_asks_as_a_store(server: Server, method: str) -> None:
    store = SPARQLStore(server.url("/sparql"), method=method)
    graph = rdflib.Graph(store=store)
    assert [str(row[0]) for row in graph.query(QUERY)] == EXPECTED
    resolution = rdflib.URIRef(EXPECTED[1])
    assert (resolution, rdflib.RDF.type, None) in graph
    assert list(graph.objects(resolution, rdflib.DCTERMS.identifier)) == [rdflib.Literal("A/RES/91/7")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(server: Server) -> None:
    def curl(*arguments: str) -> str:
        return subprocess.run(
            ["curl", "-sS", *arguments], capture_output=True, text=True, check=True, timeout=PATIENT_S
        ).stdout

    form = curl("--data-urlencode", f"query={QUERY}", "-H", "Accept: text/csv", server.url("/sparql"))
    assert form.split() == ["s", *EXPECTED]
    headers = curl("-I", server.url("/id/meeting/ctl-msp-5"))
    assert "303" in headers.split("\n")[0]
    turtle = curl("-L", "-H", "Accept: text/turtle", server.url("/id/doc/A/RES/91/7"))
    assert len(rdflib.Graph().parse(data=turtle, format="turtle")) > 5
    assert json.loads(curl(server.url("/lineage?thing=ctl-msp-5&direction=up&kind=mandate&depth=6")))["edges"]


def test_a_file_posted_for_validation(http: Client) -> None:
    wrong = b"PREFIX tg: <https://w3id.org/treatygraph/def#>\n<http://e/a> a tg:Resolutoin .\n"
    answer = http.post("/validate", files={"file": ("wrong.ttl", wrong)}, headers={"accept": "application/json"})
    assert answer.status_code == 200
    result = answer.json()["results"][0]
    assert (result["file"], result["line"]) == ("wrong.ttl", 2)
    assert "tg:Resolution" in result["hint"]


def test_a_body_without_length_is_limited_too(server: Server, http: Client) -> None:
    def endless() -> Any:
        for _ in range(400):
            yield b"# nothing but comments\n" * 2000

    answer = None
    for _ in range(5):  # who is slow to hear that nobody listens any more finds the connection closed
        with suppress(HTTPError):
            answer = http.post("/validate", content=endless(), headers={"content-type": "text/turtle"})
            break
    assert answer is not None
    assert answer.status_code == 413


def test_a_large_answer_streams_and_a_client_may_leave(http: Client) -> None:
    query = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f }"
    with http.stream("GET", "/sparql", params={"query": query, "format": "tsv"}) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw()
        assert next(chunks)
    started = time.monotonic()
    assert http.get("/health/live").status_code == 200
    assert time.monotonic() - started < BUSY_S
    assert until(lambda: http.get("/health").json()["running"] == 0), "the query goes on without its client"


def test_health_answers_while_queries_burn(server: Server, http: Client) -> None:
    heavy = (
        "SELECT (COUNT(*) AS ?n) WHERE { { SELECT ?c { ?a ?b ?c } LIMIT 1000 } "
        "{ SELECT ?f { ?d ?e ?f } LIMIT 1000 } FILTER(?c != ?f) }"
    )

    def ask() -> None:
        with Client(base_url=server.address, timeout=2 * PATIENT_S) as other:
            other.get("/sparql", params={"query": heavy})

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)

    def health() -> None:
        assert http.get("/health/live").status_code == 200

    assert quickest(health, 0.5) < 0.5
    for thread in threads:
        thread.join()


def test_two_equal_requests_have_equal_bytes(http: Client) -> None:
    for path in (
        "/page/id/meeting/ctl-msp-5",
        "/data/id/meeting/ctl-msp-5?format=jsonld",
        "/findings",
        "/.well-known/void",
    ):
        first, second = http.get(path), http.get(path)
        assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
