"""IRIs of things: redirections, pages, data."""

from __future__ import annotations

import pytest
import rdflib
from starlette.testclient import TestClient

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MEETING = "https://w3id.org/treatygraph/id/meeting/ctl-msp-5"


@pytest.mark.parametrize(
    ("accept", "location"),
    [
        (BROWSER, "/page/id/meeting/ctl-msp-5"),
        ("text/turtle", "/data/id/meeting/ctl-msp-5"),
        ("application/ld+json", "/data/id/meeting/ctl-msp-5"),
        ("*/*", "/data/id/meeting/ctl-msp-5"),
    ],
)
def test_a_thing_is_303_by_accept(client: TestClient, accept: str, location: str) -> None:
    answer = client.get("/id/meeting/ctl-msp-5", headers={"accept": accept})
    assert (answer.status_code, answer.headers["location"]) == (303, location)
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/id/doc/A/RES/91/7", "/id/doc/a/res/91/7"),
        ("/id/doc/A%2FRES%2F91%2F7", "/id/doc/a/res/91/7"),
        ("/id/A/RES/91/7", "/id/doc/a/res/91/7"),
        ("/id/91/7", "/id/doc/a/res/91/7"),
        ("/id/CTL%20MSP%205", "/id/meeting/ctl-msp-5"),
        ("/id/ctl-msp-5", "/id/meeting/ctl-msp-5"),
        ("/id/meeting/CTL-MSP-5", "/id/meeting/ctl-msp-5"),
        ("/page/id/91/7", "/page/id/doc/a/res/91/7"),
        ("/data/id/91/7", "/data/id/doc/a/res/91/7"),
        ("/code/force/Requests", "/code/force/requests"),
    ],
)
def test_other_spellings_are_301(client: TestClient, path: str, location: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (301, location)


@pytest.mark.parametrize("path", ["/id/doc/a/res/91/7%7Eop4", "/id/doc/a/res/91/7~op4"])
def test_a_tilde_may_be_escaped(client: TestClient, path: str) -> None:
    assert client.get(path).headers["location"] == "/data/id/doc/a/res/91/7~op4"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/id/meeting/ctl-msp-99", 404),
        ("/id/doc/no/such", 404),
        ("/id/doc/ctl-msp-5", 404),
        ("/code/force/sings", 404),
        ("/id/4th%20Meeting%20of%20the%20States%20Parties", 400),
        ("/id/a%3Cscript%3E", 400),
        ("/id/a%00b", 400),
        ("/id/meeting/a%5Cb", 400),
        ("/id/" + "a" * 5000, 400),
        ("/page/nowhere/x", 400),
    ],
)
def test_what_is_not_there(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_ambiguous_name_tells_the_candidates(client: TestClient) -> None:
    problem = client.get("/id/4th%20Meeting%20of%20the%20States%20Parties").json()
    assert problem["candidates"] == ["cgb-msp-4", "ctl-msp-4"]


@pytest.mark.parametrize(
    "area", ["/code/force/requests", "/graph/a/res/91/7", "/finding/series-gap/000000000003", "/claim/aaaaaaaaaaaa"]
)
def test_the_rest_of_the_name_space_resolves(client: TestClient, area: str) -> None:
    answer = client.get(area, headers={"accept": BROWSER})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"], headers={"accept": BROWSER})
    assert page.status_code == 200
    data = client.get(area.replace("/", "/data/", 1))
    assert data.status_code == 200
    assert len(rdflib.Graph().parse(data=data.text, format="turtle")) > 0


@pytest.mark.parametrize(
    ("form", "parser"),
    [
        ("turtle", "turtle"),
        ("ntriples", "nt"),
        ("jsonld", "json-ld"),
        ("rdfxml", "xml"),
        ("nquads", "nquads"),
        ("trig", "trig"),
    ],
)
def test_the_data_are_the_same_in_every_format(client: TestClient, form: str, parser: str) -> None:
    answer = client.get("/data/id/meeting/ctl-msp-5", params={"format": form})
    graph = rdflib.Dataset().parse(data=answer.text, format=parser).default_graph
    turtle = rdflib.Graph().parse(data=client.get("/data/id/meeting/ctl-msp-5").text, format="turtle")
    assert set(graph) == set(turtle)
    tg = rdflib.Namespace("https://w3id.org/treatygraph/def#")
    assert len(set(graph.objects(rdflib.URIRef(MEETING), tg.convenedUnder))) == 3
    mandate = rdflib.URIRef("https://w3id.org/treatygraph/id/mandate/a/res/91/7~op4")
    assert (mandate, tg.concerns, rdflib.URIRef(MEETING)) in graph


def test_data_are_conditional_and_point_to_their_alternates(client: TestClient) -> None:
    first = client.get("/data/id/meeting/ctl-msp-5")
    again = client.get("/data/id/meeting/ctl-msp-5", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert '</page/id/meeting/ctl-msp-5>; rel="alternate"; type="text/html"' in first.headers["link"]
    assert '?format=trig>; rel="alternate"; type="application/trig"' in first.headers["link"]
    assert client.get("/data/id/meeting/ctl-msp-5").content == first.content


def test_the_page_shows_facts_with_sources_and_links_locally(client: TestClient) -> None:
    text = client.get("/page/id/meeting/ctl-msp-5", headers={"accept": BROWSER}).text
    assert "<h1>5th Meeting of the States Parties (CTL)</h1>" in text
    assert 'href="/page/id/doc/a/res/91/7~op4"' in text
    assert "By what authority" in text
    assert "<svg" in text
    assert "The stated weekday is Tuesday" in text
    assert "characters 40–90" in text
    assert "Derived by the rule" in text
    assert 'href="https://w3id.org/treatygraph/id' not in text.replace('rel="canonical" href="', "")


def test_a_value_that_lost_is_shown(client: TestClient) -> None:
    """A source graph says what the canonical graph does not prefer."""
    text = client.get("/page/id/doc/a/res/90/8", headers={"accept": BROWSER}).text
    assert "Other sources say otherwise" in text
    assert "2029-12-06" in text


def test_a_document_lists_its_parts_in_order(client: TestClient) -> None:
    text = client.get("/page/id/doc/a/res/91/7", headers={"accept": BROWSER}).text
    assert "Structure" in text
    assert text.index("7~op4") < text.index("7~pp2")


def test_values_never_become_markup_or_scripts(client: TestClient) -> None:
    text = client.get("/page/id/place/lisbon", headers={"accept": BROWSER}).text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert 'href="javascript:' not in text
    assert "javascript:alert(1)" in text
