"""What happens around every request: limits, HEAD and OPTIONS, headers of security and sharing, counting.

Plain ASGI, because the ready-made wrapper of the framework buffers and loses the cancellation of streams.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.accesslog import facts, write
from api.errors import masked, problem_response
from api.metrics import Metrics
from api.problems import Problem
from api.rate import RateLimit
from api.settings import Settings

__all__ = ["CONTENT_SECURITY_POLICY", "Surroundings"]

#: Pages need our style sheet, our pictures and our forms, and nothing from anywhere else.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Anyone's page may read what is public; cookies and credentials are never involved.
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Link, Location, Retry-After, Server-Timing, Treatygraph-Query",
}
_METHODS: Final = "GET, HEAD, POST, OPTIONS"
#: Browsers may keep the answer to a preflight for a day.
_PREFLIGHT_S: Final = 86_400


class Surroundings:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._root = settings.root_path.rstrip("/")
        self._rate = RateLimit(settings.rate_per_minute) if settings.rate_per_minute else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._root and str(scope["path"]).startswith(f"{self._root * 2}/"):
            # The server puts the path of the proxy before every path; here the proxy has passed its own on as well.
            scope = {**scope, "path": scope["path"][len(self._root) :]}
        exchange = _Exchange(scope, send, self._metrics)
        facts(scope)
        try:
            if problem := self._refusal(scope):
                await problem_response(Request(scope), problem)(scope, receive, exchange.send)
            elif scope["method"] == "OPTIONS":
                await _options(scope)(scope, receive, exchange.send)
            else:
                await self._answer(exchange.enter(scope), receive, exchange)
        finally:
            exchange.count()

    async def _answer(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            await self._app(scope, receive, exchange.send)
        except Exception as error:
            if exchange.started:
                raise  # the server breaks the connection: a shortened answer must not look whole
            await masked(Request(scope), error)(scope, receive, exchange.send)

    def _refusal(self, scope: Scope) -> Problem | None:
        if self._rate is not None and (wait := self._rate.wait_s(scope)) is not None:
            detail = f"at most {self._settings.rate_per_minute} requests a minute are answered; wait {wait} s"
            return Problem("too-many-requests", detail, headers={"retry-after": str(wait)})
        length = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
        if length > self._settings.max_url_bytes:
            return Problem("uri-too-long", f"{length} bytes; at most {self._settings.max_url_bytes} are accepted")
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._settings.max_upload_bytes:
            return Problem("too-large", f"at most {self._settings.max_upload_bytes} bytes are accepted")
        return None


def _without_head(scope: Scope) -> Scope:
    """A HEAD is answered by the GET route; the body is dropped on the way out (RFC 9110, 9.3.2)."""
    return {**scope, "method": "GET", "treatygraph.head": True} if scope["method"] == "HEAD" else scope


def _options(scope: Scope) -> Response:
    headers = {"allow": _METHODS}
    names = {name for name, _ in scope["headers"]}
    if b"origin" in names:
        headers |= {
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": "Accept, Content-Type, If-None-Match",
            "access-control-max-age": str(_PREFLIGHT_S),
        }
    return Response(status_code=204, headers=headers)


class _Exchange:
    """One request and its answer on the way out."""

    def __init__(self, scope: Scope, send: Send, metrics: Metrics) -> None:
        self._scope = scope
        self._send = send
        self._metrics = metrics
        self._head = scope["method"] == "HEAD"
        self._clock = time.perf_counter()
        self._status: int | None = None
        self._complete = False
        self._bytes = 0

    def enter(self, scope: Scope) -> Scope:
        """The scope for the application, which writes into it which route it took."""
        self._scope = _without_head(scope)
        return self._scope

    @property
    def started(self) -> bool:
        """Whether the client has the status already."""
        return self._status is not None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            timing = [headers.get("server-timing"), f"total;dur={(time.perf_counter() - self._clock) * 1000:.1f}"]
            headers["server-timing"] = ", ".join(filter(None, timing))
        elif message["type"] == "http.response.body":
            self._complete = not message.get("more_body", False)
            if self._head:
                message = {**message, "body": b""}
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def count(self) -> None:
        route, method = _route_name(self._scope), "HEAD" if self._head else self._scope["method"]
        seconds = time.perf_counter() - self._clock
        self._metrics.requests.labels(route, method, str(self._status or 500)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if not self._complete:
            self._metrics.broken.labels(route).inc()
        write(
            self._scope,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            method=method,
            route=route,
            status=self._status or 500,
            seconds=round(seconds, 4),
            bytes=self._bytes,
            outcome="complete" if self._complete else "broken",
        )


def _route_name(scope: Scope) -> str:
    """The pattern of the route (`/id/{path}`), so that counters do not grow with the number of addresses."""
    route: Any = scope.get("route")
    return getattr(route, "path", None) or "other"
