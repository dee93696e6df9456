"""Answers to clients of HTTP/1.0, which know no chunks: one whose length is not known ends with its connection.

So the end of the connection has to be told from an answer that breaks off, whatever ends the server: its deadline, an
error, a signal that nobody can catch. While such an answer is under way its connection is one that is reset when it is
closed, by whomever; only when the last byte has left this process does it become one that is closed in peace.
Sources: RFC 9112 (6.1, 6.3, 7.1, 8), RFC 9110 (10.1.1), socket(7) on SO_LINGER.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from api.transport import PlainHttp

__all__ = ["Unframed", "reset_when_closed"]

_OLD: Final = frozenset({"0.9", "1.0"})
_LINGER: Final = struct.Struct("@ii")  # struct linger
_NO_BODY: Final = frozenset({204, 304})


class Unframed(PlainHttp):
    """The server's protocol of a connection, which speaks to old clients as they understand it."""

    def on_headers_complete(self) -> None:
        """The head of a request is there."""
        if self.parser.get_http_version() in _OLD:
            self.expect_100_continue = False  # RFC 9110, 10.1.1
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if cycle.scope["http_version"] in _OLD:
            cycle.keep_alive = False
            app = _Answering(cycle, app).run
        super()._start_asgi_task(cycle, app)


class _Answering:
    """One request of an old client."""

    def __init__(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._cycle = cycle
        self._app = app
        self._under_way = False

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application, by ASGI."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._begin(message)
                await send(message)
            elif self._under_way:
                await self._part(message, send)
            else:
                await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            if self._under_way:  # the server itself would close it, after what waits to be sent
                self._cycle.transport.abort()

    def _begin(self, head: Message) -> None:
        """Where nothing says how long the answer is, keep the server from saying that chunks will."""
        told = any(name.lower() == b"content-length" for name, _ in head.get("headers", ()))
        if told or head["status"] in _NO_BODY or self._cycle.scope["method"] == "HEAD":
            return
        self._under_way = True
        self._cycle.chunked_encoding = False
        reset_when_closed(self._cycle.transport, True)

    async def _part(self, message: Message, send: Send) -> None:
        """A part of the body. The server, which counts what has yet to come, is told that it is just this."""
        cycle, body = self._cycle, message.get("body", b"")
        cycle.expected_content_length = len(body)
        await send({"type": "http.response.body", "body": body, "more_body": True})
        if message.get("more_body", False):
            return
        cycle.transport.set_write_buffer_limits(0)
        if cycle.flow.write_paused:
            await cycle.flow.drain()
        if not cycle.disconnected:
            self._under_way = False
            reset_when_closed(cycle.transport, False)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def reset_when_closed(transport: asyncio.Transport, yes: bool) -> None:
    """Whether the other side is told, when the connection is closed, that something is missing.

    What is not sent by then is forgotten; the system would keep megabytes for a client that takes nothing.
    """
    with contextlib.suppress(AttributeError, OSError):
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.pack(int(yes), 0))
