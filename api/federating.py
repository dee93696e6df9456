"""SERVICE in a query of a client: asked before the query runs, off the event loop, given up when the client leaves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.types import Receive

from api.departure import Departure
from api.metrics import Metrics
from api.protocol import QueryRequest
from api.settings import Settings
from queries.backend import Backend
from queries.errors import QueryError, QueryTimeout
from queries.federation.errors import RemoteFailed, RemoteTimeout
from queries.federation.federation import Federation, Outcome, Stop, listed_endpoints
from queries.pool.errors import PoolFull

__all__ = ["Federating"]

_LONG_TEXT: Final = 20_000  # characters; longer texts are read in a thread
_MARGIN_S: Final = 0.1  # so that the call itself can tell which endpoint was late


class Federating:
    """One per application."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        endpoints = listed_endpoints(settings.federation)
        self._federation = Federation(endpoints, at_once=settings.workers, wait_s=settings.queue_wait_s)
        self._metrics = metrics
        self._limit_s = settings.timeout_s
        self._threads = 0
        self._most = settings.workers + settings.queue_size
        self.on = bool(endpoints)

    async def ready(self, asked: QueryRequest, backend: Backend, receive: Receive | None = None) -> QueryRequest:
        """The same question without SERVICE: with the rows that the endpoints gave, and the time that is left.

        What is left to ask is decided by its text again, as every question is, so its answer may be kept and has a tag.

        Raises QueryRefused, RemoteFailed, QueryTimeout, PoolFull, QuerySyntaxError, QueryTooLarge; ClientLeft when the
        client, to which `receive` listens, has gone meanwhile.
        """
        if not self.on:
            return asked
        text, limit_s = asked.text or "", asked.limit_s(self._limit_s)
        read = partial(self._federation.read, text)
        query = read() if len(text) < _LONG_TEXT else await asyncio.to_thread(read)
        if query is None:
            return asked
        started, stop = time.monotonic(), Stop()
        work = self._in_thread(partial(self._federation.expand, query, limit_s, backend.query, stop))
        departure = Departure(receive, work) if receive is not None else None
        try:
            outcome = await asyncio.wait_for(work, limit_s + _MARGIN_S)
        except TimeoutError:
            self._count("timeout")
            raise QueryTimeout("another endpoint did not answer in time") from None
        except QueryError as error:
            self._count(_outcome(error))
            raise
        finally:
            stop.now()
            if departure is not None:
                departure.end()
        self._count("answered", outcome.calls - outcome.passed_over)
        self._count("passed-over", outcome.passed_over)
        left = limit_s - (time.monotonic() - started)
        if left <= 0:
            raise QueryTimeout("the calls of SERVICE took all the time of the query")
        return QueryRequest(
            outcome.text,
            asked.default_graphs,
            asked.named_graphs,
            asked.form,
            asked.union,
            timeout_s=left,
            volatile=asked.volatile,
        )

    def _in_thread(self, work: Callable[[], Outcome]) -> asyncio.Future[Outcome]:
        """Work in a thread of its own, which ends by itself: a name server that hangs must not hold others' threads."""
        if self._threads >= self._most:
            raise PoolFull(1)
        self._threads += 1
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()

        def end(result: Outcome | None, error: BaseException | None) -> None:
            self._threads -= 1
            if future.done():  # nobody waits any more
                return
            if result is None:
                future.set_exception(error or RuntimeError("no outcome"))
            else:
                future.set_result(result)

        def run() -> None:
            result: Outcome | None = None
            problem: BaseException | None = None
            try:
                result = work()
            except BaseException as error:
                problem = error
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(end, result, problem)

        threading.Thread(target=run, name="federation", daemon=True).start()
        return future

    def _count(self, outcome: str, number: int = 1) -> None:
        self._metrics.remote_calls.labels(outcome).inc(number)


def _outcome(error: QueryError) -> str:
    match error:
        case RemoteTimeout():
            return "timeout"
        case RemoteFailed():
            return "failed"
        case _:
            return "refused"
