"""A client that leaves: its work stops within a second, whatever it had been waiting for, asked how it may."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from httpx2 import Client

from loaders.release import ReleaseInfo
from tests.patience import BUSY_S, PATIENT_S, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

TOKEN = "a-token-that-only-tests-know"
BURN = """SELECT (COUNT(*) AS ?n)
          { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(STRLEN(STR(?c)) + STRLEN(STR(?l)) < 0) }"""
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
#: A second, and what a busy machine needs to tell us about it. Without this, the work goes on for `LONG_S`.
SOON_S = 1.0 + BUSY_S
LONG_S = 100


@pytest.fixture(scope="module")
def lonely(release: ReleaseInfo, start: Callable[..., AbstractContextManager[Server]]) -> Iterator[Server]:
    """One worker and a patient queue."""
    settings = {"workers": "1", "timeout_s": str(LONG_S), "queue_wait_s": "60", "operator_token": TOKEN}
    with start(release.path, **settings) as server:
        yield server


@pytest.fixture
def operator(lonely: Server) -> Iterator[Client]:
    with Client(base_url=lonely.address, timeout=PATIENT_S, headers={"authorization": f"Bearer {TOKEN}"}) as client:
        yield client


def ask(server: Server, way: str, query: str) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=PATIENT_S)
    if way == "GET":
        line.sendall(b"GET /sparql?query=%b HTTP/1.1\r\nHost: a\r\n\r\n" % quote(query).encode())
    else:
        head = (
            "POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n%s"
        )
        line.sendall((head % (len(query), query)).encode())
    return line


def state(client: Client) -> tuple[int, int]:
    """How many queries run, and how many wait."""
    text = client.get("/metrics").text
    found = {name: float(n) for name, n in re.findall(r'treatygraph_pool\{state="(\w+)"\} ([0-9.]+)', text)}
    return int(found["busy"]), int(found["waiting"])


def reaches(client: Client, wanted: tuple[int, int], seconds: float) -> bool:
    return until(lambda: state(client) == wanted, seconds)


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("way", ["GET", "POST"])
@pytest.mark.parametrize("phase", ["queued", "before the first byte", "streaming"])
def test_the_work_of_who_leaves_stops(lonely: Server, operator: Client, phase: str, way: str, leave: str) -> None:
    mark = f"# {phase} {way} {leave}"
    other = ask(lonely, "GET", f"{BURN} {mark} other") if phase == "queued" else None
    if other is not None:
        assert reaches(operator, (1, 0), PATIENT_S)
    line = ask(lonely, way, f"{FLOOD if phase == 'streaming' else BURN} {mark}")
    assert reaches(operator, (1, 1) if other is not None else (1, 0), PATIENT_S)
    if phase == "streaming":
        assert line.recv(15) == b"HTTP/1.1 200 OK"
    else:
        time.sleep(0.1)
    if leave == "reset":
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
    line.close()
    assert reaches(operator, (1, 0) if other is not None else (0, 0), SOON_S), "the work goes on without its client"
    if other is not None:
        other.close()
        assert reaches(operator, (0, 0), SOON_S)
    assert operator.get("/queries").json()["queries"] == []
    good = operator.get("/sparql", params={"query": f"ASK {{}} {mark}"})
    assert (good.status_code, good.json()["boolean"]) == (200, True)


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_who_leaves_in_the_middle_of_sending_is_no_error(lonely: Server, operator: Client, leave: str) -> None:
    host, port = lonely.address.removeprefix("http://").split(":")
    before = count(operator, 499)
    line = socket.create_connection((host, int(port)), timeout=PATIENT_S)
    line.sendall(
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\nContent-Length: 90\r\n\r\nASK"
    )
    time.sleep(0.1)
    if leave == "reset":
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
    line.close()
    assert until(lambda: count(operator, 499) > before)
    time.sleep(0.1)  # in which more would come of it
    assert count(operator, 499) == before + 1
    assert count(operator, 500) == 0


def count(client: Client, status: int) -> float:
    """Requests that have ended with a status."""
    text = client.get("/metrics").text
    return sum(map(float, re.findall(rf'treatygraph_requests_total\{{[^}}]*status="{status}"\}} (\S+)', text)))
