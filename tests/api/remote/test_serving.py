"""The application on a store elsewhere answers as it does on a release of its own."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from os import urandom
from pathlib import Path
from typing import Any

import anyio
import pytest
from httpx2 import Client
from pyoxigraph import (
    DefaultGraph,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)
from rdflib import Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, VOID
from starlette.testclient import TestClient

from api.app import create_app
from api.cli import main
from api.settings import Settings
from loaders.publishing.content import read_contents
from loaders.publishing.digest import digests
from loaders.publishing.publish import Published
from loaders.release import ReleaseInfo
from queries.dumping import nquads
from queries.pool.errors import StreamBroken
from queries.results import GRAPH_TYPES

BASE = "https://w3id.org/treatygraph/"
Send = Callable[..., Published]
Start = Callable[..., AbstractContextManager[Any]]
PREFIX = f"BASE <{BASE}id/> PREFIX tg: <{BASE}def#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
TURTLE, TRIPLES = "text/turtle", "application/n-triples"
NOTE = f"{BASE}graph/note-verbale/2031-02-03/ctl-msp-5"

QUERIES = {
    "rows": "SELECT ?m ?n WHERE { ?m tg:ordinal ?n }",
    "count": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    "named graphs": "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "a named graph": f"SELECT ?s WHERE {{ GRAPH <{NOTE}> {{ ?s a tg:Mandate }} }}",
    "a graph by prefix": (
        f"PREFIX g: <{BASE}graph/note-verbale/2031-02-03/> SELECT ?s {{ GRAPH g:ctl-msp-5 {{ ?s a tg:Mandate }} }}"
    ),
    "a relative graph": "SELECT ?s { GRAPH <../graph/note-verbale/2031-02-03/ctl-msp-5> { ?s a tg:Mandate } }",
    "no such graph": "SELECT ?s { GRAPH <urn:none> { ?s ?p ?o } }",
    "a graph in an optional": "SELECT ?m ?g { ?m a tg:Mandate OPTIONAL { GRAPH ?g { ?m tg:task ?t } } }",
    "a graph in not exists": "SELECT ?m { ?m a tg:Mandate FILTER NOT EXISTS { GRAPH ?g { ?m tg:invokes ?x } } }",
    "a graph and what is said of it": "SELECT ?g ?s { GRAPH ?g { ?s a tg:Claim } ?s ?p ?o FILTER(false) }",
    "all columns": "SELECT * WHERE { GRAPH ?g { ?c a tg:Claim ; tg:subject ?s } }",
    "from": f"SELECT ?s FROM <{NOTE}> WHERE {{ ?s a tg:Mandate }}",
    "from named": f"SELECT ?g ?s FROM NAMED <{NOTE}> WHERE {{ GRAPH ?g {{ ?s a tg:Mandate }} }}",
    "from without named": f"SELECT ?g FROM <{NOTE}> WHERE {{ GRAPH ?g {{ ?s a tg:Mandate }} }}",
    "internal graphs": "SELECT ?s { GRAPH <https://w3id.org/treatygraph/store/record> { ?s ?p ?o } FILTER(false) }",
    "true": "ASK { <meeting/ctl-msp-5> tg:ordinal 5 }",
    "false": "ASK { <meeting/ctl-msp-5> tg:ordinal 6 }",
    "claims are not canonical": "ASK { ?c a tg:Claim }",
    "construct": "CONSTRUCT { ?m tg:year ?n } WHERE { ?m tg:ordinal ?n }",
    "construct where": "CONSTRUCT WHERE { <place/lisbon> skos:prefLabel ?l }",
    "construct of blank nodes": (
        "CONSTRUCT { _:b tg:year ?n . _:b tg:ordinal 7 } WHERE { <meeting/ctl-msp-5> tg:ordinal ?n }"
    ),
}


@pytest.fixture(scope="module")
def served(
    engines: Any, release: ReleaseInfo, send: Send, start: Start, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """`treatygraph serve` on a store that holds the invented record."""
    engines.clear()
    send(release, engines.address, batch=2000)
    nothing = tmp_path_factory.mktemp("nothing")
    with (
        start(nothing, timeout_s="30", **engines.address.settings()) as server,
        Client(base_url=server.address, timeout=90, follow_redirects=False) as found,
    ):
        yield found


def shape(kind: str, response: Any) -> Any:
    """What an answer says, without the order and without the labels of blank nodes."""
    assert response.status_code == 200, response.text
    if response.headers["content-type"].startswith((TURTLE, TRIPLES)):
        form = RdfFormat.from_media_type(response.headers["content-type"].partition(";")[0])
        return sorted(
            "".join(str(term) if "_:" not in str(term) else "_" for term in quad.triple)
            for quad in parse(response.content, format=form)
        )
    read = parse_query_results(response.content, format=QueryResultsFormat.JSON)
    if not isinstance(read, QuerySolutions):
        return bool(read)
    names = [variable.value for variable in read.variables]
    return sorted(names), sorted(tuple(str(row[name]) for name in sorted(names)) for row in read)


@pytest.mark.parametrize("name", list(QUERIES))
def test_the_same_answers(name: str, served: Client, client: TestClient) -> None:
    query = PREFIX + QUERIES[name]
    accept = {"accept": "application/sparql-results+json, application/n-triples"}
    ours, theirs = (one.post("/sparql", data={"query": query}, headers=accept) for one in (client, served))
    assert shape(name, theirs) == shape(name, ours)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/csv", b"n\r\n1\r\n"),
        ("text/tab-separated-values", b"?n\n1\n"),
        ("application/sparql-results+xml", b"<variable"),
        ("application/sparql-results+json", b'"bindings"'),
    ],
)
def test_every_format_of_tables(served: Client, media_type: str, expected: bytes) -> None:
    query = PREFIX + "SELECT ?n WHERE { ?m tg:ordinal ?n } ORDER BY ?n LIMIT 1"
    response = served.get("/sparql", params={"query": query}, headers={"accept": media_type})
    assert response.headers["content-type"].startswith(media_type)
    assert expected in response.content


@pytest.mark.parametrize("media_type", GRAPH_TYPES)
def test_every_format_of_graphs(served: Client, media_type: str) -> None:
    query = PREFIX + "CONSTRUCT WHERE { <place/lisbon> skos:prefLabel ?l }"
    response = served.get("/sparql", params={"query": query}, headers={"accept": media_type})
    read = list(parse(response.content, format=RdfFormat.from_media_type(media_type)))
    assert [quad.object.value for quad in read] == ["Lisbon"]


def test_the_dataset_of_the_request(served: Client, client: TestClient) -> None:
    text = PREFIX + "SELECT ?s ?g { { ?s a tg:Mandate } UNION { GRAPH ?g { ?s a tg:Mandate } } }"
    for dataset in ({"default-graph-uri": NOTE}, {"named-graph-uri": NOTE}, {"union": "true"}):
        ours, theirs = (
            one.post("/sparql", data={"query": text, **dataset}, headers={"accept": "application/json"})
            for one in (client, served)
        )
        if "union" in dataset:  # with and without duplicates: rows as a set
            assert set(shape("", theirs)[1]) == set(shape("", ours)[1])
        else:
            assert shape("", theirs) == shape("", ours)


@pytest.mark.parametrize(
    "path",
    [
        "/lineage?thing=ctl-msp-5&direction=both&format=json",
        "/lineage?thing=91/7&direction=up&kind=mandate&depth=6&format=json",
        "/lineage/path?from=ctl-msp-5&to=91/7&format=json",
        "/search?q=lantern&format=json",
        "/search?q=sao+tome&format=json",
        "/findings?format=json",
    ],
)
def test_lineage_search_and_findings(served: Client, client: TestClient, path: str) -> None:
    headers = {"accept": "application/json"}
    ours, theirs = client.get(path, headers=headers), served.get(path, headers=headers)
    assert (theirs.status_code, theirs.json()) == (ours.status_code, ours.json())
    assert theirs.status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/id/meeting/ctl-msp-5", "/id/doc/a/res/91/7", "/sparql", "/ask", "/search?q=ctl"]
)
def test_pages(served: Client, path: str) -> None:
    response = served.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    assert response.status_code == 200, response.text[:300]
    assert "<html" in response.text


def test_the_dump_is_the_release(served: Client, release: ReleaseInfo) -> None:
    """Every statement, by checksums that do not depend on the order."""
    listed = served.get("/dump/").json()
    assert [entry["name"] for entry in listed["files"]] == ["dump.nq.gz", "void.ttl"]
    assert listed["release"] == release.id
    answer = served.get("/dump/dump.nq.gz")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/gzip")
    graphs: dict[str, list[Triple]] = {}
    for quad in parse(gzip.decompress(answer.content), format=RdfFormat.N_QUADS):
        name = "" if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name.value
        graphs.setdefault(name, []).append(quad.triple)
    for content in read_contents(release, lambda *_: None):
        assert content.value == digests(graphs.pop(content.name, []))[1], content.name
    assert graphs == {}
    again = served.get("/dump/dump.nq.gz", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    page = served.get("/dump/", headers={"accept": "text/html"})
    assert "gzip -t" in page.text
    for name in ("quality.json", "SHA256SUMS", "nothing"):
        assert served.get(f"/dump/{name}").status_code == 404
    assert "/dump/dump.nq.gz" in served.get("/dump/manifest.json").json()["detail"]


def test_the_descriptions_count_what_is_there(served: Client, release: ReleaseInfo) -> None:
    """VoID and the service description, from the store itself."""
    contents = {content.name: content for content in read_contents(release, lambda *_: None)}
    triples = list(contents[""].triples())
    kinds = Counter(triple.object.value for triple in triples if triple.predicate.value == str(RDF.type))
    properties = Counter(triple.predicate.value for triple in triples)
    void = Graph().parse(data=served.get("/.well-known/void").text, format="turtle")
    described = Graph().parse(data=served.get("/sparql", headers={"accept": TURTLE}).text, format="turtle")
    dataset = URIRef(f"{BASE}dataset")
    assert str(void.value(dataset, DCTERMS.license)).startswith("https://creativecommons.org/licenses/by/4.0")
    assert str(void.value(dataset, VOID.sparqlEndpoint)).endswith("/sparql")
    assert release.id in str(void.value(dataset, DCTERMS.identifier))
    assert int(str(void.value(dataset, VOID.triples))) == len(triples)
    assert int(str(void.value(dataset, VOID.distinctSubjects))) == len({str(triple.subject) for triple in triples})
    for graph in (void, described):
        assert kinds == {
            str(graph.value(part, VOID["class"])): int(str(graph.value(part, VOID.entities)))
            for part in graph.objects(None, VOID.classPartition)
        }
        assert properties == {
            str(graph.value(part, VOID.property)): int(str(graph.value(part, VOID.triples)))
            for part in graph.objects(None, VOID.propertyPartition)
        }
    sd = Namespace("http://www.w3.org/ns/sparql-service-description#")
    assert {name: content.exact.count for name, content in contents.items() if name} == {
        str(described.value(entry, sd.name)): int(str(described.value(described.value(entry, sd.graph), VOID.triples)))
        for entry in described.objects(dataset, sd.namedGraph)
    }
    assert served.get("/dump/void.ttl").headers["content-type"].startswith(TURTLE)


def test_health_and_tags(served: Client, release: ReleaseInfo) -> None:
    assert served.get("/health").json()["release"] == release.id
    assert served.get("/health/ready").status_code == 200
    asked = {"query": "ASK {}"}
    first = served.get("/sparql", params=asked)
    again = served.get("/sparql", params=asked, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_errors_are_said(served: Client) -> None:
    assert served.get("/sparql", params={"query": "SELECT ?x { ?s ?p "}).status_code == 400
    assert served.get("/sparql", params={"query": "INSERT DATA { <urn:a> <urn:b> 1 }"}).status_code == 403
    assert (
        served.get("/sparql", params={"query": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}).status_code
        == 403
    )


def test_a_query_that_takes_too_long(served: Client) -> None:
    """504, never a part of the answer."""
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?c) < STR(?f) && STR(?f) < STR(?i)) }"
    began = time.monotonic()
    response = served.get("/sparql", params={"query": text, "timeout": "1"})
    assert (response.status_code, response.json()["type"]) == (504, f"{BASE}problem/timeout")
    assert time.monotonic() - began < 12, "long before the limit of the service"


def test_an_answer_that_the_engine_would_cut(served: Client, engines: Any) -> None:
    """Virtuoso here gives 2,000 rows at most: what it would cut is an error, for tables and for graphs."""
    for text in ("SELECT ?s ?p ?o WHERE { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"):
        response = served.get("/sparql", params={"query": text})
        if engines.address.engine == "virtuoso":
            assert response.status_code == 503
        else:
            assert response.status_code == 200
            assert len(response.content) > 100_000


def test_a_new_release_is_noticed(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, send: Send, start: Start, tmp_path: Path
) -> None:
    """Tags, pages and answers follow a publish, and the store's going and coming back, without a restart."""
    send(first, engine.address)
    asked = {"query": f"SELECT ?x {{ <{BASE}id/treaty/mark> <{BASE}def#abbreviation> ?x }}"}

    def value(client: Client) -> tuple[str, str]:
        response = client.get("/sparql", params=asked, headers={"accept": "text/csv"})
        assert response.status_code == 200, response.text
        return response.text.split()[1], response.headers["etag"]

    with (
        start(tmp_path, watch_s="0.1", **engine.address.settings()) as server,
        Client(base_url=server.address, timeout=60) as client,
    ):
        text, tag = value(client)
        assert text == "one"
        send(second, engine.address)
        _until(lambda: client.get("/health").json()["release"] == second.id)
        assert value(client)[0] == "two"
        assert value(client)[1] != tag
        stale = client.get("/sparql", params=asked, headers={"if-none-match": tag, "accept": "text/csv"})
        assert stale.status_code == 200
        engine.kill()
        _until(lambda: client.get("/health/ready").status_code == 503)
        down = client.get("/sparql", params={"query": "ASK { ?down ?p ?o }"})
        assert down.status_code == 503
        assert json.loads(down.content)["type"] == f"{BASE}problem/unavailable"
        assert client.get("/health/live").status_code == 200
        engine.start()
        _until(lambda: client.get("/health/ready").status_code == 200)
        assert client.get("/sparql", params={"query": "ASK { ?down ?p ?o }"}).status_code == 200


def _until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit, "it did not come true"
        time.sleep(0.05)


def test_the_command(
    engine: Any,
    first: ReleaseInfo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Progress on standard error, the summary on standard output; what fails is one line and status 2."""
    for name, value in engine.address.settings().items():
        monkeypatch.setenv(f"TREATYGRAPH_{name.upper()}", value)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["publish", *arguments])
        said = capsys.readouterr()
        return int(str(left.value.code)), said.out, said.err

    status, told, progress = run(str(first.path))
    assert (status, progress.count("\n")) == (0, 4), progress
    assert f"release {first.id} is live in" in told
    assert "verified letter by letter" in told
    for arguments in (
        [str(tmp_path)],
        [str(first.path), "--to", "http://127.0.0.1:1/query"],
        [str(first.path), "--to", "sparql:http://127.0.0.1:1/query"],
        [str(first.path), "--to", "sparql:http://dba:lantern@127.0.0.1:1/query"],
        [str(first.path), "--store-engine", "generic"],
    ):
        status, told, error = run(*arguments)
        assert (status, told) == (2, "")
        assert error.splitlines()[-1]
        assert "Traceback" not in error
        assert "lantern" not in error


# Last, because it empties the store under the service of the tests above.


@pytest.mark.parametrize("breaking", ["publish", "kill"])
def test_a_dump_that_breaks_off_is_no_dump(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, send: Send, breaking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another release is published, or the engine dies, between two pages: the body ends with an error, and what came
    is no archive."""
    if engine.address.engine == "virtuoso" and breaking == "kill":
        pytest.skip("the same code; it takes long to start")
    send(first, engine.address)

    def parts(backend: Any) -> Iterator[bytes]:
        for number, part in enumerate(nquads(backend, page=20)):
            yield part + b"# " + urandom(40_000).hex().encode() + b"\n"  # as much as is sent at once
            if number == 3:
                busy = client.get("/dump/dump.nq.gz")
                told.append((busy.status_code, busy.headers["retry-after"]))
                if breaking == "kill":
                    engine.kill()
                else:
                    send(second, engine.address)

    told: list[object] = []
    monkeypatch.setattr("api.routes.dumps.nquads", parts)
    backend = engine.address.backend()
    backend.refresh()
    settings = Settings(**engine.address.settings())
    got = bytearray()

    async def run(app: Any) -> None:
        async def receive() -> dict[str, Any]:
            await anyio.sleep_forever()
            return {}

        async def collect(message: Any) -> None:
            got.extend(message.get("body", b""))
            assert message.get("more_body", True), "the body has an end"

        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/dump/dump.nq.gz", "query_string": b""}
        scope["headers"] = [(b"host", b"a")]
        await app({**scope, "http_version": "1.1", "server": ("a", 80), "scheme": "http"}, receive, collect)

    with TestClient(create_app(settings, backend)) as client:
        with pytest.raises(RuntimeError) as raised:  # which ends the connection: api.connections
            anyio.run(run, client.app)
        assert isinstance(raised.value.__cause__, StreamBroken)
        assert ("published meanwhile" if breaking == "publish" else "cannot be reached") in str(raised.value.__cause__)
        assert told == [(503, "60")]
        assert len(got) > 40_000
        with pytest.raises(EOFError):
            gzip.decompress(bytes(got))
        if breaking == "publish":  # and the next one is whole, and of the next release
            monkeypatch.setattr("api.routes.dumps.nquads", nquads)
            whole = gzip.decompress(client.get("/dump/dump.nq.gz").content)
            assert whole.count(b"\n") == sum(content.exact.count for content in read_contents(second, lambda *_: None))
            assert b'"two"' in whole
        else:
            engine.start()
