"""What the remote back end makes of servers that fail, break off, or lie."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from queries.endpoint import Login
from queries.errors import BackendError, QueryRefused, QuerySyntaxError, QueryTimeout
from queries.remote import RemoteBackend

JSON = "application/sparql-results+json"
Answer = Callable[[BaseHTTPRequestHandler, dict[str, list[str]]], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                answer(self, form)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/sparql"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def reply(status: int, media_type: str, body: bytes, length: int | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", media_type)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_what_is_sent(serve: Callable[[Answer], str]) -> None:
    seen: list[tuple[dict[str, str], dict[str, list[str]]]] = []

    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        seen.append((dict(handler.headers), form))
        reply(200, JSON, b'{"head":{},"boolean":true}')(handler, form)

    backend = RemoteBackend(serve(answer), login=Login("basic", "reader", "s3cret"))
    assert bool(backend.query("# INSERT DATA {}\nASK {}", default_graphs=["urn:g"], named_graphs=["urn:h", "urn:i"]))
    headers, form = seen[0]
    assert form == {
        "query": ["# INSERT DATA {}\nASK {}"],
        "default-graph-uri": ["urn:g"],
        "named-graph-uri": ["urn:h", "urn:i"],
    }
    assert headers["Accept"] == JSON
    assert headers["User-Agent"].startswith("treatygraph")
    assert headers["Authorization"].startswith("Basic ")
    assert len(seen) == 1, "one result read once is one request"


def test_a_syntax_error_that_the_engine_finds(serve: Callable[[Answer], str]) -> None:
    backend = RemoteBackend(serve(reply(400, "text/plain", b"error at 2:9: expected WHERE")))
    with pytest.raises(QuerySyntaxError) as raised:
        backend.query("SELECT ?x { ?s ?p ?x }")
    assert (raised.value.line, raised.value.column) == (2, 9)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_refusing_endpoint(serve: Callable[[Answer], str], status: int) -> None:
    backend = RemoteBackend(serve(reply(status, "text/plain", b"no")))
    with pytest.raises(BackendError) as raised:
        backend.query("ASK {}")
    assert "\n" not in str(raised.value)


def test_an_answer_of_another_type(serve: Callable[[Answer], str]) -> None:
    backend = RemoteBackend(serve(reply(200, "text/html", b"<html>welcome</html>")))
    with pytest.raises(BackendError, match="text/html"):
        backend.query("SELECT * {}")


ROW = b'{"x":{"type":"literal","value":"1"}}'


@pytest.mark.parametrize(
    ("query", "media_type", "body"),
    [
        ("SELECT ?x { ?s ?p ?x }", JSON, b'{"head":{"vars":["x"]},"results":{"bindings":[' + ROW + b"," + ROW),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples", b"<urn:a> <urn:b> <urn:c> .\n"),
    ],
)
def test_an_answer_that_breaks_off_is_no_answer(
    serve: Callable[[Answer], str], query: str, media_type: str, body: bytes
) -> None:
    backend = RemoteBackend(serve(reply(200, media_type, body, length=len(body) + 500)))
    with pytest.raises(BackendError, match="broke off"):
        list(backend.query(query))
    with pytest.raises(BackendError, match="broke off"):
        list(backend.query(query).serialize())


def test_nonsense_instead_of_rows(serve: Callable[[Answer], str]) -> None:
    backend = RemoteBackend(serve(reply(200, JSON, b"[1, 2]")))
    with pytest.raises(BackendError):
        list(backend.query("SELECT * {}"))


def test_a_silent_endpoint_runs_into_the_time_limit(serve: Callable[[Answer], str]) -> None:
    done = threading.Event()

    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        done.wait(5)

    backend = RemoteBackend(serve(answer), timeout_s=30)
    started = time.monotonic()
    with pytest.raises(QueryTimeout):
        backend.query("ASK {}", timeout_s=0.3)
    assert time.monotonic() - started < 3
    done.set()


def test_nobody_there() -> None:
    with pytest.raises(BackendError, match="cannot be reached"):
        RemoteBackend("http://127.0.0.1:1/sparql").query("ASK {}")


def test_the_union_only_where_the_engine_has_it(serve: Callable[[Answer], str]) -> None:
    with pytest.raises(QueryRefused):
        RemoteBackend("http://127.0.0.1:1/sparql").query("ASK {}", union=True)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "sparql", ""])
def test_only_http(url: str) -> None:
    with pytest.raises(BackendError):
        RemoteBackend(url)
