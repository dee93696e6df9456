"""The way of a query through the service: kept answers, answers on their way to others, and new ones."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar

from starlette.requests import Request

from api.cache import AnswerCache
from api.engine import Engine
from api.flights import Flights
from api.metrics import Metrics
from api.negotiation import Format
from api.opening import Opening, open_answer
from api.protocol import QueryRequest
from api.responses import etag
from queries.errors import BackendError, QueryError, QueryTimeout
from queries.pool.errors import OutOfMemory, PoolFull, QueryCancelled, StreamBroken, WorkerDied

__all__ = ["Answered", "Asking", "ClientLeft", "query_hash", "unless_left"]

T = TypeVar("T")
Way: TypeAlias = Literal["kept", "shared", "run"]

_HASH: Final = 16


class ClientLeft(Exception):
    """The client closed the connection while its answer was being made."""


@dataclass(frozen=True)
class Answered:
    """An answer: its bytes or, where it is large, its opening; by which way it came, and the seconds it took."""

    tag: str
    body: bytes | None
    opening: Opening | None
    way: Way
    seconds: float


class Asking:
    """One per application."""

    def __init__(self, engine: Engine, cache: AnswerCache, metrics: Metrics) -> None:
        self._engine = engine
        self._flights: Flights[Opening] = Flights(Opening.drop)
        self._metrics = metrics
        self.cache = cache

    def tag(self, asked: QueryRequest, form: Format, release: str | None = None) -> str:
        """The entity tag: a release does not change, so its name, the query, the dataset and the format decide all."""
        dataset = (*asked.default_graphs, "named", *asked.named_graphs, "union" if asked.union else "")
        return etag(release or self._engine.release, asked.text or "", *dataset, form.media_type)

    async def answer(self, asked: QueryRequest, form: Format, limit_s: float) -> Answered:
        """Answer a query. Raises what the back end raises."""
        started = time.perf_counter()
        tag = self.tag(asked, form)
        if (body := self.cache.get(tag)) is not None:
            self._count("kept", started)
            return Answered(tag, body, None, "kept", time.perf_counter() - started)
        try:
            opening, first = await self._flights.join(
                (tag, limit_s), lambda: open_answer(self._engine, asked, form, limit_s)
            )
            if not opening.take():  # a large answer goes to one reader; the others ask for themselves
                opening, first = await open_answer(self._engine, asked, form, limit_s), True
                opening.take()
        except QueryError as error:
            self._count(outcome_of(error), started)
            raise
        except asyncio.CancelledError:
            self._count("left", started)
            raise
        # The release may have changed on the way: the tag is that of the release that answered.
        tag = self.tag(asked, form, opening.release)
        way: Way = "run" if first else "shared"
        if opening.whole is not None:
            self.cache.put(tag, opening.whole)
        self._count("answered" if first else "shared", started)
        return Answered(
            tag, opening.whole, opening if opening.whole is None else None, way, time.perf_counter() - started
        )

    async def answer_once(self, asked: QueryRequest, form: Format, limit_s: float) -> Answered:
        """The same for a query whose answer the release alone does not decide: it is neither kept nor shared."""
        started = time.perf_counter()
        try:
            opening = await open_answer(self._engine, asked, form, limit_s)
        except QueryError as error:
            self._count(outcome_of(error), started)
            raise
        except asyncio.CancelledError:
            self._count("left", started)
            raise
        opening.take()
        self._count("answered", started)
        large = opening if opening.whole is None else None
        return Answered("", opening.whole, large, "run", time.perf_counter() - started)

    def _count(self, outcome: str, started: float) -> None:
        self._metrics.queries.labels(outcome).inc()
        self._metrics.query_seconds.observe(time.perf_counter() - started)


def outcome_of(error: BaseException) -> str:
    """A word for what became of a query, for logs and counters."""
    match error:
        case StreamBroken():
            return f"broken-{outcome_of(error.reason)}"
        case QueryTimeout():
            return "timeout"
        case PoolFull():
            return "full"
        case OutOfMemory():
            return "out-of-memory"
        case QueryCancelled():
            return "cancelled"
        case WorkerDied():
            return "died"
        case BackendError():
            return "failed"
        case _:
            return "refused"


def query_hash(text: str) -> str:
    """A short name for a query, the same that the list of running queries shows; logs hold no queries."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]


async def unless_left(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Wait for work as long as the client does.

    Raises:
        ClientLeft: the client closed the connection; the work was cancelled.
    """
    task, watch = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientLeft
        return task.result()
    finally:
        watch.cancel()
        task.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
