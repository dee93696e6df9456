"""From a query to a response: the entity tag, 304, a kept, shared or new answer, a client that leaves."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.accesslog import note
from api.asking import Answered, ClientLeft, query_hash, unless_left
from api.context import context
from api.negotiation import Format
from api.protocol import QueryRequest
from api.responses import CACHE, StreamResponse, matches
from queries.federation.clauses import Federated

__all__ = ["reply", "reply_federated"]

#: What servers write into logs for a client that has gone; nobody receives it.
_LEFT: Final = 499


async def reply(request: Request, asked: QueryRequest, form: Format) -> Response:
    """Answer a query in a format that fits it. Raises what the back end raises before the first byte."""
    here = context(request)
    asking = here.asking
    note(request.scope, query=query_hash(asked.text or ""))
    headers = {"etag": asking.tag(asked, form), "vary": "Accept", "cache-control": CACHE}
    if request.method == "GET" and matches(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    try:
        answered = await unless_left(request, asking.answer(asked, form, asked.limit_s(here.settings.timeout_s)))
    except ClientLeft:
        return Response(status_code=_LEFT)
    return _response(request, answered, {**headers, "etag": answered.tag}, form)


async def reply_federated(request: Request, asked: QueryRequest, calls: Federated, form: Format) -> Response:
    """The same for a query that calls other endpoints. They may answer otherwise the next time: nothing is kept."""
    here = context(request)
    note(request.scope, query=query_hash(asked.text or ""), remote=len(calls.clauses))

    async def answer() -> Answered:
        limit_s = asked.limit_s(here.settings.timeout_s)
        ready = await here.federating.expand(calls, asked, here.engine.backend, limit_s)
        return await here.asking.answer_once(ready, form, ready.limit_s(limit_s))

    try:
        answered = await unless_left(request, answer())
    except ClientLeft:
        return Response(status_code=_LEFT)
    return _response(request, answered, {"vary": "Accept", "cache-control": "no-store"}, form)


def _response(request: Request, answered: Answered, headers: dict[str, str], form: Format) -> Response:
    note(request.scope, way=answered.way)
    headers["server-timing"] = f'{answered.way};desc="answer";dur={answered.seconds * 1000:.1f}'
    opening = answered.opening
    if opening is None:
        return Response(answered.body, headers={**headers, "content-type": form.content_type})
    if opening.id is not None:
        headers["treatygraph-query"] = opening.id
    return StreamResponse(opening, form, headers)
