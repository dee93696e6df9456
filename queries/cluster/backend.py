"""The clustered back end: a release in shared storage, asked in several query processes of this service.

Each process has the storage open by itself and looks before every query which release is current, so no answer is older
than the last publish that was acknowledged. A process that is ended takes no question with it: the next one is asked,
as long as nobody has had a byte. A query that breaks a limit is ended with its process.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from queries.adjacency import Adjacency
from queries.backend import Direction, Link, Relation
from queries.cluster.copies import Copies
from queries.cluster.ledgers import Reader
from queries.cluster.storage import Storage, credentials
from queries.columns.shapes import Asked
from queries.indexes import Indexes
from queries.pool.backend import PooledBackend
from queries.pool.calls import Call, Settle
from queries.pool.errors import EngineCrashed, WorkerDied
from queries.pool.found import Found
from queries.pool.jobs import QueryInfo, Request, time_limit
from queries.pool.pool import Limits
from queries.pool.process import Plan
from queries.pool.streams import AsyncStream, PooledStream
from queries.results import QueryResult
from queries.textindex import TextIndex

__all__ = ["ClusterBackend"]

#: How often a question is asked whose process was ended from outside.
_TRIES: Final = 4
_SHORTEST_S: Final = 0.001


class ClusterBackend:
    """See `queries.backend.Backend` and `queries.following.Following`; safe to use from threads and event loops.

    Args:
        storage: the shared place.
        limits: as for the embedded store; `workers` is the number of query processes that answer at the same time.

    Raises BackendError: the engine is not installed, the storage cannot be reached, or no release is published there.
    """

    def __init__(self, storage: Storage, limits: Limits) -> None:
        self._copies = Copies(storage)
        self._head = Reader(storage)  # looks at the head only; the release itself is never opened in this process
        self._looking = threading.Lock()
        self._deadline_s = limits.deadline_s
        try:
            self._workers = _Workers(storage.path, release=self._head.current.release, limits=limits)
            self._workers.noticed = self._noticed
        except BaseException:
            self._head.close()
            raise

    #: `refresh` is done before each answer (`queries.following.Prompt`).
    prompt = True

    @property
    def release(self) -> str:
        """The release that was current when the storage was last looked at."""
        return self._head.current.release

    @property
    def edition(self) -> str:
        """See `PooledBackend.edition`."""
        return self.release

    @property
    def lineage_edition(self) -> str:
        """See `queries.backend.lineage_edition_of`."""
        release = self.release
        return f"{release}{self._copies.of(release).mark}"

    @property
    def basis(self) -> str:
        """See `queries.backend.basis_of`."""
        release = self.release
        return " without ".join([release, *self._copies.of(release).given_up])

    def refresh(self) -> str:
        """Look which release is current; its name. A fraction of a millisecond in a directory. Raises BackendError."""
        with self._looking:
            return self._head.refresh().release

    @property
    def adjacency(self) -> Adjacency | None:
        """The lineage index of the release, where the publisher put it beside the data."""
        return self._index().adjacency

    @property
    def text_index(self) -> TextIndex | None:
        """The index of names of the release, where the publisher put it beside the data."""
        return self._index().names

    def _index(self) -> Indexes:
        return self._copies.of(self.release)

    def _noticed(self, release: str) -> None:
        """A process has answered: where it knows a newer release, so do we."""
        if release != self.release:
            self.refresh()

    def query(
        self,
        text: str,
        *,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
        timeout_s: float | None = None,
    ) -> QueryResult:
        """See `Backend.query` and `PooledBackend.query`. QueryRefused, feature `engine`, may come up while reading."""
        return self._workers.query(
            text, default_graphs=default_graphs, named_graphs=named_graphs, union=union, timeout_s=timeout_s
        )

    async def execute(self, text: str, *, timeout_s: float | None = None, **how: Any) -> AsyncStream:
        """See `PooledBackend.execute`."""
        limit_s = time_limit(timeout_s, self._deadline_s)

        async def ask(left_s: float) -> AsyncStream:
            return await self._workers.execute(text, timeout_s=left_s, **how)

        return await _persistently_async(ask, limit_s)

    def prepare(self, text: str, **how: Any) -> Request:
        """See `PooledBackend.prepare`."""
        return self._workers.prepare(text, **how)

    def find(self, question: Asked, media_type: str) -> Found | None:  # noqa: ARG002
        """Nothing is looked up here: a release in a cluster has no columns."""
        return None

    def call(self, request: Request, settle: Settle, timeout_s: float | None = None) -> _Calls:
        """See `PooledBackend.call`."""
        return _Calls(self._workers, request, settle, time_limit(timeout_s, self._deadline_s))

    def neighbours(
        self, frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
    ) -> Iterator[Link]:
        """See `Backend.neighbours`."""
        return self._index().neighbours(self.query, frontier, relations, direction)

    def running(self) -> list[QueryInfo]:
        """See `PooledBackend.running`."""
        return self._workers.running()

    def cancel(self, identifier: str) -> bool:
        """See `PooledBackend.cancel`."""
        return self._workers.cancel(identifier)

    def counts(self) -> dict[str, int]:
        """See `PooledBackend.counts`."""
        return self._workers.counts()

    def sandbox_report(self) -> dict[str, Any]:
        """See `PooledBackend.sandbox_report`."""
        return self._workers.sandbox_report()

    def close(self) -> None:
        """End all query processes, and let go of the storage."""
        self._workers.close()
        self._copies.close()
        self._head.close()


class _Workers(PooledBackend):
    """The pool, with the program of a cluster in its processes."""

    #: Told which release an answer is of.
    noticed: Callable[[str], None] = staticmethod(lambda release: None)  # noqa: ARG005

    def _plan(self, store: Path, release: str) -> Plan:
        return Plan(store, release, module="queries.cluster.worker", environment=credentials())

    def _found_indexes(self, store: Path, release: str) -> Indexes:  # noqa: ARG002
        return Indexes()

    def _open(self, request: Request, limit_s: float) -> PooledStream:
        def ask(left_s: float) -> PooledStream:
            return PooledStream(self._pool, request, left_s)

        stream = _persistently(ask, limit_s)
        self.noticed(stream.release)
        return stream


class _Calls:
    """One question of an event loop, asked again where its process was ended; see `queries.pool.calls.Call`."""

    def __init__(self, workers: _Workers, request: Request, settle: Settle, limit_s: float) -> None:
        self._workers = workers
        self._request = request
        self._settle = settle
        self._until = time.monotonic() + limit_s
        self._loop = asyncio.get_running_loop()
        self._left = _TRIES
        self._closed = False
        self._call: Call | Found | None = None
        self._ask()

    def close(self) -> None:
        """Nobody wants the answer any more."""
        self._closed = True
        if self._call is not None:
            self._call.close()

    def _ask(self) -> None:
        if not self._closed:
            self._left -= 1
            self._call = self._workers.call(self._request, self._told, _left(self._until))

    def _told(self, stream: AsyncStream | Found | None, error: BaseException | None) -> None:
        if error is not None and _again(error, self._until) and self._left:
            self._loop.call_soon(self._ask)
        else:
            self._settle(stream, error)


def _persistently(ask: Callable[[float], PooledStream], limit_s: float) -> PooledStream:
    until = time.monotonic() + limit_s
    for _ in range(_TRIES - 1):
        try:
            return ask(_left(until))
        except WorkerDied as error:
            if not _again(error, until):
                raise
    return ask(_left(until))


async def _persistently_async(ask: Callable[[float], Awaitable[AsyncStream]], limit_s: float) -> AsyncStream:
    until = time.monotonic() + limit_s
    for _ in range(_TRIES - 1):
        try:
            return await ask(_left(until))
        except WorkerDied as error:
            if not _again(error, until):
                raise
    return await ask(_left(until))


def _again(error: BaseException, until: float) -> bool:
    """Whether another process may do better: this one was ended from outside, not by the question."""
    return isinstance(error, WorkerDied) and not isinstance(error, EngineCrashed) and time.monotonic() < until


def _left(until: float) -> float:
    return max(_SHORTEST_S, until - time.monotonic())
