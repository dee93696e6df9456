"""The client: one method for each thing that the service does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote

from api.client.tables import Rows, Table
from api.client.transport import Answer, Fields, Limits, Transport
from api.client.values import binding

__all__ = ["Treatygraph"]

Direction: TypeAlias = Literal["up", "down", "both"]
Parameter: TypeAlias = str | int | date

_RESULTS: Final = "application/sparql-results+json"
_GRAPHS: Final[Mapping[str, str]] = {
    "turtle": "text/turtle",
    "ntriples": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
    "nquads": "application/n-quads",
    "trig": "application/trig",
}
_EVIDENCE_ROWS: Final = 200


class Treatygraph:
    """A running service. Things may be named by IRI, key (`aplc-msp-21`), symbol (`A/RES/77/63`) or name.

    Args:
        address: where it runs; a path is kept (`https://example.org/tg`).
        timeout_s: the longest silence of the service, in seconds.
        connect_s: the longest wait for a connection, in seconds.
        retries: how often a request is sent again that the service sends away with Retry-After.
        most_wait_s: the longest such wait, in seconds; when the service asks for more, the error comes up at once.
        cache_bytes: bytes of answers that are kept and asked about by their ETag; 0 keeps none.
        agent: put before the name of this client in `User-Agent`, so that an operator knows whom to ask.
        transport: an own transport of httpx2, for proxies and certificates.

    Every method raises `TreatygraphError` of its kind (`api.client.errors`). For one thread; use one client for each.
    """

    def __init__(
        self,
        address: str = "http://localhost:8000",
        *,
        timeout_s: float = 90.0,
        connect_s: float = 10.0,
        retries: int = 4,
        most_wait_s: float = 60.0,
        cache_bytes: int = 32_000_000,
        agent: str = "",
        transport: Any = None,
    ) -> None:
        limits = Limits(timeout_s, connect_s, retries, most_wait_s, cache_bytes)
        name = f"{agent} treatygraph-client/{_version()}".strip()
        self._transport = Transport(address, limits, name, transport=transport)
        self.address = self._transport.address

    def __enter__(self) -> Treatygraph:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    @property
    def release(self) -> str:
        """The release that is served now: the name to cite."""
        return str(self._transport.get("/health").json()["release"])

    # Things.

    def search(self, q: str, *, limit: int | None = None) -> Table:
        """Things by the beginning of a name or any spelling of a symbol, best first: iri, key, type, label."""
        rows, total = self._paged("/search", [("q", q)], "results", limit, most=100)
        return Table(rows, columns=("iri", "key", "type", "label"), total=total)

    def resolve(self, name: str) -> dict[str, str]:
        """The one thing that a name means: iri, key, type, label. Raises NotFound, AmbiguousName."""
        found: dict[str, str] = self.thing(name)["thing"]
        return found

    def thing(self, name: str) -> dict[str, Any]:
        """Everything about a thing, each value with its sources: thing, facts, parts, incoming (`/facts`)."""
        found: dict[str, Any] = self._transport.get("/facts", [("thing", name)]).json()
        return found

    def data(self, name: str, form: str = "turtle") -> str:
        """The RDF about a thing: `turtle`, `ntriples`, `jsonld`, `rdfxml`, `nquads` or `trig`."""
        key = self.resolve(name)["iri"].removeprefix("https://w3id.org/treatygraph/")
        return self._text(f"/data/{quote(key, safe='/~:!$&()*+,;=@-._')}", [], _GRAPHS[form])

    # Lineage.

    def lineage(
        self, thing: str, *, direction: Direction = "up", kinds: str | Iterable[str] = (), depth: int | None = None
    ) -> dict[str, Any]:
        """On what a thing rests (`up`), what rests on it (`down`): nodes and edges, each edge with its sources.

        `truncated` is there and true when the service cut the answer at its limit of things.
        """
        found: dict[str, Any] = self._transport.get("/lineage", _lineage(thing, direction, kinds, depth)).json()
        return found

    def picture(
        self, thing: str, *, direction: Direction = "up", kinds: str | Iterable[str] = (), depth: int | None = None
    ) -> str:
        """The same as a drawing (SVG): `IPython.display.SVG(tg.picture("aplc-msp-21"))`."""
        return self._text("/lineage", _lineage(thing, direction, kinds, depth), "image/svg+xml")

    def path(self, start: str, end: str, *, kinds: str | Iterable[str] = (), hops: int | None = None) -> dict[str, Any]:
        """The shortest chains between two things: `chains` of IRIs, with nodes and edges as in a lineage."""
        fields = [("from", start), ("to", end), *_kinds(kinds), *([("hops", str(hops))] if hops else [])]
        found: dict[str, Any] = self._transport.get("/lineage/path", fields).json()
        return found

    # Questions.

    def questions(self) -> Table:
        """The questions of the catalogue: question, title, description, parameters, columns."""
        return Table(self._transport.get("/ask").json()["questions"])

    def ask(self, question: str, **parameters: Parameter) -> Table:
        """Ask a question of the catalogue; parameters as `questions()` lists them. Dates and numbers are such."""
        return self.rows(question, **parameters).table()

    def rows(self, question: str, **parameters: Parameter) -> Rows:
        """The same, row by row."""
        fields = [("format", "sparql-json"), *((name, _written(value)) for name, value in parameters.items())]
        return Rows(*self._transport.stream(f"/ask/{quote(question, safe='')}", fields, _RESULTS, method="GET"))

    def query_of(self, question: str, **parameters: Parameter) -> str:
        """The SPARQL that `ask` would run, to take away and change."""
        fields = [("format", "query"), *((name, _written(value)) for name, value in parameters.items())]
        return self._text(f"/ask/{quote(question, safe='')}", fields, "application/sparql-query")

    def findings(
        self,
        *,
        rule: str | None = None,
        severity: str | None = None,
        state: str | None = None,
        document: str | None = None,
        limit: int | None = None,
    ) -> Table:
        """Where the sources contradict themselves: iri, rule, severity, state, about, documents, values, passages, …"""
        given = {"rule": rule, "severity": severity, "state": state, "document": document}
        fields = [(name, value) for name, value in given.items() if value]
        rows, total = self._paged("/findings", fields, "findings", limit, most=1000)
        return Table(rows, total=total)

    def evidence(
        self, rows: Sequence[Mapping[str, Any] | Sequence[Any]], *, about: Iterable[str] = ()
    ) -> list[list[dict[str, Any]]]:
        """For each row the statements that join its values, with their sources; an empty list: there is no evidence.

        `about` are IRIs that all rows are about, such as those of a question's parameters.
        """
        terms = [[binding(v) for v in (row.values() if isinstance(row, Mapping) else row)] for row in rows]
        found: list[list[dict[str, Any]]] = []
        for at in range(0, len(terms), _EVIDENCE_ROWS):
            document = {"rows": terms[at : at + _EVIDENCE_ROWS], "about": list(about)}
            found += self._transport.post("/evidence", document).json()["evidence"]
        return found

    # SPARQL.

    def sparql(
        self,
        query: str,
        *,
        timeout_s: float | None = None,
        union: bool = False,
        default_graphs: Iterable[str] = (),
        named_graphs: Iterable[str] = (),
    ) -> Rows:
        """The rows of a SELECT as they arrive; of an ASK one row with `answer`. For a CONSTRUCT use `graph`.

        `timeout_s` lowers the limit of the service. Raises QuerySyntax, Refused, QueryTimeout, Unavailable, and
        while the rows are read BrokenAnswer.
        """
        fields = _asked(query, timeout_s, union, default_graphs, named_graphs)
        return Rows(*self._transport.stream("/sparql", fields, _RESULTS))

    def graph(self, query: str, form: str = "turtle", *, timeout_s: float | None = None, union: bool = False) -> str:
        """What a CONSTRUCT or DESCRIBE gives, as text: `turtle`, `ntriples`, `jsonld`, `rdfxml`, `nquads` or `trig`."""
        pieces, close = self._transport.stream("/sparql", _asked(query, timeout_s, union, (), ()), _GRAPHS[form])
        try:
            return "".join(pieces)
        finally:
            close()

    def _text(self, path: str, fields: Fields, accept: str) -> str:
        return self._transport.get(path, fields, accept=accept).body.decode()

    def _paged(
        self, path: str, fields: Fields, member: str, limit: int | None, *, most: int
    ) -> tuple[list[dict[str, Any]], int]:
        """All entries of a list, or the first `limit`, page by page; and how many there are."""
        found: list[dict[str, Any]] = []
        total = 0
        for answer in self._pages(path, [*fields, ("limit", str(min(limit or most, most)))]):
            document = answer.json()
            found += document[member]
            total = document["total"]
            if limit is not None and len(found) >= limit:
                return found[:limit], total
        return found, total

    def _pages(self, path: str, fields: Fields) -> Iterator[Answer]:
        answer = self._transport.get(path, fields)
        yield answer
        while (following := answer.following()) is not None:
            # The address of the next page may begin with the path under which a proxy publishes the service; what
            # counts is what stands behind the question mark.
            _, _, query = following.partition("?")
            answer = self._transport.get(f"{path}?{query}")
            yield answer


def _lineage(thing: str, direction: str, kinds: str | Iterable[str], depth: int | None) -> Fields:
    fields = [("thing", thing), ("direction", direction), *_kinds(kinds)]
    return [*fields, ("depth", str(depth))] if depth else fields


def _kinds(kinds: str | Iterable[str]) -> list[tuple[str, str]]:
    return [("kind", kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)]


def _asked(
    query: str, timeout_s: float | None, union: bool, default_graphs: Iterable[str], named_graphs: Iterable[str]
) -> Fields:
    fields = [("query", query)]
    fields += [("timeout", f"{timeout_s:g}")] if timeout_s else []
    fields += [("union", "true")] if union else []
    fields += [("default-graph-uri", iri) for iri in default_graphs]
    return [*fields, *(("named-graph-uri", iri) for iri in named_graphs)]


def _written(value: Parameter) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _version() -> str:
    try:
        return version("treatygraph")
    except PackageNotFoundError:
        return "unreleased"
