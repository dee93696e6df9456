"""Operation: health, numbers, downloads, descriptions, headers, hostile requests."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
import rdflib
from prometheus_client.parser import text_string_to_metric_families
from rdflib.namespace import RDF, SH, VOID
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from loaders.release import ReleaseInfo
from queries.catalogue import Catalogue
from queries.embedded import EmbeddedBackend
from queries.errors import BackendError, QueryTimeout

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PAGES = (
    "/",
    "/ask",
    "/lineage",
    "/lineage?thing=ctl-msp-5",
    "/lineage/path",
    "/lineage/path?from=ines-dalva&to=A/RES/91/7",
    "/search?q=ctl",
    "/findings",
    "/coverage",
    "/coverage?treaty=ctl",
    "/gaps",
    "/gaps?kind=meeting-without-president",
    "/validate",
    "/sparql",
    "/sparql?query=SELECT+*+WHERE+{?s+?p+?o}+LIMIT+5",
    "/dump/",
    "/def",
    "/problem/not-found",
    "/page/id/meeting/ctl-msp-5",
    "/page/id/treaty/ctl",
    "/page/code/force",
    "/page/graph/a/res/91/7",
    "/id/nothing/here",
)


def test_health(client: TestClient, release: ReleaseInfo) -> None:
    assert client.get("/health").json()["release"] == release.id
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200
    assert client.head("/health/live").content == b""


def test_metrics_count_by_route_not_by_address(client: TestClient) -> None:
    client.get("/id/meeting/ctl-msp-5")
    client.get("/id/meeting/ctl-msp-4")
    text = client.get("/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    routes = {sample.labels["route"] for sample in families["treatygraph_requests"].samples}
    assert "/id/{path:path}" in routes
    assert not any("ctl-msp" in route for route in routes)
    assert families["treatygraph_release_info"].samples[0].value == 1


def test_the_dump_is_the_store_and_has_the_checksum_it_says(client: TestClient, release: ReleaseInfo) -> None:
    listing = client.get("/dump/").json()
    assert listing["release"] == release.id
    entry = next(one for one in listing["files"] if one["name"] == "dump.nq.gz")
    body = client.get("/dump/dump.nq.gz").content
    assert hashlib.sha256(body).hexdigest() == entry["sha256"]
    assert len(body) == entry["bytes"]
    assert gzip.decompress(body).count(b"\n") == release.manifest["counts"]["statements"]
    assert f"{entry['sha256']}  dump.nq.gz\n" in client.get("/dump/SHA256SUMS").text


def test_the_papers_of_the_release_are_served(client: TestClient, release: ReleaseInfo) -> None:
    sums = client.get("/dump/SHA256SUMS").text
    for name in ("quality.json", "CITATION.cff", ".zenodo.json"):
        answer = client.get(f"/dump/{name}")
        assert answer.content == (release.path / name).read_bytes()
        assert f"{hashlib.sha256(answer.content).hexdigest()}  {name}\n" in sums
    quality = client.get("/dump/quality.json").json()
    assert quality["release"] == release.id
    assert sum(one["count"] for one in quality["findings"]) == len(client.get("/findings").json()["findings"])


@pytest.mark.parametrize("name", ["store", "..%2f..%2fetc%2fpasswd", "../manifest.json", ".lock", "%2e%2e", "x.nq.gz"])
def test_nothing_else_is_downloaded(client: TestClient, name: str) -> None:
    assert client.get(f"/dump/{name}").status_code in (400, 404)


def test_void_names_the_endpoint(client: TestClient) -> None:
    graph = rdflib.Graph().parse(data=client.get("/.well-known/void").text, format="turtle")
    dataset = graph.value(predicate=RDF.type, object=VOID.Dataset)
    assert graph.value(dataset, VOID.sparqlEndpoint) == rdflib.URIRef("http://testserver/sparql")


def test_a_host_header_cannot_break_the_description(client: TestClient) -> None:
    for path in ("/.well-known/void", "/sparql", "/.well-known/sparql-examples"):
        answer = client.get(path, headers={"host": 'a"b<c>.org', "accept": "text/turtle"})
        assert answer.status_code < 500
        if answer.status_code == 200:
            rdflib.Graph().parse(data=answer.text, format="turtle")


def test_the_examples_are_published_as_rdf(client: TestClient) -> None:
    graph = rdflib.Graph().parse(data=client.get("/.well-known/sparql-examples").text, format="turtle")
    assert len(set(graph.subjects(RDF.type, SH.SPARQLExecutable))) == len(Catalogue.load("questions"))
    name = Catalogue.load("questions").names()[0]
    assert client.get(f"/query/{name}").headers["location"] == f"/ask/{name}"


def test_the_ontology_resolves(client: TestClient) -> None:
    tg = "https://w3id.org/treatygraph/def#"
    graph = rdflib.Graph().parse(data=client.get("/def", headers={"accept": "text/turtle"}).text, format="turtle")
    assert (rdflib.URIRef(f"{tg}Mandate"), RDF.type, None) in graph
    assert 'id="Mandate"' in client.get("/def", headers={"accept": BROWSER}).text
    assert "@context" in client.get("/def/context.jsonld").json()


def test_the_openapi_document_names_every_public_route(client: TestClient) -> None:
    paths = set(client.get("/openapi.json").json()["paths"])
    wanted = {"/sparql", "/lineage", "/lineage/path", "/ask/{question}", "/search", "/validate", "/findings", "/health"}
    assert wanted <= paths


@pytest.mark.parametrize("path", PAGES)
def test_every_page_stands_alone(client: TestClient, path: str) -> None:
    """One language, one main heading, one main part, a way to skip, no script, no other host."""
    answer = client.get(path, headers={"accept": BROWSER})
    text = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert text.count("<h1") == 1
    assert text.count("<main") == 1
    assert '<html lang="en">' in text
    assert 'class="skip" href="#main"' in text
    assert "<script" not in text
    assert " style=" not in text
    assert " on" + "click=" not in text
    for attribute in ('src="http', "url(http", '<link rel="stylesheet" href="http', "@import"):
        assert attribute not in text
    assert "{{" not in text.replace("{{from}}", "")
    assert "Undefined" not in text


def test_the_style_sheet_is_kept_for_ever_under_its_own_name(client: TestClient) -> None:
    home = client.get("/", headers={"accept": BROWSER}).text
    href = home.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(href)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert "http" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/id/%FF%FE",
        "/id/" + "%25" * 2000,
        "/lineage?thing=%00",
        "/lineage?thing=%F0%9F%92%A9",
        "/lineage?thing=" + "a" * 3000,
        "/lineage?thing=https://w3id.org/treatygraph/id/%3E%20%7D%20DROP",
        "/search?q=%22%5C%00%27",
        "/search?q=" + "%C3%A9" * 500,
        "/search?q=a&cursor=99999999",
        "/search?q=a&limit=999999999999999999999",
        "/findings?cursor=-1",
        "/findings?limit=1e9",
        "/ask/mandate-of-meeting?meeting=%3E%20%7D%20UNION%20%7B",
        "/ask/..%2F..%2Fetc",
        "/sparql?query=%00",
        "/sparql?query=SELECT%20*%20%7B%20?s%20?p%20%22%5CuD800%22%20%7D",
        "/page/id/%E2%80%AE",
        "/data/graph/~claims",
        "/static/..%2fapp.py",
        "/problem/%3Cscript%3E",
        "/query/x%0d%0aSet-Cookie:a=b",
        "/id/x%0d%0aLocation:%20http://e.org",
    ],
)
def test_hostile_addresses_are_answered_calmly(client: TestClient, path: str) -> None:
    for accept in (BROWSER.encode(), b"application/json", b"text/turtle", b"\xff\xfe;q=\x80"):
        answer = client.get(path, headers={b"accept": accept})
        assert answer.status_code < 500, answer.text
        assert "Traceback" not in answer.text
        assert "set-cookie" not in answer.headers
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert "<script>" not in answer.text


class _Broken(EmbeddedBackend):
    """A store that fails in a way of one's choice."""

    error: Exception = BackendError("disk at /secret/path on fire")

    def query(self, *_: object, **__: object) -> object:  # type: ignore[override]
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BackendError("/secret/path"), 503),
        (QueryTimeout("/secret/path"), 504),
        (ZeroDivisionError("/secret/path"), 500),
    ],
)
def test_failures_of_the_store_are_told_without_its_secrets(
    release: ReleaseInfo, error: Exception, status: int
) -> None:
    backend = _Broken(release.store, release.id)
    backend.error = error
    app = create_app(Settings(release=release.path), backend)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/sparql?query=ASK{}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert "secret" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.get("/health/live").status_code == 200
        page = client.get("/", headers={"accept": BROWSER})
        assert page.status_code == status
        assert "secret" not in page.text
    backend.close()


def test_a_server_without_a_release_directory_still_answers(release: ReleaseInfo, tmp_path: Path) -> None:
    backend = EmbeddedBackend(release.store, "another")
    with TestClient(create_app(Settings(release=tmp_path), backend)) as client:
        assert client.get("/health/ready").status_code == 200
        listed = client.get("/dump/").json()
        assert [entry["name"] for entry in listed["files"]] == ["dump.nq.gz", "void.ttl"]
        refused = client.get("/dump/quality.json")
        assert refused.status_code == 404
        assert "/dump/dump.nq.gz" in refused.json()["detail"]
    backend.close()


def test_links_know_the_path_of_the_proxy(release: ReleaseInfo) -> None:
    backend = EmbeddedBackend(release.store, release.id)
    app = create_app(Settings(release=release.path), backend)
    with TestClient(app, root_path="/tg", follow_redirects=False) as client:
        assert client.get("/tg/id/91/7").headers["location"] == "/tg/id/doc/a/res/91/7"
        text = client.get("/tg/page/id/meeting/ctl-msp-5", headers={"accept": BROWSER}).text
        assert 'href="/tg/page/id/doc/a/res/91/7~op4"' in text
        assert 'href="/page/' not in text
        assert client.get("/tg/findings?limit=1").headers["link"].startswith("</tg/findings?")
    backend.close()
