"""A query process of a cluster: looks which release is current, asks the engine, writes the answer.

Started, caged, talked to and ended like a worker of the embedded store (`queries.pool.worker`). A worker that cannot
look at the shared head gives an error and no answer: what it holds may be old.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from queries.errors import BackendError, QueryRefused
from queries.pool import sandbox, wire
from queries.pool.line import Abandoned, Line, Sink, failure, form, told

_LONG_S: Final = 0.02


def main() -> None:
    """Read the setup, build the cage, open the storage, answer until the server goes."""
    line = Line(socket.socket(fileno=os.dup(0)))
    kind, payload = line.next()
    if kind != wire.SETUP:
        os._exit(2)
    setup = wire.content(payload)
    report = sandbox.enter(setup["parent"], network=setup["network"])
    # The engine starts threads when it is imported, so the cage comes first.
    from queries.cluster.ledgers import Reader
    from queries.cluster.storage import Storage

    try:
        reader = Reader(Storage(Path(setup["store"])))
        reader.known_graphs()
    except Exception as error:
        line.send(wire.message(wire.ERROR, _said(error)))
        os._exit(1)
    sandbox.cap_memory_again(report, setup["memory_bytes"])
    if not setup["network"]:  # from object storage the engine keeps a cache on disk
        sandbox.write_nothing()
    line.send(wire.message(wire.HELLO, {"sandbox": report.as_dict(), "resident": sandbox.resident_bytes()}))
    while True:
        kind, payload = line.next()
        if kind == wire.RUN:
            line.send(_answer(reader, payload, setup, line))


def _answer(reader: Any, payload: bytes, setup: dict[str, Any], line: Line) -> bytes:
    """Run one query; gives the frames that end its answer."""
    started = time.monotonic()
    try:
        text, asked = wire.asked(payload)
        # The engine computes in several threads, and their time adds up.
        sandbox.allow_cpu(asked["seconds"] * (os.cpu_count() or 1))
        if reader.moved():
            # The cap is that of a query, beyond the release; another release may be larger.
            with sandbox.uncapped(setup["memory_bytes"]):
                reader.refresh()
                reader.known_graphs()
        rest = _run(reader, text, asked, setup["prefixes"], line)
    except Abandoned:
        rest = b""
    except MemoryError:
        return wire.message(wire.ERROR, {"type": "MemoryError", "text": "", "fatal": True})
    except BaseException as error:
        return wire.message(wire.ERROR, {**_said(error), "fatal": not isinstance(error, Exception)})
    seconds = time.monotonic() - started
    return rest + wire.message(wire.END, {"resident": sandbox.resident_bytes() if seconds > _LONG_S else 0})


def _run(reader: Any, text: str, asked: dict[str, Any], prefixes: dict[str, str], line: Line) -> bytes:
    from queries.cluster.asking import ask

    if asked["check"]:
        return _head(*form(ox.Store().query(text), asked), reader)
    answer = ask(reader, text, default=asked["default"], named=asked["named"], union=asked["union"])
    return told(answer, Sink(line, _head(*form(answer, asked), reader)), asked, prefixes)


def _said(error: BaseException) -> dict[str, Any]:
    """As `queries.pool.line` says it; what this program has put into words is passed on as it is."""
    if isinstance(error, QueryRefused):
        return {"type": "QueryRefused", "feature": error.feature, "text": str(error)}
    if isinstance(error, BackendError):
        return {"type": "BackendError", "text": str(error)}
    return failure(error)


def _head(kind: str, media: str, reader: Any) -> bytes:
    return wire.message(wire.HEAD, {"kind": kind, "media": media, "release": reader.current.release})
