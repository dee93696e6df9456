"""What a federated query gives, beside the engine's own SERVICE, and what becomes of endpoints that misbehave."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pyoxigraph as ox
import pytest

from queries.embedded import EmbeddedBackend
from queries.errors import QuerySyntaxError
from queries.federation.calling import Stop, call
from queries.federation.errors import RemoteFailed, RemoteTimeout, RemoteUnusable
from queries.federation.federation import Federation, Outcome
from queries.pool.errors import PoolFull
from tests.patience import BUSY_S

E = "http://example.org/"
JSON = "application/sparql-results+json"
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n"
EMPTY = '{"head":{"vars":["o"]},"results":{"bindings":[]}}'
Rude = Callable[[Callable[[socket.socket], None]], SimpleNamespace]


def expand(endpoint: str, pattern: str, limit_s: float = 60, **more: Any) -> Outcome:
    federation = Federation([endpoint], **more)
    query = federation.read(f"PREFIX e: <{E}> {pattern.replace('<>', f'<{endpoint}>')}")
    assert query is not None
    return federation.expand(query, limit_s, EmbeddedBackend(ox.Store()).query)


def rows(store: ox.Store, text: str) -> list[str]:
    found: Any = store.query(text)
    if isinstance(found, ox.QueryBoolean):
        return [str(bool(found))]
    if isinstance(found, ox.QueryTriples):
        return sorted(map(str, found))
    names = sorted(variable.value for variable in found.variables)
    return sorted(" ".join(f"{name}={row[name]}" for name in names) for row in found)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s e:value ?v SERVICE <> { ?s e:colour ?c } }",
        "SELECT ?c { SERVICE <> { ?s e:colour ?c FILTER(?c != 'red'@en) } } ORDER BY ?c",
        "SELECT * { ?s e:value ?v OPTIONAL { SERVICE <> { ?s e:colour ?c } } }",
        "SELECT * { ?s e:value ?v MINUS { SERVICE <> { ?s e:colour ?c } } }",
        "SELECT * { ?s e:value ?v FILTER NOT EXISTS { SERVICE <> { ?s e:colour ?c } } }",
        "SELECT * { { ?s e:value ?v } UNION { SERVICE <> { ?s e:colour ?v } } }",
        "SELECT (COUNT(*) AS ?n) { SERVICE <> { ?s e:colour ?c } SERVICE <> { ?t e:colour ?d } }",
        "SELECT * { SERVICE <> { SELECT (COUNT(?s) AS ?n) { ?s e:colour ?c } } }",
        "SELECT * { { SELECT ?s { SERVICE <> { ?s e:colour ?c } } } ?s e:value ?v }",
        "SELECT * { SERVICE <> { OPTIONAL { ?s e:colour ?c } OPTIONAL { ?s e:none ?x } } }",
        "SELECT * { SERVICE <> { ?s <http://example.org/p%20q> ?o } }",
        "SELECT * { SERVICE <> { e:s0 e:colour 'red'@en } ?s e:value 3 }",
        "SELECT * { SERVICE <> { e:s0 e:colour 'none' } ?s e:value 3 }",
        "ASK { ?s e:value 2 SERVICE <> { ?s e:colour 'blue'@en } }",
        "CONSTRUCT { ?s e:is ?c } WHERE { SERVICE <> { ?s e:colour ?c } ?s e:value ?v FILTER(?v<2) }",
        "SELECT * { SERVICE SILENT <> { ?s e:colour ?c } ?s e:value ?v FILTER(?v>1) }",
    ],
)
def test_the_answer_is_that_of_the_engines_own_service(second: str, store: ox.Store, query: str) -> None:
    outcome = expand(second, query)
    assert (
        "e:colour" not in outcome.text or "UNION" in query or outcome.text.count("e:colour") < query.count("e:colour")
    )
    assert rows(store, outcome.text) == rows(store, f"PREFIX e: <{E}> {query.replace('<>', f'<{second}>')}")
    assert (outcome.calls, outcome.passed_over) == (2 if query.count("<>") > 1 else 1, 0)


def test_an_equal_call_is_made_once(second: str) -> None:
    twice = "SELECT * { { SERVICE <> { ?s e:colour ?c } } UNION { SERVICE <> { ?s e:colour ?c } } }"
    assert expand(second, twice).calls == 1


def test_an_endpoint_is_told_its_part_and_no_more(rude: Rude) -> None:
    there = rude(lambda c: c.sendall(f"{HEAD}Content-Length: {len(EMPTY)}\r\n\r\n{EMPTY}".encode()))
    expand(there.address, "SELECT * { ?secret e:value ?v SERVICE <> { ?s e:p ?o } }")
    (request,) = there.hits
    head, _, body = request.decode().partition("\r\n\r\n")
    assert head.startswith("POST /sparql HTTP/1.1\r\n")
    assert f"Accept: {JSON}\r\n" in head
    assert "secret" not in body
    assert "SELECT+%2A+WHERE+%7B+%3Fs+e%3Ap+%3Fo+%7D" in body


def test_blank_nodes_are_not_joined(second: str, store: ox.Store) -> None:
    for silent in ("", "SILENT"):
        with pytest.raises(RemoteUnusable, match=r"\?b is a blank node"):
            expand(second, f"SELECT * {{ SERVICE {silent} <> {{ ?s e:near ?b }} }}")
    named = expand(second, "SELECT * { SERVICE <> { SELECT ?s { ?s e:near ?b } } }")
    assert rows(store, named.text) == [f"s=<{E}s1>"]


def answer(text: str) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text.encode())


def json(body: str) -> str:
    return f"{HEAD}Content-Length: {len(body.encode())}\r\n\r\n{body}"


def binding(value: str) -> str:
    return bindings(f'{{"o":{value}}}')


def bindings(rows: str) -> str:
    return json('{"head":{"vars":["o"]},"results":{"bindings":[' + rows + "]}}")


BAD = {
    "refuses": "HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\nsecret",
    "breaks down": "HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nsecret",
    "redirects": "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:{port}/hostile\r\nContent-Length: 0\r\n\r\n",
    "redirects for good": "HTTP/1.1 308 Go\r\nLocation: http://127.0.0.1:{port}/hostile\r\nContent-Length: 0\r\n\r\n",
    "sends a page": "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>",
    "sends no HTTP": "220 mail.example ESMTP\r\n",
    "sends nothing": "",
    "stops in its head": "HTTP/1.1 200 OK\r\nContent-Ty",
    "stops in its body": f"{HEAD}Content-Length: 900\r\n\r\n{EMPTY}",
    "stops in a chunk": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n31\r\n{EMPTY}",
    "stops without a length": f"{HEAD}\r\n{EMPTY[:-3]}",
    "packs": f"{HEAD}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}",
    "sends no results": json("[]"),
    "sends a boolean": json('{"head":{},"boolean":true}'),
    "breaks out of an IRI": binding('{"type":"uri","value":"http://x/> } SERVICE <http://127.0.0.1:9/> { ?a ?b ?c"}'),
    "sends other columns": json('{"head":{"vars":["o","zz"]},"results":{"bindings":[]}}'),
    "breaks out of a column": json('{"head":{"vars":["o) { (1) } #"]},"results":{"bindings":[]}}'),
    "nests": json("[" * 100_000),
    "has too long a head": "HTTP/1.1 200 OK\r\n" + "X-A: b\r\n" * 500 + "\r\n",
}


@pytest.mark.parametrize("manner", BAD)
def test_an_endpoint_that_fails_is_told_and_silent_passes_over(rude: Rude, store: ox.Store, manner: str) -> None:
    elsewhere = rude(answer(json(EMPTY)))
    port = elsewhere.address.rpartition(":")[2].partition("/")[0]
    there = rude(answer(BAD[manner].replace("{port}", port)))
    with pytest.raises(RemoteFailed) as told:
        expand(there.address, "SELECT * { SERVICE <> { ?s e:p ?o } ?s e:value ?v }")
    assert there.address in str(told.value)
    assert "secret" not in str(told.value)
    assert "127.0.0.1:9/" not in str(told.value)
    assert not elsewhere.hits
    silent = expand(there.address, "SELECT * { SERVICE SILENT <> { ?s e:p ?o } ?s e:value ?v }")
    assert (silent.calls, silent.passed_over) == (1, 1)
    assert len(rows(store, silent.text)) == 6
    assert len(there.hits) == 2


def test_nobody_there(store: ox.Store) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(RemoteFailed):
            expand(address, "ASK { SERVICE <> { ?s ?p ?o } }")
        assert expand(address, "ASK { SERVICE SILENT <> { ?s ?p ?o } }").passed_over == 1
    with pytest.raises(RemoteFailed):
        expand("http://no-such-host.invalid/", "ASK { SERVICE <> { ?s ?p ?o } }", 10)


def test_tls_without_a_trusted_certificate_fails(rude: Rude) -> None:
    there = rude(answer("HTTP/1.1 200 OK\r\n\r\n"))
    with pytest.raises(RemoteFailed):
        expand(there.address.replace("http:", "https:"), "ASK { SERVICE <> { ?s ?p ?o } }")


def trickle(text: str, pause_s: float) -> Callable[[socket.socket], None]:
    def slowly(connection: socket.socket) -> None:
        for letter in text:
            connection.sendall(letter.encode())
            time.sleep(pause_s)

    return slowly


@pytest.mark.parametrize(
    "slow", ["HTTP/1.1 200 OK\r\nX: " + "y" * 400, HEAD + "\r\n" + " " * 400, "HTTP/1.1 100 Continue\r\n\r\n" * 20]
)
def test_one_limit_holds_for_the_whole_call_however_it_trickles(rude: Rude, slow: str) -> None:
    there = rude(trickle(slow, 0.03))
    started = time.monotonic()
    with pytest.raises(RemoteTimeout):
        expand(there.address, "ASK { SERVICE <> { ?s ?p ?o } }", 0.6)
    assert 0.5 < time.monotonic() - started < 0.6 + BUSY_S

    def silent() -> float:
        started = time.monotonic()
        assert expand(there.address, "ASK { SERVICE SILENT <> { ?s ?p ?o } }", 1.0).passed_over == 1
        return time.monotonic() - started

    # The best of some attempts: one that takes all of the time never takes less.
    assert any(silent() < 0.95 for _ in range(8)), "SILENT takes half of the time, so that the rest is for the query"


def test_a_call_ends_when_it_is_told_to(rude: Rude) -> None:
    there = rude(trickle(" " * 1000, 0.05))
    stop = Stop()
    threading.Timer(0.2, stop.now).start()
    started = time.monotonic()
    with pytest.raises(RemoteTimeout):
        call(there.address, "ASK {}", 20, 1000, stop)
    assert time.monotonic() - started < BUSY_S


def test_an_answer_is_bounded_in_bytes_and_in_rows(rude: Rude) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(f"{HEAD}\r\n".encode())
        while True:
            connection.sendall(b" " * 65536)

    for silent in ("", "SILENT"):
        with pytest.raises(RemoteUnusable, match="more than 10000000 bytes"):
            expand(rude(endless).address, f"ASK {{ SERVICE {silent} <> {{ ?s ?p ?o }} }}")
    row = '{"o":{"type":"literal","value":"' + "x" * 100 + '"}}'
    many = bindings(",".join([row] * 10_000))
    with pytest.raises(RemoteUnusable, match="too many to join"):
        expand(rude(answer(many)).address, "ASK { SERVICE <> { ?s ?p ?o } }")


def test_nothing_is_sent_for_a_query_that_is_none(rude: Rude) -> None:
    there = rude(answer(json(EMPTY)))
    for wrong, place in [
        ("SELECT * {\n SERVICE <> { ?s ?p ?o }\n ?s ?p }", (4, 9)),
        ("SELECT * {\n SERVICE <>\n { ?s ?p }\n }", (4, 11)),
    ]:
        with pytest.raises(QuerySyntaxError) as told:
            expand(there.address, "\n" + wrong)
        assert (told.value.line, told.value.column) == place
    assert not there.hits


def test_calls_at_the_same_time_are_counted(rude: Rude) -> None:
    there = rude(trickle(" " * 1000, 0.05))
    federation = Federation([there.address], at_once=1, wait_s=0.1)
    query = federation.read(f"ASK {{ SERVICE <{there.address}> {{ ?s ?p ?o }} }}")
    assert query is not None
    stop = Stop()

    def ask() -> None:
        with contextlib.suppress(RemoteTimeout):
            federation.expand(query, 40, len, stop)

    first = threading.Thread(target=ask)
    first.start()
    limit = time.monotonic() + 30
    while not there.hits and time.monotonic() < limit:
        time.sleep(0.01)
    with pytest.raises(PoolFull):
        federation.expand(query, 40, len)
    stop.now()
    first.join(30)
    assert not first.is_alive()
    with pytest.raises(RemoteTimeout):
        federation.expand(query, 0.1, len)
