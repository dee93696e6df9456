"""Short questions on one connection: behind one another, in pieces, with a body apart, to a server that stops."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from httpx2 import Client

from loaders.release import ReleaseInfo
from tests.api.questions import (
    BURN,
    LARGE,
    RECORD,
    SLOW,
    SMALL,
    answers,
    as_it_is,
    bindings,
    client_of,
    counted,
    fresh,
    get,
    line_to,
    post,
)
from tests.patience import BUSY_S, PATIENT_S, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

Start = Callable[..., AbstractContextManager["Server"]]


@pytest.fixture(scope="module")
def server(release: ReleaseInfo, start: Start) -> Iterator[Server]:
    with start(release.path, workers="2", timeout_s="100", queue_wait_s="30") as found:
        yield found


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with client_of(server) as found:
        yield found


def test_requests_that_come_behind_one_another_are_answered_in_order(server: Server) -> None:
    with line_to(server) as line:
        line.sendall(get(fresh(SLOW)))
        time.sleep(0.05)
        line.sendall(get(SMALL) + get(fresh(SMALL), "X-Usual-Way: 1"))
        line.sendall(get("SELECT ?s WHERE {"))
        line.sendall(get(fresh(SMALL)))
        found = answers(line, 5)
    assert [status for status, _ in found] == [200, 200, 200, 400, 200]
    assert [len(bindings(body)) for status, body in found if status == 200] == [1, 3, 3, 3]


def test_a_request_in_pieces_and_one_with_a_body_take_the_usual_way(server: Server) -> None:
    request = get(fresh(SMALL))
    with line_to(server) as line:
        for place in range(0, len(request), 40):
            line.sendall(request[place : place + 40])
            time.sleep(0.005)
        line.sendall(get(fresh(SMALL), "Content-Length: 3") + b"abc" + get(fresh(SMALL)))
        line.sendall(get(fresh(SMALL), "Connection: close"))
        found = answers(line, 4)
        assert line.recv(10) == b""
    assert [status for status, _ in found] == [200] * 4


@pytest.mark.parametrize("pause", [0.0, 0.003, 0.1], ids=["at once", "soon", "later"])
def test_a_body_that_comes_apart_from_its_head(server: Server, pause: float) -> None:
    """As most clients send it; one that comes soon goes the shortest way, and each is answered."""
    with line_to(server) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for text in (fresh(RECORD), fresh(SMALL), fresh(LARGE), RECORD):
            request = post(text, "Accept: text/csv")
            middle = request.index(b"\r\n\r\n") + 4
            for piece in (request[:middle], request[middle : middle + 9], request[middle + 9 :]):
                line.sendall(piece)
                time.sleep(pause)
            if "8000" in text:  # a large one has no length
                assert line.recv(15).startswith(b"HTTP/1.1 200")
                break
            ((status, body),) = answers(line, 1)
            assert status == 200
            assert body.startswith(b"title,symbol,day\r\n" if "title" in text else b"s,class\r\n")


def test_what_comes_behind_a_body_is_the_next_request(server: Server) -> None:
    small, record = fresh(SMALL), fresh(RECORD)
    with line_to(server) as line:
        line.sendall(post(record) + get(small) + post(small))
        line.sendall(post(fresh(SLOW)))
        line.sendall(post(record)[:-5])
        line.sendall(post(record)[-5:] + get(record))
        found = answers(line, 6)
    assert [status for status, _ in found] == [200] * 6
    assert [len(bindings(body)) for _, body in found] == [1, 3, 3, 1, 1, 1]
    assert found[1][1] == found[2][1]
    assert found[0][1] == found[4][1] == found[5][1]


def test_a_body_that_never_comes_whole_is_told_so(release: ReleaseInfo, start: Start) -> None:
    """Who leaves meanwhile is no trouble; whoever stays hears what he is missing."""
    with start(release.path, workers="1", body_s="0.5") as slow:
        request = post(fresh(RECORD))
        for piece in (request[:-3], request[: request.index(b"\r\n\r\n") + 4]):
            with line_to(slow) as line:
                line.sendall(piece)
        with line_to(slow) as line:
            line.sendall(request[:-3])
            ((status, body),) = answers(line, 1)
            assert (status, json.loads(body)["type"].rpartition("/")[2]) == (408, "slow-request")
        with client_of(slow) as client:  # who is late again on a busy machine may try again
            assert until(lambda: as_it_is(client, {"query": RECORD}, {}).status_code == 200)


def test_who_leaves_stops_the_query(server: Server, client: Client) -> None:
    before = counted(client, 'treatygraph_queries_total{outcome="left"}')
    with line_to(server) as line:
        line.sendall(get(fresh(BURN)))
        assert until(lambda: counted(client, 'treatygraph_pool{state="busy"}') == 1)
    assert until(lambda: counted(client, 'treatygraph_pool{state="busy"}') == 0, 1 + BUSY_S)
    assert until(lambda: counted(client, 'treatygraph_queries_total{outcome="left"}') > before)
    assert counted(client, 'treatygraph_queries_total{outcome="left"}') == before + 1


def test_a_server_that_stops_answers_what_it_was_asked(release: ReleaseInfo, start: Start) -> None:
    with start(release.path, workers="1", grace_s=str(PATIENT_S)) as server, line_to(server) as line:
        line.sendall(get(SMALL))
        answers(line, 1)
        with line_to(server) as other:
            line.sendall(get(fresh(SLOW)))
            stop_when_heard(server, other)
        ((status, body),) = answers(line, 1)
        assert (status, len(bindings(body))) == (200, 1)
        assert line.recv(10) == b""
        assert server.process.wait(PATIENT_S) == 0


def stop_when_heard(server: Server, other: socket.socket) -> None:
    """Once the server has read what was sent before: it reads in the order in which things come."""
    other.sendall(get(SMALL, path="/health/live"))
    assert other.recv(12) == b"HTTP/1.1 200"
    server.process.send_signal(signal.SIGTERM)


def test_a_server_that_stops_waits_for_a_body_whose_head_has_come(release: ReleaseInfo, start: Start) -> None:
    request = post(RECORD)
    middle = request.index(b"\r\n\r\n") + 4
    with start(release.path, workers="1", grace_s=str(PATIENT_S)) as server, line_to(server) as line:
        line.sendall(post(SMALL))
        answers(line, 1)
        with line_to(server) as other:
            line.sendall(request[:middle])
            stop_when_heard(server, other)
        time.sleep(0.2)
        line.sendall(request[middle:])
        ((status, body),) = answers(line, 1)
        assert (status, len(bindings(body))) == (200, 1)
        assert server.process.wait(PATIENT_S) == 0
