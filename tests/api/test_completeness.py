"""Coverage and gaps over HTTP: as JSON, as CSV, as pages."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def rows(client: TestClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_coverage_of_meetings(client: TestClient) -> None:
    found = client.get("/coverage?part=meetings").json()
    (line,) = [one for one in found["coverage"] if one["of"] == "ctl-msp"]
    assert line["expected"] == line["present"] + line["missing"]
    assert line["present"] == line["exactly"] + line["secondary"] + line["undated"]
    assert {one["part"] for one in found["coverage"]} == {"meetings"}
    assert found["release"]


def test_coverage_of_resolutions_by_session(client: TestClient) -> None:
    lines = client.get("/coverage?treaty=CTL&part=resolutions").json()["coverage"]
    assert lines
    assert {line["treaty"] for line in lines} == {"ctl"}
    for line in lines:
        assert line["expected"] in (4 * line["things"], 6 * line["things"])
        assert line["expected"] == line["present"] + line["missing"]
        assert line["present"] == line["exactly"] + line["secondary"]


def test_nobody_can_tell_how_many_acts_there_are(client: TestClient) -> None:
    (line,) = client.get("/coverage?treaty=ctl&part=participation").json()["coverage"]
    assert line["expected"] is None
    assert line["missing"] is None


def test_csv_holds_what_json_holds(client: TestClient) -> None:
    lines = client.get("/coverage").json()["coverage"]
    table = rows(client, "/coverage?format=csv")
    assert [list(one) for one in table] == [list(one) for one in lines]
    assert [one["of"] for one in table] == [one["of"] for one in lines]


def test_gaps_by_kind(client: TestClient) -> None:
    every = client.get("/gaps").json()
    assert every["total"] == sum(one["total"] for one in every["kinds"]) == len(every["gaps"])
    kind = next(one for one in every["kinds"] if one["total"])
    some = client.get("/gaps", params={"kind": kind["kind"]}).json()
    assert some["total"] == kind["total"]
    assert {gap["kind"] for gap in some["gaps"]} == {kind["kind"]}
    assert [one["key"] for one in rows(client, f"/gaps?format=csv&kind={kind['kind']}")] == [
        gap["key"] for gap in some["gaps"]
    ]


def test_gaps_come_in_pages(client: TestClient) -> None:
    keys: list[str] = []
    path: str | None = "/gaps?limit=1"
    while path:
        answer = client.get(path)
        keys += [f"{gap['kind']} {gap['key']}" for gap in answer.json()["gaps"]]
        link: Any = answer.links.get("next")
        path = link["url"] if link else None
    assert len(keys) == len(set(keys)) == client.get("/gaps").json()["total"]
    page = client.get("/gaps?limit=1&format=html").text
    assert 'rel="next"' in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/coverage?treaty=no+such+treaty", 404),
        ("/coverage?part=everything", 400),
        ("/gaps?kind=no-such", 400),
        ("/gaps?limit=0", 400),
        ("/gaps?treaty=ctl&treaty=ctl", 400),
    ],
)
def test_bad_use_is_a_problem(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_pages_are_linked_and_link(client: TestClient) -> None:
    home = client.get("/", headers={"accept": BROWSER}).text
    assert 'href="/coverage"' in home
    assert 'href="/gaps"' in home
    page = client.get("/coverage", headers={"accept": BROWSER}).text
    assert 'href="/page/id/series/ctl-msp"' in page or 'href="/id/series/ctl-msp"' in page
    assert "/ask/coverage-of-resolutions?treaty=ctl" in page
    assert 'href="/gaps"' in page
