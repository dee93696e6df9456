"""Endpoints beside the one that is tested: an Oxigraph server with a store of its own, servers that misbehave.

Loopback only; whatever is started ends with its `with`.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
import pytest
from httpx2 import ReadError, RemoteProtocolError

#: How a client may notice that an answer broke off: its connection was closed, or was reset, before the answer's end.
BROKEN = (RemoteProtocolError, ReadError)


@contextmanager
def oxigraph(folder: Path, quads: Iterable[ox.Quad]) -> Iterator[str]:
    """The address of the query endpoint of an Oxigraph server that holds some quads; skips where there is no server."""
    program = Path(sys.executable).with_name("oxigraph")
    if not program.exists():
        pytest.skip("the oxigraph server is not installed (wheel `oxigraph`)")
    store = ox.Store(str(folder / "db"))
    store.extend(quads)
    store.flush()
    del store
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [str(program), "serve-read-only", "--location", str(folder / "db"), "--bind", address]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
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


@dataclass
class Listener:
    """A port that is listened at: who knocked (one item for each connection), how many connections are open."""

    port: int
    knocks: list[int] = field(default_factory=list)
    open: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/sparql"


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[Listener]:
    """A server that deals with each connection by a function, in a thread, and closes it afterwards."""
    server = socket.create_server(("127.0.0.1", 0), backlog=200)
    found = Listener(server.getsockname()[1])
    counting = threading.Lock()

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            answer(connection)
        with counting:
            found.open -= 1

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with counting:
                found.open += 1
            found.knocks.append(1)
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
