"""One call to another endpoint: one request to exactly the listed address, bounded in time and size.

No redirect is followed, no proxy of the environment is asked, no cookie kept, no compressed body unpacked. The whole
call has one limit, however slowly the other side trickles: when it is over, the connection is shut under the reader.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final
from urllib.parse import urlencode, urlsplit

from queries.federation.errors import RemoteFailed, RemoteTimeout, RemoteUnusable

_ACCEPT: Final = "application/sparql-results+json"
_TYPES: Final = frozenset({_ACCEPT, "application/json"})
_AGENT: Final = "treatygraph (https://w3id.org/treatygraph/)"
_CHUNK: Final = 65_536
_CONNECT_S: Final = 10.0
_PORTS: Final = {"http": 80, "https": 443}


class Stop:
    """Ends calls from another thread, now and in future."""

    def __init__(self) -> None:
        self.set = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def watch(self, connection: socket.socket | None) -> None:
        """What to shut when it comes to that."""
        with self._lock:
            self._socket = connection
            if self.set:
                self._shut()

    def now(self) -> None:
        """Stop."""
        with self._lock:
            self.set = True
            self._shut()

    def shut(self, connection: socket.socket | None) -> None:
        """Shut this connection, if it is still the one that is watched; calls that follow go on."""
        with self._lock:
            if connection is not None and self._socket is connection:
                self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not the method of an SSLSocket, which would take its TLS state away under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def call(endpoint: str, query: str, limit_s: float, longest: int, stop: Stop | None = None) -> bytes:
    """The answer of an endpoint to a SELECT query, as SPARQL results in JSON (not looked at here).

    Args:
        endpoint: the address, http or https; nothing but this is asked.
        query: the text.
        limit_s: seconds for everything, the connection included.
        longest: bytes; a longer answer is refused.
        stop: ends the call from another thread.

    Raises RemoteTimeout, RemoteUnusable (too long), RemoteFailed (all else).
    """
    one = _Call(endpoint, time.monotonic() + limit_s, stop or Stop())
    late = threading.Timer(limit_s, one.expire)
    late.daemon = True
    late.start()
    try:
        return one.exchange(query, longest)
    except (OSError, HTTPException, ValueError, RemoteFailed) as error:
        if one.expired or isinstance(error, TimeoutError):
            raise RemoteTimeout(endpoint, limit_s) from error
        if isinstance(error, RemoteFailed):
            raise
        if isinstance(error, ssl.SSLError):
            raise RemoteFailed(endpoint, f"no secure connection ({error.reason or 'TLS failed'})") from error
        raise RemoteFailed(endpoint, "it cannot be reached, or its answer broke off") from error
    finally:
        late.cancel()
        one.stop.watch(None)


class _Call:
    def __init__(self, endpoint: str, until: float, stop: Stop) -> None:
        self.endpoint = endpoint
        self.stop = stop
        self._until = until
        self._over = False
        self._socket: socket.socket | None = None

    @property
    def expired(self) -> bool:
        """Whether its time is over, or it was stopped."""
        return self._over or self.stop.set

    def expire(self) -> None:
        """End it."""
        self._over = True
        self.stop.shut(self._socket)

    def exchange(self, query: str, longest: int) -> bytes:
        """Send and read. A connection that is shut under it shows as an OSError, an HTTPException or a RemoteFailed."""
        parts = urlsplit(self.endpoint)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        plain = socket.create_connection((host, port), timeout=min(self._left(), _CONNECT_S))
        connection = HTTPConnection(host, port)
        try:
            if parts.scheme == "https":
                context = ssl.create_default_context()
                plain = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            self._socket = connection.sock = plain
            self.stop.watch(plain)
            plain.settimeout(self._left())
            if isinstance(plain, ssl.SSLSocket):
                plain.do_handshake()
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {
                "Host": parts.netloc,
                "Accept": _ACCEPT,
                "Accept-Encoding": "identity",
                "Content-Type": "application/x-www-form-urlencoded",
                "User-Agent": _AGENT,
                "Connection": "close",
            }
            connection.request("POST", path, urlencode({"query": query}).encode(), headers)
            return self._read(connection.getresponse(), longest)
        finally:
            connection.close()
            plain.close()

    def _read(self, response: HTTPResponse, longest: int) -> bytes:
        if reason := _refusal(response):
            raise RemoteFailed(self.endpoint, reason)
        held = bytearray()
        while chunk := response.read(_CHUNK):
            held += chunk
            if len(held) > longest:
                raise RemoteUnusable(self.endpoint, f"its answer has more than {longest} bytes; ask it for less")
            self._left()
        # `read` gives less than was promised without a word; JSON that was cut elsewhere is found by its parser.
        if response.length or self.expired:
            raise RemoteFailed(self.endpoint, "its answer broke off")
        return bytes(held)

    def _left(self) -> float:
        """The seconds that are left. Raises TimeoutError when none are."""
        left = self._until - time.monotonic()
        if left <= 0 or self.expired:
            raise TimeoutError
        return left


def _refusal(response: HTTPResponse) -> str | None:
    """Why the head of an answer is none that we read."""
    if 300 <= response.status < 400:
        return "it redirects, which is not followed; the operator may list the address to which it leads"
    if response.status != 200:
        return f"it answered with status {response.status}"
    if (response.getheader("Content-Encoding") or "identity").strip().lower() != "identity":
        return "it sent a compressed answer, which was not asked for"
    given = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    return None if given in _TYPES else f"it did not answer in {_ACCEPT}"
