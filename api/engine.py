"""The one door through which the service asks the graph.

Everything that touches the store runs in a worker thread, never on the event loop, and each answer from its first
to its last byte in ONE thread: the result objects of pyoxigraph belong to the thread that made them, and the process
aborts when another one touches them. A worker hands its chunks over one at a time and waits until the client has
taken them, so memory stays bounded and a client that leaves ends the work at the next chunk.

A thread cannot be stopped from outside. The service therefore asks a back end whose queries run in worker processes
(`queries.pool`); its own loop reads answers of `/sparql` (`api.opening`), and everything else comes here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from queries.backend import Backend, basis_of

__all__ = ["Engine", "Stream"]

T = TypeVar("T")
H = TypeVar("H")

#: Small pieces are put together until a chunk has this many bytes: each hand-over between threads costs.
_CHUNK_BYTES: Final = 32_768
#: How often work is done again because another release went live meanwhile.
_TRIES: Final = 3


class Stream(Generic[H]):
    """An answer that is sent while it is made: a head (its kind, its format) and then chunks of bytes.

    `whole` holds the body when it was complete within the first chunk. Whoever holds a stream closes it.
    """

    def __init__(self, head: H, first: bytes, ended: bool, rest: MemoryObjectReceiveStream[Any]) -> None:
        self.head = head
        self.whole = first if ended else None
        self._first = first
        self._rest = rest

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises what the worker raised, so that a body is never ended as if it were complete."""
        yield self._first
        async for item in self._rest:
            if isinstance(item, _Failure):
                raise item.error
            yield item

    def close(self) -> None:
        """Let the worker go; it stops when it offers its next chunk."""
        self._rest.close()


@dataclass(frozen=True)
class _Failure:
    error: BaseException


class Engine:
    """Runs work on a back end, away from the event loop.

    Args:
        backend: the store.
        workers: how many pieces of work run at the same time; the others wait.
    """

    def __init__(self, backend: Backend, *, workers: int) -> None:
        self.backend = backend
        self.running = 0
        self._workers = workers
        self._limiter: anyio.CapacityLimiter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def release(self) -> str:
        """The identity of the release that is served."""
        return self.backend.release

    @property
    def basis(self) -> str:
        """See `queries.backend.basis_of`."""
        return basis_of(self.backend)

    @property
    def limiter(self) -> anyio.CapacityLimiter:
        """The places for workers. A limiter belongs to an event loop, so it is made when the first request comes."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._workers)
        return self._limiter

    async def call(self, work: Callable[[Backend], T]) -> T:
        """Do work that gives a whole answer: a list, a lineage, the facts of a page."""

        def counted() -> T:
            self.running += 1
            try:
                for _ in range(_TRIES):
                    # Work that asks several queries must not mix two releases: it is done again. Nor must it rest on an
                    # index that is found damaged meanwhile.
                    basis, done = self.basis, work(self.backend)
                    if basis == self.basis:
                        break
                return done
            finally:
                self.running -= 1

        return await anyio.to_thread.run_sync(counted, limiter=self.limiter)

    async def stream(self, work: Callable[[Backend], tuple[H, Iterator[bytes]]]) -> Stream[H]:
        """Do work whose answer may be large.

        Returns when the head and the first chunk are there: what fails before that is raised here and becomes a problem
        document; what fails later is raised by `Stream.chunks` and breaks the connection.
        """
        sender, receiver = anyio.create_memory_object_stream[Any](0)
        produce = anyio.to_thread.run_sync(self._produce, work, sender, limiter=self.limiter)
        task = asyncio.ensure_future(produce)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            first = await receiver.receive()
            if isinstance(first, _Failure):
                raise first.error
        except BaseException:
            receiver.close()
            raise
        head, chunk, ended = first
        return Stream(head, chunk, ended, receiver)

    def _produce(
        self, work: Callable[[Backend], tuple[H, Iterator[bytes]]], sender: MemoryObjectSendStream[Any]
    ) -> None:
        """Runs in the worker thread: make the answer and hand it over."""
        self.running += 1
        pieces: Iterator[bytes] = iter(())
        try:
            head, pieces = work(self.backend)
            chunks = _joined(pieces)
            chunk = next(chunks, b"")
            following = next(chunks, None)
            anyio.from_thread.run(sender.send, (head, chunk, following is None))
            while following is not None:
                anyio.from_thread.run(sender.send, following)
                following = next(chunks, None)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # the client left
        except Exception as error:
            _tell(sender, error)
        finally:
            self.running -= 1
            if close := getattr(pieces, "close", None):
                close()  # ends the query
            anyio.from_thread.run_sync(sender.close)


def _tell(sender: MemoryObjectSendStream[Any], error: Exception) -> None:
    """Hand a failure over, unless nobody waits for it."""
    try:
        anyio.from_thread.run(sender.send, _Failure(error))
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Put small pieces together."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        if len(buffer) >= _CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)
