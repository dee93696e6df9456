"""Turns a writer that pushes bytes into an iterator that is pulled from, with bounded memory between the two."""

from __future__ import annotations

import io
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

_CHUNK: Final = 64 * 1024
_PATIENCE_S: Final = 0.05  # a slow producer's bytes are passed on at least this often
_WAITING: Final = 4  # chunks between producer and consumer


class _Abandoned(Exception):
    """The consumer has gone."""


class Sink(io.RawIOBase):
    """The writer's end. `check` is called before each write and may raise, which ends the query."""

    def __init__(self, pass_on: Callable[[bytes], None]) -> None:
        super().__init__()
        self.check: Callable[[], None] = lambda: None
        self._pass_on = pass_on
        self._held = bytearray()
        self._last = time.monotonic()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.check()
        self._held += data
        if len(self._held) >= _CHUNK or time.monotonic() - self._last > _PATIENCE_S:
            self.empty()
        return len(data)

    def empty(self) -> None:
        """Hand over what is held."""
        if self._held:
            self._pass_on(bytes(self._held))
            self._held.clear()
        self._last = time.monotonic()


class ByteStream(Iterator[bytes]):
    """Chunks of at least 64 KiB (the last may be shorter; slow answers come sooner), from a thread of its own.

    The constructor returns with the first chunk in hand, or raises what the writer raised before it. Later errors
    come up from `next`: a broken answer never looks like a whole one. `close` ends the writer at its next write.
    """

    def __init__(
        self, write: Callable[[Sink], None], translate: Callable[[BaseException], BaseException] = lambda e: e
    ) -> None:
        self._chunks: queue.Queue[bytes | BaseException | None] = queue.Queue(_WAITING)
        self._gone = threading.Event()
        self._done = False
        chunks, gone = self._chunks, self._gone  # the thread must not keep the stream itself alive

        def hand_over(item: bytes | BaseException | None) -> None:
            while not gone.is_set():
                try:
                    chunks.put(item, timeout=0.1)
                except queue.Full:
                    continue
                return
            raise _Abandoned

        def produce() -> None:
            try:
                sink = Sink(hand_over)
                write(sink)
                sink.empty()
                hand_over(None)
            except _Abandoned:
                return
            except BaseException as error:
                said = translate(error)
                # The frames of a traceback hold the engine's result, which must die in this thread.
                said.__traceback__ = said.__cause__ = said.__context__ = None
                try:
                    hand_over(said)
                except _Abandoned:
                    return

        threading.Thread(target=produce, name="query-stream", daemon=True).start()
        self._first: bytes | None = None
        self._first = next(self, b"")

    def __next__(self) -> bytes:
        if self._first is not None:
            chunk, self._first = self._first, None
            return chunk
        if self._done:
            raise StopIteration
        item = self._chunks.get()
        if isinstance(item, bytes):
            return item
        self._done = True
        if item is None:
            raise StopIteration
        raise item

    def close(self) -> None:
        """Stop the writer; further chunks are lost."""
        self._done = True
        self._first = None
        self._gone.set()

    def __del__(self) -> None:
        self._gone.set()
