"""What tests of short questions ask, over a client and over a line of their own, and how they read what comes."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from httpx2 import Client, Response

from tests.patience import PATIENT_S

if TYPE_CHECKING:
    from tests.api.conftest import Server

LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 8000"
SMALL = "SELECT ?s ?class { ?s a ?class } ORDER BY ?s ?class LIMIT 3"
BURN = """SELECT (COUNT(*) AS ?n)
          { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(STRLEN(STR(?c)) + STRLEN(STR(?l)) < 0) }"""
#: Takes some tenths of a second.
SLOW = """SELECT (COUNT(*) AS ?n)
          { { SELECT * { ?a ?b ?c } LIMIT 500 } { SELECT * { ?d ?e ?f } LIMIT 500 } FILTER(STRLEN(STR(?c)) > 0) }"""
#: The server itself has these in columns; what comes of the others, a worker finds.
RECORD = """BASE <https://w3id.org/treatygraph/id/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
SELECT ?title ?symbol ?day {
  <doc/a/res/91/7> dcterms:identifier ?symbol ; dcterms:title ?title ; tg:adoptionDate ?day }"""
OF_TREATY = (
    "PREFIX tg: <https://w3id.org/treatygraph/def#> SELECT ?s ?p { ?s ?p <https://w3id.org/treatygraph/id/treaty/ctl> }"
)
_NUMBERS = iter(range(1, 10**6))


def fresh(query: str) -> str:
    """The query as nobody has asked it before."""
    return f"{query}\n# {next(_NUMBERS)}"


def client_of(server: Server) -> Client:
    return Client(base_url=server.address, timeout=PATIENT_S)


def counted(client: Client, metric: str) -> float:
    """A number of the server; 0 where it has not been counted yet."""
    found = re.search(rf"^{re.escape(metric)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def as_it_is(client: Client, asked: dict[str, str], headers: dict[str, str]) -> Response:
    """The query is the body; whatever stands beside it, in the address, takes the usual way."""
    beside = {name: value for name, value in asked.items() if name != "query"}
    direct = {"content-type": "application/sparql-query; charset=UTF-8", **headers}
    return client.post("/sparql", params=beside, content=asked.get("query", ""), headers=direct)


def line_to(server: Server) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENT_S)


def get(query: str, *headers: str, path: str = "/sparql") -> bytes:
    lines = [f"GET {path}?{urlencode({'query': query})} HTTP/1.1", "Host: a", *headers, "", ""]
    return "\r\n".join(lines).encode()


def post(query: str, *headers: str) -> bytes:
    content = query.encode()
    lines = ["POST /sparql HTTP/1.1", "Host: a", "Content-Type: application/sparql-query"]
    lines += [f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


def answers(line: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Status and body of the answers that come, each with its length in the head."""
    data, found = b"", []
    while len(found) < count:
        head, end, rest = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if end and length and len(rest) >= int(length[1]):
            found.append((int(head[9:12]), rest[: int(length[1])]))
            data = rest[int(length[1]) :]
            continue
        more = line.recv(65_536)
        assert more, f"the connection ended after {len(found)} answers: {data[:200]!r}"
        data += more
    return found


def bindings(body: bytes) -> list[Any]:
    found: list[Any] = json.loads(body)["results"]["bindings"]
    return found
