"""One request and its answer on the way out: the headers that every answer has, HEAD, and what is counted of it."""

from __future__ import annotations

import time
from typing import Any, Final

from starlette.types import Message, Scope, Send

from api.accesslog import logging_requests, write
from api.asking import OUTCOME, Outcome
from api.metrics import Metrics
from api.whole import whole_way

__all__ = ["CONTENT_SECURITY_POLICY", "HEADERS", "Exchange"]

#: Pages need our style sheet, our pictures and our forms, and nothing from anywhere else.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: What every answer has, unless it says otherwise.
HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # Anyone's page may read what is public; cookies and credentials are never involved.
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, Location, Retry-After, Server-Timing, Treatygraph-Query"),
)
_TIMING: Final = b"server-timing"


class Exchange:
    """One per request. Written to cost little: it stands around each of thousands of answers a second."""

    __slots__ = ("_bytes", "_clock", "_complete", "_head", "_held", "_metrics", "_scope", "_send", "_status", "_whole")

    def __init__(self, scope: Scope, send: Send, metrics: Metrics) -> None:
        self._scope = scope
        self._send = send
        self._metrics = metrics
        self._head = scope["method"] == "HEAD"
        outcome: Outcome | None = scope.get(OUTCOME)
        self._clock = time.perf_counter() if outcome is None else outcome.started
        self._whole = None if self._head else whole_way(scope)
        self._held: Message | None = None
        self._status: int | None = None
        self._complete = False
        self._bytes = 0

    def enter(self, scope: Scope) -> Scope:
        """The scope for the application, which writes into it which route it took.

        A HEAD is answered by the GET route; the body is dropped on the way out (RFC 9110, 9.3.2).
        """
        self._scope = {**scope, "method": "GET", "treatygraph.head": True} if self._head else scope
        return self._scope

    @property
    def started(self) -> bool:
        """Whether the client has the status already."""
        return self._status is not None and self._held is None

    async def send(self, message: Message) -> None:
        """Pass a message on to the client. The head waits for the first part of the body, to go out with it."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._held = message
            return
        if self._head and self._complete:
            return  # the head was all; who made a body as well need not be waited for
        held, self._held = self._held, None
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._head:
            message = {**message, "body": (body := b""), "more_body": (more := False)}
        self._complete = not more
        self._bytes += len(body)
        if held is not None:
            held["headers"] = headers = self._headers(held.get("headers", ()))
            if not more and self._whole is not None and self._whole(held["status"], headers, body):
                return
            await self._send(held)
        await self._send(message)

    def _headers(self, given: Any) -> list[tuple[bytes, bytes]]:
        """The headers of the application, ours where it set none, and the time that has passed."""
        timing = b"total;dur=%.1f" % ((time.perf_counter() - self._clock) * 1000)
        headers, names = [], set()
        for name, value in given:
            names.add(name)
            if name == _TIMING:
                timing = value + b", " + timing
            else:
                headers.append((name, value))
        headers += [header for header in HEADERS if header[0] not in names]
        headers.append((_TIMING, timing))
        return headers

    def count(self) -> None:
        """The request is over."""
        route, method = _route_name(self._scope), "HEAD" if self._head else self._scope["method"]
        seconds = time.perf_counter() - self._clock
        status = self._status or 500
        self._metrics.answered(route, method, status, seconds, self._complete)
        if logging_requests():
            write(self._scope, method, route, status, seconds=seconds, size=self._bytes, complete=self._complete)


def _route_name(scope: Scope) -> str:
    """The pattern of the route (`/id/{path}`), so that counters do not grow with the number of addresses."""
    route: Any = scope.get("route")
    return getattr(route, "path", None) or "other"
