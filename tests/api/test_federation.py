"""SERVICE over real HTTP: our server, the Oxigraph server as listed endpoint, a listener that must hear nothing."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

import pyoxigraph as ox
import pytest
import rdflib
from httpx2 import Client

from api.settings import SettingsError, load_settings
from loaders.release import ReleaseInfo

from ..endpoints import Listener, listening, oxigraph
from ..patience import BUSY_S, PATIENT_S, growing, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

ID = "https://w3id.org/treatygraph/id/"
TG = "https://w3id.org/treatygraph/def#"
SD = "http://www.w3.org/ns/sparql-service-description#"
#: The limit of a query, which nothing here waits for.
LONG_S = 50
JOIN = f"""PREFIX tg: <{TG}> SELECT ?s ?note WHERE {{ ?s a tg:Resolution .
  SERVICE <{{}}> {{ ?s <http://e/note> ?note }} }} ORDER BY ?s"""


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    note, here, nowhere = (
        ox.NamedNode(one) for one in ("http://e/note", f"{ID}doc/a/res/91/7", f"{ID}doc/a/res/12/34")
    )
    quads = [
        ox.Quad(here, note, ox.Literal("a note from \u00e9lsewhere", language="en")),
        ox.Quad(nowhere, note, ox.Literal("of nothing here")),
    ]
    with oxigraph(tmp_path_factory.mktemp("second"), quads) as address:
        yield address


@pytest.fixture(scope="module")
def hostile() -> Iterator[Listener]:
    """A port that counts who knocks."""
    with listening(lambda _: None) as found:
        yield found


@pytest.fixture(scope="module")
def hanging() -> Iterator[Listener]:
    """An endpoint that takes a request and says nothing; counts the connections that are open."""

    def wait(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with listening(wait) as found:
        yield found


@pytest.fixture(scope="module")
def changing() -> Iterator[str]:
    """An endpoint that counts: every second answer is another."""
    numbers = count()

    def answer(connection: socket.socket) -> None:
        number = next(numbers)
        data = b""
        while b"query=" not in data:
            data += connection.recv(65536)
        term = f'{{"n":{{"type":"literal","value":"{number // 2}"}}}}'
        body = f'{{"head":{{"vars":["n"]}},"results":{{"bindings":[{term}]}}}}'
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    with listening(answer) as found:
        yield found.address


@pytest.fixture(scope="module")
def redirecting(hostile: Listener) -> Iterator[str]:
    """An endpoint that sends everybody elsewhere."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        place = f"http://127.0.0.1:{hostile.port}/"
        connection.sendall(f"HTTP/1.1 307 Go\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())

    with listening(answer) as found:
        yield found.address


@pytest.fixture(scope="module")
def federated(
    start: Callable[..., AbstractContextManager[Server]],
    release: ReleaseInfo,
    second: str,
    hanging: Listener,
    redirecting: str,
    changing: str,
) -> Iterator[Client]:
    listed = f"{second}, {hanging.address}, {redirecting}, {changing}"
    with (
        start(release.path, federation=listed, timeout_s=str(LONG_S), workers="2") as server,
        Client(base_url=server.address, timeout=PATIENT_S) as found,
    ):
        yield found


def test_rows_of_two_endpoints_are_joined(federated: Client, second: str) -> None:
    query = JOIN.replace("{}", second)
    for answer in (
        federated.get("/sparql", params={"query": query, "format": "csv"}),
        federated.post("/sparql", data={"query": query}, headers={"accept": "text/csv"}),
        federated.post(
            "/sparql", content=query, headers={"content-type": "application/sparql-query", "accept": "text/csv"}
        ),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.text.split("\r\n")[1:2] == [f"{ID}doc/a/res/91/7,a note from \u00e9lsewhere"]
        assert answer.text.count("\r\n") == 2
        assert answer.headers["cache-control"] == "no-cache"
    turtle = federated.get(
        "/sparql",
        params={"query": f"CONSTRUCT {{ ?s a ?n }} WHERE {{ SERVICE <{second}> {{ ?s <http://e/note> ?n }} }}"},
    )
    assert turtle.headers["content-type"].startswith("text/turtle")
    page = federated.get("/sparql", params={"query": query}, headers={"accept": "text/html"})
    assert "a note from \u00e9lsewhere" in page.text
    assert f"SERVICE &lt;{second}&gt;" in page.text, "the editor shows the query as it was asked"


def test_the_tag_of_an_answer_is_that_of_the_rows_that_were_given(federated: Client, changing: str) -> None:
    asked = {"query": f"SELECT ?n {{ SERVICE <{changing}> {{ ?s ?p ?n }} }}", "format": "csv"}
    first, same, third, fourth = (federated.get("/sparql", params=asked) for _ in range(4))
    assert [answer.text.split()[1] for answer in (first, same, third, fourth)] == ["0", "0", "1", "1"]
    assert first.headers["etag"] == same.headers["etag"] != third.headers["etag"]
    # A client that has the answer is told so only after the endpoint was asked again.
    known = {"if-none-match": third.headers["etag"]}
    assert federated.get("/sparql", params=asked, headers=known).text.split()[1] == "2"
    known = {"if-none-match": federated.get("/sparql", params=asked).headers["etag"]}
    assert federated.get("/sparql", params=asked, headers=known).text.split()[1] == "3"
    federated.get("/sparql", params=asked)
    known = {"if-none-match": federated.get("/sparql", params=asked).headers["etag"]}
    assert federated.get("/sparql", params=asked, headers=known).status_code == 304


def test_it_is_advertised_where_it_is_on(federated: Client, http: Client) -> None:
    def features(client: Client) -> set[str]:
        text = client.get("/sparql", headers={"accept": "text/turtle"}).text
        return {str(one) for one in rdflib.Graph().parse(data=text).objects(None, rdflib.URIRef(f"{SD}feature"))}

    assert features(federated) == {f"{SD}BasicFederatedQuery"}
    assert not features(http)


def test_without_the_setting_every_call_is_refused(http: Client, second: str) -> None:
    answer = http.get("/sparql", params={"query": JOIN.replace("{}", second)})
    assert (answer.status_code, answer.json()["feature"]) == (403, "service")


def spellings(port: int, second: str, number: int) -> Iterator[str]:
    """Calls to the listener, drawn with a fixed seed: dressed up as calls to the listed endpoint, hidden in them."""
    draw = random.Random(7)
    there = f"127.0.0.1:{port}"
    authority = second.removeprefix("http://").partition("/")[0]
    addresses = [
        f"http://{there}/", f"http://{there}/query", f"http://{authority}@{there}/query", f"http://LOCALHOST:{port}/query",
        f"http://2130706433:{port}/query", f"http://0x7f.1:{port}/query", f"http://[::1]:{port}/query",
        f"http://[::ffff:7f00:1]:{port}/query", f"http://{there}/?{second}", f"http://{there}#{second}",
        f"http://{there}\\u002Fquery", f"\\u0068ttp://{there}/", f"http://127.1:{port}/query", f"{second}/../{there}",
        f"//{there}/", "x",
    ]  # fmt: skip
    words = [
        "SERVICE",
        "service",
        "SERVICE SILENT",
        "Service#\n",
        "S\\u0045RVICE",
        "SERVICE\\u0020SILENT",
        "SERVICEe:a",
    ]
    for _ in range(number):
        address = draw.choice(addresses)
        target = draw.choice([f"<{address}>", f"<{address}>", "?x", "e:a", ":", f"<{address}\t>"])
        call = f"{draw.choice(words)} {target} {{ ?s ?p ?o }}"
        good = f"SERVICE {draw.choice(['', 'SILENT'])} <{second}> {{ ?s <http://e/note> ?n }}"
        body = draw.choice(
            [
                call,
                f"{good} {call}",
                f"{call} {good}",
                good.replace("?n }", f"?n {call} }}"),
                good.replace("?n }", f"?n FILTER EXISTS {{ {call} }} }}"),
                f"OPTIONAL {{ {good} }} {{ SELECT * {{ {call} }} }}",
                f'{good} FILTER(?n < "}}" || ?n<?x) {call} FILTER("a">?x)',
                f"VALUES ?x {{ <http://{there}/> }} {good} {call}",
            ]
        )
        yield f"BASE <http://{there}/> PREFIX e: <http://{there}/> PREFIX : <http://{there}/> SELECT * {{ {body} }}"


def test_no_spelling_reaches_an_endpoint_that_is_not_listed(federated: Client, second: str, hostile: Listener) -> None:
    urlopen_failed = pytest.raises(OSError)  # noqa: PT011 - it closes at once, in one way or another
    with urlopen_failed:
        urlopen(f"http://127.0.0.1:{hostile.port}/", timeout=PATIENT_S)
    assert hostile.knocks, "without this the rest proves nothing"
    hostile.knocks.clear()
    statuses = []
    for text in spellings(hostile.port, second, 600):
        statuses.append(federated.post("/sparql", data={"query": text}).status_code)
        assert not hostile.knocks, text
    assert set(statuses) <= {400, 403}, "a text that is no query, or a refusal"
    assert statuses.count(403) > 400, "most must be calls, or nothing is shown"


def test_a_redirect_is_not_followed(federated: Client, redirecting: str, hostile: Listener) -> None:
    hostile.knocks.clear()
    answer = federated.get("/sparql", params={"query": JOIN.replace("{}", redirecting)})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (502, "remote-failed")
    assert "redirects" in answer.json()["detail"]
    silent = JOIN.replace("SERVICE <{}>", f"SERVICE SILENT <{redirecting}>")
    answer = federated.get("/sparql", params={"query": silent, "format": "csv"})
    assert answer.text.split() == ["s,note", f"{ID}doc/a/res/90/8,", f"{ID}doc/a/res/91/7,"]
    assert not hostile.knocks


def test_the_limit_of_a_query_covers_its_calls(federated: Client, hanging: Listener) -> None:
    query = JOIN.replace("{}", hanging.address)
    for limit in growing(0.7):
        started = time.monotonic()
        answer = federated.get("/sparql", params={"query": query, "timeout": str(limit)})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (504, "timeout")
        assert limit - 0.1 < time.monotonic() - started < limit * 1.1 + BUSY_S
        if hanging.address in answer.json()["detail"]:  # else a busy machine had not come to the call
            break
    assert hanging.address in answer.json()["detail"]
    silent = query.replace("SERVICE", "SERVICE SILENT")
    for limit in growing(1.4):
        answer = federated.get("/sparql", params={"query": silent, "timeout": str(limit), "format": "csv"})
        if answer.status_code != 504:  # else half of the time was too short for the query
            break
    assert answer.text.count("\r\n") == 3, "half of the time for the endpoint, half for the query without it"


def test_health_answers_while_endpoints_hang_and_a_client_that_leaves_ends_its_call(
    federated: Client, hanging: Listener
) -> None:
    address = str(federated.base_url).rstrip("/")
    query = JOIN.replace("{}", hanging.address)
    leavers = []
    for _ in range(2):
        host, port = address.removeprefix("http://").split(":")
        leavers.append(socket.create_connection((host, int(port)), timeout=PATIENT_S))
        body = urlencode({"query": query}).encode()
        kind = "Content-Type: application/x-www-form-urlencoded"
        head = f"POST /sparql HTTP/1.1\r\nHost: x\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        leavers[-1].sendall(head.encode() + body)
    assert until(lambda: hanging.open == 2)
    started = time.monotonic()
    assert federated.get("/health/live").status_code == 200
    assert federated.get("/sparql?query=ASK{}").json()["boolean"] is True
    assert time.monotonic() - started < 2 + BUSY_S
    full = federated.get("/sparql", params={"query": query})
    assert full.status_code == 503, "two workers, so two calls at a time"
    for leaver in leavers:
        leaver.close()
    assert until(lambda: not hanging.open, 2 + BUSY_S), "the calls go on without their clients"


def test_the_calls_are_counted(federated: Client) -> None:
    text = federated.get("/metrics").text
    for outcome in ("answered", "failed", "passed-over", "timeout"):
        assert f'treatygraph_remote_calls_total{{outcome="{outcome}"}}' in text


@pytest.mark.parametrize("wrong", ["wikidata", "http://user@host/", "http://a/,file:///etc", "http://a/ b"])
def test_a_list_that_holds_no_addresses_stops_the_start(wrong: str) -> None:
    with pytest.raises(SettingsError, match="setting federation"):
        load_settings({}, federation=wrong)
