"""A worker: a process that opens the release read-only and answers one query after the other.

Started by `queries.pool.process`, told what to do over the socket that is its standard input. It imports the engine
and the standard library only, so that it starts in a few hundredths of a second.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from functools import lru_cache
from typing import Any, Final, NamedTuple

import pyoxigraph as ox

from queries.columns.door import Door
from queries.pool import sandbox, wire
from queries.pool.line import Abandoned, Line, Sink, beginning, failure, form, told
from queries.pool.sweeping import Sweeping, sweeps

_LONG_S: Final = 0.02  # the memory is looked at after queries that took this long
_REST_S: Final = 0.2  # a worker that is new, and asked nothing for so long, opens what it may need later
_EMPTY: Final = ox.Store()
#: Memory that a query may leave behind before it is given back to the system.
_MUCH_BYTES: Final = 16 * 1024 * 1024
_DONE: Final = wire.frame(wire.END)
#: After so many short queries the memory is looked at as after a long one.
_LOOK_EVERY: Final = 256


class Copy(NamedTuple):
    """A store in memory that workers share, its size, and its named graphs."""

    store: ox.Store
    statements: int
    named: list[ox.NamedNode | ox.BlankNode]


class Opened(NamedTuple):
    """What answers: the engine, and before it the columns of the release. `disk` is the way past a copy in memory."""

    store: ox.Store
    door: Door
    disk: Sweeping | None


def main() -> None:
    """A worker that was started as a program: it opens the store on disk."""
    serve(Line(socket.socket(fileno=os.dup(0))), None)


def serve(line: Line, copy: Copy | None, door: Door | None = None) -> None:
    """Read the setup, build the cage, open the store and the columns where they are not open yet, answer until the
    server goes.

    The cage is built by the first thread, as the kernel wants it; a second one inherits it and answers. It gets memory
    of its own from the C library: that of the first thread is full of holes after loading, in which each search for a
    place takes a third of the time of a short query, and whose pages are those that the workers share.
    """
    kind, payload = line.next()
    if kind != wire.SETUP:
        os._exit(2)
    setup = wire.content(payload)
    report = sandbox.enter(setup["parent"], network=setup["network"])
    disk = None
    if copy is not None:
        store = copy.store
        if copy.statements >= setup["sweep_statements"]:
            disk = Sweeping(setup["store"], copy.named, setup["memory_bytes"])
    else:
        try:
            store = ox.Store.read_only(setup["store"])
        except (OSError, ValueError, RuntimeError) as error:
            line.send(wire.message(wire.ERROR, failure(error)))
            os._exit(1)
    door = door or Door(setup["columns"])
    door.memory_bytes = setup["memory_bytes"]
    threading.stack_size(sandbox.STACK_BYTES)
    answering = threading.Thread(target=_work, args=(line, Opened(store, door, disk), setup, report))
    answering.start()
    answering.join()
    os._exit(1)


def _work(line: Line, opened: Opened, setup: dict[str, Any], report: sandbox.Report) -> None:
    """Answer one query after the other."""
    if opened.disk is None:
        sandbox.cap_memory(report, setup["memory_bytes"])
    else:
        sandbox.cap_memory_again(report, setup["memory_bytes"])
        sandbox.write_nothing()
    held = Held()
    line.send(wire.message(wire.HELLO, {"sandbox": report.as_dict(), "resident": held.base}))
    if opened.disk is not None and line.silent(_REST_S):
        opened.disk.open()  # so that nobody waits for it later
    while True:
        kind, payload = line.next()
        if kind == wire.RUN:  # a STOP that came after the end of its query is nothing
            line.send(_answer(opened, payload, setup, held, line))


class Held:
    """The memory of this process since it greeted the server."""

    def __init__(self) -> None:
        self.base = sandbox.resident_bytes()
        self._faults = sandbox.faulted_bytes()
        self._queries = 0

    def told(self, seconds: float) -> bytes:
        """The END of a query that took so long, with what the server should know of the memory."""
        self._queries += 1
        if seconds <= _LONG_S and self._queries % _LOOK_EVERY:
            return _DONE
        resident = sandbox.resident_bytes()
        if resident > self.base + _MUCH_BYTES:
            resident = sandbox.give_back_memory()
        return wire.message(wire.END, {"resident": resident, "own": sandbox.faulted_bytes() - self._faults})


def _answer(opened: Opened, payload: bytes, setup: dict[str, Any], held: Held, line: Line) -> bytes:
    """Run one query; gives the frames that end its answer."""
    started = time.monotonic()
    try:
        text, how = wire.asked(payload)
        sandbox.allow_cpu(how["seconds"])
        rest = _run(opened, text, how, setup["prefixes"], line)
    except Abandoned:
        rest = b""
    except MemoryError:
        return wire.message(wire.ERROR, {"type": "MemoryError", "text": "", "fatal": True})
    except BaseException as error:  # a panic of the engine is no Exception; the process must not be used again
        return wire.message(wire.ERROR, {**failure(error), "fatal": not isinstance(error, Exception)})
    return rest + held.told(time.monotonic() - started)


def _run(opened: Opened, text: str, asked: dict[str, Any], prefixes: dict[str, str], line: Line) -> bytes:
    default = asked["default"]
    named = asked["named"]
    check = asked["check"]
    whole = default is None and named is None
    plain = whole and not asked["union"] and not check and asked["columns"]
    answer: Any = opened.door.answer(text) if plain else None
    apart = opened.door.apart
    swept = answer is None and whole and not check and opened.disk is not None and sweeps(text)
    if swept and opened.disk is not None:
        answer = opened.disk.answer(text, union=asked["union"])
        apart = apart or answer is None  # the copy in memory gives the same rows in another order
    if answer is None:
        answer = (_EMPTY if check else opened.store).query(
            text,
            use_default_graph_as_union=asked["union"] and whole,
            default_graph=None if whole else [ox.NamedNode(iri) for iri in default or ()],
            named_graphs=None if whole else [ox.NamedNode(iri) for iri in named or ()],
        )
    kind, media = form(answer, asked)
    if check:
        return _head(kind, media, apart, False)
    begin = b""
    if swept and kind == "select" and "(" not in text:  # nothing is computed, so nothing goes wrong in its first rows
        begin = beginning(tuple([variable.value for variable in answer.variables]), media)
    return told(answer, Sink(line, _head(kind, media, apart, bool(begin)), begin), asked, prefixes)


@lru_cache(maxsize=64)
def _head(kind: str, media: str, apart: bool, long: bool) -> bytes:
    marks = {name: True for name, there in (("apart", apart), ("long", long)) if there}
    return wire.message(wire.HEAD, {"kind": kind, "media": media, **marks})
