"""Endpoints beside the one that is tested: an Oxigraph server with a store of its own, servers that misbehave.

Loopback only; whatever is started ends with its `with`.
"""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
import pytest
from httpx2 import ReadError, RemoteProtocolError

from tests.patience import PATIENT_S

from .processes import ports

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
    process, port = started_on_a_free_port(
        lambda port: [str(program), "serve-read-only", "--location", str(folder / "db"), "--bind", f"127.0.0.1:{port}"]
    )
    try:
        yield f"http://127.0.0.1:{port}/query"
    finally:
        process.terminate()
        process.wait(PATIENT_S)


def free_port() -> int:
    """A port that nobody has at this moment; another process may take it in the next one.

    Below those that the system gives by itself (Linux: from 32768 on), so that no connection of anybody takes it while
    a server that was killed is started again.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def started_on_a_free_port(command: Callable[[int], list[str]], tries: int = 5) -> tuple[subprocess.Popen[bytes], int]:
    """A server that must be told its port, and listens there; on another port where somebody took the first one."""
    for _ in range(tries):
        port = free_port()
        process = subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if listens(process, port):
            return process, port
    raise AssertionError(f"the server ended {tries} times: {command(port)}")


def listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the process itself, and not another one, listens at the port; False where it ended instead."""
    limit = time.monotonic() + PATIENT_S
    while process.poll() is None:
        if port in ports(process.pid):
            return True
        if time.monotonic() > limit:
            process.kill()
            raise AssertionError(f"the server does not listen: {process.args!r}")
        time.sleep(0.02)
    return False


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
