"""The remote back end: any engine that speaks the SPARQL 1.1 Protocol, asked through SPARQLWrapper."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator, Sequence
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import IO, Any, Final, cast
from urllib.parse import urlsplit

import pyoxigraph as ox
from SPARQLWrapper import BASIC, DIGEST, JSON, POST, TURTLE, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException

from queries.backend import Direction, Link, Relation, guarded, unreadable
from queries.errors import BackendError, QueryError, QueryRefused, QueryTimeout
from queries.frontier import neighbours_by_query
from queries.results import Answer, Kind, QueryResult, syntax_error, translated
from queries.scanner import inspect

_ACCEPT: Final[dict[Kind, str]] = {
    "select": "application/sparql-results+json",
    "ask": "application/sparql-results+json",
    "construct": "application/n-triples",
}
_AGENT: Final = "treatygraph (https://w3id.org/treatygraph/)"


class RemoteBackend:
    """Answers from a SPARQL endpoint, by POST of a form, which every engine takes.

    `union_parameter` is the request parameter by which this engine widens the default graph (Oxigraph:
    `union-default-graph`); without one `union=True` is refused. `user` and `password` are sent as HTTP Basic, or
    Digest where `digest` is set. `timeout_s` bounds the wait for the engine; a query may ask for less.
    """

    def __init__(
        self,
        query_url: str,
        *,
        release: str = "remote",
        timeout_s: float = 60.0,
        union_parameter: str | None = None,
        user: str | None = None,
        password: str | None = None,
        digest: bool = False,
    ) -> None:
        if urlsplit(query_url).scheme not in {"http", "https"}:
            raise BackendError(f"{query_url[:200]}: not the address of an endpoint; it begins with http or https")
        self._url = query_url
        self._release = release
        self._timeout_s = timeout_s
        self._union_parameter = union_parameter
        self._login = None if user is None else (user, password or "", DIGEST if digest else BASIC)

    @property
    def release(self) -> str:
        """The name of the release, as given."""
        return self._release

    def query(
        self,
        text: str,
        *,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
        timeout_s: float | None = None,
    ) -> QueryResult:
        """See `Backend.query`. The request is sent at once, so a syntax error that the engine finds comes up here."""
        kind = guarded(text)
        if kind is None:
            raise unreadable()
        if union and self._union_parameter is None:
            raise QueryRefused("union", "this endpoint offers no union of all graphs as default graph")
        limit = min(self._timeout_s, timeout_s or self._timeout_s)

        def send() -> IO[bytes]:
            request = self._request(text, kind, limit)
            for graph in default_graphs or ():
                request.addParameter("default-graph-uri", graph)
            for graph in named_graphs or ():
                request.addParameter("named-graph-uri", graph)
            if union and not default_graphs and not named_graphs:
                request.addParameter(self._union_parameter, "true")
            return _send(request, _ACCEPT[kind], self._url, limit)

        waiting = [send()]

        def run() -> Answer:
            body = waiting.pop() if waiting else send()
            if kind == "construct":
                return (_triple(quad) for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES))
            return ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)

        return QueryResult(kind, run, limit, _translated)

    def neighbours(
        self, frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
    ) -> Iterator[Link]:
        """See `Backend.neighbours`."""
        return neighbours_by_query(self.query, frontier, relations, direction)

    def close(self) -> None:
        """Nothing is held between requests."""

    def _request(self, text: str, kind: Kind, limit: float) -> Any:
        request: Any = SPARQLWrapper(self._url, agent=_AGENT, returnFormat=TURTLE if kind == "construct" else JSON)
        request.setMethod(POST)
        request.setOnlyConneg(True)
        # `setQuery` guesses the form, and could take a query for an update; we know it.
        request.queryString = text
        request.queryType = str(inspect(text).form).upper()
        request.timeout = limit
        request.addCustomHttpHeader("Accept", _ACCEPT[kind])
        if self._login is not None:
            user, password, method = self._login
            request.setHTTPAuth(method)
            request.setCredentials(user, password)
        return request


class _WholeBody:
    """A response body that says so when the connection broke, where `http.client` only ends."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response

    def read(self, size: int = -1) -> bytes:
        data = self._response.read(size if size >= 0 else None)
        if not data and size != 0 and self._response.length:
            raise IncompleteRead(b"", self._response.length)
        return data


def _send(request: Any, accept: str, url: str, limit: float) -> IO[bytes]:
    try:
        response: HTTPResponse = request.query().response
    except QueryBadFormed as error:
        raise syntax_error(SyntaxError(_said(error))) from error
    except (SPARQLWrapperException, urllib.error.HTTPError) as error:
        raise BackendError(f"{url}: the endpoint refused: {_said(error)}") from error
    except (TimeoutError, urllib.error.URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise QueryTimeout(f"{url}: no answer within {limit} s") from error
        raise BackendError(f"{url}: the endpoint cannot be reached: {reason}") from error
    given = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if given != accept:
        raise BackendError(f"{url}: asked for {accept}, the endpoint sent {given or 'no type'}")
    return cast("IO[bytes]", _WholeBody(response))


def _said(error: Exception) -> str:
    """The engine's own words, which SPARQLWrapper wraps in its own."""
    text = " ".join(str(error).split())
    return text.partition("Response: b")[2].strip("'\" ").replace("\\n", " ")[:300] or text[:300]


def _translated(error: BaseException) -> BaseException:
    """Here a SyntaxError is one of the answer, never of the query."""
    if isinstance(error, QueryError):
        return error
    if isinstance(error, TimeoutError):
        return QueryTimeout("the endpoint stopped sending")
    if isinstance(error, SyntaxError | HTTPException | ValueError | EOFError):
        return BackendError(f"the endpoint's answer broke off or cannot be read: {' '.join(str(error).split())[:200]}")
    return translated(error)


def _triple(quad: ox.Quad) -> ox.Triple:
    return quad.triple
