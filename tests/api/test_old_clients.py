"""Clients of HTTP/1.0 at a real server: an answer ends with its connection, one that is broken off otherwise.

Beside them those of HTTP/1.1 that ask before they send a body.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest
from httpx2 import Client

from loaders.release import ReleaseInfo
from tests.patience import PATIENT_S, growing, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

Start = Callable[..., AbstractContextManager["Server"]]

#: A few megabytes, sent while they are made.
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 40000"
#: Never at its end within any limit.
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
SMALL = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3"


@pytest.fixture(scope="module")
def served(release: ReleaseInfo, start: Start) -> Iterator[Server]:
    with start(release.path, workers="2", queue_wait_s="30") as server:
        yield server


def line(server: Server | str, sent: bytes, small: bool = False) -> socket.socket:
    address = server if isinstance(server, str) else server.address
    host, port = address.removeprefix("http://").split(":")
    found = socket.socket()
    if small:  # what the client does not take must not disappear in buffers
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.settimeout(PATIENT_S)
    found.connect((host, int(port)))
    found.sendall(sent)
    return found


def asked(query: str, *fields: str, version: str = "1.0", more: str = "") -> bytes:
    lines = [f"GET /sparql?query={quote(query)}{more} HTTP/{version}", "Accept: text/csv", *fields, "", ""]
    return "\r\n".join(lines).encode()


def read(connection: socket.socket, size: int = 65536, pause_s: float = 0) -> tuple[bytes, list[str], bytes]:
    """Status line, fields and body up to a clean end. Raises ConnectionError where the end is none."""
    found = bytearray()
    with connection:
        while piece := connection.recv(size):
            found += piece
            time.sleep(pause_s)
    head, _, body = bytes(found).partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    return status, [field.decode().lower() for field in fields], body


def of(fields: list[str], name: str) -> list[str]:
    return [value.strip() for field in fields for key, _, value in [field.partition(":")] if key == name]


def test_a_large_answer_comes_as_it_is_and_ends_with_the_connection(served: Server) -> None:
    with Client(base_url=served.address, timeout=PATIENT_S) as client:
        expected = client.get("/sparql", params={"query": LARGE}, headers={"accept": "text/csv"})
    assert expected.headers["transfer-encoding"] == "chunked"
    for keep in ((), ("Connection: keep-alive",)):
        status, fields, body = read(line(served, asked(LARGE, *keep)))
        assert status == b"HTTP/1.1 200 OK"
        assert of(fields, "transfer-encoding") == []
        assert of(fields, "content-length") == []
        assert of(fields, "connection") == ["close"]
        assert body == expected.content


def test_a_slow_reader_gets_all_of_it(served: Server) -> None:
    query = LARGE.replace("40000", "2000")
    expected = read(line(served, asked(query)))[2]
    assert len(expected) > 200_000
    assert read(line(served, asked(query), small=True), 8192, 0.01)[2] == expected


def test_a_compressed_answer(served: Server) -> None:
    import gzip

    _, fields, body = read(line(served, asked(LARGE, "Accept-Encoding: gzip")))
    assert of(fields, "content-encoding") == ["gzip"]
    assert of(fields, "transfer-encoding") == []
    assert gzip.decompress(body) == read(line(served, asked(LARGE)))[2]


def test_a_head_of_a_large_answer(served: Server) -> None:
    _, fields, body = read(line(served, asked(LARGE).replace(b"GET", b"HEAD", 1)))
    assert body == b""
    assert of(fields, "transfer-encoding") == []


def test_an_answer_past_its_time_does_not_end_cleanly(served: Server) -> None:
    for limit in growing(1.0):
        connection = line(served, asked(FLOOD, more=f"&timeout={limit:g}"))
        beginning = connection.recv(65536)
        if not beginning.startswith(b"HTTP/1.1 504"):  # else a busy machine has not come to the first byte
            break
    assert beginning.startswith(b"HTTP/1.1 200 OK")
    with pytest.raises(ConnectionResetError):
        read(connection)


def test_nor_where_the_reader_is_too_slow(release: ReleaseInfo, start: Start) -> None:
    with (
        start(release.path, workers="1", stall_s="1") as server,
        Client(base_url=server.address, timeout=PATIENT_S) as client,
    ):
        connection = line(server, asked(FLOOD), small=True)
        dropped = 'treatygraph_ended_connections_total{reason="stalled"} 1.0'
        assert until(lambda: dropped in client.get("/metrics").text)
        with pytest.raises(ConnectionResetError):
            read(connection)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nor_where_the_server_ends(release: ReleaseInfo, start: Start, how: signal.Signals) -> None:
    """Killed, the server can do nothing any more; the system must not end its connections as if all were said."""
    with start(release.path, workers="1", grace_s="1") as server:
        connection = line(server, asked(FLOOD))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        os.kill(server.process.pid, how)
        with pytest.raises(ConnectionResetError):
            read(connection)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_no_words_of_ours_get_into_an_answer_that_is_under_way(served: Server, version: str) -> None:
    """The body of the question, which nobody needs, is broken: that cannot be told any more."""
    fields = ("Host: a", "Transfer-Encoding: chunked")
    connection = line(served, asked(FLOOD, *fields, version=version, more="&timeout=50"))
    found = connection.recv(65536)
    assert found.startswith(b"HTTP/1.1 200 OK")
    connection.sendall(b"ZZ\r\nthis is no chunk")
    rest = bytearray(found)
    with pytest.raises(ConnectionResetError):  # noqa: PT012 - what came before matters as well
        while piece := connection.recv(65536):
            rest += piece
    assert rest.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("kind", ["form", "direct"])
@pytest.mark.parametrize("query", [SMALL, LARGE])
def test_a_question_that_is_posted(served: Server, kind: str, query: str) -> None:
    body, name = {
        "form": (urlencode({"query": query}).encode(), "application/x-www-form-urlencoded"),
        "direct": (query.encode(), "application/sparql-query"),
    }[kind]
    head = f"POST /sparql HTTP/1.0\r\nAccept: text/csv\r\nContent-Type: {name}\r\nContent-Length: {len(body)}\r\n"
    status, fields, found = read(line(served, head.encode() + b"\r\n" + body))
    assert status == b"HTTP/1.1 200 OK"
    assert of(fields, "transfer-encoding") == []
    assert of(fields, "content-length") == ([str(len(found))] if query == SMALL else [])
    assert found == read(line(served, asked(query)))[2]


def test_nothing_is_said_before_the_answer_where_the_client_would_not_understand_it(served: Server) -> None:
    """RFC 9110, 10.1.1: an expectation of a client of HTTP/1.0 is not heard."""
    head = f"POST /sparql HTTP/{{}}\r\nHost: a\r\nAccept: text/csv\r\nContent-Length: {len(SMALL)}\r\n"
    head += "Content-Type: application/sparql-query\r\nConnection: close\r\nExpect: 100-Continue\r\n\r\n"
    connection = line(served, head.format("1.0").encode())
    connection.settimeout(0.3)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(PATIENT_S)
    connection.sendall(SMALL.encode())
    assert read(connection)[0] == b"HTTP/1.1 200 OK"
    connection = line(served, head.format("1.1").encode())
    assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(SMALL.encode())
    assert read(connection)[0] == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (f"Content-Type: application/sparql-query\r\nContent-Length: {10**9}", 413),
        ("Content-Type: application/sparql-query\r\nContent-Length: 5000000", 413),
        ("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000000", 413),
        ("Content-Type: application/sparql-update\r\nContent-Length: 10", 403),
        ("Content-Type: text/turtle\r\nContent-Length: 10", 415),
        ("Content-Type: application/sparql-query; charset=latin1\r\nContent-Length: 10", 415),
    ],
)
def test_a_body_that_will_not_be_read_is_not_asked_for(served: Server, fields: str, status: int) -> None:
    head = f"POST /sparql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n{fields}\r\n\r\n"
    assert read(line(served, head.encode()))[0].split()[1] == str(status).encode()


def test_an_expectation_is_met_once_and_the_connection_goes_on(served: Server) -> None:
    """A form, then a question without any expectation, on the same connection."""
    body = urlencode({"query": SMALL}).encode()
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    head = b"POST /sparql HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\n" + kind + b"Content-Length: %d\r\n" % len(body)
    connection = line(served, head + b"Expect: 100-continue\r\n\r\n")
    assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)
    first = b""
    while first.partition(b"\r\n\r\n")[2].count(b"\n") < 4:
        piece = connection.recv(65536)
        assert piece, first
        first += piece
    connection.sendall(head + b"Connection: close\r\n\r\n" + body)
    _, _, second = read(connection)
    assert first.partition(b"\r\n\r\n")[2] == second
    assert second.count(b"\n") == 4


#: An answer that fits into the server's own memory, while the system takes only a part of it.
_PROGRAM = """
import socket, uvicorn
from api.connections import protocol
from api.metrics import Metrics
from api.settings import Settings

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a" * 60_000})

listening = socket.create_server(("127.0.0.1", 0))
listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
config = uvicorn.Config(app, http=protocol(Settings(), Metrics("r", "v")), log_config=None, lifespan="off")
uvicorn.Server(config).run(sockets=[listening])
"""


@pytest.mark.parametrize("killed", [True, False])
def test_an_end_is_said_when_the_last_byte_has_left_the_server(killed: bool) -> None:
    """Not when it is in a buffer that dies with it."""
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            connection = line(process.stdout.readline().strip(), asked("a"), small=True)
            assert connection.recv(1, socket.MSG_PEEK) == b"H"
            time.sleep(0.3)  # in which the system takes what it will
            if killed:
                process.kill()
                process.wait()
                with pytest.raises(ConnectionResetError):
                    read(connection)
            else:
                assert len(read(connection)[2]) == 60_000
        finally:
            process.kill()
