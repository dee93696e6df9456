"""The remote back end: any engine that speaks the SPARQL 1.1 Protocol, asked through SPARQLWrapper."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, Any, Final, cast

import pyoxigraph as ox
from SPARQLWrapper import JSON, POST, TURTLE, SPARQLWrapper

from queries.backend import Direction, Link, Relation, guarded, unreadable
from queries.endpoint import AGENT, Body, Endpoint, Login
from queries.engines import GENERIC, XML, Engine
from queries.errors import BackendError, QueryError, QueryRefused, QueryTimeout
from queries.frontier import neighbours_by_query
from queries.instances import Template
from queries.results import Answer, QueryResult, translated
from queries.scanner import inspect

_TRIPLES: Final = "application/n-triples"
_TRUE: Final = b'{"head":{},"boolean":true}'
_FALSE: Final = b'{"head":{},"boolean":false}'
_TRIES: Final = 5


@dataclass(frozen=True)
class Asked:
    """A query as it is sent: its text, the dataset of the request, and the release (its state) that it is asked of."""

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    union: bool = False
    release: str = ""
    state: object = None


class RemoteBackend:
    """Answers from a SPARQL endpoint, by POST of a form, which every engine takes.

    The data there is taken for one release, `release`, that never changes; `queries.published` follows one that does.
    `engine` says what the engine at this address is like, `login` who asks. `timeout_s` bounds the wait for the engine
    and its whole answer; a query may ask for less. An answer is whole or an error: what is known of the ways in which
    engines cut answers short is looked for.
    """

    def __init__(
        self,
        query_url: str,
        *,
        release: str = "remote",
        timeout_s: float = 60.0,
        engine: Engine = GENERIC,
        login: Login | None = None,
    ) -> None:
        self._endpoint = Endpoint(query_url, login)
        self._release = release
        self._timeout_s = timeout_s
        self._engine = engine

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
        limit = min(self._timeout_s, timeout_s or self._timeout_s)
        dataset = tuple(default_graphs or ()), tuple(named_graphs or ())
        template = Template.of(text) if kind == "construct" and not self._engine.honest_construct else None
        wanted = text if template is None else template.select
        accept = _TRIPLES if kind == "construct" and template is None else self._engine.rows

        def send() -> tuple[Body, str]:
            for _ in range(_TRIES):
                asked = self._prepared(wanted, *dataset, union and not any(dataset))
                body = self._sent(asked, accept, limit)
                if self._holds(asked):
                    return body, asked.release
                body.close()  # another release was published meanwhile: this answer belongs to neither
            raise BackendError(f"{self._endpoint.url}: another release is published again and again")

        first, release = send()
        waiting = [first]

        def run() -> Answer:
            if waiting:
                body = waiting.pop()
            else:
                body, answering = send()
                if (told := known()) is not None:
                    told.release = answering
            if accept == _TRIPLES:
                return (quad.triple for quad in ox.parse(body.as_file(), format=ox.RdfFormat.N_TRIPLES))
            answer = self._table(body)
            if template is not None and isinstance(answer, ox.QuerySolutions):
                return template.filled(iter(answer))
            return _truth(answer) if kind == "ask" else answer

        result = QueryResult(kind, run, limit, _translated)
        result.release = release
        # Not the result itself: with it, `run` would make a circle that the collector ends in whatever thread it runs
        # in, and what the engine's parser gave must die in the thread that asked for it.
        known = weakref.ref(result)
        return result

    def neighbours(
        self, frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
    ) -> Iterator[Link]:
        """See `Backend.neighbours`."""
        return neighbours_by_query(self.query, frontier, relations, direction)

    def close(self) -> None:
        """Nothing is held between requests."""

    def _prepared(
        self, text: str, default_graphs: tuple[str, ...], named_graphs: tuple[str, ...], union: bool
    ) -> Asked:
        """The query as it is sent to this engine."""
        if union and self._engine.union_parameter is None:
            raise QueryRefused("union", "this endpoint offers no union of all graphs as default graph")
        return Asked(text, default_graphs, named_graphs, union, self._release)

    def _holds(self, asked: Asked) -> bool:  # noqa: ARG002
        """Whether what the query was prepared for still holds, now that the engine has read its data."""
        return True

    def _sent(self, asked: Asked, accept: str, limit: float) -> Body:
        request = _Request(self._endpoint, asked.text, accept, limit)
        for graph in asked.default_graphs:
            request.addParameter("default-graph-uri", graph)
        for graph in asked.named_graphs:
            request.addParameter("named-graph-uri", graph)
        if asked.union:
            request.addParameter(self._engine.union_parameter or "", "true")
        body = cast("Body", request.query().response)
        if body.media_type != accept:
            body.close()
            raise BackendError(
                f"{self._endpoint.url}: asked for {accept}, the endpoint sent {body.media_type or 'no type'}"
            )
        _require_whole(body, self._endpoint.url)
        return body

    def _table(self, body: Body) -> Answer:
        if self._engine.rows == XML:
            return ox.parse_query_results(BlankNodes(body).as_file(), format=ox.QueryResultsFormat.XML)
        return ox.parse_query_results(body.as_file(), format=ox.QueryResultsFormat.JSON)


class _Request(SPARQLWrapper):
    """A request that SPARQLWrapper words and our endpoint sends."""

    def __init__(self, endpoint: Endpoint, text: str, accept: str, limit: float) -> None:
        super().__init__(endpoint.url, agent=AGENT, returnFormat=TURTLE if accept == _TRIPLES else JSON)
        self.setMethod(POST)
        self.setOnlyConneg(True)
        # `setQuery` guesses the form, and could take a query for an update; we know it.
        self.queryString = text
        self.queryType = str(inspect(text).form).upper()
        self.addCustomHttpHeader("Accept", accept)
        self._to = endpoint
        self._limit = limit

    def _query(self) -> tuple[Any, Any]:
        # Its own opener follows redirections and takes credentials along, and for Digest it changes that of the
        # whole process.
        return self._to.open(self._createRequest(), self._limit), self.returnFormat


class AnswerCut(BackendError):
    """The answer is not known to be whole: it has as many rows as the engine gives at most (`most`)."""

    def __init__(self, url: str, most: int) -> None:
        super().__init__(
            f"{url}: the answer has {most} rows or more, and the engine gives no more; to mend: ask for fewer with"
            " LIMIT, or raise ResultSetMaxRows there"
        )
        self.most = most


class BlankNodes:
    """Results in XML as Virtuoso writes them, with labels of blank nodes that a parser takes (`nodeID://b1` as `b1`).

    In XML this is exact: a `<` of a text is written otherwise.
    """

    _FROM: Final = b"<bnode>nodeID://"
    _TO: Final = b"<bnode>"

    def __init__(self, body: Body) -> None:
        self._body = body
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        while True:
            data = self._body.read(size)
            held = (self._held + data).replace(self._FROM, self._TO)
            if not data or size < 0:
                self._held = b""
                return held
            # What could be the beginning of a label waits for the rest of it.
            keep = next((n for n in range(len(self._FROM) - 1, 0, -1) if held.endswith(self._FROM[:n])), 0)
            self._held = held[len(held) - keep :] if keep else b""
            if given := held[: len(held) - keep]:
                return given

    def as_file(self) -> IO[bytes]:
        """For parsers, which read a file."""
        return cast("IO[bytes]", self)


def _require_whole(body: Body, url: str) -> None:
    """Virtuoso says in its head that an answer was cut; at the number of rows it may be whole, but nobody knows."""
    if body.headers.get("X-SQL-State") == "S1TAT":
        body.close()
        raise QueryTimeout(f"{url}: the engine stopped at its own time limit and sent a part of the answer")
    if most := body.headers.get("X-SPARQL-MaxRows"):
        body.close()
        raise AnswerCut(url, int(most) if most.isdigit() else 0)


def _truth(answer: Answer) -> Answer:
    """Virtuoso answers an ASK by a table: one row with 1, or with 0, or none."""
    if not isinstance(answer, ox.QuerySolutions):
        return answer
    row = next(iter(answer), None)
    said = row is not None and isinstance(row[0], ox.Literal) and row[0].value not in ("0", "false")
    return ox.parse_query_results(_TRUE if said else _FALSE, format=ox.QueryResultsFormat.JSON)


def _translated(error: BaseException) -> BaseException:
    """Here a SyntaxError is one of the answer, never of the query."""
    if isinstance(error, QueryError):
        return error
    if isinstance(error, TimeoutError):
        return QueryTimeout("the endpoint took too long, or stopped sending")
    if isinstance(error, SyntaxError | HTTPException | ValueError | EOFError):
        return BackendError(f"the endpoint's answer broke off or cannot be read: {' '.join(str(error).split())[:200]}")
    return translated(error)
