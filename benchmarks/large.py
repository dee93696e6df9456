"""A result of a million rows: when does it begin, how fast does it come, and does memory stay flat?"""

from __future__ import annotations

import http.client
import io
import re
import time
from pathlib import Path
from typing import IO, Final, cast

import pyoxigraph as ox

from benchmarks.engines import DISK, LOOPBACK, query_path
from benchmarks.figures import Streamed
from benchmarks.memory import Watched
from benchmarks.servers import JSON, Server

ROWS: Final = 1_000_000
_FILE: Final = Path(__file__).parent / "large" / "rows.rq"
_PIECE: Final = 1 << 18


def served(server: Server, rows: int) -> Streamed:
    """Ask a server and read all. Raises RuntimeError where the answer is not the one asked for, or breaks off."""
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=600)
    size, found, first_ms, row_ms, tail = 0, 0, 0.0, 0.0, b""
    try:
        with Watched(server.process.pid) as memory:
            began = time.perf_counter()
            connection.request("GET", query_path(server.path, _text(rows)), headers={"accept": JSON})
            response = connection.getresponse()
            while piece := response.read1(_PIECE):
                came_ms = (time.perf_counter() - began) * 1000
                first_ms = first_ms or came_ms
                size += len(piece)
                tail, counted = _counted(tail, piece)
                found += counted
                row_ms = row_ms or (came_ms if found else 0.0)
            seconds = time.perf_counter() - began
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(f"{server.name}: the large answer broke off after {found:,} rows ({error!r})") from error
    finally:
        connection.close()
    if response.status != 200 or found != rows:
        raise RuntimeError(f"{server.name}: status {response.status}, {found:,} rows of {rows:,}")
    held = memory.before, memory.early, memory.most
    return Streamed(server.name, rows, size / 2**20, seconds, first_ms, row_ms, *held)


def raw(store: ox.Store, rows: int) -> Streamed:
    """The bare engine writes the same answer to a file that keeps nothing."""
    sink = _Sink()
    began = time.perf_counter()
    answer = store.query(_text(rows))
    assert isinstance(answer, ox.QuerySolutions)
    answer.serialize(cast(IO[bytes], sink), format=ox.QueryResultsFormat.JSON)
    return Streamed(DISK, rows, sink.size / 2**20, time.perf_counter() - began)


class _Sink(io.RawIOBase):
    """Counts bytes."""

    size = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object) -> int:
        """Take them all."""
        taken = len(memoryview(data))  # type: ignore[arg-type]
        self.size += taken
        return taken


def _counted(before: bytes, piece: bytes) -> tuple[bytes, int]:
    """How many rows begin in a piece; a name of a variable may lie across two pieces."""
    mark = b'"subject":'
    joined = before + piece
    return joined[-len(mark) + 1 :], joined.count(mark)


def _text(rows: int) -> str:
    return re.sub(r"LIMIT \d+", f"LIMIT {rows}", _FILE.read_text(encoding="utf-8"))
