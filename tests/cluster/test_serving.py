"""`treatygraph serve --store fluree:…` with three query processes, over real HTTP."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from httpx2 import Client

from loaders.release import ReleaseInfo

from ..processes import children

pytestmark = pytest.mark.cluster

Releases = Callable[[int], ReleaseInfo]
CSV = {"accept": "text/csv"}
#: Never ends within a test.
BURN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?c) < STR(?f) && STR(?f) < STR(?i)) }"


@pytest.fixture(scope="module")
def store(releases: Releases, kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "shared"
    kit.publish(releases(1), path)
    return path


@pytest.fixture(scope="module")
def server(service: ModuleType, store: Path) -> Iterator[Any]:
    settings = {"store": f"fluree:{store}", "accept_licence": "BUSL-1.1", "workers": "3", "queue_wait_s": "60"}
    with service.running(store / "no-release", **settings, timeout_s="60") as found:
        yield found


@pytest.fixture
def http(server: Any) -> Iterator[Client]:
    with Client(base_url=server.address, timeout=150) as found:
        yield found


def count(http: Client, kit: Any, mark: int = 0) -> tuple[str, int]:
    """Which release answers, and how many weights it holds. `mark` makes the text one that was never asked."""
    text = f"""SELECT ?n (COUNT(?w) AS ?weights) {{ <{kit.MARK}> <{kit.MARK}/number> ?n
               GRAPH ?g {{ ?s <{kit.MARK}/weight> ?w }} FILTER({mark} = {mark}) }} GROUP BY ?n"""
    answer = http.get("/sparql", params={"query": text}, headers=CSV)
    assert answer.status_code == 200, answer.text
    number, weights = answer.text.split()[1].split(",")
    return number, int(weights)


def test_reads_go_on_while_query_processes_are_killed(server: Any, kit: Any) -> None:
    marks, stop = itertools.count(1), threading.Event()
    failed: list[str] = []
    answered = [0]

    def read() -> None:
        with Client(base_url=server.address, timeout=150) as http:
            while not stop.is_set():
                try:
                    assert count(http, kit, next(marks)) == ("1", 300)
                    answered[0] += 1
                except Exception as error:
                    failed.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    killed: list[int] = []
    chance = random.Random(7)
    try:
        limit = time.monotonic() + 60
        while len(killed) < 6 and time.monotonic() < limit:
            time.sleep(0.5)
            processes = [pid for pid in children(server.process.pid) if pid not in killed]
            if processes:
                killed.append(chance.choice(processes))
                with suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)
        before = answered[0]
        limit = time.monotonic() + 90
        while answered[0] < before + 10 and time.monotonic() < limit:
            time.sleep(0.05)
    finally:
        stop.set()
        for reader in readers:
            reader.join(160)
    assert failed == []
    assert len(killed) >= 3
    assert answered[0] >= before + 10, "nothing was answered after the last kill"


def test_a_runaway_query_is_ended_at_its_limit_and_others_go_on(http: Client, kit: Any) -> None:
    began = time.monotonic()
    late = http.get("/sparql", params={"query": BURN, "timeout": "1"}, headers=CSV)
    took = time.monotonic() - began
    assert late.status_code == 504
    assert late.json()["type"].endswith("/timeout")
    assert took < 15, "long before the limit of the service"
    assert count(http, kit, 10_000) == ("1", 300)


def test_what_the_engine_cannot_answer_is_refused_by_name(http: Client) -> None:
    text = "SELECT * { ?a (<urn:p>/<urn:q>|!<urn:r>)+ ?b }"
    answer = http.get("/sparql", params={"query": text}, headers=CSV)
    assert answer.status_code == 403
    assert answer.json()["feature"] == "engine"
    assert "does not answer this query" in answer.json()["detail"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE <fluree:ledger:x:main> { ?s ?p ?o } }",
        "DROP ALL",
    ],
)
def test_service_and_updates_are_refused(http: Client, text: str) -> None:
    assert http.get("/sparql", params={"query": text}, headers=CSV).status_code in (400, 403)


def test_pages_lineage_search_and_description_work(http: Client, releases: Releases) -> None:
    assert http.get("/health").json()["release"] == releases(1).id
    assert http.get("/health").json()["pool"]["workers"] == 3
    assert http.get("/").status_code == 200
    found = http.get("/search", params={"q": "meeting"}).json()["results"][0]["key"]
    assert http.get("/lineage", params={"thing": found, "direction": "both"}).json()["release"] == releases(1).id
    described = http.get("/sparql", headers={"accept": "text/turtle"})
    assert releases(1).id in described.text
    assert http.get("/findings").status_code == 200


def test_no_answer_is_older_than_the_last_publish(server: Any, store: Path, releases: Releases, kit: Any) -> None:
    """A reader that starts after a publish was acknowledged sees that release: kept answers, tags and pages too."""
    acknowledged = [1]
    stop = threading.Event()
    wrong: list[str] = []
    seen: list[str] = []

    def read(vary: bool) -> None:
        marks = itertools.count(20_000)
        tag = ""
        with Client(base_url=server.address, timeout=150) as http:
            while not stop.is_set():
                floor = acknowledged[0]
                try:
                    number, weights = count(http, kit, next(marks) if vary else 0)
                    if int(number) < floor or weights != 300 * int(number):
                        wrong.append(f"{number} with {weights} after {floor}")
                    seen.append(number)
                    page = http.get("/sparql", params={"query": "ASK {}"}, headers={**CSV, "if-none-match": tag})
                    if page.status_code == 304 and floor > acknowledged_at.get(tag, floor):
                        wrong.append(f"304 for a tag of release {acknowledged_at[tag]} after {floor}")
                    tag = page.headers["etag"]
                    acknowledged_at[tag] = max(acknowledged_at.get(tag, 0), acknowledged[0])
                except Exception as error:
                    wrong.append(repr(error))

    acknowledged_at: dict[str, int] = {}
    readers = [threading.Thread(target=read, args=(vary,)) for vary in (True, False)]
    for reader in readers:
        reader.start()
    try:
        for number in (2, 3):
            release = releases(number)
            kit.publish(release, store)
            acknowledged[0] = number
            with Client(base_url=server.address, timeout=150) as http:
                assert count(http, kit, number) == (str(number), 300 * number)
                assert release.id in http.get("/sparql", headers={"accept": "text/turtle"}).text
                assert release.id in http.get("/").text
            limit = time.monotonic() + 60
            while str(number) not in seen[-4:] and not wrong and time.monotonic() < limit:
                time.sleep(0.05)
            time.sleep(0.5)
    finally:
        stop.set()
        for reader in readers:
            reader.join(160)
    assert wrong == []
    assert {"1", "3"} <= set(seen)
