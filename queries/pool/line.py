"""The worker's end of the socket, and how an answer is written to it: in pieces, and no further than somebody reads."""

from __future__ import annotations

import io
import os
import select
import socket
import time
from collections import deque
from functools import lru_cache
from typing import IO, Any, Final, TypeAlias, cast

import pyoxigraph as ox

from queries.pool import wire
from queries.xmltext import written

__all__ = ["Abandoned", "Line", "Sink", "beginning", "failure", "form", "told"]

#: What the engine gives; its iterator of triples is not public.
Answer: TypeAlias = Any
_CHUNK: Final = 64 * 1024
_PATIENCE_S: Final = 0.05  # a slow query's bytes are passed on at least this often
_FIRST_PATIENCE_S: Final = 0.25  # but its first ones wait a little: until then an error can still be told cleanly


class Abandoned(Exception):
    """Nobody wants the answer any more."""


class Line:
    """The worker's end of the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._decoder = wire.Decoder()
        self._frames: deque[tuple[int, bytes]] = deque()

    def next(self) -> tuple[int, bytes]:
        """The next frame; ends the process when the server has gone."""
        while not self._frames:
            data = self._connection.recv(wire.RECEIVE)
            if not data:
                os._exit(0)
            self._frames.extend(self._decoder.feed(data))
        return self._frames.popleft()

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        return not select.select([self._connection], [], [], seconds)[0]

    def stopped(self) -> bool:
        """Whether anything waits to be read: during a query that can only be STOP, or the end of the server."""
        try:
            waiting = self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if not waiting:
            os._exit(0)
        return True

    def send(self, data: bytes | bytearray) -> None:
        """Send all; waits while the reader is slow. Ends the process when the server has gone."""
        try:
            self._connection.sendall(data)
        except OSError:
            os._exit(0)


class Sink(io.RawIOBase):
    """What the engine writes to. Holds little, and stops the engine when nobody reads."""

    def __init__(self, line: Line, head: bytes, begin: bytes = b"") -> None:
        """`head` is a frame; `begin` is what the engine's bytes will begin with: it is sent before they come."""
        super().__init__()
        self._line = line
        self._ahead = head
        self._held = bytearray(begin)
        self._sent_before = begin
        self._due = time.monotonic() + _FIRST_PATIENCE_S
        if begin:
            line.send(self.taken())

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        if self._sent_before:
            if len(self._held) < len(self._sent_before):
                return len(data)
            if not self._held.startswith(self._sent_before):
                raise ValueError("the answer begins otherwise than was said")
            del self._held[: len(self._sent_before)]
            self._sent_before = b""
        if len(self._held) >= _CHUNK or time.monotonic() > self._due:
            if self._line.stopped():
                raise Abandoned
            self._line.send(self.taken())
        return len(data)

    def taken(self) -> bytes:
        """What is held, as frames; nothing is held afterwards."""
        data = self._ahead + (wire.frame(wire.DATA, bytes(self._held)) if self._held else b"")
        self._ahead = b""
        self._held.clear()
        self._due = time.monotonic() + _PATIENCE_S
        return data


def form(answer: Answer, asked: dict[str, Any]) -> tuple[str, str]:
    """The kind of an answer (`select`, `ask`, `construct`), and the media type that was asked for it."""
    if isinstance(answer, ox.QuerySolutions):
        return "select", asked["table_type"]
    if isinstance(answer, ox.QueryBoolean):
        return "ask", asked["table_type"]
    return "construct", asked["graph_type"]


@lru_cache(maxsize=64)
def beginning(variables: tuple[str, ...], media: str) -> bytes:
    """What a table begins with, whatever its rows are: the part that tables of no row and of one have in common.

    Raises LookupError for a media type of no table.
    """
    table_format = ox.QueryResultsFormat.from_media_type(media)
    if table_format is None:
        raise LookupError(media)
    found: list[bytes] = []
    for row in ([], ["1"]):
        lines = ["\t".join(f"?{name}" for name in variables), *("\t".join(row * len(variables)) for _ in row), ""]
        body = io.BytesIO()
        table: Any = ox.parse_query_results("\n".join(lines), format=ox.QueryResultsFormat.TSV)
        table.serialize(written(cast("IO[bytes]", body), media), format=table_format)
        found.append(body.getvalue())
    empty, other = found
    differs = next((at for at, (one, two) in enumerate(zip(empty, other, strict=False)) if one != two), len(empty))
    return empty[:differs]


def told(answer: Answer, sink: Sink, asked: dict[str, Any], prefixes: dict[str, str]) -> bytes:
    """Write an answer; gives the last frames of it, which are still to be sent. Raises LookupError, Abandoned."""
    kind, media = form(answer, asked)
    output = written(cast("IO[bytes]", sink), media)
    if kind == "construct":
        graph_format = ox.RdfFormat.from_media_type(media)
        if graph_format is None:
            raise LookupError(media)
        ox.serialize(answer, output, format=graph_format, prefixes=prefixes if asked["shortened"] else None)
    else:
        table_format = ox.QueryResultsFormat.from_media_type(media)
        if table_format is None:
            raise LookupError(media)
        answer.serialize(output, format=table_format)
    return sink.taken()


def failure(error: BaseException) -> dict[str, Any]:
    """What the server is told of an error."""
    names = [kind.__name__ for kind in type(error).__mro__]
    known = next((n for n in names if n in {"SyntaxError", "LookupError", "OSError", "ValueError"}), "RuntimeError")
    return {"type": known, "text": str(error)[:2000]}
