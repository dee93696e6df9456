"""What happens around every request: limits, HEAD and OPTIONS, headers of security and sharing, counting.

Plain ASGI, because the ready-made wrapper of the framework buffers and loses the cancellation of streams.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asking import OUTCOME
from api.departure import LEFT
from api.errors import masked, problem_response
from api.exchange import Exchange
from api.metrics import Metrics
from api.problems import Problem
from api.settings import Settings

if TYPE_CHECKING:
    from api.rate import RateLimit

__all__ = ["Surroundings"]

#: What a page of another origin may send along; credentials are not among it.
_FIELDS: Final = "Accept, Cache-Control, Content-Type, If-None-Match, Pragma, Range, User-Agent, X-Requested-With"
#: Browsers may keep the answer to a preflight for a day.
_PREFLIGHT_S: Final = 86_400


class Surroundings:
    """Wraps the application.

    Args:
        app: what answers.
        settings: limits.
        metrics: where requests are counted.
        rate: how many requests a client may send.
        methods: tells which methods a path answers to.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        metrics: Metrics,
        rate: RateLimit | None,
        methods: Callable[[str], Awaitable[list[str]]],
    ) -> None:
        self._app = app
        self._methods = methods
        self._settings = settings
        self._metrics = metrics
        self._root = settings.root_path.rstrip("/")
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._root and str(scope["path"]).startswith(f"{self._root * 2}/"):
            # The server puts the path of the proxy before every path; here the proxy has passed its own on as well.
            scope = {**scope, "path": scope["path"][len(self._root) :]}
        exchange = Exchange(scope, send, self._metrics)
        try:
            if problem := self._refusal(scope):
                await problem_response(Request(scope), problem)(scope, receive, exchange.send)
            elif scope["method"] == "OPTIONS":
                answer = await self._options(scope)
                await answer(scope, receive, exchange.send)
            else:
                await self._answer(exchange.enter(scope), receive, exchange)
        finally:
            exchange.count()

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        try:
            await self._app(scope, receive, exchange.send)
        except ClientDisconnect:  # before its body was there; nobody receives this
            await Response(status_code=LEFT)(scope, receive, exchange.send)
        except Exception as error:
            if exchange.started:
                raise  # the server breaks the connection: a shortened answer must not look whole
            await masked(Request(scope), error)(scope, receive, exchange.send)

    def _refusal(self, scope: Scope) -> Problem | None:
        # What comes from the short way has been counted there.
        if self._rate is not None and OUTCOME not in scope and (wait := self._rate.wait_s(scope)) is not None:
            detail = f"at most {self._settings.rate_per_minute} requests a minute are answered; wait {wait} s"
            return Problem("too-many-requests", detail, headers={"retry-after": str(wait)})
        length = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
        if length > self._settings.max_url_bytes:
            return Problem("uri-too-long", f"{length} bytes; at most {self._settings.max_url_bytes} are accepted")
        if scope["http_version"] == "1.1" and sum(name == b"host" for name, _ in scope["headers"]) != 1:
            return Problem("bad-request", "a request has the header Host, once (RFC 9112, 3.2)")
        for name, value in scope["headers"]:
            if name == b"transfer-encoding" and value.strip().lower() != b"chunked":
                return Problem("bad-request", "Transfer-Encoding: only chunked is read")
            if name == b"content-length" and value.isdigit() and int(value) > self._settings.max_upload_bytes:
                return Problem("too-large", f"at most {self._settings.max_upload_bytes} bytes are accepted")
        return None

    async def _options(self, scope: Scope) -> Response:
        methods = await self._methods(str(scope["path"]).removeprefix(self._root))
        if len(methods) == 1:  # nothing is there, which a GET tells
            methods = ["GET", "HEAD", *methods]
        headers = {"allow": ", ".join(methods)}
        if b"origin" in {name for name, _ in scope["headers"]}:
            headers |= {
                "access-control-allow-methods": headers["allow"],
                "access-control-allow-headers": _FIELDS,
                "access-control-max-age": str(_PREFLIGHT_S),
            }
        return Response(status_code=204, headers=headers)
