"""The beginning of an answer: small ones are whole at once, large ones are sent while they are made.

Two ways lead here: a pool of worker processes, whose queries can be stopped at any moment, and a store in this process,
whose queries run in a thread (`api.engine`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, Final, Protocol, runtime_checkable

from api.engine import Engine, Stream
from api.negotiation import Format
from api.protocol import QueryRequest
from queries.backend import Backend
from queries.pool.errors import StreamBroken
from queries.pool.streams import AsyncStream
from queries.results import GRAPH_TYPES, TABLE_TYPES

__all__ = ["Opening", "open_answer"]

#: An answer that is complete within this much and this long after its first bytes is sent with its length.
_SMALL_BYTES: Final = 1_048_576
_PATIENCE_S: Final = 0.05


@runtime_checkable
class Executing(Protocol):
    """A back end that answers an event loop by itself (`queries.pool.backend.PooledBackend`)."""

    async def execute(self, text: str, **how: Any) -> AsyncStream:
        """See `PooledBackend.execute`."""


class Opening:
    """An answer whose first bytes are there; has what `api.responses.StreamResponse` needs of a stream.

    `whole` is the body where it is complete; `id` is the secret that cancels the query while it runs.
    """

    def __init__(self, stream: AsyncStream) -> None:
        self.release = stream.release
        self.id: str | None = stream.id
        #: When the answer ends, read or not, on the clock of the loop; None where nobody knows.
        self.deadline: float | None = stream.deadline
        self.whole: bytes | None = None
        self._stream = stream
        self._held = bytearray()
        self._next: asyncio.Future[bytes] | None = None
        self._taken = False

    async def begin(self) -> None:
        """Read on for a moment. What fails here fails before anything was sent, so it is raised as it is."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_S
        try:
            while len(self._held) < _SMALL_BYTES:
                # The reading is never cancelled when the time is over, since bytes could be lost: it is kept instead.
                reading = asyncio.ensure_future(_following(self._stream))
                done, _ = await asyncio.wait({reading}, timeout=max(0.0, until - loop.time()))
                if not done:
                    self._next = reading
                    return
                chunk = reading.result()
                if not chunk:
                    self.whole = bytes(self._held)
                    return
                self._held += chunk
        except StreamBroken as error:
            raise error.reason from error
        except BaseException:
            self.close()
            raise

    def take(self) -> bool:
        """Whether the caller is the one who may read it; a stream can be read once, a whole body by all."""
        if self.whole is not None:
            return True
        taken, self._taken = self._taken, True
        return not taken

    def drop(self) -> None:
        """Stop the query, unless somebody reads its answer."""
        if self.whole is None and not self._taken:
            self.close()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises StreamBroken where it breaks off."""
        yield bytes(self._held)
        if self.whole is not None:
            return
        while True:
            reading, self._next = self._next or asyncio.ensure_future(_following(self._stream)), None
            chunk = await reading
            if not chunk:
                return
            yield chunk

    def close(self) -> None:
        """Stop the query."""
        if self._next is not None:
            self._next.cancel()
        self._stream.close()


async def _following(stream: AsyncStream) -> bytes:
    return await anext(stream, b"")


class _Threaded(Opening):
    """The same over a stream of the engine."""

    def __init__(self, stream: Stream[str], release: str) -> None:
        self.release = release
        self.id = None
        self.deadline = None
        self.whole = stream.whole
        self._threaded = stream
        self._taken = False

    def chunks(self) -> AsyncIterator[bytes]:
        return self._threaded.chunks()

    def close(self) -> None:
        self._threaded.close()


async def open_answer(engine: Engine, asked: QueryRequest, form: Format, limit_s: float) -> Opening:
    """Ask, and wait for the first bytes. Raises what the back end raises."""
    backend = engine.backend
    if not isinstance(backend, Executing):
        release = engine.release
        return _Threaded(await engine.stream(partial(_run, asked=asked, form=form, limit_s=limit_s)), release)
    table, graph = next(iter(TABLE_TYPES)), next(iter(GRAPH_TYPES))
    stream = await backend.execute(
        asked.text or "",
        table_type=form.media_type if form.media_type in TABLE_TYPES else table,
        graph_type=form.media_type if form.media_type in GRAPH_TYPES else graph,
        default_graphs=asked.default_graphs or None,
        named_graphs=asked.named_graphs or None,
        union=asked.union,
        timeout_s=limit_s,
    )
    opening = Opening(stream)
    await opening.begin()
    return opening


def _run(backend: Backend, *, asked: QueryRequest, form: Format, limit_s: float) -> tuple[str, Iterator[bytes]]:
    result = backend.query(
        asked.text or "",
        default_graphs=asked.default_graphs or None,
        named_graphs=asked.named_graphs or None,
        union=asked.union,
        timeout_s=limit_s,
    )
    return result.kind, iter(result.serialize(form.media_type))
