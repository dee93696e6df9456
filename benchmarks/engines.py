"""The engines that are compared. Each turns the text of a query into the bytes of the answer, in the same format."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import pyoxigraph as ox

from queries.embedded import EmbeddedBackend

LOOPBACK: Final = "127.0.0.1"
PEER_SERVER: Final = "oxigraph server"
OUR_SERVER: Final = "treatygraph serve"
EMBEDDED: Final = "treatygraph, embedded"
RAW: Final = "pyoxigraph, raw"
RDFLIB: Final = "rdflib"


class Engine(Protocol):
    """Something that answers."""

    name: str

    def ask(self, text: str, media_type: str) -> bytes:
        """The whole answer. Raises when there is none."""


class Embedded:
    """Our back end, in this process."""

    name = EMBEDDED

    def __init__(self, store: Path) -> None:
        self.backend = EmbeddedBackend(store, "bench")

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`."""
        return b"".join(self.backend.query(text).serialize(media_type))


class Raw:
    """The engine below our back end, with nothing around it: the limit."""

    name = RAW

    def __init__(self, store: Path) -> None:
        self._store = ox.Store.read_only(str(store))

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`."""
        answer = self._store.query(text)
        if isinstance(answer, ox.QueryTriples):
            return ox.serialize(answer, format=ox.RdfFormat.from_media_type(media_type)) or b""
        return answer.serialize(format=ox.QueryResultsFormat.from_media_type(media_type)) or b""


class Rdflib:
    """The store and the query engine of rdflib, in memory."""

    name = RDFLIB

    def __init__(self, lines: Iterable[str]) -> None:
        from rdflib import Dataset

        self._data = Dataset()
        self._data.parse(data="\n".join(lines), format="nquads")

    def ask(self, text: str, media_type: str) -> bytes:
        """See `Engine.ask`."""
        answer = self._data.query(text)
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
        head = {"content-type": "application/sparql-query", "accept": media_type}
        return self._send("POST", self._path, text.encode(), head)

    def get(self, path: str, **asked: str) -> bytes:
        """The body of a GET. Raises RuntimeError for any status but 200."""
        target = f"{path}?{urlencode(asked)}" if asked else path
        return self._send("GET", target, None, {"accept": "application/json"})

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, method: str, target: str, body: bytes | None, head: dict[str, str]) -> bytes:
        try:
            status, said = self._exchange(method, target, body, head)
        except ConnectionError:  # a server closes a connection that was idle for some seconds
            status, said = self._exchange(method, target, body, head)
        if status != 200:
            raise RuntimeError(f"{self.name}: status {status} for {target[:80]}: {said[:200]!r}")
        return said

    def _exchange(self, method: str, target: str, body: bytes | None, head: dict[str, str]) -> tuple[int, bytes]:
        try:
            self._connection.request(method, target, body, head)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (http.client.HTTPException, OSError):
            with suppress(OSError):
                self._connection.close()
            raise


def rows_of(answer: bytes, media_type: str) -> list[Any]:
    """An answer as a sorted list, for comparing engines: order of rows and of bindings is not part of an answer."""
    if media_type == "application/n-triples":
        return sorted({line.strip() for line in answer.decode().splitlines() if line.strip()})
    bindings = json.loads(answer)["results"]["bindings"]
    return sorted(json.dumps({name: _plain(term) for name, term in row.items()}, sort_keys=True) for row in bindings)


def _plain(term: dict[str, str]) -> list[str]:
    """A term without the two spellings that formats leave open: xsd:string, and literal or typed-literal."""
    kind = "literal" if term["type"].endswith("literal") else term["type"]
    datatype = term.get("datatype", "").replace("http://www.w3.org/2001/XMLSchema#string", "")
    return [kind, term["value"], datatype, term.get("xml:lang", "").lower()]
