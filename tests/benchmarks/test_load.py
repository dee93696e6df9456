"""Both load generators tell of what a server has really answered, and of nothing else."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks import load
from benchmarks.engines import POST
from benchmarks.generator import Generator
from benchmarks.servers import Server
from tests.patience import BUSY_S

BODY = b"y" * 3000


class Answering(BaseHTTPRequestHandler):
    """Whole bodies, bodies in chunks, and a refusal of every tenth request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        if "/stalls" in self.path:
            time.sleep(0.3 if len(self.seen) % 300 == 0 else 0)
        if len(self.seen) % 10 == 0 and "/stalls" not in self.path:
            self.send_error(503)
        elif self.path.startswith("/chunks"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (BODY[:1000], BODY[1000:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

    def do_POST(self) -> None:
        length, kind = int(self.headers["Content-Length"]), self.headers["Content-Type"]
        self.path = f"{kind} {self.headers['Accept']} {self.path}?{self.rfile.read(length).decode()}"
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Serving(ThreadingHTTPServer):
    """Generators leave in the middle of an answer when their time is over."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[int, list[str]]]:
    seen: list[str] = []
    serving = Serving(("127.0.0.1", 0), type("Handler", (Answering,), {"seen": seen}))
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving.server_address[1], seen
    serving.shutdown()
    serving.server_close()


def test_answers_failures_and_paths_that_are_new_each_time(server: tuple[int, list[str]]) -> None:
    port, seen = server
    figures = Generator(port, ["/whole?n=NUMBER", "/chunks?n=NUMBER&m=NUMBER"], 500, "text/plain").run(0.5, 2)
    assert figures["requests"] > 20
    assert figures["failures"] > 1
    # What was under way at the end has no answer: at most one for each connection.
    assert 0 <= len(seen) - figures["requests"] - figures["failures"] <= 2
    assert len(set(seen)) == len(seen)
    assert {path.split("?")[0] for path in seen} == {"/whole", "/chunks"}
    assert "/whole?n=502" in seen
    assert "/chunks?n=501&m=501" in seen
    assert 0 < figures["p50"] <= figures["p99"]
    assert 0.1 < figures["seconds"] < 0.5 + BUSY_S


@pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed (Debian: wrk)")
def test_what_wrk_adds_to_its_latencies_is_taken_away(server: tuple[int, list[str]]) -> None:
    """A stall of 0.3 s that one request has seen is not told as if hundreds had been sent meanwhile and had waited."""
    port, seen = server
    nobody: Any = None
    for _ in range(6):  # a machine that does other things as well may stall by itself, but not each time
        seen.clear()
        rate = load.load("stalls", Server("test", port, "/", nobody, 0.0), ["/stalls"], "*/*", seconds=2, connections=1)
        assert rate.failures == 0
        if len(seen) > 600 and rate.p99 < 100:
            break
    assert len(seen) > 600, "some stalls are among them"
    assert 0 < rate.p50 <= rate.p99 < 100


@pytest.mark.parametrize("generator", ["wrk", "own"])
def test_what_is_posted_is_a_form(
    generator: str, server: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if generator == "own":
        monkeypatch.setattr(load.shutil, "which", lambda _: None)
    elif not shutil.which("wrk"):
        pytest.skip("wrk is not installed (Debian: wrk)")
    port, seen = server
    nobody: Any = None
    paths = [f"{POST}/stalls?query=a%20NUMBER"]
    rate = load.load("form", Server("test", port, "/", nobody, 0.0), paths, "text/csv", seconds=1, connections=2)
    assert rate.failures == 0
    posted = [path for path in seen if not path.startswith("/")]
    assert len(posted) == len(set(posted)) > 20
    start = "application/x-www-form-urlencoded text/csv /stalls?query=a%20"
    assert all(path.startswith(start) and len(path) == len(start) + 9 for path in posted)
