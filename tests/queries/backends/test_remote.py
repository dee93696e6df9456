"""What the remote back end makes of servers that fail, break off, or lie."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest

from queries.endpoint import Login
from queries.errors import BackendError, QueryRefused, QuerySyntaxError, QueryTimeout
from queries.remote import AnswerCut, BlankNodes, RemoteBackend
from tests.patience import BUSY_S

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
        done.wait(60)

    backend = RemoteBackend(serve(answer), timeout_s=30)
    started = time.monotonic()
    try:
        with pytest.raises(QueryTimeout):
            backend.query("ASK {}", timeout_s=0.3)
        assert time.monotonic() - started < 0.3 + BUSY_S
    finally:
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


def test_a_bearer_token_is_sent(serve: Callable[[Answer], str]) -> None:
    seen: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        seen.append(handler.headers["Authorization"])
        reply(200, JSON, b'{"head":{},"boolean":true}')(handler, form)

    assert bool(RemoteBackend(serve(answer), login=Login("bearer", token="t0ken")).query("ASK {}"))
    assert seen == ["Bearer t0ken"]


def test_digest_is_answered_and_changes_nothing_for_others(serve: Callable[[Answer], str]) -> None:
    """SPARQLWrapper by itself would give the whole process another opener, with the password in it."""
    seen: list[str] = []

    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        said = handler.headers["Authorization"]
        if said is None:
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Digest realm="SPARQL", nonce="abc", qop="auth", algorithm="MD5"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        seen.append(said)
        reply(200, JSON, b'{"head":{},"boolean":true}')(handler, form)

    before = urllib.request._opener  # type: ignore[attr-defined]
    backend = RemoteBackend(serve(answer), login=Login("digest", "reader", "s3cret"))
    assert bool(backend.query("ASK {}"))
    assert 'username="reader"' in seen[0]
    assert "s3cret" not in seen[0]
    assert urllib.request._opener is before  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_sends_us_elsewhere(serve: Callable[[Answer], str], status: int) -> None:
    """Neither a request nor a password goes to an address that the operator did not give."""
    reached: list[str] = []
    elsewhere = serve(lambda handler, form: reached.append(handler.path))

    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        handler.send_response(status)
        handler.send_header("Location", elsewhere)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with pytest.raises(BackendError, match="sends us to"):
        RemoteBackend(serve(answer), login=Login("basic", "reader", "s3cret")).query("ASK {}")
    assert reached == []


def test_refused_credentials_are_told_without_them(serve: Callable[[Answer], str]) -> None:
    backend = RemoteBackend(serve(reply(401, "text/plain", b"who?")), login=Login("basic", "reader", "s3cret"))
    with pytest.raises(BackendError, match="credentials of the store") as raised:
        backend.query("ASK {}")
    assert "s3cret" not in str(raised.value)
    assert "s3cret" not in repr(Login("basic", "reader", "s3cret"))


def test_no_password_in_an_address() -> None:
    with pytest.raises(BackendError, match="from the environment") as raised:
        RemoteBackend("http://reader:s3cret@127.0.0.1/sparql")
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("header", "value", "error"),
    [("X-SPARQL-MaxRows", "1", AnswerCut), ("X-SQL-State", "S1TAT", QueryTimeout)],
)
def test_an_answer_that_was_cut_is_no_answer(
    serve: Callable[[Answer], str], header: str, value: str, error: type[Exception]
) -> None:
    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        body = b'{"head":{"vars":["x"]},"results":{"bindings":[' + ROW + b"]}}"
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.send_header(header, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with pytest.raises(error):
        RemoteBackend(serve(answer)).query("SELECT ?x { ?s ?p ?x }")


def test_an_engine_that_sends_a_byte_now_and_then_runs_into_the_limit(serve: Callable[[Answer], str]) -> None:
    def answer(handler: BaseHTTPRequestHandler, form: dict[str, list[str]]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        try:
            for _ in range(200):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            return

    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        list(RemoteBackend(serve(answer), timeout_s=0.8).query("SELECT ?x { ?s ?p ?x }"))
    assert time.monotonic() - began < 0.8 + BUSY_S


def test_labels_of_blank_nodes_that_no_parser_takes() -> None:
    """Virtuoso's, wherever the pieces of an answer are cut; a text that looks like one stays."""
    row = '<result><binding name="x"><bnode>nodeID://b7</bnode></binding></result>'
    text = '<result><binding name="x"><literal>&lt;bnode&gt;nodeID://b8</literal></binding></result>'
    head = '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/></head><results>'
    whole = f"{head}{row}{text}{row}</results></sparql>".encode()

    class Pieces:
        def __init__(self, size: int) -> None:
            self.left, self.size = whole, size

        def read(self, size: int = -1) -> bytes:
            piece, self.left = self.left[: self.size], self.left[self.size :]
            return piece

    for size in range(1, 40):
        read = ox.parse_query_results(BlankNodes(Pieces(size)).as_file(), format=ox.QueryResultsFormat.XML)
        assert [str(row["x"]) for row in read] == ["_:b7", '"<bnode>nodeID://b8"', "_:b7"]
