"""From a query to a response: the entity tag, 304, a kept, shared or new answer, a client that leaves."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.accesslog import facts, logging_requests
from api.asking import OUTCOME, query_hash
from api.context import Context
from api.departure import LEFT, ClientLeft
from api.negotiation import Format
from api.protocol import QueryRequest
from api.responses import CACHE, StreamResponse, anything, matches

__all__ = ["Reply", "header"]

_VARY: Final = (b"vary", b"Accept")
_CACHE: Final = (b"cache-control", CACHE.encode())


class Reply(Response):
    """The answer to a query, made when it is sent. Raises what the back end raises before the first byte."""

    def __init__(self, here: Context, asked: QueryRequest, form: Format) -> None:
        self._here = here
        self._asked = asked
        self._form = form
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, by ASGI."""
        here, asked, form = self._here, self._asked, self._form
        if here.prompt is not None:
            await here.current()
        tag = here.asking.tag(asked, form)
        logged = facts(scope) if logging_requests() else None
        if logged is not None:
            logged["query"] = query_hash(asked.text or "")
        known = header(scope, b"if-none-match") if scope["method"] == "GET" else None
        if known and not anything(known) and matches(known, tag):
            await _send(send, 304, [(b"etag", tag.encode()), _VARY, _CACHE])
            return
        try:
            limit_s, outcome = asked.limit_s(here.settings.timeout_s), scope.get(OUTCOME)
            answered = await here.asking.answer(asked, form, limit_s, receive, tag=tag, outcome=outcome)
        except ClientLeft:
            await _send(send, LEFT, [])
            return
        if logged is not None:
            logged["way"] = answered.way
        timing = f'{answered.way};desc="answer";dur={answered.seconds * 1000:.1f}'
        opening, body = answered.opening, answered.body
        if anything(known):  # there is an answer, which is all that was asked
            if opening is not None:
                opening.close()
            await _send(send, 304, [(b"etag", answered.tag.encode()), _VARY, _CACHE])
            return
        if opening is not None:
            named = {} if opening.id is None else {"treatygraph-query": opening.id}
            stream = StreamResponse(opening, form, {"etag": answered.tag, "server-timing": timing, **named})
            await stream(scope, receive, send)
            return
        tagged = (b"etag", answered.tag.encode())
        headers = [form.raw_content_type, tagged, _VARY, _CACHE, (b"server-timing", timing.encode())]
        await _send(send, 200, headers, body or b"")


def header(scope: Scope, wanted: bytes) -> str | None:
    """A header, all its lines as one (RFC 9110, 5.2)."""
    found = [value for name, value in scope["headers"] if name == wanted]
    return b", ".join(found).decode("latin-1") if found else None


async def _send(send: Send, status: int, headers: list[Any], body: bytes = b"") -> None:
    if status != 304:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
