"""The nursery: a process that holds the release in memory once, and splits off workers that all share that one copy.

Memory that nobody writes to is the same for a process and its children, so N workers cost one copy, start in a few
milliseconds, and can be ended like any other. A worker is the child of a child that has ended: the kernel then makes it
a child of the server, which has asked for that (`queries.pool.forked`), so the server can wait for it and end it.

Started like a worker; imports the engine and the standard library only. It has one thread, as a process that splits
must; the store on disk, whose engine has threads, is therefore read in a process of its own where there is no dump.
"""

from __future__ import annotations

import gc
import gzip
import os
import socket
import time
from collections.abc import Iterator
from typing import IO, Any, Final, cast

import pyoxigraph as ox

from queries.columns.door import Door
from queries.pool import sandbox, wire
from queries.pool.line import Line
from queries.pool.worker import Copy, serve

_LOOK_EVERY: Final = 20_000  # quads between two looks at the memory
_SHORT_S: Final = 0.0005


class _TooLarge(Exception):
    """The copy would take more memory than the operator gives it."""


def main() -> None:
    """Read what to load, load it, and split off a worker for each pair of descriptors that comes."""
    control = socket.socket(fileno=os.dup(0))
    line = Line(control)
    kind, payload = line.next()
    if kind != wire.SETUP:
        os._exit(2)
    setup = wire.content(payload)
    sandbox.die_with_parent(setup["parent"])
    try:
        store = _loaded(setup["dump"], setup["store"], setup["limit_bytes"])
    except _TooLarge:
        most = setup["limit_bytes"] >> 20
        line.send(wire.message(wire.ERROR, {"text": f"its copy would take more than {most} MiB of memory"}))
        os._exit(1)
    except (OSError, EOFError, ValueError, SyntaxError, RuntimeError) as error:
        line.send(wire.message(wire.ERROR, {"text": f"it cannot be read into memory ({str(error)[:300]})"}))
        os._exit(1)
    door = Door(setup["columns"])
    door.prepare()
    copy = Copy(store, len(store), list(store.named_graphs()))
    gc.freeze()  # the collector would write to pages that are shared
    line.send(wire.message(wire.HELLO, {"resident": sandbox.resident_bytes(), "statements": copy.statements}))
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, 16, 2)
        if not data:
            os._exit(0)
        pid = _split(copy, door, control, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        line.send(wire.message(wire.HELLO, {"pid": pid}))


def _split(copy: Copy, door: Door, control: socket.socket, descriptors: list[int]) -> int:
    """A worker on the first descriptor, its complaints on the second; its process id."""
    told, tell = os.pipe()
    between = os.fork()
    if between == 0:
        try:
            myself = os.getpid()
            worker = os.fork()
            if worker == 0:
                os.close(told)
                os.close(tell)
                control.close()
                _be_worker(copy, door, descriptors, myself)
            os.write(tell, worker.to_bytes(8, "big"))
        finally:
            os._exit(0)
    os.close(tell)
    said = os.read(told, 8)
    os.close(told)
    os.waitpid(between, 0)
    return int.from_bytes(said, "big")


def _be_worker(copy: Copy, door: Door, descriptors: list[int], between: int) -> None:
    """What a worker does from its birth to its end. `between` is the process that has split it off."""
    try:
        while os.getppid() == between:  # until the server is the parent
            time.sleep(_SHORT_S)
        connection, errors = descriptors
        os.dup2(connection, 0)
        os.dup2(errors, 2)
        os.setsid()  # a Ctrl-C on the terminal is for the server
        for descriptor in descriptors:
            os.close(descriptor)
        serve(Line(socket.socket(fileno=os.dup(0))), copy, door)
    finally:
        os._exit(1)


def _loaded(dump: str | None, path: str, limit_bytes: int) -> ox.Store:
    """A store in memory. Labels of blank nodes stay, so that both kinds of workers give the same names."""
    store = ox.Store()
    if dump is not None:
        with gzip.open(dump) as file:
            store.bulk_extend(_counted(ox.parse(cast("IO[bytes]", file), format=ox.RdfFormat.N_QUADS), limit_bytes))
        return store
    reading, writing = os.pipe()
    reader = os.fork()
    if reader == 0:
        os.close(reading)
        _pour(path, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        store.bulk_extend(_counted(ox.parse(pipe, format=ox.RdfFormat.N_QUADS), limit_bytes))
    if os.waitpid(reader, 0)[1] != 0:
        raise ValueError("the store on disk could not be read to its end")
    return store


def _pour(path: str, writing: int) -> None:
    """In a process of its own: the whole store as N-Quads."""
    status = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            ox.serialize(iter(ox.Store.read_only(path)), pipe, format=ox.RdfFormat.N_QUADS)
        status = 0
    finally:
        os._exit(status)


def _counted(quads: Iterator[Any], limit_bytes: int) -> Iterator[Any]:
    for number, quad in enumerate(quads):
        if number % _LOOK_EVERY == 0 and sandbox.resident_bytes() > limit_bytes:
            raise _TooLarge
        yield quad


__all__ = ["main"]
