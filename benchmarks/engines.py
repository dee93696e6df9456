"""The engines that are compared. Each turns the text of a query into the bytes of the answer, in the same format."""

from __future__ import annotations

import http.client
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode

import pyoxigraph as ox

from queries.embedded import EmbeddedBackend

if TYPE_CHECKING:
    from rdflib import Graph

LOOPBACK: Final = "127.0.0.1"
#: Before a path whose query is sent as the form of a POST.
POST: Final = "POST "
MEMORY: Final = "pyoxigraph, memory"
DISK: Final = "pyoxigraph, disk"
EMBEDDED: Final = "treatygraph, in process"
OURS: Final = "treatygraph serve"
KEPT: Final = "treatygraph serve, asked before"
OXIGRAPH: Final = "oxigraph server"
VIRTUOSO: Final = "virtuoso 7"
ENDPOINT: Final = "rdflib-endpoint"
RDFLIB: Final = "rdflib"
#: All of them, in the order of the tables.
ENGINES: Final = (MEMORY, DISK, EMBEDDED, OXIGRAPH, OURS, KEPT, VIRTUOSO, ENDPOINT, RDFLIB)
#: Those whose wrong answer or refusal is noted and not the end of the run.
GUESTS: Final = frozenset({VIRTUOSO, ENDPOINT, RDFLIB})
#: Slower than the others by orders of magnitude: small graphs only, and checked about the first thing only.
SLOW: Final = frozenset({ENDPOINT, RDFLIB})


class Engine(Protocol):
    """Something that answers."""

    name: str

    def ask(self, text: str, media_type: str) -> bytes:
        """The whole answer. Raises when there is none."""


class Embedded:
    """Our back end, in this process."""

    name = EMBEDDED

    def __init__(self, store: Path, release: str) -> None:
        self.backend = EmbeddedBackend(store, release)

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`."""
        return b"".join(self.backend.query(text).serialize(media_type))


class Raw:
    """The engine below our back end, with nothing around it: the limit."""

    def __init__(self, name: str, store: ox.Store) -> None:
        self.name = name
        self.store = store

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`."""
        return raw_answer(self.store, text, media_type)


class Rdflib:
    """The store and the query engine of rdflib, in memory, holding the canonical graph."""

    name = RDFLIB

    def __init__(self, store: ox.Store) -> None:
        self.graph = rdflib_graph(store)

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`."""
        answer = self.graph.query(text)
        form = "nt" if media_type == "application/n-triples" else "json"
        return answer.serialize(format=form) or b""


class Http:
    """A server on this machine, asked over one connection that stays open. No other machine is ever asked."""

    def __init__(self, name: str, port: int, path: str) -> None:
        self.name = name
        self._path = path
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=300)

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`. Raises RuntimeError for any status but 200."""
        return self.send(query_path(self._path, text), media_type)

    def get(self, path: str, **asked: str) -> bytes:
        """The body of a GET. Raises RuntimeError for any status but 200."""
        return self.send(f"{path}?{urlencode(asked)}" if asked else path, "application/json")

    def send(self, target: str, media_type: str) -> bytes:
        """The body of a GET of a path with its query. Raises RuntimeError for any status but 200."""
        head = {"accept": media_type}
        try:
            status, said = self._exchange(target, head)
        except (ConnectionError, http.client.HTTPException):  # a server closes a connection that was idle for long
            status, said = self._exchange(target, head)
        if status != 200:
            raise RuntimeError(f"{self.name}: status {status} for {target[:80]}: {said[:200]!r}")
        return said

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, target: str, head: dict[str, str]) -> tuple[int, bytes]:
        try:
            self._connection.request("GET", target, None, head)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (http.client.HTTPException, OSError):
            with suppress(OSError):
                self._connection.close()
            raise


class Again:
    """Another engine, asked what it has been asked before."""

    def __init__(self, name: str, engine: Http) -> None:
        self.name = name
        self._engine = engine

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`."""
        return self._engine.ask(text, media_type)


def query_path(path: str, text: str) -> str:
    """The path of a GET that asks a query. All servers are asked so: it is what each of them understands."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'query': text})}"


def raw_answer(store: ox.Store, text: str, media_type: str) -> bytes:
    """Ask the bare engine."""
    answer = store.query(text)
    if isinstance(answer, ox.QueryTriples):
        return ox.serialize(answer, format=ox.RdfFormat.from_media_type(media_type)) or b""
    return answer.serialize(format=ox.QueryResultsFormat.from_media_type(media_type)) or b""


def rdflib_graph(store: ox.Store) -> Graph:
    """The canonical graph of a store as a graph of rdflib, in memory."""
    from rdflib import Graph

    canonical = store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    lines = ox.serialize((quad.triple for quad in canonical), format=ox.RdfFormat.N_TRIPLES)
    graph = Graph(bind_namespaces="none")
    graph.parse(data=lines or b"", format="nt")
    return graph


def rows_of(answer: bytes, media_type: str) -> list[Any]:
    """An answer as a sorted list, for comparing engines: order of rows and of bindings is not part of an answer."""
    if media_type == "application/n-triples":
        return sorted({str(quad.triple) for quad in ox.parse(answer, format=ox.RdfFormat.N_TRIPLES)})
    bindings = json.loads(answer)["results"]["bindings"]
    return sorted(json.dumps({name: _plain(term) for name, term in row.items()}, sort_keys=True) for row in bindings)


def _plain(term: dict[str, str]) -> list[str]:
    """A term without the two spellings that formats leave open: xsd:string, and literal or typed-literal."""
    kind = "literal" if term["type"].endswith("literal") else term["type"]
    datatype = term.get("datatype", "").replace("http://www.w3.org/2001/XMLSchema#string", "")
    return [kind, term["value"], datatype, term.get("xml:lang", "").lower()]
