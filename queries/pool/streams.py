"""The answer of a worker as chunks of bytes: for threads, and for event loops.

Both come with the first chunk in hand, so that what goes wrong before it is a plain error; what goes wrong later is
StreamBroken. Both must be closed, or read to their end; dropping them is noticed a moment later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import IO, cast

from queries.errors import QueryError
from queries.pool import wire
from queries.pool.errors import StreamBroken
from queries.pool.jobs import Request
from queries.pool.pool import Pool
from queries.pool.reading import Reading
from queries.streams import ByteStream


class PooledStream(ByteStream):
    """A `ByteStream` without a thread: each `next` reads from the worker's socket, whose buffer is all that waits."""

    def __init__(self, pool: Pool, request: Request, limit_s: float) -> None:
        self._reading: Reading | None = None
        job = pool.borrow(request.text, limit_s)
        reading = self._reading = Reading(pool, job)
        self._begun = False
        self._inside = False
        try:
            job.worker.send(request.frame(limit_s, job.worker.plan))
        except OSError:
            reading.lost()
        while not reading.chunks and not reading.ended:
            self._read()
        if reading.error is not None:
            raise reading.error

    @property
    def id(self) -> str:
        """The secret by which the query can be cancelled."""
        return self._state.job.id

    @property
    def kind(self) -> str:
        """`select`, `ask` or `construct`, as the engine says."""
        return self._state.kind

    @property
    def media_type(self) -> str:
        """What the bytes are."""
        return self._state.media_type

    @property
    def release(self) -> str:
        """The release that answers."""
        return self._state.release

    @property
    def _state(self) -> Reading:
        assert self._reading is not None
        return self._reading

    def __next__(self) -> bytes:
        state = self._state
        while not state.chunks and not state.ended:
            self._read()
        if state.chunks:
            self._begun = True
            return state.given()
        error = state.broken()
        if error is not None:
            raise error
        raise StopIteration

    def _read(self) -> None:
        state = self._state
        self._inside = True
        data = state.job.worker.receive()
        self._inside = False
        if data:
            state.take(data)
        else:
            state.lost()

    def close(self) -> None:
        """Stop the query; further chunks are lost."""
        state = self._reading
        if state is None:
            return
        if self._inside:  # another thread reads, and will find the worker gone
            state.job.worker.kill()
            return
        state.chunks.clear()
        state.leave()

    def __del__(self) -> None:
        if self._reading is not None:
            self._reading.drop()


class Body:
    """A stream as a file, for the engine's parsers. Reads ahead, so that small results free their worker early."""

    def __init__(self, stream: PooledStream, ahead: int) -> None:
        self._stream = stream
        self._held = bytearray()
        try:
            while len(self._held) < ahead and (chunk := next(stream, b"")):
                self._held += chunk
        except StreamBroken as error:  # nobody has seen a row yet
            raise error.reason from error

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes, b"" at the end."""
        while not self._held or size < 0:
            try:
                chunk = next(self._stream, b"")
            except StreamBroken as error:  # rows are objects here: no half-sent body hides behind a plain error
                raise error.reason from error
            if not chunk:
                break
            self._held += chunk
        size = len(self._held) if size < 0 else size
        data = bytes(self._held[:size])
        del self._held[:size]
        return data

    def as_file(self) -> IO[bytes]:
        """For the type checker: the parsers need `read` and nothing else."""
        return cast("IO[bytes]", self)


class AsyncStream(AsyncIterator[bytes]):
    """The same for a task of an event loop, which is never blocked. Made by `open_stream`."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        #: When the query is ended, on the monotonic clock.
        self.deadline = reading.job.deadline

    @property
    def release(self) -> str:
        """The release that answers."""
        return self._reading.release

    @property
    def edition(self) -> str:
        """What decides the bytes of the answer, with the query."""
        return self._reading.edition

    @property
    def id(self) -> str:
        """The secret by which the query can be cancelled."""
        return self._reading.job.id

    @property
    def kind(self) -> str:
        """`select`, `ask` or `construct`, as the engine says."""
        return self._reading.kind

    @property
    def media_type(self) -> str:
        """What the bytes are."""
        return self._reading.media_type

    @property
    def whole(self) -> bytes | None:
        """All of it, where it is complete already and nothing was read yet; its worker is free then."""
        complete = self._reading.ended and self._reading.error is None
        return bytes(self._reading.chunks) if complete else None

    async def __anext__(self) -> bytes:
        state = self._reading
        while not state.chunks and not state.ended:
            await self._read()
        if state.chunks:
            return state.given()
        error = state.broken()
        if error is not None:
            raise error
        raise StopAsyncIteration

    async def first(self, request: Request) -> None:
        """Send the question and wait for the first bytes."""
        state = self._reading
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(state.job.worker.socket, request.frame(state.job.limit_s, state.job.worker.plan))
        except OSError:
            await asyncio.to_thread(state.lost)
        while not state.chunks and not state.ended:
            await self._read()
        if state.error is not None:
            raise state.error

    async def _read(self) -> None:
        state = self._reading
        try:
            data = await asyncio.get_running_loop().sock_recv(state.job.worker.socket, wire.RECEIVE)
        except OSError:
            data = b""
        if data:
            state.take(data)
        else:
            await asyncio.to_thread(state.lost)

    def close(self) -> None:
        """Stop the query; further chunks are lost. Does not wait."""
        self._reading.chunks.clear()
        self._reading.leave()

    async def aclose(self) -> None:
        """The same, as generators have it."""
        self.close()

    def __del__(self) -> None:
        self._reading.drop()


async def open_stream(pool: Pool, request: Request, limit_s: float) -> AsyncStream:
    """Ask, and wait for the first bytes; the loop stays free. Raises what `PooledBackend.execute` says."""
    job = await pool.borrow_async(request.text, limit_s)
    stream = AsyncStream(Reading(pool, job))
    try:
        await stream.first(request)
    except BaseException as error:
        if not isinstance(error, QueryError):  # the task was cancelled
            stream.close()
        raise
    return stream
