"""What query editors, notebooks, statistics packages and ontology editors send, as they send it."""

from __future__ import annotations

import csv
import io
import socket
import xml.etree.ElementTree as ET
from urllib.parse import quote, urlsplit

import pytest
import rdflib
from httpx2 import Client

from tests.patience import PATIENT_S

QUERY = "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> } ORDER BY ?s"
EXPECTED = ["https://w3id.org/treatygraph/id/doc/a/res/90/8", "https://w3id.org/treatygraph/id/doc/a/res/91/7"]
CONSTRUCT = "CONSTRUCT WHERE { <https://w3id.org/treatygraph/id/doc/a/res/91/7> ?p ?o }"
ORIGIN = {"origin": "https://yasgui.example.org"}
#: YASQE's, for tables and for graphs.
TABLES = "application/sparql-results+json,*/*;q=0.9"
GRAPHS = "application/n-triples,*/*;q=0.9"
#: The OWL API's, with which Protégé opens an ontology by its address.
ONTOLOGY = (
    "text/turtle; q=1.0, application/rdf+xml; q=0.9, application/owl+xml; q=0.8, text/plain; q=0.1, "
    "application/xml; q=0.5, text/xml; q=0.3, */*; q=0.09"
)
#: Jena's, for tables.
JENA = (
    "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/tab-separated-values;q=0.7, "
    "text/csv;q=0.5,application/json;q=0.2,application/xml;q=0.2,*/*;q=0.1"
)


def rows(client: Client, **asked: str) -> list[str]:
    answer = client.get("/sparql", params={"query": QUERY}, headers=asked)
    return [row["s"]["value"] for row in answer.json()["results"]["bindings"]]


def test_an_editor_in_another_site_asks_first_and_then_posts(http: Client) -> None:
    asks = {
        **ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "accept,content-type",
    }
    allowed = http.options("/sparql", headers=asks)
    assert allowed.status_code in (200, 204)
    assert allowed.headers["access-control-allow-origin"] == "*"
    assert "POST" in allowed.headers["access-control-allow-methods"]
    names = {name.strip().lower() for name in allowed.headers["access-control-allow-headers"].split(",")}
    assert {"accept", "content-type"} <= names
    # With credentials no browser would take a `*`; none are asked for.
    assert "access-control-allow-credentials" not in allowed.headers
    form = "application/x-www-form-urlencoded; charset=UTF-8"
    answer = http.post(
        "/sparql", content=f"query={quote(QUERY)}", headers={**ORIGIN, "accept": TABLES, "content-type": form}
    )
    assert answer.headers["content-type"].startswith("application/sparql-results+json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    graph = http.post("/sparql", data={"query": CONSTRUCT}, headers={**ORIGIN, "accept": GRAPHS})
    assert graph.headers["content-type"].startswith("application/n-triples")


def test_an_editor_sees_why_a_query_failed(http: Client) -> None:
    """Without the header for sharing, a browser would hide the text of the error from the page."""
    for query, status in (("SELECT * {", 400), ("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }", 403)):
        answer = http.post("/sparql", data={"query": query}, headers={**ORIGIN, "accept": TABLES})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, "*")
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_editor_of_a_browser_gets_a_page_and_a_script_gets_json(http: Client) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    page = http.get("/sparql", params={"query": QUERY}, headers={"accept": browser})
    assert page.headers["content-type"].startswith("text/html")
    for accept in ("*/*", "application/json", "application/json, text/plain, */*", TABLES, JENA):
        assert rows(http, accept=accept) == EXPECTED, accept


def test_a_form_as_python_posts_it(http: Client) -> None:
    """`requests.post(address, data={"query": …})`: no wish for a type but `*/*`."""
    answer = http.post("/sparql", data={"query": QUERY}, headers={"accept": "*/*"})
    assert [row["s"]["value"] for row in answer.json()["results"]["bindings"]] == EXPECTED


@pytest.mark.parametrize("name", ["output", "format"])
def test_r_asks_for_a_form_by_a_parameter(http: Client, name: str) -> None:
    """R's package SPARQL: a GET, `output=xml` or csv, and a wish for XML in the header."""
    accept = {"accept": "application/sparql-results+xml"}
    xml = http.get(f"/sparql?query={quote(QUERY)}&{name}=xml", headers=accept)
    found = ET.fromstring(xml.text).iter("{http://www.w3.org/2005/sparql-results#}uri")
    assert [one.text for one in found] == EXPECTED
    table = http.get(f"/sparql?query={quote(QUERY)}&{name}=csv", headers={"accept": "*/*"})
    assert [row["s"] for row in csv.DictReader(io.StringIO(table.text))] == EXPECTED
    assert http.get(f"/sparql?query={quote(QUERY)}&{name}=abacus").status_code == 406


@pytest.mark.parametrize(
    "accept", [ONTOLOGY, "application/rdf+xml, application/xml; q=0.7, text/xml; q=0.6, text/plain; q=0.1, */*; q=0.09"]
)
def test_an_ontology_editor_opens_the_ontology_and_a_thing_by_address(http: Client, accept: str) -> None:
    for path in ("/def", "/id/doc/a/res/91/7", "/data/id/doc/a/res/91/7"):
        answer = http.get(path, headers={"accept": accept}, follow_redirects=True)
        form = {"text/turtle": "turtle", "application/rdf+xml": "xml"}[answer.headers["content-type"].partition(";")[0]]
        assert len(rdflib.Graph().parse(data=answer.text, format=form)) > 5, path


@pytest.mark.parametrize("apart", [False, True])
def test_an_offer_to_speak_http_2_costs_no_body(http: Client, apart: bool) -> None:
    """Java's HTTP client makes it with each request, so Apache Jena does."""
    where = urlsplit(str(http.base_url))
    head = (
        "POST /sparql HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        f"Content-Length: {len(QUERY)}\r\nHost: {where.netloc}\r\n"
        "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\nUpgrade: h2c\r\n"
        "User-Agent: Java-http-client/17\r\nAccept: text/csv\r\nContent-Type: application/sparql-query\r\n\r\n"
    )
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=PATIENT_S) as connection:
        for _ in range(2):  # and the connection lives on
            if apart:
                connection.sendall(head.encode())
                connection.sendall(QUERY.encode())
            else:
                connection.sendall((head + QUERY).encode())
            data = b""
            while not data.endswith(f"{EXPECTED[1]}\r\n".encode()):
                more = connection.recv(65536)
                assert more, data
                data += more
            assert data.startswith(b"HTTP/1.1 200 OK\r\n")
