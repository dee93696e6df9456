"""The way of a query through the service: kept answers, answers on their way to others, and new ones."""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from starlette.types import Receive

from api.cache import AnswerCache
from api.departure import ClientLeft, Departure
from api.engine import Engine
from api.flights import Begin, Flights
from api.metrics import Metrics
from api.negotiation import Format
from api.opening import LONG_TEXT, Opening, beginning, calling, opener, request_of
from api.protocol import QueryRequest
from queries.errors import BackendError, QueryError, QueryTimeout
from queries.pool.errors import OutOfMemory, PoolFull, QueryCancelled, StreamBroken, WorkerDied
from queries.pool.found import Found

__all__ = ["OUTCOME", "Answered", "Asking", "Errand", "Outcome", "query_hash"]

Way: TypeAlias = Literal["kept", "shared", "run"]

_HASH: Final = 16
#: Where a request brings what has already come of its query.
OUTCOME: Final = "treatygraph.outcome"


@dataclass(slots=True)
class Answered:
    """An answer: its bytes or, where it is large, its opening; by which way it came, and the seconds it took."""

    tag: str
    body: bytes | None
    opening: Opening | None
    way: Way
    seconds: float


@dataclass(slots=True)
class Outcome:
    """What came of a query that was asked before its request was handed on: a large answer, or an error."""

    tag: str
    opening: Opening | None
    error: BaseException | None
    first: bool
    started: float
    """When it was asked, by `time.perf_counter`."""


@dataclass(slots=True)
class Errand:
    """A query that is being asked for a connection. `leave` it when nobody waits any more."""

    tag: str
    key: tuple[object, ...]
    future: asyncio.Future[Opening]
    first: bool
    started: float


class Asking:
    """One per application."""

    def __init__(self, engine: Engine, cache: AnswerCache, metrics: Metrics) -> None:
        self._engine = engine
        self._calling = calling(engine.backend)
        self._flights: Flights[Opening] = Flights(Opening.drop)
        self._metrics = metrics
        self.cache = cache

    @property
    def edition(self) -> str:
        """What new questions are asked of: it decides the bytes of an answer, together with the question."""
        return self._engine.release if self._calling is None else self._calling.edition

    def tag(self, asked: QueryRequest, form: Format, edition: str | None = None) -> str:
        """The entity tag of the answer, in the edition that is served or in another."""
        return asked.tag(edition or self.edition, form.media_type)

    def kept(self, tag: str) -> Answered | None:
        """An answer that was kept."""
        started = time.perf_counter()
        if (body := self.cache.get(tag)) is None:
            return None
        self._metrics.asked("kept", seconds := time.perf_counter() - started)
        return Answered(tag, body, None, "kept", seconds)

    @property
    def calls(self) -> bool:
        """Whether questions can be asked without waiting: `find`, `request`, `begin`."""
        return self._calling is not None

    def request(self, asked: QueryRequest, form: Format, *, tried: bool = False) -> Any | None:
        """The question, for `begin`; None for one that is asked in the usual way. Raises what is wrong with its text.
        `tried`: whether it was looked up in vain."""
        if self._calling is None or len(asked.text or "") >= LONG_TEXT:
            return None
        request = request_of(self._calling, asked, form)
        request.tried = tried
        return request

    def find(self, asked: QueryRequest, form: Format) -> Found | None:
        """The answer to a small question, where it can be looked up."""
        return (
            None if self._calling is None or asked.small is None else self._calling.find(asked.small, form.media_type)
        )

    def looked_up(self, found: Found, tag: str, started: float) -> Answered:
        """What was found, kept and counted; `started` is when it was looked for."""
        self.cache.put(tag, found.whole)
        self._metrics.asked("answered", seconds := time.perf_counter() - started)
        return Answered(tag, found.whole, None, "run", seconds)

    def begin(self, tag: str, limit_s: float, request: Any) -> Errand:
        """Ask, or join those who are asking the same."""
        assert self._calling is not None
        started = time.perf_counter()
        key = (tag, limit_s)
        future, first = self._flights.join(key, beginning(self._calling, request, limit_s))
        return Errand(tag, key, future, first, started)

    def fetched(self, errand: Errand, most: float = math.inf) -> Answered | Outcome:
        """What came of it, when its future is done: a whole answer of at most so many bytes, or what the usual way
        has to go on with."""
        error = errand.future.exception()
        if error is None:
            opening = errand.future.result()
            body = opening.whole
            if body is not None and len(body) <= most and opening.edition == self.edition:
                self.cache.put(errand.tag, body)
                seconds = time.perf_counter() - errand.started
                self._metrics.asked("answered" if errand.first else "shared", seconds)
                return Answered(errand.tag, body, None, "run" if errand.first else "shared", seconds)
            return Outcome(errand.tag, opening, None, errand.first, errand.started)
        return Outcome(errand.tag, None, error, errand.first, errand.started)

    def leave(self, errand: Errand) -> None:
        """The client has gone."""
        self._leave(errand.key, errand.future)
        self._metrics.asked("left", time.perf_counter() - errand.started)

    async def answer(
        self,
        asked: QueryRequest,
        form: Format,
        limit_s: float,
        receive: Receive,
        *,
        tag: str | None = None,
        outcome: Outcome | None = None,
    ) -> Answered:
        """Answer a query. Raises what the back end raises, ClientLeft when the client has gone meanwhile.

        `outcome` is what has come of this query already.
        """
        started = time.perf_counter() if outcome is None else outcome.started
        tag = tag or self.tag(asked, form)
        if outcome is None and (kept := self.kept(tag)) is not None:
            return kept
        try:
            if outcome is not None and outcome.error is not None:
                raise outcome.error
            begin = await opener(self._engine, self._calling, asked, form, limit_s)
            if outcome is not None and outcome.opening is not None:
                opening, first = outcome.opening, outcome.first
            else:
                opening, first = await self._wait((tag, limit_s), begin, receive)
            if not opening.take():  # a large answer goes to one reader; the others ask for themselves
                opening, first = await self._wait((tag, limit_s, object()), begin, receive)
                opening.take()
        except QueryError as error:
            self._metrics.asked(outcome_of(error), time.perf_counter() - started)
            raise
        except (asyncio.CancelledError, ClientLeft):
            self._metrics.asked("left", time.perf_counter() - started)
            raise
        if opening.edition != self.edition:  # it has changed on the way: the tag is that of the edition that answered
            tag = self.tag(asked, form, opening.edition)
        body = opening.whole
        if body is not None:
            self.cache.put(tag, body)
        seconds = time.perf_counter() - started
        self._metrics.asked("answered" if first else "shared", seconds)
        return Answered(tag, body, None if body is not None else opening, "run" if first else "shared", seconds)

    async def _wait(self, key: tuple[object, ...], begin: Begin[Opening], receive: Receive) -> tuple[Opening, bool]:
        future, first = self._flights.join(key, begin)
        departure = Departure(receive, future)
        try:
            return await future, first
        except BaseException:
            self._leave(key, future)
            raise
        finally:
            departure.end()

    def _leave(self, key: tuple[object, ...], future: asyncio.Future[Opening]) -> None:
        self._flights.leave(key, future)
        if future.done() and not future.cancelled() and future.exception() is None:
            future.result().drop()


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
