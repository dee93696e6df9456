"""HTTP as it comes in: a request that offers to change the protocol is answered as the plain request that it also is.

Java's HTTP client (Apache Jena and other tools) adds `Upgrade: h2c` to each request without TLS. A server may ignore
that (RFC 9110, 7.8), but the parser takes what follows the head for the other protocol then, and the body of a POST is
lost. So the offer is dropped before the parser sees it.
"""

from __future__ import annotations

import re
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["PlainHttp"]

_OFFER: Final = re.compile(rb"\r\nUpgrade:[^\r\n]*(?=\r\n)", re.IGNORECASE)
_END: Final = b"\r\n\r\n"


class PlainHttp(HttpToolsProtocol):
    """The server's protocol of a connection, without upgrades."""

    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._in_head and _OFFER.search(data):
            head, end, rest = data.partition(_END)
            data = _OFFER.sub(b"", head + end[:2]) + end[2:] + rest
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """What comes now is a body."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now is the next request."""
        self._in_head = True
        super().on_message_complete()
