"""The shortest way of a question gives what the usual way gives, asks nothing twice, and counts everything once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from httpx2 import Client, Response

from api.app import create_app
from api.compression import LONG_BYTES
from api.settings import Settings
from loaders.release import ReleaseInfo
from queries.pool.backend import PooledBackend
from tests.api.questions import (
    BURN,
    LARGE,
    OF_TREATY,
    RECORD,
    SMALL,
    as_it_is,
    bindings,
    client_of,
    counted,
    fresh,
    get,
    line_to,
    post,
)
from tests.patience import quickest, until, within_a_minute

if TYPE_CHECKING:
    from tests.api.conftest import Server

Start = Callable[..., AbstractContextManager["Server"]]

#: Of the server whose limit is waited for; that of the other is long, so that nothing is ended by it.
LIMIT_S = 1.5
#: A header that the shortest way does not know, so that the usual way answers.
USUAL = {"x-usual-way": "1"}
MIDDLE = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 200"
GRAPH = "CONSTRUCT { ?s a ?c } { ?s a ?c }"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("express") / "stderr"


@pytest.fixture(scope="module")
def server(release: ReleaseInfo, start: Start, log: Path) -> Iterator[Server]:
    with start(release.path, errors=log, workers="2", timeout_s="100", queue_wait_s="30", access_log="1") as found:
        yield found


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with client_of(server) as found:
        yield found


def shown(answer: Response) -> tuple[int, dict[str, str], bytes]:
    """All of an answer but for what differs from one moment to the next."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "server-timing")}
    timing = answer.headers.get("server-timing", "")
    return answer.status_code, {**headers, "server-timing": re.sub(r"dur=[0-9.]+", "dur", timing)}, answer.content


CASES = {
    "small": ({"query": SMALL}, {}),
    "uncompressed": ({"query": MIDDLE}, {"accept-encoding": "identity"}),
    "compressed": ({"query": MIDDLE}, {"accept-encoding": "gzip, deflate"}),
    "xml": ({"query": SMALL}, {"accept": "application/sparql-results+xml;q=0.9, text/csv;q=0.1"}),
    "csv": ({"query": SMALL, "format": "csv"}, {}),
    "turtle": ({"query": GRAPH}, {"accept": "text/turtle"}),
    "json-ld": ({"query": GRAPH}, {"accept": "application/ld+json"}),
    "ask": ({"query": "ASK { ?s ?p ?o }"}, {"accept": "text/tab-separated-values"}),
    "a dataset": ({"query": SMALL, "default-graph-uri": "https://w3id.org/treatygraph/graph/canonical"}, {}),
    "all graphs": ({"query": SMALL, "union": "true"}, {}),
    "a large answer": ({"query": LARGE}, {"accept-encoding": "identity"}),
    "a large answer, compressed": ({"query": LARGE}, {"accept-encoding": "gzip"}),
    "a look-up": ({"query": RECORD}, {}),
    "a look-up, as XML": ({"query": RECORD}, {"accept": "application/sparql-results+xml"}),
    "a look-up, as CSV": ({"query": RECORD, "format": "csv"}, {}),
    "a look-up with a limit of time": ({"query": RECORD, "timeout": "1"}, {}),
    "a look-up in all graphs": ({"query": RECORD, "union": "true"}, {}),
    "some rows that are looked up": ({"query": OF_TREATY}, {"accept-encoding": "gzip"}),
    "no rows that are looked up": ({"query": RECORD.replace("91/7", "91/8")}, {}),
    "nothing": ({"query": "SELECT ?s { ?s <urn:none> ?o }"}, {}),
    "an error of syntax": ({"query": "SELECT ?s WHERE {"}, {}),
    "a call of another endpoint": ({"query": "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }"}, {}),
    "no query": ({"format": "csv"}, {"accept": "text/turtle"}),
    "an unknown format": ({"query": SMALL, "format": "odd"}, {}),
    "nothing that is acceptable": ({"query": SMALL}, {"accept": "image/png"}),
    "a page": ({"query": SMALL}, {"accept": "text/html"}),
}


MEETING = "https://w3id.org/treatygraph/id/meeting/ctl-msp-5"
LINEAGES = {
    "a lineage": ({"thing": MEETING}, {}),
    "a lineage, uncompressed": ({"thing": MEETING, "direction": "both"}, {"accept-encoding": "identity"}),
    "of some kinds": ({"thing": MEETING, "kind": "mandate,recall", "depth": "2"}, {}),
    "by key": ({"thing": "ctl-msp-5"}, {}),
    "as text": ({"thing": MEETING, "format": "text"}, {}),
    "as a drawing": ({"thing": MEETING}, {"accept": "image/svg+xml"}),
    "as a page": ({"thing": MEETING}, {"accept": "text/html"}),
    "of nothing": ({"thing": "https://w3id.org/treatygraph/id/meeting/none"}, {}),
    "of no kind": ({"thing": MEETING, "kind": "odd"}, {}),
    "of nothing at all": ({}, {"accept": "application/json"}),
    "too deep": ({"thing": MEETING, "depth": "1000000"}, {}),
}


@pytest.mark.parametrize("name", LINEAGES)
def test_both_ways_give_the_same_lineage(client: Client, name: str) -> None:
    """The first time, then when it is kept, and after the usual way has kept it."""
    asked, headers = LINEAGES[name]
    other = {**asked, "depth": asked.get("depth", "5")}  # the same question under another name, asked in other order
    found = [
        shown(client.get("/lineage", params=parameters, headers=each))
        for parameters, ways in (
            (asked, (headers, {**headers, **USUAL}, headers)),
            (other, ({**headers, **USUAL}, headers)),
        )
        for each in ways
    ]
    assert found[0] == found[1] == found[2]
    assert found[3] == found[4]


def by_get(client: Client, asked: dict[str, str], headers: dict[str, str]) -> Response:
    return client.get("/sparql", params=asked, headers=headers)


def by_form(client: Client, asked: dict[str, str], headers: dict[str, str]) -> Response:
    return client.post("/sparql", data=asked, headers=headers)


@pytest.mark.parametrize("ask", [by_get, by_form, as_it_is])
@pytest.mark.parametrize("name", CASES)
def test_both_ways_give_the_same(
    client: Client, name: str, ask: Callable[[Client, dict[str, str], dict[str, str]], Response]
) -> None:
    """First new, then kept: each time the two ways differ in nothing."""
    parameters, headers = CASES[name]
    texts = [{**parameters}, {**parameters}]
    if "query" in parameters:
        texts[1]["query"] = fresh(parameters["query"])
    for asked in texts:
        short = ask(client, asked, headers)
        usual = ask(client, asked, {**headers, **USUAL})
        again = ask(client, asked, headers)
        status, sent, body = shown(usual)
        assert (short.status_code, short.content) == (status, body)
        for answer in (short, again):
            found = shown(answer)[1]
            for few in (sent, found):  # by which way the answer came differs, and a query that runs has an id
                few.pop("treatygraph-query", None)
                few["server-timing"] = few["server-timing"].replace("run;", "kept;")
            assert found == sent


class Heard:
    """A connection that keeps what it was told."""

    client = ("127.0.0.1", 9)

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def answer(self, head: bytes, body: bytes) -> None:
        assert b"etag:" in head
        self.bodies.append(body)

    def hand_on(self, data: bytes, outcome: object) -> None:
        pytest.fail(f"not answered: {outcome!r}")


def test_a_short_question_goes_the_shortest_way(release: ReleaseInfo) -> None:
    """By GET and by POST; what is not surely one, does not."""
    backend = PooledBackend(release.store, release=release.id, workers=1)
    try:
        app = create_app(Settings(release=release.path, watch_s=0), backend)
        heard = Heard()
        form = "query=" + quote(RECORD)
        as_form = post(form).replace(b"sparql-query", b"x-www-form-urlencoded")
        for request in (get(RECORD), post(RECORD), as_form):
            assert app.express.take(heard, request) is True
        assert len({*heard.bodies}) == 1
        whole = post(RECORD)
        for less in (whole[:-1], whole[: whole.index(b"\r\n\r\n") + 4]):
            assert app.express.take(heard, less) is False
            assert app.express.lacks(less)
        for other in (
            whole + b"G",
            whole.replace(b"/sparql ", b"/sparql?format=csv "),
            whole.replace(b"/sparql ", b"/sparql/ "),
            whole.replace(b"HTTP/1.1", b"HTTP/1.0"),
            whole.replace(b"Host", b"Expect: 100-continue\r\nHost"),
            as_form.replace(b"query=", b"query\xff"),
            post("# " + "x" * 5000 + "\n" + RECORD),
            post(RECORD, "Cookie: " + "x" * 9000),
            get(RECORD, "Cookie: " + "x" * 13_000),
            get(RECORD)[:-2],
            whole[:40],
        ):
            assert app.express.take(heard, other) is False, other[:200]
            assert not app.express.lacks(other), other[:200]
        assert len(heard.bodies) == 3
    finally:
        backend.close()


def test_all_ways_of_asking_give_the_same_look_up(client: Client) -> None:
    found = [
        shown(answer)
        for query in (RECORD, OF_TREATY)
        for answer in (
            client.get("/sparql", params={"query": query}),
            client.post("/sparql", data={"query": query}),
            client.post("/sparql", content=query, headers={"content-type": "application/sparql-query"}),
            client.get("/sparql", params={"query": query}, headers={**USUAL, "accept": "*/*"}),
        )
    ]
    for few in (found[:4], found[4:]):
        assert {(status, headers["etag"], body) for status, headers, body in few} == {
            (200, few[0][1]["etag"], few[0][2])
        }
    assert bindings(found[0][2])[0]["title"] == {"type": "literal", "value": "Lanterns of São Tomé", "xml:lang": "en"}


def test_a_long_look_up_has_the_same_rows_compressed(release: ReleaseInfo, start: Start) -> None:
    """It is more than is compressed here: it goes on to the usual way, not to a worker, whose order is another."""
    long = "<https://w3id.org/treatygraph/def#subject> s:definition"
    query = f"""PREFIX r: <http://www.w3.org/2000/01/rdf-schema#> PREFIX s: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?a ?b ?c ?d {{
          ?a r:isDefinedBy <https://w3id.org/treatygraph/def> . {long} ?b . {long} ?c . {long} ?d }}"""
    with start(release.path, workers="1", cache_mb="0") as server, client_of(server) as client:
        found = {
            coding: client.get("/sparql", params={"query": query}, headers={"accept-encoding": coding})
            for coding in ("gzip", "identity")
        }
        assert len(found["identity"].content) > LONG_BYTES
        assert counted(client, 'treatygraph_pool{state="busy"}') == 0
    assert found["gzip"].headers["content-encoding"] == "gzip"
    assert found["gzip"].content == found["identity"].content


def test_look_ups_wait_for_no_worker(client: Client, server: Server) -> None:
    with line_to(server) as one, line_to(server) as two:
        for line in (one, two):  # as many as there are workers
            line.sendall(get(fresh(BURN)))
        assert until(lambda: counted(client, 'treatygraph_pool{state="busy"}') == 2)
        for query in (RECORD, OF_TREATY):

            def look_up(query: str = query) -> None:
                assert client.get("/sparql", params={"query": fresh(query)}).status_code == 200

            assert quickest(look_up, 0.5) < 0.5
        assert counted(client, 'treatygraph_pool{state="waiting"}') == 0


def test_the_head_of_a_short_answer_is_complete(client: Client) -> None:
    answer = client.get("/sparql", params={"query": fresh(SMALL)})
    assert answer.headers["server-timing"].startswith('run;desc="answer";dur=')
    assert answer.headers["date"].endswith("GMT")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "*"
    tag = answer.headers["etag"]
    known = client.get("/sparql", params={"query": answer.url.params["query"]}, headers={"if-none-match": tag})
    assert known.status_code == 304


def test_each_request_is_counted_and_logged_once(client: Client, log: Path) -> None:
    """Whole ones, large ones and failures: whichever way they end on."""
    each_is_counted_once(
        client,
        [
            (method, fresh(query), status, outcome)
            for method in ("GET", "POST")
            for query, status, outcome in (
                (SMALL, 200, "answered"),
                (RECORD, 200, "answered"),
                (LARGE, 200, "answered"),
                ("SELECT ?s { ?s a ?c } ORDER BY", 400, "refused"),
            )
        ],
    )
    kept = [line for line in logged(log) if line.get("way") == "kept"]
    assert all(
        {"time", "method", "route", "status", "seconds", "bytes", "outcome", "query"} <= set(line) for line in kept
    )


def test_a_query_that_is_stopped_is_counted_and_logged_once_and_not_begun_again(
    release: ReleaseInfo, start: Start, log: Path
) -> None:
    errors = log.with_name("stopped")
    settings = {"workers": "2", "timeout_s": str(LIMIT_S), "queue_wait_s": "30", "access_log": "1"}
    with start(release.path, errors=errors, **settings) as server, client_of(server) as client:
        for method in ("GET", "POST"):

            def stopped(method: str = method) -> None:
                each_is_counted_once(client, [(method, fresh(BURN), 504, "timeout")])

            assert LIMIT_S - 0.05 <= quickest(stopped, 1.8 * LIMIT_S) < 1.8 * LIMIT_S
    lines = [line for line in logged(errors) if line["route"] == "/sparql"]
    assert {line["method"] for line in lines} == {"GET", "POST"}
    assert {line["status"] for line in lines} == {504}
    assert all(line["seconds"] >= LIMIT_S - 0.05 for line in lines)


def logged(log: Path) -> list[dict[str, Any]]:
    text = log.read_text().rpartition("\n")[0]  # the last line may be half written
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def each_is_counted_once(client: Client, asked: list[tuple[str, str, int, str]]) -> None:
    for method, query, status, outcome in asked:
        requests = f'treatygraph_requests_total{{method="{method}",route="/sparql",status="{status}"}}'
        queries = f'treatygraph_queries_total{{outcome="{outcome}"}}'
        before = counted(client, requests), counted(client, queries)
        assert (by_form if method == "POST" else by_get)(client, {"query": query}, {}).status_code == status
        # The count of a streamed answer comes a moment after its last byte.
        assert until(lambda: counted(client, requests) > before[0] and counted(client, queries) > before[1])  # noqa: B023
        time.sleep(0.05)  # in which a second count would come
        assert (counted(client, requests), counted(client, queries)) == (before[0] + 1, before[1] + 1)


def test_a_limit_on_requests_counts_each_once(release: ReleaseInfo, start: Start) -> None:
    """Three may pass, whether they are answered here, handed on, or wrong; the fourth may not."""
    queries = (RECORD, LARGE, "SELECT ?s WHERE {", RECORD, SMALL)
    with start(release.path, workers="1", rate_per_minute="3") as limited, client_of(limited) as client:
        within_a_minute()
        ways = (as_it_is, by_get, by_form, as_it_is, by_get)
        found = [ask(client, {"query": query}, {}).status_code for ask, query in zip(ways, queries, strict=True)]
    assert found == [200, 200, 400, 429, 429]
