"""Ten kinds of runaway, eight at a time, at the real server: each ends in time and honestly; nobody else notices."""

from __future__ import annotations

import random
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from httpx2 import Client

from loaders.release import ReleaseInfo

from ..patience import BUSY_S, PATIENT_S, growing, until
from ..processes import family

if TYPE_CHECKING:
    from tests.api.conftest import Server

LIMIT_S = 2.0
TG = "https://w3id.org/treatygraph/def#"
GOOD = f"SELECT ?s WHERE {{ ?s a <{TG}Resolution> }} ORDER BY ?s"
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"

#: What becomes of rows without end; where all others keep the machine busy, the limit may come before the first byte.
BROKEN = {"200 broken", "504"}

QUERIES: dict[str, tuple[str, set[str]]] = {
    "cross join": (
        """SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l
           FILTER(STRLEN(STR(?c)) + STRLEN(STR(?l)) < 0) }""",
        {"504"},
    ),
    "unbounded path": (
        "SELECT (COUNT(*) AS ?n) { ?a (!<x:y>|^!<x:y>)* ?b . ?b (!<x:y>|^!<x:y>)* ?c . ?c (!<x:y>)* ?d }",
        {"504", "503 out-of-memory"},
    ),
    "catastrophic regex": (
        f"""SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i
            FILTER REGEX(CONCAT(STR(?a), STR(?f), STR(?i), '{"a" * 200}'), '^(([a-z:/.#])+.)+[A-Z]([a-z])+$') }}""",
        {"504"},
    ),
    "nested aggregates": (
        """SELECT (MAX(?n) AS ?m) { SELECT ?x (COUNT(*) AS ?n) { SELECT ?x (SUM(STRLEN(?y)) AS ?t) {
           ?a ?p ?x . ?b ?q ?y . ?c ?r ?z . ?d ?s ?w } GROUP BY ?x ?y } GROUP BY ?x }""",
        {"504", "503 out-of-memory"},
    ),
    "result flood": (FLOOD, BROKEN),
    "deep nesting": ("SELECT * " + "{" * 5000 + "}" * 5000, {"413"}),
    "10 MB of text": ("SELECT * { ?s ?p '" + "x" * 10_000_000 + "' }", {"413"}),
    "thousand prefixes": (
        "".join(f"PREFIX p{n}: <http://e.org/{n}/>\n" for n in range(1000)) + "SELECT * { ?a p999:x/p998:x ?b }",
        {"200"},
    ),
}
KINDS = (*QUERIES, "slow reader", "half-open connection")


def memory(server: int) -> int:
    """Bytes that they hold; pages that they share count for each."""
    total = 0
    for process in family(server):
        with suppress(OSError):
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096
    return total


def at_rest(server: int) -> int:
    """The same, when all processes are there and have all that they need."""
    now, calm, limit = 0, 0, time.monotonic() + 20
    while calm < 4 and time.monotonic() < limit:
        before, now = now, memory(server)
        calm = calm + 1 if abs(now - before) < 1 << 20 else 0
        time.sleep(0.5)
    return now


def ask(server: Server, query: str, fields: str = "") -> str:
    """What became of a query, in words. No library in between: eight of those would be what is measured."""
    data = query.encode()
    with connection(server) as line:
        with suppress(ConnectionError):  # refused while it was sent, which the answer tells
            line.sendall(
                b"POST /sparql%b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/sparql-query\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (fields.encode(), len(data), data)
            )
        return became(line, 262_144, 0.0)


def read_slowly(server: Server) -> str:
    """A client that takes a kilobyte now and then."""
    with connection(server, small=True) as line:
        line.sendall(b"GET /sparql?query=%b HTTP/1.1\r\nHost: a\r\n\r\n" % quote(f"{FLOOD}#{random.random()}").encode())
        return became(line, 1024, 0.05)


def open_half(server: Server) -> str:
    """A client that sends half a head."""
    with connection(server) as line:
        line.sendall(b"GET /sparql?query=ASK HTTP/1.1\r\nHost:")
        return became(line, 1024, 0.0)


def became(line: socket.socket, at_once: int, pause_s: float) -> str:
    """The status, and what is remarkable about the rest of the answer."""
    beginning = ending = b""
    with suppress(ConnectionError):
        while piece := line.recv(at_once):
            beginning = (beginning + piece)[:2000]
            ending = (ending + piece)[-5:]
            time.sleep(pause_s)
    head, _, body = beginning.partition(b"\r\n\r\n")
    status = head[9:12].decode()
    if b"transfer-encoding: chunked" in head:
        return status if ending == b"0\r\n\r\n" else f"{status} broken"
    length = re.search(rb"content-length: (\d+)", head)
    assert length is not None
    assert len(body) == min(int(length[1]), 2000 - len(head) - 4)
    return f"{status} out-of-memory" if b"/out-of-memory" in body else status


def connection(server: Server, small: bool = False) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    line = socket.socket()
    if small:  # else the system of the client takes megabytes for it
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(PATIENT_S)
    line.connect((host, int(port)))
    return line


class Watch:
    """Asks for the health of a server all the time, and keeps how long each answer took."""

    def __init__(self, server: Server) -> None:
        self.seconds: list[float] = []
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with Client(base_url=self._server.address, timeout=PATIENT_S) as client:
            while not self._stop.wait(0.02):
                started = time.monotonic()
                assert client.get("/health/live").status_code == 200
                self.seconds.append(time.monotonic() - started)


def run(server: Server, kind: str) -> tuple[str, str, float]:
    started = time.monotonic()
    if kind == "slow reader":
        ended = read_slowly(server)
    elif kind == "half-open connection":
        ended = open_half(server)
    else:
        # A text that nobody sent yet: equal ones would share one run.
        ended = ask(server, f"{QUERIES[kind][0]}\n# {random.random()}")
    return kind, ended, time.monotonic() - started


def test_ten_kinds_of_runaway_eight_at_a_time(
    release: ReleaseInfo, start: Callable[..., AbstractContextManager[Server]]
) -> None:
    settings = {"timeout_s": LIMIT_S, "head_s": LIMIT_S, "workers": 8, "queue_wait_s": 30, "max_memory_mb": 256}
    with start(release.path, **{name: str(value) for name, value in settings.items()}) as server:
        pid = server.process.pid
        assert ask(server, GOOD) == "200"
        with Client(base_url=server.address, timeout=PATIENT_S) as client:
            assert until(lambda: client.get("/health").json()["pool"]["ready"] >= 8, PATIENT_S)
        calm = at_rest(pid)
        with Watch(server) as watch, ThreadPoolExecutor(8) as threads:
            ends = list(threads.map(lambda kind: run(server, kind), KINDS * 2))
            started = time.monotonic()
            assert ask(server, f"{GOOD} # afterwards") == "200"
            assert time.monotonic() - started < BUSY_S, "the next good query is answered at once"
        quick = sorted(watch.seconds)
        print("health, in seconds:", len(quick), quick[len(quick) // 2], quick[int(len(quick) * 0.98)], quick[-1])
        print(*ends, sep="\n")
        expected = {
            **{kind: statuses for kind, (_, statuses) in QUERIES.items()},
            "slow reader": BROKEN,
            "half-open connection": {"408"},
        }
        assert [(kind, became) for kind, became, _ in ends if became not in expected[kind]] == []
        assert [end for end in ends if end[2] > LIMIT_S * 1.1 + BUSY_S] == []
        stopped = [end for end in ends if end[1] in ("504", "200 broken", "408")]
        assert [end for end in stopped if end[2] < LIMIT_S * 0.9] == [], "nobody is stopped before the limit"
        # A loop that a query holds up would answer only when that has ended; how long one thing may hold it up at most,
        # test_loop.py measures in processor time. Eight burning processes share the processors with it.
        assert len(quick) > 20
        assert quick[len(quick) // 2] < 0.25
        assert quick[int(len(quick) * 0.98)] < LIMIT_S
        assert until(lambda: memory(pid) <= calm * 1.1 + (16 << 20)), "what the runaways took is given back"
        for limit in growing(1.0):
            alone = ask(server, f"{FLOOD}\n# {random.random()}", f"?timeout={limit:g}")
            if alone != "504":
                break
        assert alone == "200 broken"
