"""A second endpoint (the Oxigraph server with a store of its own) and servers that misbehave. Loopback only."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pyoxigraph as ox
import pytest

_SERVER = Path(sys.executable).with_name("oxigraph")
E = "http://example.org/"
COLOURS = ("red", "green", "blue", '\u00e9carlate "x" \\ {SERVICE <http://127.0.0.1:9/> {}}\n')


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Oxigraph server that knows colours of things."""
    if not _SERVER.exists():
        pytest.skip("the oxigraph server is not installed (wheel `oxigraph`)")
    place = tmp_path_factory.mktemp("second") / "db"
    store = ox.Store(str(place))
    for number, colour in enumerate(COLOURS):
        store.add(ox.Quad(ox.NamedNode(f"{E}s{number}"), ox.NamedNode(f"{E}colour"), ox.Literal(colour, language="en")))
    store.add(ox.Quad(ox.NamedNode(f"{E}s1"), ox.NamedNode(f"{E}p%20q"), ox.Literal(1.5)))
    store.add(ox.Quad(ox.NamedNode(f"{E}s1"), ox.NamedNode(f"{E}near"), ox.BlankNode("b")))
    store.flush()
    del store
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [str(_SERVER), "serve-read-only", "--location", str(place), "--bind", address]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://{address}/", timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.05)
        yield f"http://{address}/query"
    finally:
        process.terminate()
        process.wait(10)


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
    servers: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], None]) -> SimpleNamespace:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        hits: list[bytes] = []

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    hits.append(_request(connection))
                    answer(connection)
                except OSError:
                    return

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        return SimpleNamespace(address=f"http://127.0.0.1:{server.getsockname()[1]}/sparql", hits=hits)

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
