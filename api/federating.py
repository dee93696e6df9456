"""SERVICE in a query of a client: asked before the query runs, off the event loop, given up when the client leaves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from api.metrics import Metrics
from api.protocol import QueryRequest
from api.settings import Settings
from queries.backend import Backend
from queries.errors import QueryError, QueryTimeout
from queries.federation.clauses import Federated
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
        self._threads = 0
        self._most = settings.workers + settings.queue_size
        self.on = bool(endpoints)

    async def read(self, text: str) -> Federated | None:
        """The calls of a query; None where there is nothing to call. Raises QueryRefused, QueryTooLarge."""
        if not self.on:
            return None
        if len(text) < _LONG_TEXT:
            return self._federation.read(text)
        return await asyncio.to_thread(self._federation.read, text)

    async def expand(self, query: Federated, asked: QueryRequest, backend: Backend, limit_s: float) -> QueryRequest:
        """The same request without SERVICE, with the rows that the endpoints gave and the time that is left.

        Raises RemoteFailed, QueryTimeout, PoolFull, QuerySyntaxError, QueryTooLarge.
        """
        started, stop = time.monotonic(), Stop()
        expand = partial(self._federation.expand, query, limit_s, backend.query, stop)
        try:
            outcome = await asyncio.wait_for(self._in_thread(expand), limit_s + _MARGIN_S)
        except TimeoutError:
            self._count("timeout")
            raise QueryTimeout("another endpoint did not answer in time") from None
        except QueryError as error:
            self._count(_outcome(error))
            raise
        finally:
            stop.now()
        self._metrics.remote_calls.labels("answered").inc(outcome.calls - outcome.passed_over)
        self._metrics.remote_calls.labels("passed-over").inc(outcome.passed_over)
        left = limit_s - (time.monotonic() - started)
        if left <= 0:
            raise QueryTimeout("the calls of SERVICE took all the time of the query")
        return replace(asked, text=outcome.text, timeout_s=left)

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

    def _count(self, outcome: str) -> None:
        self._metrics.remote_calls.labels(outcome).inc()


def _outcome(error: QueryError) -> str:
    match error:
        case RemoteTimeout():
            return "timeout"
        case RemoteFailed():
            return "failed"
        case _:
            return "refused"
