"""Writing into a store elsewhere: updates through SPARQLWrapper, and whole graphs by the Graph Store Protocol.

Nothing that answers readers imports this; publishing does.
Specifications: https://www.w3.org/TR/sparql11-protocol/ (2.2) and https://www.w3.org/TR/sparql11-http-rdf-update/.
"""

from __future__ import annotations

import socket
import urllib.request
from typing import Any, Final, cast
from urllib.parse import quote

from SPARQLWrapper import INSERT, JSON, POST, SPARQLWrapper

from queries.endpoint import AGENT, Body, Endpoint, Refused

_TRIPLES: Final = "application/n-triples"
_PIECE: Final = 1 << 20


class Updates:
    """The address that takes updates."""

    def __init__(self, endpoint: Endpoint, limit_s: float) -> None:
        self.endpoint = endpoint
        self._limit_s = limit_s

    def connect(self) -> socket.socket | None:
        """See `Endpoint.connect`."""
        return self.endpoint.connect(self._limit_s)

    def run(self, text: str, connection: socket.socket | None = None) -> None:
        """Run an update request. Raises QuerySyntaxError, QueryTimeout, BackendError."""
        _read_out(cast("Body", _Update(self.endpoint, text, self._limit_s, connection).query().response))


class Graphs:
    """The address that takes and gives whole graphs; the name "" is the default graph."""

    def __init__(self, endpoint: Endpoint, limit_s: float) -> None:
        self.endpoint = endpoint
        self._limit_s = limit_s

    def add(self, name: str, triples: bytes) -> None:
        """Add statements (N-Triples) to a graph. Raises BackendError."""
        # N-Triples are Turtle, which every engine takes under this name.
        _read_out(self._send("POST", name, {"Content-Type": "text/turtle"}, triples))

    def read(self, name: str) -> Body:
        """All statements of a graph in N-Triples; None where there is no such graph. Raises BackendError."""
        return self._send("GET", name, {"Accept": _TRIPLES})

    def remove(self, name: str) -> None:
        """Remove a graph that may be there or not."""
        try:
            _read_out(self._send("DELETE", name, {}))
        except Refused as error:
            if error.status != 404:
                raise

    def _send(self, method: str, name: str, headers: dict[str, str], data: bytes | None = None) -> Body:
        mark = "&" if "?" in self.endpoint.url else "?"
        which = f"graph={quote(name, safe='')}" if name else "default"
        # The endpoint has made sure that its address is one of HTTP.
        request = urllib.request.Request(f"{self.endpoint.url}{mark}{which}", data, method=method)  # noqa: S310
        for header, value in {"User-Agent": AGENT, **headers}.items():
            request.add_header(header, value)
        return self.endpoint.open(request, self._limit_s)


class _Update(SPARQLWrapper):
    """An update that SPARQLWrapper words and our endpoint sends."""

    def __init__(self, endpoint: Endpoint, text: str, limit_s: float, connection: socket.socket | None) -> None:
        super().__init__(endpoint.url, agent=AGENT, returnFormat=JSON)
        self.setMethod(POST)
        self.queryString = text
        self.queryType = INSERT
        self.addCustomHttpHeader("Accept", "*/*")
        self._to = endpoint
        self._limit_s = limit_s
        self._connection = connection

    def _query(self) -> tuple[Any, Any]:
        return self._to.open(self._createRequest(), self._limit_s, self._connection), self.returnFormat


def _read_out(body: Body) -> None:
    while body.read(_PIECE):
        pass
    body.close()
