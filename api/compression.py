"""Text is sent compressed to clients that accept gzip. One that breaks off stays broken: no end is made up.

The compressed form is another representation, so its entity tag is another (RFC 9110, 8.8.3): `"…-gzip"`.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from functools import lru_cache
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LEAST_BYTES", "LONG_BYTES", "Compression", "accepts_gzip", "compressible", "gzip_tag", "packed"]

#: Smaller answers are not worth it; from `LONG_BYTES` on compression would hold up the event loop.
LEAST_BYTES: Final = 1000
LONG_BYTES: Final = 131_072
_LEVEL: Final = 4
_GZIP: Final = 31  # zlib's code for a gzip wrapper; its header holds no time, so equal answers are equal bytes
_TEXT: Final = re.compile(
    r"text/|application/(.*\+)?(json|xml)\b|application/(n-(triples|quads)|trig)\b|image/svg\+xml"
)
_SUFFIX: Final = b'-gzip"'
_ENCODING: Final = b"Accept-Encoding"


class Compression:
    """Wraps the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted = kept = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = value if not accepted else accepted + b"," + value
            elif name == b"if-none-match":
                kept = value if not kept else kept + b"," + value
        welcome = accepts_gzip(accepted.decode("latin-1"))
        known = welcome and _SUFFIX in kept
        if known:  # the application knows its own tags only
            scope["headers"] = [
                (name, value.replace(_SUFFIX, b'"') if name == b"if-none-match" else value)
                for name, value in scope["headers"]
            ]
        await self._app(scope, receive, _Sender(send, welcome, known).send)


@lru_cache(maxsize=256)
def accepts_gzip(header: str) -> bool:
    """Whether gzip is welcome: named, or meant by `*`, and not with a quality of 0 (RFC 9110, 12.5.3)."""
    if not header:
        return False
    found: dict[str, float] = {}
    for element in header.split(","):
        name, _, parameters = element.partition(";")
        quality = re.search(r"\bq\s*=\s*([0-9.]+)", parameters)
        try:
            found[name.strip().casefold()] = float(quality[1]) if quality else 1.0
        except ValueError:
            found[name.strip().casefold()] = 0.0
    return found.get("gzip", found.get("x-gzip", found.get("*", 0.0))) > 0


class _Sender:
    """One answer on its way out."""

    def __init__(self, send: Send, accepted: bool, known: bool) -> None:
        self._send = send
        self._accepted = accepted
        self._known = known
        self._start: Message | None = None
        self._packer: zlib._Compress | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._start is not None:
            await self._first(message)
        elif self._packer is not None and message["type"] == "http.response.body":
            await self._send({**message, "body": await self._packed(message)})
        else:
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        if not self._accepted and message["status"] != 304 and _plain(message["headers"]):
            await self._send(message)
            return
        headers = MutableHeaders(scope=message)
        if message["status"] == 304 and self._known and self._accepted:
            headers["etag"] = gzip_tag(headers.get("etag", ""))
        text = _TEXT.match(headers.get("content-type", "")) and "content-encoding" not in headers
        if text or message["status"] == 304:  # which has the Vary of the answer that it stands for (RFC 9110, 15.4.5)
            headers.add_vary_header("Accept-Encoding")
        length = int(headers.get("content-length", LEAST_BYTES))
        if text and self._accepted and length >= LEAST_BYTES and message["status"] == 200:
            self._start = message  # the first part of the body tells whether a length is known
        else:
            await self._send(message)

    async def _first(self, message: Message) -> None:
        start, self._start = self._start, None
        assert start is not None
        headers = MutableHeaders(scope=start)
        headers["content-encoding"] = "gzip"
        if "etag" in headers:
            headers["etag"] = gzip_tag(headers["etag"])
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        whole = not message.get("more_body", False)
        del headers["content-length"]
        if whole and not message.get("body"):  # the answer to a HEAD
            self._packer = None
            await self._send(start)
            await self._send(message)
            return
        body = await self._packed(message)
        if whole:
            headers["content-length"] = str(len(body))
        await self._send(start)
        # The beginning goes out at once, however small.
        await self._send({**message, "body": body if whole else body + self._packer.flush(zlib.Z_SYNC_FLUSH)})

    async def _packed(self, message: Message) -> bytes:
        packer, body = self._packer, message.get("body", b"")
        assert packer is not None
        packed = await asyncio.to_thread(packer.compress, body) if len(body) > LONG_BYTES else packer.compress(body)
        return packed if message.get("more_body", False) else packed + packer.flush()


def _plain(headers: list[tuple[bytes, bytes]]) -> bool:
    """The usual answer to who accepts nothing: only `Vary` is to be told. False where there is more to look at."""
    vary = text = None
    for place, (name, value) in enumerate(headers):
        if name == b"vary":
            vary = place
        elif name == b"content-type":
            text = _TEXT.match(value.decode("latin-1"))
        elif name == b"content-encoding":
            return True
    if text is None:
        return True
    if vary is None or headers[vary][1] != b"Accept":
        return False
    headers[vary] = (b"vary", b"Accept, " + _ENCODING)
    return True


def compressible(content_type: str) -> bool:
    """Whether a whole answer of this type is sent compressed to who accepts that."""
    return _TEXT.match(content_type) is not None


def packed(body: bytes) -> bytes:
    """A whole body, compressed. Up to `LONG_BYTES` this holds up nobody."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def gzip_tag(tag: str) -> str:
    """The entity tag of the compressed form."""
    suffix = _SUFFIX.decode()
    return tag if tag.endswith(suffix) or not tag.endswith('"') else tag[:-1] + suffix
