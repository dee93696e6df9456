"""Responses: whole ones and streams, with `ETag`, `Vary` and the answer 304.

A release never changes, so an answer is as lasting as the release; clients keep it and ask whether it still holds.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.engine import Stream
from api.negotiation import Format
from queries.errors import QueryTimeout
from queries.pool.errors import StreamBroken

if TYPE_CHECKING:
    from api.opening import Opening

__all__ = ["BREAK_OFF", "CACHE", "StreamResponse", "anything", "etag", "json_bytes", "matches", "respond"]

#: Where the server's connection puts what ends it at once (`api.connections`).
BREAK_OFF: Final = "treatygraph.break-off"
_LAST_WORDS_S: Final = 0.1  # what the worker had written in time
CACHE: Final = "no-cache"  # kept by anyone, asked about each time


def etag(*parts: str | bytes) -> str:
    """A strong entity tag made of everything that decides the bytes of an answer."""
    data = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
    lengths = ",".join([str(len(part)) for part in data])  # so that no two lists of parts are the same bytes
    return f'"{hashlib.sha256(b"".join((lengths.encode(), b";", *data))).hexdigest()[:32]}"'


def matches(header: str | None, tag: str) -> bool:
    """Whether the client already has this answer (`If-None-Match`, compared weakly: RFC 9110, 13.1.2)."""
    return anything(header) or tag in re.findall(r'(?:W/)?("[^"]*")', header or "")


def anything(header: str | None) -> bool:
    """Whether the client does without any answer that there is: `If-None-Match: *`."""
    return header is not None and header.strip() == "*"


def json_bytes(document: Any) -> bytes:
    """JSON as we send it: keys in the order given, letters of every script as they are."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def respond(
    request: Request,
    body: bytes | str,
    form: Format,
    *,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
    tag: str | None = None,
) -> Response:
    """A whole answer, or 304 when the client has it. `tag` is its entity tag where that is known already."""
    data = body.encode() if isinstance(body, str) else body
    tag = tag or etag(form.media_type, data)
    common = {"etag": tag, "vary": "Accept", "cache-control": CACHE, **(headers or {})}
    if status == 200 and request.method == "GET" and matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=common)
    return Response(data, status, {**common, "content-type": form.content_type})


class StreamResponse(Response):
    """An answer that is sent while it is made. It always closes its stream, whatever happens to the connection."""

    def __init__(self, stream: Stream[Any] | Opening, form: Format, headers: Mapping[str, str]) -> None:
        self._stream = stream
        self.status_code = 200
        self.background = None
        whole = stream.whole
        length = {} if whole is None else {"content-length": str(len(whole))}
        self.init_headers(
            {"cache-control": CACHE, "vary": "Accept", **headers, "content-type": form.content_type, **length}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end or until the client leaves; the server itself would go on in silence."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_left, receive, tasks.cancel_scope)
                await self._send(scope, send)
                tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            # What the worker raised, as if there were no group around it.
            raise group.exceptions[0] from None
        finally:
            self._stream.close()

    async def _send(self, scope: Scope, send: Send) -> None:
        """The query ends at its deadline; a client that takes nothing must not keep us from noticing."""
        deadline: float | None = getattr(self._stream, "deadline", None)
        with anyio.CancelScope(deadline=math.inf if deadline is None else deadline + _LAST_WORDS_S) as until:
            await self._send_all(scope, send)
        if until.cancelled_caught:
            if break_off := scope.get(BREAK_OFF):
                break_off()
            raise StreamBroken(QueryTimeout("the client did not take the answer in time"))

    async def _send_all(self, scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if not scope.get("treatygraph.head"):
            async for chunk in self._stream.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_left(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
