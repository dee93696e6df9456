"""`treatygraph mcp` over HTTP before old, slow and silent clients: as the service itself."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from .speaking import listening  # isort: skip - it skips what needs the extra

from loaders.release import ReleaseInfo

HELLO = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
).encode()
HEAD = b"Host: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"


@pytest.fixture(scope="module")
def place(release: ReleaseInfo) -> Iterator[tuple[str, int]]:
    limits = {"TREATYGRAPH_HEAD_S": "1", "TREATYGRAPH_BODY_S": "1"}
    with listening("--release", str(release.path), **limits) as address:
        found = urlsplit(address)
        assert found.hostname is not None
        assert found.port is not None
        yield found.hostname, found.port


def told(place: tuple[str, int], *pieces: bytes) -> tuple[bytes, bytes]:
    """Head and body of what comes until the server closes."""
    with socket.create_connection(place, timeout=60) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def question(version: bytes, body: bytes = HELLO) -> bytes:
    return b"POST /mcp HTTP/%s\r\n%sContent-Length: %d\r\n\r\n%s" % (version, HEAD, len(HELLO), body)


def test_an_old_client_gets_no_chunks(place: tuple[str, int]) -> None:
    head, body = told(place, question(b"1.0"))
    assert head.startswith(b"HTTP/1.1 200")
    assert b"transfer-encoding" not in head.lower()
    data = body.decode().strip()
    found = json.loads(data.partition("data: ")[2] if data.startswith(("event:", "data:")) else data)
    assert found["result"]["serverInfo"]["name"] == "treatygraph"


@pytest.mark.parametrize("sent", [b"POST /mcp HT", question(b"1.1", HELLO[:20])], ids=["head", "body"])
def test_a_slow_client_is_told_and_the_next_is_answered(place: tuple[str, int], sent: bytes) -> None:
    began = time.monotonic()
    head, _ = told(place, sent)
    assert head.startswith(b"HTTP/1.1 408")
    assert 0.9 < time.monotonic() - began < 30, "without a limit it would wait for ever"
    assert told(place, question(b"1.0"))[0].startswith(b"HTTP/1.1 200")


def test_who_says_nothing_is_sent_away(place: tuple[str, int]) -> None:
    assert told(place) == (b"", b"")
