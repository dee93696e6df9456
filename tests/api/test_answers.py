"""Lineage, questions, search and findings over HTTP."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest
import rdflib
from starlette.testclient import TestClient

from queries.catalogue import Catalogue

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ID = "https://w3id.org/treatygraph/id/"
MEETING = f"{ID}meeting/ctl-msp-5"


def lineage(client: TestClient, **parameters: Any) -> dict[str, Any]:
    answer = client.get("/lineage", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("thing", [MEETING, "ctl-msp-5", "CTL MSP 5", "Fifth Meeting of the States Parties"])
def test_lineage_by_any_spelling(client: TestClient, thing: str) -> None:
    found = lineage(client, thing=thing, direction="up", kind="mandate", depth=6)
    assert found["thing"] == MEETING
    assert set(found) >= {"thing", "release", "nodes", "edges"}
    under = {edge["to"] for edge in found["edges"] if edge["from"] == MEETING and edge["relation"] == "convenedUnder"}
    assert under == {
        f"{ID}doc/a/res/91/7~op4",
        f"{ID}meeting/ctl-msp-4~convene-ctl-msp-5",
        f"{ID}treaty/ctl~art9.1",
    }
    assert {edge["kind"] for edge in found["edges"]} == {"mandate"}


def test_every_edge_says_where_it_is_read(client: TestClient) -> None:
    for edge in lineage(client, thing="ctl-msp-5", kind="mandate")["edges"]:
        assert set(edge) >= {"from", "to", "relation", "kind", "sentence", "sources"}
        assert edge["sentence"]
        for source in edge["sources"]:
            assert set(source) == {"document", "in", "start", "end", "confidence"}
    edge = next(e for e in lineage(client, thing="ctl-msp-5")["edges"] if e["relation"] == "convokedBy")
    document = f"{ID}doc/note-verbale/2031-02-03/ctl-msp-5"
    assert edge["sources"] == [{"document": document, "in": "p3", "start": 40, "end": 90, "confidence": "extracted"}]


def test_lineage_down_is_the_reverse(client: TestClient) -> None:
    found = lineage(client, thing="ctl~art9.1", direction="down")
    assert MEETING in {node["iri"] for node in found["nodes"]}


@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        ("json", "application/json"),
        ("jsonld", "application/ld+json"),
        ("mermaid", "text/vnd.mermaid; charset=utf-8"),
        ("dot", "text/vnd.graphviz; charset=utf-8"),
        ("graphml", "application/graphml+xml; charset=utf-8"),
        ("svg", "image/svg+xml; charset=utf-8"),
        ("text", "text/plain; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("path", ["/lineage?thing=ctl-msp-5", "/lineage/path?from=ines-dalva&to=A/RES/91/7"])
def test_the_forms_of_lineage(client: TestClient, form: str, content_type: str, path: str) -> None:
    answer = client.get(f"{path}&format={form}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    if form in ("svg", "graphml"):
        ET.fromstring(answer.text)
    if form == "jsonld":
        assert len(rdflib.Graph().parse(data=answer.text, format="json-ld")) > 5


def test_a_path_is_explained_hop_by_hop(client: TestClient) -> None:
    found = client.get("/lineage/path", params={"from": "Inês Dalva", "to": "A/RES/91/7"}).json()
    assert found["chains"][0][0] == f"{ID}person/ines-dalva"
    assert found["chains"][0][-1] == f"{ID}doc/a/res/91/7"
    steps = {frozenset((edge["from"], edge["to"])) for edge in found["edges"]}
    for chain in found["chains"]:
        assert all(frozenset(pair) in steps for pair in pairwise(chain))


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/lineage", 400, "bad-request"),
        ("/lineage?thing=nosuch", 404, "not-found"),
        ("/lineage?thing=4th+Meeting+of+the+States+Parties", 400, "ambiguous-name"),
        ("/lineage?thing=ctl-msp-5&depth=-1", 400, "bad-request"),
        ("/lineage?thing=ctl-msp-5&depth=99999", 400, "bad-request"),
        ("/lineage?thing=ctl-msp-5&direction=sideways", 400, "bad-request"),
        ("/lineage?thing=ctl-msp-5&kind=love", 400, "bad-request"),
        ("/lineage?thing=a&thing=b", 400, "bad-request"),
        ("/lineage?thing=ctl-msp-5&format=docx", 406, "not-acceptable"),
        ("/lineage/path?from=ctl-msp-5", 400, "bad-request"),
        ("/lineage/path?from=ctl-msp-5&to=nosuch", 404, "not-found"),
        ("/ask/no-such-question", 404, "not-found"),
        ("/ask/mandate-of-meeting", 400, "bad-request"),
        ("/ask/mandate-of-meeting?meeting=nosuch", 404, "not-found"),
        ("/ask/mandate-of-meeting?meeting=ctl-msp-5&foo=1", 400, "bad-request"),
        ("/search", 400, "bad-request"),
        ("/search?q=ctl&limit=0", 400, "bad-request"),
        ("/search?q=ctl&cursor=x", 400, "bad-request"),
        ("/findings?severity=awful", 400, "bad-request"),
        ("/findings?limit=x", 400, "bad-request"),
        ("/findings?document=nosuch", 404, "not-found"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(client: TestClient, path: str, status: int, name: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["type"].endswith(f"/problem/{name}")
    page = client.get(path, headers={"accept": BROWSER})
    assert page.headers["content-type"].startswith("text/html")


def test_a_question_gives_rows_and_the_query_that_ran(client: TestClient) -> None:
    answer = client.get("/ask/mandate-of-meeting", params={"meeting": "CTL MSP 5"}).json()
    assert answer["question"] == "mandate-of-meeting"
    assert f"<{MEETING}>" in answer["query"]
    assert answer["rows"]
    assert set(answer["rows"][0]) == set(answer["columns"])
    again = client.get("/sparql", params={"query": answer["query"], "format": "json"}).json()
    assert len(again["results"]["bindings"]) == len(answer["rows"])
    text = client.get("/ask/mandate-of-meeting", params={"meeting": "ctl-msp-5", "format": "csv"}).text
    assert len(list(csv.reader(io.StringIO(text)))) == len(answer["rows"]) + 1


def test_every_question_has_a_page_that_answers_its_example(client: TestClient) -> None:
    for name in Catalogue.load("questions"):
        answer = client.get(f"/ask/{name}", headers={"accept": BROWSER})
        # The examples name things of the real record; in this small one they are unknown, which is told in the page.
        assert answer.status_code in (200, 404), name
        assert "<h1>" in answer.text


def test_the_list_of_questions(client: TestClient) -> None:
    listed = client.get("/ask").json()["questions"]
    assert [one["question"] for one in listed] == Catalogue.load("questions").names()
    assert all(one["title"] and one["columns"] is not None for one in listed)


def test_search_ranks_and_pages(client: TestClient) -> None:
    first = client.get("/search", params={"q": "91/7"}).json()
    assert first["results"][0]["key"] == "a/res/91/7"
    seen: list[str] = []
    path = "/search?q=ctl&limit=3"
    while path:
        answer = client.get(path)
        seen += [one["iri"] for one in answer.json()["results"]]
        path = answer.headers["link"].split(">")[0].removeprefix("<") if "link" in answer.headers else ""
    assert len(seen) == len(set(seen)) == answer.json()["total"] > 3


def test_findings_have_the_fixed_shape(client: TestClient) -> None:
    found = client.get("/findings").json()["findings"]
    keys = {"iri", "rule", "severity", "state", "about", "documents", "values", "passages", "message"}
    assert all(set(one) == keys for one in found)
    assert [one["severity"] for one in found] == ["violation", "warning", "info"]
    assert found[0]["values"] == ["Tuesday", "Monday"]
    assert found[1]["passages"] == ["a/res/91/7~op4"]


@pytest.mark.parametrize(
    ("query", "rules"),
    [
        ("rule=series-gap", ["series-gap"]),
        ("severity=warning", ["article-against-subject"]),
        ("state=open", ["stated-weekday-wrong", "series-gap"]),
        ("document=A/RES/91/7", ["article-against-subject"]),
        ("document=ctl-msp-5", ["stated-weekday-wrong"]),
        ("rule=none", []),
    ],
)
def test_findings_are_filtered(client: TestClient, query: str, rules: list[str]) -> None:
    assert [one["rule"] for one in client.get(f"/findings?{query}").json()["findings"]] == rules


def test_findings_page_by_link(client: TestClient) -> None:
    answer = client.get("/findings?limit=2&state=open")
    assert "link" not in answer.headers
    answer = client.get("/findings?limit=2")
    assert answer.headers["link"] == '</findings?limit=2&cursor=2>; rel="next"'
    assert [one["rule"] for one in client.get("/findings?limit=2&cursor=2").json()["findings"]] == ["series-gap"]


def test_findings_as_csv(client: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/findings?format=csv").text)))
    assert [row["rule"] for row in rows] == ["stated-weekday-wrong", "article-against-subject", "series-gap"]
    assert rows[0]["values"] == "Tuesday | Monday"


def test_json_keeps_every_script(client: TestClient) -> None:
    assert "Inês Dalva" in client.get("/search?q=ines").text
    assert json.loads(client.get("/search?q=ines").text)["results"][0]["key"] == "ines-dalva"
