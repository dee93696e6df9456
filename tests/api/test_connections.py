"""Clients that are slow, silent or rude, at a real server: each has its limit, and nobody else notices."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from httpx2 import Client

from loaders.release import ReleaseInfo
from tests.patience import BUSY_S, PATIENT_S, growing, quickest, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

HEAD_S, BODY_S, STALL_S, KEEP_ALIVE_S = 0.8, 1.2, 1.0, 0.5
ROOM = 12
HEAD = b"GET /health/live HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
#: An answer of a few megabytes, and a question that takes all the time that it gets.
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 40000"
BURN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(STR(?c)) + STRLEN(STR(?i)) < 0) }"
ASKED = f"GET /sparql?query={quote(LARGE)} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connections") / "stderr"


@pytest.fixture(scope="module")
def strict(release: ReleaseInfo, start: Callable[..., AbstractContextManager[Server]], log: Path) -> Iterator[Server]:
    """Short limits, and room for few connections."""
    with start(
        release.path,
        errors=log,
        workers="1",
        timeout_s="20",
        head_s=str(HEAD_S),
        body_s=str(BODY_S),
        stall_s=str(STALL_S),
        keep_alive_s=str(KEEP_ALIVE_S),
        max_connections=str(ROOM),
        max_head_bytes="40000",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def usual(release: ReleaseInfo, start: Callable[..., AbstractContextManager[Server]], log: Path) -> Iterator[Server]:
    """The usual limits of time, for what is refused at once: no other limit may strike before."""
    with start(release.path, errors=log.with_name("usual"), workers="1", max_head_bytes="40000") as server:
        yield server


class Wire:
    """A connection without the manners of a library."""

    def __init__(self, server: Server, small: bool = False) -> None:
        host, port = server.address.removeprefix("http://").split(":")
        self.socket = socket.socket()
        if small:  # what the client does not take must not disappear in buffers
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(PATIENT_S)
        self.began = time.monotonic()  # no limit of the server begins before
        self.socket.connect((host, int(port)))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def rest(self) -> bytes:
        """Everything until the server closes."""
        found = b""
        with contextlib.suppress(ConnectionError):
            while piece := self.socket.recv(65536):
                found += piece
        self.ended = time.monotonic() - self.began
        return found

    def trickle(self, data: bytes, pause_s: float = 0.05) -> bytes:
        """Send byte by byte until the server has enough, and give what it says."""
        self.socket.settimeout(pause_s)
        try:
            for byte in data:
                self.socket.sendall(bytes([byte]))
                with contextlib.suppress(TimeoutError):
                    if self.socket.recv(1, socket.MSG_PEEK) is not None:
                        break
        except ConnectionError:
            pass
        self.socket.settimeout(PATIENT_S)
        return self.rest()


@pytest.fixture
def connect(strict: Server) -> Iterator[Callable[..., Wire]]:
    with connecting(strict) as found:
        yield found


@pytest.fixture
def unhurried(usual: Server) -> Iterator[Callable[..., Wire]]:
    with connecting(usual) as found:
        yield found


@contextlib.contextmanager
def connecting(server: Server) -> Iterator[Callable[..., Wire]]:
    """Makes connections, which are closed in the end."""
    made: list[Wire] = []

    def one(small: bool = False) -> Wire:
        made.append(Wire(server, small))
        return made[-1]

    yield one
    for wire in made:
        wire.socket.close()


Connect = Callable[..., Wire]


def told(answer: bytes) -> tuple[int, str]:
    """Status and kind of a problem document; the connection is closed after it."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert b"application/problem+json" in head
    assert b"connection: close" in head
    document = json.loads(body)
    assert document["status"] == status
    return status, document["type"].rpartition("/")[2]


def in_time(attempt: Callable[[], Wire], limit: float) -> bool:
    """Whether a connection lasts as long as its limit lets it, and a tenth. The server has other limits, which are not
    much longer, so the slack is small, and what a busy machine adds is met by further attempts."""
    for _ in range(6):
        wire = attempt()
        assert wire.ended >= limit * 0.9
        if wire.ended <= limit * 1.1 + 0.5:
            return True
    return False


def ended(server: Server, reason: str) -> float:
    with Client(base_url=server.address, timeout=PATIENT_S) as client:
        text = client.get("/metrics").text
    found = re.search(rf'treatygraph_ended_connections_total\{{reason="{reason}"\}} ([0-9.]+)', text)
    return float(found[1]) if found else 0.0


def health(server: Server) -> float:
    with Client(base_url=server.address, timeout=PATIENT_S) as client:
        started = time.monotonic()
        assert client.get("/health/live").status_code == 200
        return time.monotonic() - started


def test_a_connection_that_is_opened_and_silent_is_closed(strict: Server, connect: Connect) -> None:
    def attempt() -> Wire:
        before = ended(strict, "silent")
        wire = connect()
        assert wire.rest() == b"", "there was no request, so there is no answer"
        assert ended(strict, "silent") == before + 1
        return wire

    assert in_time(attempt, HEAD_S)


def test_a_head_that_comes_byte_by_byte_is_408(connect: Connect) -> None:
    def attempt() -> Wire:
        wire = connect()
        assert told(wire.trickle(HEAD + b"X: " + b"a" * 1000)) == (408, "slow-request")
        return wire

    assert in_time(attempt, HEAD_S)


def test_a_head_that_breaks_off_is_408(connect: Connect) -> None:
    def attempt() -> Wire:
        wire = connect()
        wire.send(HEAD)
        assert told(wire.rest()) == (408, "slow-request")
        return wire

    assert in_time(attempt, HEAD_S)


@pytest.mark.parametrize("framing", [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_trickles_is_408(connect: Connect, framing: bytes) -> None:
    def attempt() -> Wire:
        wire = connect()
        wire.send(POST + framing)
        body = b"1\r\na\r\n" * 1000 if b"chunked" in framing else b"a" * 1000
        assert told(wire.trickle(body)) == (408, "slow-request")
        return wire

    assert in_time(attempt, BODY_S)


def test_a_body_that_never_comes_is_408_after_100_continue(connect: Connect) -> None:
    wire = connect()
    wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n")
    first, _, rest = wire.rest().partition(b"\r\n\r\n")
    assert first == b"HTTP/1.1 100 Continue"
    assert told(rest) == (408, "slow-request")


def test_a_refused_upload_is_not_awaited(unhurried: Connect) -> None:
    """413 comes at once, and who goes on sending in small pieces is not heard for long."""

    def upload() -> None:
        wire = unhurried()
        wire.send(POST + b"Content-Length: 99999999\r\n\r\n")
        assert wire.trickle(b"a" * 1000).startswith(b"HTTP/1.1 413")

    assert quickest(upload, 2.5) < 2.5


def test_blank_lines_do_not_keep_a_connection(connect: Connect) -> None:
    wire = connect()
    wire.send(HEAD + b"\r\n")
    wire.trickle(b"\r\n" * 500)
    assert wire.ended < KEEP_ALIVE_S + HEAD_S + BUSY_S


def test_a_kept_connection_is_closed_when_nothing_comes(connect: Connect) -> None:
    def attempt() -> Wire:
        wire = connect()
        wire.send(HEAD + b"\r\n")
        assert wire.rest().startswith(b"HTTP/1.1 200")
        return wire

    assert in_time(attempt, KEEP_ALIVE_S)


def test_a_client_that_stops_reading_is_dropped(strict: Server, connect: Connect) -> None:
    with Client(base_url=strict.address, timeout=PATIENT_S) as client:
        whole = len(client.get("/sparql", params={"query": LARGE}).content)
    assert whole > 4_000_000, "more than the buffers of the kernel take"
    before = ended(strict, "stalled")
    wire = connect(small=True)
    wire.send(ASKED)
    assert until(lambda: ended(strict, "stalled") > before)
    assert ended(strict, "stalled") == before + 1
    assert len(wire.rest()) < whole


def test_a_client_that_reads_slowly_but_reads_gets_all(strict: Server, connect: Connect) -> None:
    for _ in range(6):
        wire = connect(small=True)
        wire.send(b"GET /dump/dump.nq.gz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        found, longest, before = b"", 0.0, time.monotonic()
        with contextlib.suppress(ConnectionError):
            while piece := wire.socket.recv(2048):
                found += piece
                time.sleep(0.02)
                before, pause = time.monotonic(), time.monotonic() - before
                longest = max(longest, pause)
        if longest < STALL_S / 2:  # else a busy machine has not let us read as we wished to
            break
    head, _, body = found.partition(b"\r\n\r\n")
    assert int(re.search(rb"content-length: (\d+)", head)[1]) == len(body)  # type: ignore[index]


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        (b"junk\r\n\r\n", 400, "bad-request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad-request"),
        (HEAD + b"no field\r\n\r\n", 400, "bad-request"),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400, "bad-request"),
        (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad-request"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", 400, "bad-request"),
        (b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "bad-request"),
        (HEAD + b"Host: b\r\nConnection: close\r\n\r\n", 400, "bad-request"),
        (POST + b"Connection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, "bad-request"),
        (HEAD + b"X: " + b"a" * 50_000, 431, "head-too-large"),
        (HEAD + b"X: " + b"a" * 50_000 + b"\r\n\r\n", 431, "head-too-large"),
        (HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(8000)) + b"\r\n", 431, "head-too-large"),
        (b"GET /sparql?query=" + b"a" * 2_000_000, 414, "uri-too-long"),
        (b"GET /sparql?query=" + b"a" * 35_000 + b" HTTP/1.0\r\n\r\n", 414, "uri-too-long"),
        (b"GET /sparql?query=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri-too-long"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 500_000, 431, "head-too-large"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 500_000, 431, "head-too-large"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else None,
)  # fmt: skip
def test_what_is_no_request_or_too_large_a_head(unhurried: Connect, sent: bytes, status: int, kind: str) -> None:
    wire = unhurried()
    with contextlib.suppress(ConnectionError):
        wire.send(sent)
    assert told(wire.rest()) == (status, kind)
    assert wire.ended < 2 + BUSY_S, "not only after the ten seconds that a head may take"


def test_junk_behind_a_good_request_takes_nothing_from_its_answer(unhurried: Connect) -> None:
    wire = unhurried()
    wire.send(HEAD + b"\r\n" + HEAD + b"\r\n" + b"junk\r\n\r\n")
    first, second, last = re.split(rb"(?<=\})\n(?=HTTP)", wire.rest())
    assert first.startswith(b"HTTP/1.1 200")
    assert second.startswith(b"HTTP/1.1 200")
    assert told(last) == (400, "bad-request")


def test_a_flood_of_requests_sent_ahead_is_refused(unhurried: Connect) -> None:
    wire = unhurried()
    with contextlib.suppress(ConnectionError):
        wire.send((HEAD + b"\r\n") * 5000)
    answers = wire.rest()
    assert 1 <= answers.count(b"HTTP/1.1 200") <= 40
    assert answers.count(b"HTTP/1.1 400") == 1


def test_a_broken_body_behind_a_good_request_takes_nothing_from_its_answer(unhurried: Connect) -> None:
    """What is wrong with it is told when the answer before it is over, not in the middle of that one."""
    wire = unhurried()
    wire.send(ASKED + POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n")
    first, end, last = wire.rest().partition(b"\r\n0\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200")
    assert b"transfer-encoding: chunked" in first
    assert len(first) > 4_000_000
    assert first.count(b"HTTP/1.1") == 1
    assert end
    assert told(last) == (400, "bad-request")


def test_the_time_for_a_body_begins_when_the_request_is_heard(connect: Connect) -> None:
    """Behind a question whose answer takes longer than a body may, it is not asked for; no fault of the client."""
    for _ in range(6):
        first, second = heard_late(connect())
        assert first.startswith(b"HTTP/1.1 504")
        if not second.startswith(b"HTTP/1.1 408"):  # else a busy machine has not let us send in time
            break
    assert second.startswith(b"HTTP/1.1 200")
    assert second.endswith(b"\r\n\r\ntrue")


def heard_late(wire: Wire) -> tuple[bytes, bytes]:
    """The answer to a question of two seconds with the call for the body behind it, and what comes of that body."""
    slow = b"POST /sparql?timeout=2 " + POST.partition(b" /sparql ")[2] + b"Content-Length: %d\r\n\r\n" % len(BURN)
    more = b"Accept: text/csv\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n"
    wire.send(slow + BURN.encode() + POST + more)
    first = b""
    while not first.endswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
        piece = wire.socket.recv(65536)
        assert piece, first
        first += piece
    assert time.monotonic() - wire.began > 2 * 0.9
    with contextlib.suppress(ConnectionError):
        wire.send(b"ASK {}")
    return first, wire.rest()


def test_a_body_that_never_comes_behind_another_request_is_408(connect: Connect) -> None:
    def attempt() -> Wire:
        wire = connect()
        wire.send(HEAD + b"\r\n" + POST + b"Content-Length: 10\r\n\r\n")
        first, second = re.split(rb"(?<=\})\n(?=HTTP)", wire.rest())
        assert first.startswith(b"HTTP/1.1 200")
        assert told(second) == (408, "slow-request")
        return wire

    assert in_time(attempt, BODY_S)


def test_fields_behind_the_body_are_not_taken(unhurried: Connect) -> None:
    wire = unhurried()
    wire.send(
        POST + b"Accept: text/csv\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"6\r\nASK {}\r\n0\r\nAccept: application/xml\r\n\r\n"
    )
    assert b"content-type: text/csv" in wire.rest()


def test_an_upgrade_is_not_taken_up(connect: Connect, unhurried: Connect) -> None:
    wire = connect()
    wire.send(HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert wire.rest().startswith(b"HTTP/1.1 200")
    wire = unhurried()
    wire.send(b"CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert wire.rest().split()[1] in (b"400", b"404", b"405")


def test_silent_connections_keep_nobody_out(strict: Server, connect: Connect) -> None:
    def seconds() -> float:
        crowd = [connect() for _ in range(ROOM * 2)]
        for number, wire in enumerate(crowd):
            with contextlib.suppress(ConnectionError):
                wire.send(HEAD[: 5 * (number % 4)] if number % 2 else POST + b"Content-Length: 9\r\n\r\n")
        return health(strict)

    before = ended(strict, "crowded")
    times = [seconds() for _ in range(3)]
    while min(times) >= 0.25 and len(times) < 12:
        times.append(seconds())
    assert min(times) < 0.25, "before any of them has waited its time"
    assert max(times) < HEAD_S + BUSY_S
    assert ended(strict, "crowded") > before


def test_when_all_are_busy_health_still_answers_and_others_are_told(strict: Server) -> None:
    for limit_s in growing(2.0):  # within which all of this has to happen
        with connecting(strict) as connect:
            time.sleep(0.6 * limit_s)  # those before have gone
            answer, crowd, seconds = crowded(strict, connect, limit_s)
        if (answer[9:12], crowd) == (b"503", [b"504"] * ROOM) and seconds < 0.25:
            break
    assert told(answer) == (503, "busy")
    assert b"retry-after: 5" in answer
    assert crowd == [b"504"] * ROOM
    assert seconds < 0.25, "health"


def crowded(strict: Server, connect: Connect, limit_s: float) -> tuple[bytes, list[bytes], float]:
    """What one too many is told, what becomes of those who were there before, and how long health took."""
    crowd = [connect() for _ in range(ROOM)]
    for wire in crowd:  # equal questions share one worker, so that none is turned away
        with contextlib.suppress(ConnectionError):
            wire.send(
                POST.replace(b" /sparql", b" /sparql?timeout=%g" % limit_s)
                + b"Content-Length: %d\r\n\r\n%b" % (len(BURN), BURN.encode())
            )
    time.sleep(0.15 * limit_s)
    seconds = health(strict)
    time.sleep(0.05 * limit_s)  # until the server has seen that this one is gone
    other = connect()
    other.send(b"GET /dump/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return other.rest(), [wire.rest()[9:12] for wire in crowd], seconds


def test_nobody_can_fill_the_log_from_outside(usual: Server, log: Path) -> None:
    """The last test of this file: after everything above, nothing was worth a line."""
    written = log.read_text() + log.with_name("usual").read_text()
    assert [line for line in written.splitlines() if not line.startswith(("isolation:", "limits:"))] == []


def test_a_head_of_a_file_is_over_with_its_head(
    start: Callable[..., AbstractContextManager[Server]], publisher: Callable[..., ReleaseInfo], tmp_path: Path
) -> None:
    """What would have followed is not read for nobody, nor counted as an answer that broke."""
    names = [hashlib.sha256(bytes([number % 251, number // 251])).hexdigest() for number in range(8000)]
    release = publisher(tmp_path, *(f"<urn:{name}> <urn:p> <urn:q> ." for name in names))
    size = (release.path / "dump.nq.gz").stat().st_size
    assert size > 3 * 65_536, "of several pieces"
    with start(release.path) as server:
        for _ in range(5):
            wire = Wire(server)
            wire.send(b"HEAD /dump/dump.nq.gz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"content-length: %d" % size in wire.socket.recv(65_536)
            wire.socket.close()
        with Client(base_url=server.address, timeout=PATIENT_S) as client:
            assert len(client.get("/dump/dump.nq.gz").content) == size
            numbers = client.get("/metrics").text
    assert 'broken_answers_total{route="/dump/{name}"}' not in numbers
