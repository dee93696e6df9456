"""`/health` and `/metrics`: is it alive, is it ready, how is it doing. Never waits for a worker to be free."""

from __future__ import annotations

from typing import Any, Final, Protocol, runtime_checkable

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.context import context
from api.metrics import CONTENT_TYPE
from api.problems import Problem
from api.responses import json_bytes
from queries.backend import Backend
from queries.errors import QueryError

__all__ = ["router"]

router: Final = APIRouter(tags=["Operation"])

_HEADERS: Final = {"content-type": "application/json", "cache-control": "no-store"}
_PATIENCE_S: Final = 5.0


@runtime_checkable
class Pooled(Protocol):
    """A back end of worker processes (`PooledBackend`)."""

    def counts(self) -> dict[str, int]:
        """See `PooledBackend.counts`."""


@router.get("/health", summary="Status, release and version")
async def health(request: Request) -> Response:
    """What runs here."""
    here = context(request)
    body: dict[str, Any] = {
        "status": "ok",
        "release": here.engine.release,
        "version": here.version,
        "running": here.engine.running,
    }
    if isinstance(here.engine.backend, Pooled):
        pool = here.engine.backend.counts()
        reads = getattr(here.engine.backend, "reads", None)  # of a release on this machine
        body["running"] = max(here.engine.running, pool["busy"])
        body["pool"] = pool if reads is None else {**pool, "store": reads}
    return Response(json_bytes(body), headers=_HEADERS)


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Response:
    """Answered by the event loop alone."""
    return Response(json_bytes({"status": "ok"}), headers=_HEADERS)


@router.get("/health/ready", summary="Does the store answer?")
async def ready(request: Request) -> Response:
    """503 while the store does not answer. Busy workers answer too: a pool tells its state without a query."""
    backend = context(request).engine.backend
    if isinstance(backend, Pooled):
        counts = backend.counts()
        if not counts["ready"] and not counts["busy"]:
            raise Problem("unavailable", "no worker is ready", headers={"retry-after": "1"})
        return Response(json_bytes({"status": "ok"}), headers=_HEADERS)
    try:
        with anyio.fail_after(_PATIENCE_S):
            await anyio.to_thread.run_sync(_ask, backend, abandon_on_cancel=True)
    except (TimeoutError, QueryError):
        raise Problem("unavailable", "the store did not answer", headers={"retry-after": "5"}) from None
    return Response(json_bytes({"status": "ok"}), headers=_HEADERS)


@router.get("/metrics", summary="Numbers for Prometheus")
async def metrics(request: Request) -> Response:
    """Counters of requests by route and status, their seconds, running work, the release."""
    here = context(request)
    here.metrics.running.set(here.engine.running)
    here.metrics.kept_bytes.set(here.asking.cache.size)
    if isinstance(here.engine.backend, Pooled):
        for state, number in here.engine.backend.counts().items():
            here.metrics.pool.labels(state).set(number)
    return Response(here.metrics.text(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})


def _ask(backend: Backend) -> bool:
    return bool(backend.query("ASK {}", timeout_s=_PATIENCE_S))
