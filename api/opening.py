"""The beginning of an answer: small ones are whole at once, large ones are sent while they are made.

Two ways lead here: a pool of worker processes, whose queries can be stopped at any moment, and a store in this process
or elsewhere, whose queries run in a thread (`api.engine`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Protocol, TypeAlias, runtime_checkable

from api.engine import Engine, Stream
from api.flights import Begin, Settle
from api.negotiation import Format
from api.protocol import QueryRequest
from queries.backend import Backend
from queries.columns.shapes import Asked
from queries.pool.backend import LONG_TEXT
from queries.pool.found import Found
from queries.pool.streams import AsyncStream
from queries.results import GRAPH_TYPES, TABLE_TYPES

__all__ = ["LONG_TEXT", "Opening", "beginning", "calling", "opener", "request_of"]

_TABLE, _GRAPH = next(iter(TABLE_TYPES)), next(iter(GRAPH_TYPES))
_Told: TypeAlias = Callable[[AsyncStream | Found | None, BaseException | None], None]


class Ending(Protocol):
    """Something that can be ended."""

    def close(self) -> None:
        """End it."""


@runtime_checkable
class Calling(Protocol):
    """A back end that answers an event loop by itself (`queries.pool.backend.PooledBackend`)."""

    @property
    def edition(self) -> str:
        """See `PooledBackend.edition`."""

    def prepare(self, text: str, **how: Any) -> Any:
        """See `PooledBackend.prepare`."""

    def find(self, question: Asked, media_type: str) -> Found | None:
        """See `PooledBackend.find`."""

    def call(self, request: Any, settle: _Told, timeout_s: float | None = None) -> Ending:
        """See `PooledBackend.call`."""


def calling(backend: Backend) -> Calling | None:
    """The back end, if it can be called. To be kept: looking takes as long as reading a request."""
    return backend if isinstance(backend, Calling) else None


class Opening:
    """An answer whose first bytes are there; has what `api.responses.StreamResponse` needs of a stream.

    `edition` decides its bytes, with the query; `whole` is the body where it is complete; `id` is the secret that
    cancels the query while it runs.
    """

    def __init__(self, stream: AsyncStream | Found) -> None:
        self.edition = stream.edition
        #: When the answer ends, read or not, on the clock of the loop; None where nobody knows.
        self.deadline: float | None = stream.deadline
        self.whole: bytes | None = stream.whole
        self._stream = stream
        self._taken = False

    @property
    def id(self) -> str | None:
        """The secret by which the query can be cancelled, where it can."""
        return self._stream.id

    def take(self) -> bool:
        """Whether the caller is the one who may read it; a stream can be read once, a whole body by all."""
        if self.whole is not None:
            return True
        taken, self._taken = self._taken, True
        return not taken

    def drop(self) -> None:
        """Stop the query, unless somebody reads its answer."""
        if self.take() and self.whole is None:
            self.close()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises StreamBroken where it breaks off."""
        if self.whole is not None:
            yield self.whole
            return
        async for chunk in self._stream:
            yield chunk

    def close(self) -> None:
        """Stop the query."""
        self._stream.close()


class _Threaded(Opening):
    """The same over a stream of the engine."""

    def __init__(self, stream: Stream[str], edition: str) -> None:
        self.edition = edition
        self.deadline = None
        self.whole = stream.whole
        self._threaded = stream
        self._taken = False

    @property
    def id(self) -> str | None:
        return None

    def chunks(self) -> AsyncIterator[bytes]:
        return self._threaded.chunks()

    def close(self) -> None:
        self._threaded.close()


async def opener(
    engine: Engine, backend: Calling | None, asked: QueryRequest, form: Format, limit_s: float
) -> Begin[Opening]:
    """What begins the answer. Raises what is wrong with the question; all else is told by the answer.

    `backend` is that of the engine, where it can be called (`calling`).
    """
    if backend is None:
        return partial(_in_thread, engine, partial(_run, asked=asked, form=form, limit_s=limit_s))
    if len(asked.text or "") < LONG_TEXT:
        return beginning(backend, request_of(backend, asked, form), limit_s)
    return beginning(backend, await asyncio.to_thread(request_of, backend, asked, form), limit_s)


def request_of(backend: Calling, asked: QueryRequest, form: Format) -> Any:
    """The question as the back end wants it. Raises what is wrong with its text. Texts of `LONG_TEXT` characters and
    more are read in a thread."""
    return backend.prepare(
        asked.text or "",
        table_type=form.media_type if form.media_type in TABLE_TYPES else _TABLE,
        graph_type=form.media_type if form.media_type in GRAPH_TYPES else _GRAPH,
        default_graphs=asked.default_graphs or None,
        named_graphs=asked.named_graphs or None,
        union=asked.union,
    )


def beginning(backend: Calling, request: Any, limit_s: float) -> Begin[Opening]:
    """What begins the answer to a question of `request_of`."""
    return partial(_in_process, backend, request, limit_s)


def _in_process(backend: Calling, request: Any, limit_s: float, settle: Settle[Opening]) -> Callable[[], None]:
    def told(stream: AsyncStream | Found | None, error: BaseException | None) -> None:
        settle(None if stream is None else Opening(stream), error)

    return backend.call(request, told, limit_s).close


def _in_thread(
    engine: Engine, run: Callable[[Backend], tuple[str, Iterator[bytes]]], settle: Settle[Opening]
) -> Callable[[], None]:
    task = asyncio.ensure_future(engine.stream(run))

    def told(done: asyncio.Task[Stream[str]]) -> None:
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        settle(None if error is not None else _Threaded(done.result(), done.result().head), error)

    task.add_done_callback(told)
    return lambda: None if task.done() else _cancel(task)


def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()


def _run(backend: Backend, *, asked: QueryRequest, form: Format, limit_s: float) -> tuple[str, Iterator[bytes]]:
    """The release that answered, and the bytes."""
    release = backend.release
    result = backend.query(
        asked.text or "",
        default_graphs=asked.default_graphs or None,
        named_graphs=asked.named_graphs or None,
        union=asked.union,
        timeout_s=limit_s,
    )
    body = iter(result.serialize(form.media_type))
    return result.release or release, body
