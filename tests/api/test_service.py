"""The service with its worker processes: limits, cancelling, leaving, switching, stopping. Real servers and queries."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from httpx2 import Client, HTTPError, Response

from loaders.release import ReleaseInfo
from tests.endpoints import BROKEN
from tests.patience import BUSY_S, PATIENT_S, growing, quickest, until, within_a_minute

if TYPE_CHECKING:
    from tests.api.conftest import Server

Start = Callable[..., AbstractContextManager["Server"]]

TOKEN = "a-token-that-only-tests-know"
OPERATOR = {"authorization": f"Bearer {TOKEN}"}
GOOD = "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> } ORDER BY ?s"
#: Never ends within a test, and gives no row before its end.
BURN = """SELECT (COUNT(*) AS ?n)
          { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(STRLEN(STR(?c)) + STRLEN(STR(?l)) < 0) }"""
#: Gives rows at once, and for ever.
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
#: Of most servers here: longer than any wait, so that nothing ends a query but what shall end it.
LONG_S = 100.0
#: Of one whose limit is waited for.
SHORT_S = 1.5


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def small(release: ReleaseInfo, start: Start, place: Path) -> Iterator[Server]:
    """Two workers, a queue of one, and an operator."""
    with start(
        release.path,
        errors=place / "stderr",
        workers="2",
        timeout_s=str(LONG_S),
        queue_size="1",
        queue_wait_s="30",
        operator_token=TOKEN,
        access_log="1",
    ) as server:
        yield server


@pytest.fixture
def client(small: Server) -> Iterator[Client]:
    with Client(base_url=small.address, timeout=PATIENT_S) as found:
        yield found
        assert until(lambda: not running(found))


@pytest.fixture
def brief(release: ReleaseInfo, start: Start) -> Iterator[Client]:
    """A client of a server of a short limit."""
    with (
        start(release.path, workers="2", timeout_s=str(SHORT_S), queue_wait_s="30") as server,
        Client(base_url=server.address, timeout=PATIENT_S) as found,
    ):
        yield found


def ask(client: Client, query: str, **fields: str) -> Response:
    return client.get("/sparql", params={"query": query, **fields})


def ask_at(client: Client, path: str) -> int:
    return client.get(path, params={"query": GOOD}).status_code


def good(client: Client) -> bool:
    """Whether a query that nobody asked before is answered at once."""
    started = time.monotonic()
    answer = ask(client, f"{GOOD} # {time.monotonic_ns()}")
    return (
        answer.status_code == 200
        and len(answer.json()["results"]["bindings"]) == 2
        and time.monotonic() - started < BUSY_S
    )


def running(client: Client) -> list[dict[str, Any]]:
    return client.get("/queries", headers=OPERATOR).json()["queries"]


def read(answer: Response) -> None:
    for _ in answer.iter_raw():
        pass


class Later:
    """A request in a thread; `answer()` waits for it."""

    def __init__(self, server: Server, query: str, **fields: str) -> None:
        self._found: Response | Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(server, query, fields))
        self._thread.start()

    def _run(self, server: Server, query: str, fields: dict[str, str]) -> None:
        with Client(base_url=server.address, timeout=2 * PATIENT_S) as client:
            try:
                self._found = ask(client, query, **fields)
            except HTTPError as error:
                self._found = error

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def answer(self) -> Response:
        self._thread.join()
        assert isinstance(self._found, Response), self._found
        return self._found


def is_504(client: Client, limit: float, **fields: str) -> None:
    """Neither before its time nor long after it."""
    started = time.monotonic()
    answer = ask(client, BURN, **fields)
    seconds = time.monotonic() - started
    assert (answer.status_code, answer.headers["content-type"]) == (504, "application/problem+json")
    assert limit - 0.05 <= seconds < limit * 1.1 + BUSY_S
    assert good(client)


def test_past_its_limit_a_query_is_504(client: Client, brief: Client) -> None:
    is_504(client, 0.5, timeout="0.5")
    is_504(brief, SHORT_S)
    is_504(brief, SHORT_S, timeout="9999")


def test_past_its_limit_an_answer_that_is_being_sent_is_broken(client: Client) -> None:
    for encoding in ("identity", "gzip"):
        headers = {"accept": "text/csv", "accept-encoding": encoding}
        for limit in growing(1.0):
            params = {"query": FLOOD, "timeout": str(limit)}
            with client.stream("GET", "/sparql", params=params, headers=headers) as answer:
                if answer.status_code == 504:  # a busy machine has not come to the first byte
                    continue
                assert answer.status_code == 200
                with pytest.raises(BROKEN):
                    read(answer)
                break
        else:
            pytest.fail("no byte within any limit")
    assert good(client)


def test_a_full_pool_says_when_to_come_again(release: ReleaseInfo, start: Start) -> None:
    settings = {"workers": "2", "queue_size": "1", "queue_wait_s": "1", "timeout_s": str(LONG_S)}
    with (
        start(release.path, operator_token=TOKEN, **settings) as server,
        Client(base_url=server.address, timeout=PATIENT_S) as client,
    ):
        burning = [Later(server, f"{BURN} # {number}") for number in range(3)]
        assert until(lambda: len(running(client)) == 2)
        answer = ask(client, GOOD + " # when full")
        assert answer.status_code == 503
        assert answer.json()["type"].endswith(("/problem/busy",))
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        for path in ("/health", "/health/live", "/health/ready", "/metrics"):
            assert quickest(lambda path=path: client.get(path).raise_for_status(), 0.5) < 0.5  # type: ignore[misc]
        assert until(lambda: sum(one.over for one in burning) == 1), "the third has waited its time"
        for one in running(client):
            assert client.delete(f"/queries/{one['id']}", headers=OPERATOR).status_code == 204
        assert sorted(one.answer().json()["type"].rpartition("/")[2] for one in burning) == [
            "busy",
            "cancelled",
            "cancelled",
        ]
        assert good(client)


def test_only_the_operator_sees_the_queries(small: Server, client: Client, http: Client) -> None:
    assert client.get("/queries").status_code == 401
    assert client.get("/queries").headers["www-authenticate"].startswith("Bearer")
    assert client.get("/queries", headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get("/queries", headers=OPERATOR).json()["isolation"]["dies_with_parent"] is True
    assert http.get("/queries", headers=OPERATOR).status_code == 403, "without a token nobody is the operator"


def test_a_query_is_cancelled_by_its_id(small: Server, client: Client) -> None:
    burning = Later(small, BURN + " # to be cancelled")
    assert until(lambda: running(client))
    (one,) = running(client)
    assert client.delete("/queries/guessed").status_code == 404
    assert client.delete(f"/queries/{one['id']}").status_code == 204
    answer = burning.answer()
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "cancelled")
    assert client.delete(f"/queries/{one['id']}").status_code == 404
    assert good(client)


def test_an_answer_that_is_being_sent_tells_its_id(client: Client) -> None:
    with client.stream("GET", "/sparql", params={"query": FLOOD, "format": "csv"}) as answer:
        identifier = answer.headers["treatygraph-query"]
        assert client.delete(f"/queries/{identifier}").status_code == 204
        with pytest.raises(BROKEN):
            read(answer)


@pytest.mark.parametrize("query", [BURN, FLOOD])
def test_when_the_client_leaves_the_work_stops(small: Server, client: Client, query: str) -> None:
    host, port = small.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENT_S) as line:
        line.sendall(b"GET /sparql?query=%b HTTP/1.1\r\nHost: a\r\n\r\n" % quote(f"{query} # leaving").encode())
        assert until(lambda: running(client))
        if query == FLOOD:
            assert line.recv(15) == b"HTTP/1.1 200 OK"
    assert until(lambda: not running(client), 1.5 + BUSY_S), "the query goes on without its client"
    assert good(client)


def test_equal_questions_at_the_same_time_run_once(small: Server, client: Client) -> None:
    burning = [Later(small, BURN + " # the same", timeout="3") for _ in range(6)]
    seen: list[int] = []
    assert until(lambda: seen.append(len(running(client))) or all(one.over for one in burning), PATIENT_S)
    assert max(seen) == 1, "two workers are free"
    assert {one.answer().status_code for one in burning} == {504}


def test_one_of_several_who_wait_may_leave(small: Server, client: Client) -> None:
    text = BURN + " # shared by two"
    stays = Later(small, text)
    assert until(lambda: running(client))
    with Client(base_url=small.address, timeout=0.5) as other, pytest.raises(HTTPError):
        ask(other, text)
    time.sleep(0.3)  # in which the server hears that this one has left
    (one,) = running(client)
    assert not stays.over
    assert client.delete(f"/queries/{one['id']}", headers=OPERATOR).status_code == 204
    assert stays.answer().json()["type"].rpartition("/")[2] == "cancelled"


def test_small_answers_do_not_wait_for_the_network(client: Client) -> None:
    """Which, once a connection has been used for a while, delays each of them."""

    def live() -> None:
        assert client.get("/health/live").status_code == 200

    for _ in range(10):
        live()
    assert quickest(live, 0.03, attempts=40) < 0.03, "40 ms is the sign of delayed acknowledgements"


def test_an_answer_asked_before_is_kept(client: Client) -> None:
    text = GOOD + " # kept"
    first, second, third = ask(client, text), ask(client, text), ask(client, text, format="csv")
    assert first.headers["server-timing"].startswith("run;")
    assert second.headers["server-timing"].startswith("kept;")
    assert third.headers["server-timing"].startswith("run;")
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
    for differently in ({"union": "true"}, {"default-graph-uri": "https://e.org/none"}):
        other = ask(client, text, **differently)
        assert other.headers["etag"] != first.headers["etag"]
        assert other.headers["server-timing"].startswith("run;")


def test_a_worker_that_is_killed_takes_only_its_query_along(small: Server, client: Client) -> None:
    for number in range(5):
        burning = Later(small, f"{BURN} # killed {number}")
        assert until(lambda: running(client))
        os.kill(running(client)[0]["pid"], signal.SIGKILL)
        answer = burning.answer()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert good(client)


def test_the_log_tells_what_happened_without_the_queries(small: Server, client: Client, place: Path) -> None:
    ask(client, GOOD + " # secret-word", timeout="2.5")
    for limit in growing(2.0):
        burning = Later(small, BURN + " # secret-word", timeout=str(limit))
        seen: list[dict[str, Any]] = []
        assert until(lambda: seen.extend(running(client)) or seen or burning.over, PATIENT_S)  # noqa: B023
        assert burning.answer().status_code == 504
        if seen:
            break
    hashed = seen[0]["text_hash"]

    def lines() -> list[dict[str, Any]]:
        text = (place / "stderr").read_text().rpartition("\n")[0]  # the last line may be half written
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    assert until(lambda: any(line.get("query") == hashed for line in lines()))
    found = next(line for line in lines() if line.get("query") == hashed)
    assert (found["status"], found["route"], found["method"]) == (504, "/sparql", "GET")
    assert found["seconds"] >= limit - 0.05
    assert "secret-word" not in (place / "stderr").read_text()
    assert TOKEN not in (place / "stderr").read_text()


def test_the_numbers_tell_what_became_of_queries(client: Client) -> None:
    ask(client, "ASK { SERVICE <http://127.0.0.1:9/> {} }")
    ask(client, BURN, timeout="0.1")
    for told in (
        'treatygraph_queries_total{outcome="timeout"}',
        'treatygraph_queries_total{outcome="refused"}',
        'treatygraph_pool{state="workers"} 2.0',
    ):
        assert until(lambda told=told: told in client.get("/metrics").text), told  # type: ignore[misc]


def test_text_is_compressed_for_those_who_accept_it(client: Client) -> None:
    params = {"query": "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 200", "format": "csv"}
    plain = client.get("/sparql", params=params, headers={"accept-encoding": "identity"})
    packed = client.get("/sparql", params=params, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in plain.headers["vary"]
    headers = {"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]}
    again = client.get("/sparql", params=params, headers=headers)
    assert (again.status_code, again.headers["etag"]) == (304, packed.headers["etag"])
    refused = client.get("/sparql", params=params, headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


def test_the_rate_is_limited_by_client(release: ReleaseInfo, start: Start) -> None:
    def statuses(server: Server, clients: list[str]) -> list[int]:
        within_a_minute()
        with Client(base_url=server.address, timeout=PATIENT_S) as client:
            return [client.get("/problem/timeout", headers={"x-forwarded-for": one}).status_code for one in clients]

    crowd = [f"192.0.2.{number}" for number in range(1, 9)]
    with start(release.path, rate_per_minute="5", workers="1") as server:
        assert statuses(server, crowd) == [200] * 5 + [429] * 3, "nobody may invent an address"
        with Client(base_url=server.address, timeout=PATIENT_S) as client:
            answer = client.get("/problem/timeout")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert answer.json()["type"].endswith("/problem/too-many-requests")
            assert client.get("/health/live").status_code == 200
    with start(release.path, rate_per_minute="5", workers="1", trusted_proxies="127.0.0.1") as server:
        assert statuses(server, crowd) == [200] * 8
        assert statuses(server, ["192.0.2.1, 198.51.100.7"] * 6) == [200] * 5 + [429], "the proxy's word is the last"


def test_it_answers_under_the_path_of_a_proxy(release: ReleaseInfo, start: Start) -> None:
    """Whether the proxy takes its path away or not; and only a listed proxy tells the scheme."""
    proxied = {"accept": "text/turtle", "host": "data.example.org", "x-forwarded-proto": "https"}
    for trusted, scheme in (("127.0.0.0/8", "https"), ("", "http")):
        settings = {"workers": "1", "root_path": "/tg", "trusted_proxies": trusted}
        with start(release.path, **settings) as server, Client(base_url=server.address, timeout=PATIENT_S) as client:
            for path in ("/sparql", "/tg/sparql"):
                assert f"sd:endpoint <{scheme}://data.example.org/tg/sparql>" in client.get(path, headers=proxied).text
                assert ask_at(client, path) == 200
            assert client.get("/tg/id/91/7", follow_redirects=False).headers["location"] == "/tg/id/doc/a/res/91/7"
            assert client.get("/tg/tg/tg/sparql").status_code == 404


def test_a_new_release_is_served_without_a_failed_request(
    tmp_path: Path, start: Start, publisher: Callable[..., ReleaseInfo]
) -> None:
    thing = "<https://w3id.org/treatygraph/id/doc/a/res/92/9>"
    more = (
        f"{thing} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/treatygraph/def#Resolution> .",
        f'{thing} <http://www.w3.org/2004/02/skos/core#prefLabel> "A/RES/92/9"@en .',
        f'{thing} <http://purl.org/dc/terms/identifier> "A/RES/92/9" .',
    )
    first, second = publisher(tmp_path / "first"), publisher(tmp_path / "second", *more)
    current = tmp_path / "current"
    current.symlink_to("first")
    with (
        start(tmp_path, watch_s="0.2", workers="2", queue_wait_s="30") as server,
        Client(base_url=server.address, timeout=PATIENT_S) as client,
    ):
        assert client.get("/health").json()["release"] == first.id
        assert client.get("/search", params={"q": "A/RES/92/9"}).json()["results"] == []
        before = ask(client, GOOD)
        bad: list[object] = []
        stop = threading.Event()

        def hammer(number: int) -> None:
            with Client(base_url=server.address, timeout=PATIENT_S) as other:
                while not stop.is_set():
                    answer = ask(other, f"{GOOD} # {number} {time.monotonic_ns()}")
                    size = len(answer.json()["results"]["bindings"]) if answer.status_code == 200 else 0
                    if size not in (2, 3):
                        bad.append(answer.text)

        threads = [threading.Thread(target=hammer, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        (tmp_path / "next").symlink_to("second")
        (tmp_path / "next").replace(current)
        try:
            assert until(lambda: client.get("/health").json()["release"] == second.id, PATIENT_S)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert bad == []
        after = client.get("/sparql", params={"query": GOOD}, headers={"if-none-match": before.headers["etag"]})
        assert after.status_code == 200
        assert len(after.json()["results"]["bindings"]) == 3
        assert client.get("/search", params={"q": "A/RES/92/9"}).json()["results"][0]["label"] == "A/RES/92/9"
        assert client.get("/dump/").json()["release"] == second.id


def test_stopped_it_finishes_what_runs_and_leaves_no_process(release: ReleaseInfo, start: Start) -> None:
    settings = {"workers": "2", "operator_token": TOKEN, "grace_s": str(PATIENT_S)}
    with start(release.path, **settings) as server, Client(base_url=server.address, timeout=PATIENT_S) as client:
        for limit in growing(1.5):
            burning = Later(server, BURN, timeout=str(limit))
            seen: list[dict[str, Any]] = []
            assert until(lambda: seen.extend(running(client)) or seen or burning.over)  # noqa: B023
            if seen:
                break
        pid = seen[0]["pid"]
        client.close()
        server.process.send_signal(signal.SIGTERM)
        assert burning.answer().status_code == 504, "its own limit ended it, not the stop"
        assert server.process.wait(PATIENT_S) == 0
        assert until(lambda: not Path(f"/proc/{pid}").exists())


def test_killed_it_leaves_no_process_either(release: ReleaseInfo, start: Start) -> None:
    with (
        start(release.path, workers="2", operator_token=TOKEN) as server,
        Client(base_url=server.address, timeout=PATIENT_S) as client,
    ):
        burning = Later(server, BURN, timeout="50")
        assert until(lambda: running(client))
        pid = running(client)[0]["pid"]
        server.process.kill()
        with pytest.raises(AssertionError):
            burning.answer()
        assert until(lambda: not Path(f"/proc/{pid}").exists())
