"""HTTP as the client speaks it: time-outs, asking again when told to, kept answers, problems as exceptions."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeAlias

from api.client.errors import BrokenAnswer, QueryTimeout, ServerError, TreatygraphError, Unreachable, error_for

try:
    import httpx2
except ImportError:  # pragma: no cover - a test hides the package in a process of its own
    raise ImportError("api.client needs httpx2; to mend: pip install 'treatygraph[client]'") from None

__all__ = ["Answer", "Fields", "Limits", "Transport"]

Fields: TypeAlias = Sequence[tuple[str, str]]

_AGAIN: Final = (429, 503)
_PROBLEM_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class Limits:
    """How long to wait, in seconds, and how much to keep.

    `timeout_s` is the longest silence of the service before an answer and within it, `connect_s` the longest wait for
    a connection. A request that is sent away with Retry-After (429, 503) is sent again up to `retries` times, as long
    as the service asks for no more than `most_wait_s` at once. Up to `cache_bytes` of answers are kept, to be asked for
    by their ETag only.
    """

    timeout_s: float = 90.0
    connect_s: float = 10.0
    retries: int = 4
    most_wait_s: float = 60.0
    cache_bytes: int = 32_000_000


@dataclass(frozen=True)
class Answer:
    """A whole answer; `kept` says that the service confirmed one that was here already."""

    body: bytes
    headers: Mapping[str, str]
    kept: bool = False

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise ServerError("the answer is not JSON", "is this the address of a Treatygraph service?") from None

    def following(self) -> str | None:
        """The address of the next page (`Link` with rel="next"), None at the end."""
        for link in self.headers.get("link", "").split(", <"):
            target, _, parameters = link.partition(">")
            if 'rel="next"' in parameters:
                return target.removeprefix("<")
        return None


class Transport:
    """One per client. Not for use by several threads at once."""

    def __init__(
        self,
        address: str,
        limits: Limits,
        agent: str,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.address = address.rstrip("/")
        self._limits = limits
        self._sleep = sleep
        self._kept: OrderedDict[tuple[str, str], tuple[str, Answer]] = OrderedDict()
        self._kept_bytes = 0
        timeout = httpx2.Timeout(limits.timeout_s, connect=limits.connect_s)
        headers = {"user-agent": agent}
        # A redirection could lead to a host that nobody asked for, so none is followed.
        self._http = httpx2.Client(timeout=timeout, headers=headers, follow_redirects=False, transport=transport)

    def get(self, path: str, fields: Fields = (), *, accept: str = "application/json") -> Answer:
        """A whole answer, from here where the service says that it is still the same. Raises TreatygraphError."""
        url = self.address + path
        if fields:
            url = str(httpx2.URL(url, params=fields))
        key = (url, accept)
        held = self._kept.get(key)
        headers = {"accept": accept, **({"if-none-match": held[0]} if held else {})}
        with self._sent("GET", url, headers=headers) as response:
            if response.status_code == 304 and held:
                self._kept.move_to_end(key)
                return Answer(held[1].body, held[1].headers, kept=True)
            answer = Answer(_read(response), response.headers)
        if tag := answer.headers.get("etag"):
            self._keep(key, tag, answer)
        return answer

    def post(self, path: str, document: Any) -> Answer:
        """The answer to a JSON document. Raises TreatygraphError."""
        body = json.dumps(document).encode()
        headers = {"accept": "application/json", "content-type": "application/json"}
        with self._sent("POST", self.address + path, headers=headers, content=body) as response:
            return Answer(_read(response), response.headers)

    def stream(
        self, path: str, fields: Fields, accept: str, *, method: str = "POST"
    ) -> tuple[Iterator[str], Callable[[], None]]:
        """An answer while it arrives: its text in pieces, and what closes it. Raises TreatygraphError, also later."""
        response = self._send(method, self.address + path, **_form(method, fields, accept))

        def pieces() -> Iterator[str]:
            with _named():
                yield from response.iter_text()

        return pieces(), response.close

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _keep(self, key: tuple[str, str], tag: str, answer: Answer) -> None:
        if (old := self._kept.pop(key, None)) is not None:
            self._kept_bytes -= len(old[1].body)
        if len(answer.body) > self._limits.cache_bytes:
            return
        self._kept[key] = (tag, answer)
        self._kept_bytes += len(answer.body)
        while self._kept_bytes > self._limits.cache_bytes:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.body)

    @contextmanager
    def _sent(self, method: str, url: str, **what: Any) -> Iterator[httpx2.Response]:
        response = self._send(method, url, **what)
        try:
            yield response
        finally:
            response.close()

    def _send(self, method: str, url: str, **what: Any) -> httpx2.Response:
        """The response, once it is none that asks to come again; whoever gets it closes it."""
        left = self._limits.retries
        while True:
            with _named():
                response = self._http.send(self._http.build_request(method, url, **what), stream=True)
            if response.is_success or response.status_code == 304:
                return response
            wait = _retry_after(response)
            with _named():
                error = _problem(response)
            if response.status_code not in _AGAIN or wait is None or wait > self._limits.most_wait_s or left <= 0:
                raise error
            left -= 1
            self._sleep(wait)


def _form(method: str, fields: Fields, accept: str) -> dict[str, Any]:
    headers = {"accept": accept}
    if method == "GET":
        return {"headers": headers, "params": fields}
    # httpx2 takes a mapping only; the protocol repeats names.
    body = str(httpx2.QueryParams(list(fields))).encode()
    return {"headers": {**headers, "content-type": "application/x-www-form-urlencoded"}, "content": body}


def _read(response: httpx2.Response) -> bytes:
    with _named():
        return response.read()


def _problem(response: httpx2.Response) -> TreatygraphError:
    """The exception for a response that is no answer; closes it."""
    try:
        if response.is_redirect:
            where = response.headers.get("location", "")
            return ServerError("the service has moved", f"its address is now {where}", status=response.status_code)
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _PROBLEM_BYTES:
                break
    finally:
        response.close()
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    return error_for(
        response.status_code,
        document if isinstance(document, dict) else {},
        f"the service answered {response.status_code}",
    )


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds to wait; the header has them, or a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, IndexError):
        return None


@contextmanager
def _named() -> Iterator[None]:
    """Failures of the connection under our names."""
    try:
        yield
    except httpx2.ConnectTimeout as error:
        raise Unreachable("no connection", str(error) or "the service did not take it in time") from error
    except httpx2.TimeoutException as error:
        raise QueryTimeout("no answer in time", "the service was silent longer than timeout_s") from error
    except httpx2.ConnectError as error:
        raise Unreachable("no connection", str(error)) from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise Unreachable("not an address of a service", str(error)) from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise BrokenAnswer("the answer broke off", str(error) or type(error).__name__) from error
