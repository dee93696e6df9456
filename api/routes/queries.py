"""`/queries`: the queries that run now, for the operator; and cancelling one, for whoever knows its id."""

from __future__ import annotations

import hmac
from dataclasses import asdict
from typing import Any, Final, Protocol, runtime_checkable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.context import context
from api.problems import Problem
from api.responses import json_bytes
from queries.pool.jobs import QueryInfo

__all__ = ["router"]

router: Final = APIRouter(tags=["Operation"])

_HEADERS: Final = {"content-type": "application/json", "cache-control": "no-store"}
_CHALLENGE: Final = {"www-authenticate": 'Bearer realm="operator"'}


@runtime_checkable
class _Stoppable(Protocol):
    """A back end whose queries run where they can be ended."""

    def running(self) -> list[QueryInfo]:
        """See `PooledBackend.running`."""

    def sandbox_report(self) -> dict[str, Any]:
        """See `PooledBackend.sandbox_report`."""

    def cancel(self, identifier: str) -> bool:
        """See `PooledBackend.cancel`."""


@router.get("/queries", summary="The queries that run now (operator only)")
async def queries(request: Request) -> Response:
    """Ids, hashes, seconds and bytes of the running queries, the oldest first."""
    _require_operator(request)
    backend = context(request).engine.backend
    if not isinstance(backend, _Stoppable):
        return Response(json_bytes({"queries": [], "isolation": None}), headers=_HEADERS)
    running = [asdict(one) for one in backend.running()]
    return Response(json_bytes({"queries": running, "isolation": backend.sandbox_report()}), headers=_HEADERS)


@router.delete("/queries/{identifier}", summary="Cancel a running query")
async def cancel(request: Request, identifier: str) -> Response:
    """204 when it was stopped, 404 when no query of this id runs. The id is the secret that allows it."""
    backend = context(request).engine.backend
    if isinstance(backend, _Stoppable) and backend.cancel(identifier):
        return Response(status_code=204, headers={"cache-control": "no-store"})
    raise Problem("not-found", "no query of this id runs")


def _require_operator(request: Request) -> None:
    token = context(request).settings.operator_token
    if token is None:
        raise Problem("refused-feature", "no operator token is set, so nobody is the operator", {"feature": "operator"})
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not hmac.compare_digest(
        given.strip().encode(), token.get_secret_value().encode()
    ):
        raise Problem("unauthorized", "send the operator's token: Authorization: Bearer …", headers=dict(_CHALLENGE))
