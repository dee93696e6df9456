"""One address of an engine: who asks there, how long, and what its failures mean.

Nothing is sent to any other address: redirections are refused, so credentials stay where the operator sent them.
"""

from __future__ import annotations

import base64
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import IO, Any, Final, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from queries.engines import require_http
from queries.errors import BackendError, QueryTimeout
from queries.results import syntax_error

Auth: TypeAlias = Literal["none", "basic", "digest", "bearer"]

AGENT: Final = "treatygraph (https://w3id.org/treatygraph/)"
_PIECE: Final = 65_536
_MOST_SAID: Final = 4096
_LATE: Final = frozenset({408, 504})
# Virtuoso: stopped at MaxQueryExecutionTime; not begun, because it would take too long.
_LATE_WORDS: Final = ("S1T00", "SR171", "stimated execution time", "imed out", "imeout")


@dataclass(frozen=True)
class Login:
    """Who asks. The secrets are never shown."""

    auth: Auth = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


class Endpoint:
    """Sends requests to one address. Safe to use from several threads."""

    def __init__(self, url: str, login: Login | None = None) -> None:
        self.url = require_http(url)
        self._login = login or Login()
        # The one from the standard library would send header and secret on to wherever it is sent.
        self._opener = urllib.request.build_opener(_Staying)

    def connect(self, limit_s: float) -> socket.socket | None:
        """A connection on which one request can be sent later; None where that is not known to go straight there: in
        TLS, through a proxy, to a server that has to be asked twice. Raises BackendError."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        proxied = "http" in urllib.request.getproxies() and not urllib.request.proxy_bypass(host)
        if parts.scheme != "http" or proxied or self._login.auth == "digest":
            return None
        try:
            return socket.create_connection((host, parts.port or 80), limit_s)
        except OSError as error:
            raise BackendError(f"{self.url}: the endpoint cannot be reached: {_line(str(error))}") from error

    def open(self, request: urllib.request.Request, limit_s: float, connection: socket.socket | None = None) -> Body:
        """Send a request, on a connection of `connect` if one is given. Returns when the head of its answer is there.

        Raises QuerySyntaxError for a 400, QueryTimeout, BackendError.
        """
        deadline = time.monotonic() + limit_s
        opener = self._opener
        if connection is not None:
            opener = urllib.request.build_opener(_Staying, _Connected(connection))
        if self._login.auth == "basic":
            secret = base64.b64encode(f"{self._login.user}:{self._login.password}".encode()).decode()
            request.add_unredirected_header("Authorization", f"Basic {secret}")
        elif self._login.auth == "bearer":
            request.add_unredirected_header("Authorization", f"Bearer {self._login.token}")
        elif self._login.auth == "digest":
            known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
            known.add_password(None, self.url, self._login.user, self._login.password)
            # Made for each request: the handler counts its tries, and is not for several threads.
            opener = urllib.request.build_opener(_Staying, urllib.request.HTTPDigestAuthHandler(known))
        try:
            return Body(opener.open(request, timeout=limit_s), deadline, self.url)
        except urllib.error.HTTPError as error:
            raise self._refusal(error, limit_s) from error
        except (TimeoutError, urllib.error.URLError, HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise QueryTimeout(f"{self.url}: no answer within {limit_s:g} s") from error
            raise BackendError(f"{self.url}: the endpoint cannot be reached: {_line(str(reason))}") from error

    def _refusal(self, error: urllib.error.HTTPError, limit_s: float) -> Exception:
        try:
            said = _line(error.read(_MOST_SAID).decode("utf-8", "replace"))
        except (OSError, HTTPException):
            said = ""
        finally:
            error.close()
        if error.code in _LATE or (error.code >= 500 and any(word in said for word in _LATE_WORDS)):
            return QueryTimeout(f"{self.url}: the engine stopped the query: {said or error.code} (limit {limit_s:g} s)")
        if 300 <= error.code < 400:
            there = _line(error.headers.get("Location") or "elsewhere")
            return BackendError(f"{self.url}: the endpoint sends us to {there}; to mend: give that address")
        if error.code == 400:
            return syntax_error(SyntaxError(said or "the engine does not say why"))
        if error.code in {401, 403}:
            return BackendError(
                f"{self.url}: the endpoint refused who asks (HTTP {error.code}, auth {self._login.auth}); to mend: set"
                " the credentials of the store in the environment"
            )
        return Refused(f"{self.url}: the endpoint refused: HTTP {error.code} {said}".strip(), error.code)


class Refused(BackendError):
    """The engine answered with an error; `status` is that of HTTP."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Body:
    """An answer: its head, and its bytes, which end with an error where the connection broke or the time is over."""

    def __init__(self, response: HTTPResponse, deadline: float, url: str) -> None:
        self._response = response
        self._deadline = deadline
        self._url = url

    @property
    def headers(self) -> Mapping[str, str]:
        """The head; names in any case."""
        return cast("Mapping[str, str]", self._response.headers)

    @property
    def media_type(self) -> str:
        """The media type without parameters, in small letters."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    def read(self, size: int = -1) -> bytes:
        """Some bytes, as soon as there are any; all for -1; none at the end.

        `http.client` only ends where a connection broke, and waits for all that was asked for where bytes trickle.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        left = self._deadline - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError("the answer took too long")
        self._wait_at_most(left)
        data = self._response.read1(size)
        if not data and size != 0 and self._response.length:
            raise IncompleteRead(b"", self._response.length)
        return data

    def as_file(self) -> IO[bytes]:
        """For parsers, which read a file."""
        return cast("IO[bytes]", self)

    def close(self) -> None:
        """End the connection, and with it the work of an engine that looks."""
        self._response.close()

    def _wait_at_most(self, seconds: float) -> None:
        """A slow engine may send a byte now and then: the limit is for all of the answer."""
        socket: Any = getattr(getattr(self._response.fp, "raw", None), "_sock", None)
        if socket is not None:
            socket.settimeout(max(seconds, 0.001))


class _Connected(urllib.request.HTTPHandler):
    """Sends on a connection that is there already, and nowhere else."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection

    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(partial(_Given, connection=self._connection), req)


class _Given(HTTPConnection):
    def __init__(self, *given: Any, connection: socket.socket, **how: Any) -> None:
        super().__init__(*given, **how)
        self._connection = connection

    def connect(self) -> None:
        self.sock = self._connection
        self.sock.settimeout(self.timeout)


class _Staying(urllib.request.HTTPRedirectHandler):
    """Follows nothing; urllib then raises the 3xx as an error."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
