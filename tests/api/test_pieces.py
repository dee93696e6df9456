"""Requests in pieces, several behind one another, on all ways at once: each is answered, in order, as it is alone."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

import pytest
from httpx2 import Client

from loaders.release import ReleaseInfo
from tests.patience import PATIENT_S

if TYPE_CHECKING:
    from tests.api.conftest import Server

Start = Callable[..., AbstractContextManager["Server"]]

ACCEPT = "text/csv, text/turtle;q=0.9, */*;q=0.1"
QUERIES = (
    "SELECT ?p ?o { <https://w3id.org/treatygraph/id/meeting/ctl-msp-5> ?p ?o } ORDER BY ?p ?o",
    "ASK { ?s ?p ?o }",
    "SELECT ?s { ?s a ?class } ORDER BY ?s LIMIT 20",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?x { BIND('é' AS ?x) }",
    "CONSTRUCT { ?s a ?c } { ?s a ?c } ORDER BY ?s LIMIT 3",
    "SELECT ?s WHERE {",
    "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
)
#: Bytes after which a query is too long for the shortest way.
LONG = 6000


@pytest.fixture(scope="module")
def server(release: ReleaseInfo, start: Start) -> Iterator[Server]:
    with start(release.path, workers="2", queue_wait_s="30") as found:
        yield found


def written(query: str, way: str) -> bytes:
    """A request that asks it in one of the ways."""
    common = f"Host: a\r\nAccept: {ACCEPT}\r\n"
    if way == "get":
        return f"GET /sparql?query={quote(query)} HTTP/1.1\r\n{common}\r\n".encode()
    if way == "form":
        kind, body = "application/x-www-form-urlencoded", f"query={quote(query)}".encode()
    else:
        kind, body = "application/sparql-query", query.encode()
    if way == "long":
        body += b"\n#" + b"x" * LONG
    more = "X-Unusual: 1\r\n" if way == "unusual" else ""
    head = f"POST /sparql HTTP/1.1\r\n{common}{more}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def pieces(data: bytes, draw: random.Random) -> Iterator[bytes]:
    """All of it: at once, up to the end of a head, or cut anywhere."""
    while data:
        head = data.find(b"\r\n\r\n") + 4
        size = draw.choice([len(data), draw.randrange(1, len(data) + 1), head if head > 3 else len(data)])
        yield data[:size]
        data = data[size:]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_pieces_each_request_is_answered_in_order(server: Server, seed: int) -> None:
    draw = random.Random(seed)
    alone: dict[str, tuple[int, bytes]] = {}
    with Client(base_url=server.address, timeout=PATIENT_S) as client:
        for query in QUERIES:
            found = client.post("/sparql", data={"query": query}, headers={"accept": ACCEPT, "x-unusual": "1"})
            alone[query] = found.status_code, found.content if found.status_code == 200 else b""
    assert {status for status, _ in alone.values()} == {200, 400, 403}
    host, port = server.address.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port)), timeout=PATIENT_S) as line, line.makefile("rb") as stream:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(5):
                asked = [draw.choice(QUERIES) for _ in range(draw.choice([1, 1, 1, 2, 4]))]
                requests = []
                for query in asked:
                    fresh = f"{query}\n# {draw.random()}" if draw.random() < 0.3 else query
                    requests.append(written(fresh, draw.choice(["get", "form", "direct", "unusual", "long"])))
                for piece in pieces(b"".join(requests), draw):
                    line.sendall(piece)
                    time.sleep(draw.choice([0, 0, 0, 0.001, 0.005, 0.03]))
                assert [answer(stream) for _ in asked] == [alone[query] for query in asked]


def answer(stream: BinaryIO) -> tuple[int, bytes]:
    """The next answer: its status, and its body if that is an answer to the query."""
    status = int(stream.readline().split()[1])
    fields: dict[bytes, bytes] = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    if b"content-length" in fields:
        body = stream.read(int(fields[b"content-length"]))
    else:
        assert fields[b"transfer-encoding"] == b"chunked"
        body = b""
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    return status, body if status == 200 else b""
