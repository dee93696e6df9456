"""`/facts` and `/evidence`: who says so, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

ID = "https://w3id.org/treatygraph/id/"
TG = "https://w3id.org/treatygraph/def#"
XSD = "http://www.w3.org/2001/XMLSchema#"
RESOLUTION = f"{ID}doc/a/res/91/7"


def uri(iri: str) -> dict[str, str]:
    return {"type": "uri", "value": iri}


def behind(client: TestClient, *rows: list[Any], about: tuple[str, ...] = ()) -> list[list[dict[str, Any]]]:
    answer = client.post("/evidence", json={"rows": list(rows), "about": list(about)})
    assert answer.status_code == 200, answer.text
    found: list[list[dict[str, Any]]] = answer.json()["evidence"]
    assert len(found) == len(rows)
    return found


def triples(statements: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["subject"], one["predicate"].removeprefix(TG), one["object"]) for one in statements]


def test_a_row_of_a_thing_and_a_value_has_the_statement_between_them(client: TestClient) -> None:
    day = {"type": "literal", "value": "2030-12-05", "datatype": f"{XSD}date"}
    ((one,),) = behind(client, [uri(RESOLUTION), day, None])
    assert triples([one]) == [(RESOLUTION, "adoptionDate", f'"2030-12-05"^^<{XSD}date>')]
    assert one["sources"] == [{"document": RESOLUTION, "in": None, "start": 1, "end": 9, "confidence": "extracted"}]


def test_a_row_is_joined_with_what_all_rows_are_about(client: TestClient) -> None:
    (statements,) = behind(client, [uri(f"{ID}person/ines-dalva")], about=(f"{ID}meeting/ctl-msp-3",))
    assert triples(statements) == [(f"{ID}meeting/ctl-msp-3", "president", f"{ID}person/ines-dalva")]
    assert [one["document"] for one in statements[0]["sources"]] == [f"{ID}source/handbook"]


def test_two_things_are_joined_by_a_node_that_speaks_of_both(client: TestClient) -> None:
    """No statement joins the paragraph and the Secretary-General; the mandate does."""
    (statements,) = behind(client, [uri(f"{RESOLUTION}~op4"), uri(f"{ID}body/un-secretary-general")])
    mandate = f"{ID}mandate/a/res/91/7~op4"
    assert set(triples(statements)) == {
        (mandate, "conferredBy", f"{RESOLUTION}~op4"),
        (mandate, "addressee", f"{ID}body/un-secretary-general"),
    }
    assert (RESOLUTION, "op4", 900) in {
        (s["document"], s["in"], s["start"]) for one in statements for s in one["sources"]
    }


def test_a_single_thing_is_backed_by_who_says_that_it_is_one(client: TestClient) -> None:
    place, record = behind(client, [uri(f"{ID}place/lisbon")], [uri(f"{ID}source/handbook")])
    assert [one["predicate"].rpartition("#")[2] for one in place] == ["type"]
    assert [source["document"] for source in place[0]["sources"]] == [f"{ID}source/handbook"]
    assert [source["document"] for source in record[0]["sources"]] == [f"{ID}source/handbook"], "it speaks for itself"


def test_without_evidence_a_row_is_empty(client: TestClient) -> None:
    number = {"type": "literal", "value": "7", "datatype": f"{XSD}integer"}
    assert behind(client, [number], [None], [], [uri(f"{ID}nowhere")], [uri("http://elsewhere.example/")]) == [[]] * 5


def test_a_literal_can_hold_nothing_but_itself(client: TestClient) -> None:
    """Quotes, braces and line ends come back as they went, and change no query."""
    for value in ('"', '" } ?x ?y ?z {', "\n\r\t\\", "'''", '"^^<x:y>', "\u2028é𝄞"):
        for said in ({"type": "literal", "value": value}, {"type": "literal", "value": value, "xml:lang": "en"}):
            (statements,) = behind(client, [uri(RESOLUTION), said])
            # Nothing has such a value: only what the resolution is is said.
            assert [one["predicate"].rpartition("#")[2] for one in statements] == ["type"]
    title = {"type": "literal", "value": "Lanterns of São Tomé", "xml:lang": "en"}
    (statements,) = behind(client, [uri(RESOLUTION), title])
    assert triples(statements) == [(RESOLUTION, "http://purl.org/dc/terms/title", '"Lanterns of São Tomé"@en')]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "rows"),
        (b"{}", "rows"),
        (b'{"rows": {}}', "rows"),
        (b'{"rows": [1]}', "rows"),
        (b'{"rows": [[1]]}', "row 1"),
        (b'{"rows": [[], [{"type": "uri"}]]}', "row 2"),
        (b'{"rows": [[{"type": "uri", "value": "no iri"}]]}', "row 1"),
        (b'{"rows": [[{"type": "uri", "value": "x:a> . <x:b"}]]}', "row 1"),
        (b'{"rows": [[{"type": "triple", "value": "x"}]]}', "row 1"),
        (b'{"rows": [[{"type": "literal", "value": "x", "xml:lang": "not a tag!"}]]}', "row 1"),
        (b'{"rows": [[{"type": "literal", "value": {}}]]}', "row 1"),
        (b'{"rows": [], "about": "x"}', "about"),
        (b'{"rows": [["x"]], "about": [1]}', "about"),
        (b'{"rows": [[]], "about": ["x> ?a ?b"]}', ""),
        (json.dumps({"rows": [[]] * 201}).encode(), "200"),
        (json.dumps({"rows": [[None] * 41]}).encode(), "40"),
        (json.dumps({"rows": [], "about": ["x:a"] * 11}).encode(), "10"),
        (b'{"rows": [[{"type": "literal", "value": "\\ud800"}]]}', ""),
    ],
)
def test_what_is_wrong_is_a_problem(client: TestClient, body: bytes, said: str) -> None:
    answer = client.post("/evidence", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_other_media_types_and_too_much_are_refused(client: TestClient) -> None:
    assert client.post("/evidence", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    huge = b'{"rows": [["' + b"x" * 1_000_000 + b'"]]}'
    assert client.post("/evidence", content=huge, headers={"content-type": "application/json"}).status_code == 413
    assert client.get("/evidence").status_code == 405


def test_facts_have_sources_grounds_and_other_values(client: TestClient) -> None:
    sheet = client.get("/facts", params={"thing": "CTL MSP 5"}).json()
    assert sheet["thing"]["iri"] == f"{ID}meeting/ctl-msp-5"
    values = {fact["property"].removeprefix(TG): fact["values"] for fact in sheet["facts"]}
    assert {one["value"]["value"] for one in values["convenedUnder"]} == {
        f"{RESOLUTION}~op4",
        f"{ID}meeting/ctl-msp-4~convene-ctl-msp-5",
        f"{ID}treaty/ctl~art9.1",
    }
    assert all(one["derived"] and one["sources"] for one in values["convenedUnder"])
    assert values["plannedStartDate"][0]["value"] == {
        "type": "literal",
        "value": "2031-11-17",
        "datatype": f"{XSD}date",
    }
    paragraphs = client.get("/facts", params={"thing": "A/RES/91/7"}).json()["parts"]
    assert [(part["type"], part["number"]) for part in paragraphs] == [
        ("OperativeParagraph", "4"),
        ("PreambularParagraph", "2"),
    ]


def test_facts_are_kept_by_their_tag(client: TestClient) -> None:
    first = client.get("/facts", params={"thing": "ctl-msp-5"})
    tag = first.headers["etag"]
    assert client.get("/facts", params={"thing": "ctl-msp-5"}, headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("given", "status"), [({}, 400), ({"thing": "nowhere"}, 404), ({"thing": "4th Meeting of the States Parties"}, 400)]
)
def test_facts_of_nothing_are_a_problem(client: TestClient, given: dict[str, str], status: int) -> None:
    answer = client.get("/facts", params=given)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert client.get("/facts", params={"thing": "ctl-msp-5"}, headers={"accept": "text/turtle"}).status_code == 406
