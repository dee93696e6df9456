"""A second endpoint and servers that misbehave. Loopback only."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pyoxigraph as ox
import pytest

from ...endpoints import listening, oxigraph

E = "http://example.org/"
COLOURS = ("red", "green", "blue", '\u00e9carlate "x" \\ {SERVICE <http://127.0.0.1:9/> {}}\n')


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Oxigraph server that knows colours of things."""
    quads = [
        ox.Quad(ox.NamedNode(f"{E}s{number}"), ox.NamedNode(f"{E}colour"), ox.Literal(colour, language="en"))
        for number, colour in enumerate(COLOURS)
    ]
    quads.append(ox.Quad(ox.NamedNode(f"{E}s1"), ox.NamedNode(f"{E}p%20q"), ox.Literal(1.5)))
    quads.append(ox.Quad(ox.NamedNode(f"{E}s1"), ox.NamedNode(f"{E}near"), ox.BlankNode("b")))
    with oxigraph(tmp_path_factory.mktemp("second"), quads) as address:
        yield address


def _request(connection: socket.socket) -> bytes:
    """A whole request with its body, or what came of one."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            return data
        more = connection.recv(65536)
        if not more:
            return data
        data += more
        if data[:1] == b"\x16":  # TLS
            return data


@pytest.fixture
def store() -> ox.Store:
    """What the near side knows: numbers of things."""
    found = ox.Store()
    for number in range(6):
        found.add(ox.Quad(ox.NamedNode(f"{E}s{number}"), ox.NamedNode(f"{E}value"), ox.Literal(number)))
    return found


@pytest.fixture
def rude() -> Iterator[Callable[[Callable[[socket.socket], None]], SimpleNamespace]]:
    """Starts servers that answer each connection by a function; has `address` and `hits`, the requests read."""
    with ExitStack() as servers:

        def start(answer: Callable[[socket.socket], None]) -> SimpleNamespace:
            hits: list[bytes] = []

            def one(connection: socket.socket) -> None:
                hits.append(_request(connection))
                answer(connection)

            return SimpleNamespace(address=servers.enter_context(listening(one)).address, hits=hits)

        yield start
