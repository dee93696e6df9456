"""The server's end of a connection: each thing that a client may be slow or rude at has a limit of its own.

uvicorn waits for ever for a head, for a body, and for a client that takes no bytes. Here one look around, a few times
in the shortest limit, ends what is late: with 408 where a status can still be told, else by closing. The server has
room for so many connections; when it is full, a new one takes the place of the one that has kept us waiting longest, so
silent connections cannot keep anybody out. Sources: RFC 9112 (9.3 to 9.6), RFC 9110 (15.5.9), tcp(7).
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import socket
import struct
from http import HTTPStatus
from typing import Final, cast

from api.asking import OUTCOME, Outcome
from api.express import Express, Question
from api.metrics import Metrics
from api.problems import PROBLEM_JSON, Problem
from api.responses import BREAK_OFF
from api.settings import Settings
from api.unframed import reset_when_closed
from api.whole import Quick
from queries.pool.errors import StreamBroken

__all__ = ["Doorkeeper", "Patient", "protocol", "room_for"]

_LOG: Final = logging.getLogger("treatygraph")
_LINGER_S: Final = 1.0  # a client still sending may read why it was refused; closing at once would take it away
_LEAST_TAKEN: Final = 16_384  # bytes that a reader must take within `stall_s`
_BEHIND: Final = 65_536  # bytes that may come behind a question before the client has to wait
_OK: Final = b"HTTP/1.1 200 OK\r\n"
_LINE_END: Final = b"\r\n"
_SOON_S: Final = 0.02  # within which the body of a short question comes, if it comes as usual
_PIPELINED: Final = 32  # requests sent ahead of their answers
_OTHER_FILES: Final = 256  # open files beside connections: workers, store, libraries
_ACKED: Final = struct.Struct("@120xQ")  # tcpi_bytes_acked in struct tcp_info
_BEST_FRACTION: Final = 20
_SHORTEST_TICK_S, _LONGEST_TICK_S = 0.02, 0.5


class _Refused(Exception):
    """Ends the parsing; what the client is told stands in the connection."""


class Doorkeeper:
    """What all connections of a server share: the limits, who keeps us waiting, and the look around."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.most = settings.max_connections
        #: Connections on whose clients we wait, the longest first (a dict, because it keeps order).
        self.waiting: dict[Patient, None] = {}
        self._metrics = metrics
        self._open: set[Patient] = set()
        self._round: asyncio.TimerHandle | None = None
        shortest = min(settings.head_s, settings.body_s, settings.stall_s)
        self._tick_s = min(_LONGEST_TICK_S, max(_SHORTEST_TICK_S, shortest / _BEST_FRACTION))

    def admit(self, connection: Patient) -> bool:
        """Take in a connection; False when there is no room and nobody to send away for it."""
        self._open.add(connection)
        room = len(self._open) <= self.most
        if not room and (longest := next(iter(self.waiting), None)) is not None:
            longest.give_way()
            room = True
        self.waiting[connection] = None
        if self._round is None:
            self._round = connection.loop.call_later(self._tick_s, self._look_around)
        return room

    def forget(self, connection: Patient) -> None:
        """It is gone."""
        self._open.discard(connection)
        self.waiting.pop(connection, None)

    def count(self, reason: str) -> None:
        """One more connection was ended by us for this reason."""
        self._metrics.ended_connections.labels(reason).inc()

    def _look_around(self) -> None:
        self._round = None
        for connection in list(self._open):
            connection.check()
        for connection in self._open:  # an idle server does not look around
            self._round = connection.loop.call_later(self._tick_s, self._look_around)
            return


class Patient(Quick):
    """One connection. `doorkeeper` is set by `protocol`."""

    doorkeeper: Doorkeeper
    #: The shortest way (`api.express`), where there is one.
    express: Express | None = None
    #: The question that is under way on it, and what has come behind it.
    _question: Question | None = None
    _behind = b""
    #: A question without its body, which is waited for until then.
    _begun_with = b""
    _patience: asyncio.TimerHandle | None = None
    #: What has come of a question that left the shortest way.
    _outcome: Outcome | None = None
    _ending = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._place = "open"
        self._until: float | None = self.loop.time() + self.doorkeeper.settings.head_s
        self._unread = self._begun = 0
        self._refusal: Problem | None = None
        self._refused = False
        self._taken = -1
        self._taken_at = 0.0
        self._excess = not self.doorkeeper.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whomever."""
        self.doorkeeper.forget(self)
        if self._question is not None:
            self._question.leave()
        self._no_patience()
        super().connection_lost(exc)

    # What the parser hears

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._refused or self._refusal is not None:
            return
        if self._question is not None:
            self._behind += data
            if len(self._behind) > _BEHIND:
                self.flow.pause_reading()
        else:
            if self._begun_with:
                data, self._begun_with = self._begun_with + data, b""
            if self._expressed(data):
                self._no_patience()
            elif self._patient_with(data):
                self._begun_with = data
            else:
                self._no_patience()
                self._parsed(data)

    def _patient_with(self, data: bytes) -> bool:
        """Whether the rest of a short question is waited for, a moment: then it can go the shortest way."""
        if self.express is None or not self._open_to_questions or not self.express.lacks(data):
            return False
        self._unset_keepalive_if_required()
        if self._patience is None:
            self._patience = self.loop.call_later(_SOON_S, self._lose_patience)
        return True

    def _lose_patience(self) -> None:
        """The usual way waits longer, and tells when it took too long."""
        self._no_patience()
        data, self._begun_with = self._begun_with, b""
        if data and not self.transport.is_closing():
            self._parsed(data)

    def _no_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    @property
    def _open_to_questions(self) -> bool:
        return (
            self._place in ("open", "whole")
            and self._idle
            and not (self._excess or self.flow.write_paused or self.transport.is_closing())
        )

    def _expressed(self, data: bytes) -> bool:
        """Whether these bytes are a request that goes the shortest way."""
        if self.express is None or not self._open_to_questions:
            return False
        try:
            found = self.express.take(self, data)
        except Exception:  # the usual way shall tell what is wrong, and log it
            _LOG.exception("the short way failed")
            return False
        if isinstance(found, Question):
            self._question = found
            self._place, self._until = "whole", None
            self._unset_keepalive_if_required()
            self.doorkeeper.waiting.pop(self, None)
        return bool(found)

    def answer(self, head: bytes, body: bytes) -> None:
        """See `api.express.Door`."""
        self._question = None
        self._place, self._until = "whole", None
        lines = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
        ending = b"connection: close\r\n" if self._ending else b""
        self.transport.write(b"".join((_OK, lines, head, ending, _LINE_END, body)))
        if self._ending:
            self.transport.close()
            return
        super().on_response_complete()
        self.doorkeeper.waiting.pop(self, None)
        self.doorkeeper.waiting[self] = None
        self._go_on()

    def hand_on(self, data: bytes, outcome: Outcome) -> None:
        """See `api.express.Door`."""
        self._question = None
        self._outcome = outcome
        self._parsed(data)
        if self._ending:
            super().shutdown()
        self._go_on()

    def _go_on(self) -> None:
        """With what has come meanwhile."""
        if self._behind:
            data, self._behind = self._behind, b""
            self.data_received(data)

    def shutdown(self) -> None:
        """The server ends: what is being asked is still answered."""
        self._lose_patience()
        if self._question is None:
            super().shutdown()
        else:
            self._ending = True

    def _parsed(self, data: bytes) -> None:
        """Take bytes on the usual way."""
        fresh = self._place in ("open", "whole")
        self._begun = 0
        self._unread += len(data)
        super().data_received(data)
        if fresh and self._begun == 1 and self._place == "head":
            self._unread = len(data)  # nothing but the beginning of one head
        if self._place == "whole" and self._until is None and self._idle:
            self._until = self.loop.time() + self.doorkeeper.settings.head_s  # blank lines are no sign of life
        if self._unread > self.doorkeeper.settings.max_head_bytes and self._place in ("head", "body"):
            self._too_large_a_head()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        if self._place != "open":
            self._until = self.loop.time() + self.doorkeeper.settings.head_s
        self._place = "head"
        self._begun += 1
        self._unread = 0
        self.doorkeeper.waiting[self] = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head. One that comes behind the body is not taken: the request is under way already."""
        if self._place == "head":
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        settings = self.doorkeeper.settings
        self._unread = 0
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > settings.max_head_bytes:
            self._too_large_a_head()
            raise _Refused
        if self._excess and not self.url.startswith((b"/health", f"{self.root_path}/health".encode())):
            self._refuse(_crowded(), "crowded")
            raise _Refused
        if len(self.pipeline) >= _PIPELINED:
            self._refuse(Problem("bad-request", f"at most {_PIPELINED} requests may be sent ahead"), "junk")
            raise _Refused
        self._place = "body"
        self._until = self.loop.time() + settings.body_s
        self.scope[BREAK_OFF] = self.break_off  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()
        if self._outcome is not None:
            self.scope[OUTCOME] = self._outcome  # type: ignore[typeddict-unknown-key]
            self._outcome = None

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        self._place = "whole"
        self._until = None
        self._unread = 0
        self.doorkeeper.waiting.pop(self, None)
        super().on_message_complete()

    # What becomes of it

    @property
    def _idle(self) -> bool:
        return self._question is None and (self.cycle is None or self.cycle.response_complete)

    def on_response_complete(self) -> None:
        """An answer has been handed over; the client may still be reading it, or even sending the question."""
        super().on_response_complete()
        if not self._idle:  # the next of several that were sent ahead
            if self._place == "body" and not self.pipeline:
                self._heard()
            return
        if self._refusal is not None:
            self._tell(self._refusal)
        elif self._place == "body":
            self._until = self.loop.time() + _LINGER_S
        elif self._place == "head":
            self._until = self.loop.time() + self.doorkeeper.settings.head_s
        self.doorkeeper.waiting[self] = None

    def _heard(self) -> None:
        """The turn has come of a request whose body has not."""
        if self._refusal is not None:
            self._tell(self._refusal)
        else:
            self._until = self.loop.time() + self.doorkeeper.settings.body_s

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what the library would have said
        """What came is no request, or one that was refused while it was read."""
        if not self._refused and self._refusal is None:
            self._refuse(Problem("bad-request", "what came is no HTTP request"), "junk")

    def check(self) -> None:
        """End what is late."""
        if self._begun_with:  # which takes no more than a moment
            return
        now = self.loop.time()
        if self._stalled(now):
            self.doorkeeper.count("stalled")
            self.break_off()
        elif self.transport.is_closing():
            if not self._idle and not self._refused:  # a broken answer: nobody needs the rest
                self.break_off()
        elif self._until is not None and now >= self._until:
            self._late()

    def _late(self) -> None:
        if self._refused:
            self.transport.abort()
        elif self.pipeline or (self._place == "head" and not self._idle):
            self._until = None  # an answer is under way; the time for the next question begins after it
        elif self._place in ("open", "whole"):
            self._drop("silent")
        elif self._place == "head":
            seconds = self.doorkeeper.settings.head_s
            self._refuse(Problem("slow-request", f"the head took longer than {seconds:g} s"), "slow-head")
        elif self.cycle.response_started:
            self._drop("slow-body")
        else:
            seconds = self.doorkeeper.settings.body_s
            self._refuse(Problem("slow-request", f"the body took longer than {seconds:g} s"), "slow-body")

    def give_way(self) -> None:
        """Make room for another."""
        self._lose_patience()
        self.doorkeeper.waiting.pop(self, None)
        if self._place == "body" and not (self._refused or self.pipeline or self.cycle.response_started):
            self._refuse(_crowded(), "crowded")
        else:
            self._drop("crowded")

    def _stalled(self, now: float) -> bool:
        """Whether the client takes none of what waits for it."""
        waiting = self.transport.get_write_buffer_size()
        if not waiting:
            self._taken = -1
            return False
        taken = _acknowledged(self.transport)
        taken = -waiting if taken is None else taken
        if self._taken == -1 or taken >= self._taken + min(_LEAST_TAKEN, waiting):
            self._taken, self._taken_at = taken, now
        return now - self._taken_at >= self.doorkeeper.settings.stall_s

    def _too_large_a_head(self) -> None:
        most = self.doorkeeper.settings.max_head_bytes
        longest = self.doorkeeper.settings.max_url_bytes
        address = len(self.url) > longest or (self._place == "head" and not self.headers)
        kind = "uri-too-long" if address else "head-too-large"
        self._refuse(Problem(kind, f"more than {most} bytes of head; at most so many are accepted"), "large-head")

    def _drop(self, reason: str) -> None:
        self.doorkeeper.count(reason)
        self.transport.abort()

    def break_off(self) -> None:
        """Close, and forget what is not sent, so that nobody takes what came for the whole."""
        reset_when_closed(self.transport, True)
        self.transport.abort()

    def _refuse(self, problem: Problem, reason: str) -> None:
        """Tell the client what is wrong and close; after the answers that it still has to get."""
        if self._refused or self._refusal is not None:
            return
        self.doorkeeper.count(reason)
        if self.pipeline or (self._place != "body" and not self._idle):
            self._refusal = problem
        else:
            self._tell(problem)

    def _tell(self, problem: Problem) -> None:
        self._refused = True
        self.doorkeeper.waiting[self] = None  # for the client to read it and go
        self._until = self.loop.time() + _LINGER_S
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            if self.cycle.response_started:  # words of ours would be taken for a part of the answer
                self.break_off()
                return
            self.cycle.disconnected = True  # the application stops, and what it still sends goes nowhere
            self.cycle.message_event.set()
        self.flow.resume_reading()
        self.transport.write(_written(problem))
        if self.transport.can_write_eof():
            self.transport.write_eof()


def protocol(settings: Settings, metrics: Metrics, express: Express | None = None) -> type[Patient]:
    """The class of connections for a server (`uvicorn.Config(http=…)`)."""
    # What it would say there for every rude client is counted instead: nobody may fill the log from outside.
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.ERROR)
    log.addFilter(_unexpected)
    return type("Connection", (Patient,), {"doorkeeper": Doorkeeper(settings, metrics), "express": express})


def room_for(connections: int) -> str | None:
    """Raise the limit of open files of this process to what so many connections need; else what is in the way."""
    wanted = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return None
    possible = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    if possible == wanted:
        return None
    return f"max_connections {connections} needs {wanted} open files and {possible} are allowed; see ulimit -n"


def _unexpected(record: logging.LogRecord) -> bool:
    """A broken answer is no fault of the program: it is counted, and stands in the access log."""
    error = record.exc_info[1] if record.exc_info else None
    while error is not None and not isinstance(error, StreamBroken):
        error = error.__cause__ or error.__context__
    return error is None


def _crowded() -> Problem:
    return Problem("busy", "the server has as many connections as it can keep", headers={"retry-after": "5"})


def _written(problem: Problem) -> bytes:
    """A whole answer, for where no application can give one."""
    body = json.dumps(problem.document("/"), ensure_ascii=False, indent=1).encode() + b"\n"
    headers = {
        "content-type": PROBLEM_JSON,
        "content-length": str(len(body)),
        "connection": "close",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        **problem.headers,
    }
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _acknowledged(transport: asyncio.Transport) -> int | None:
    """Bytes that the other side has acknowledged; None where the system does not tell."""
    connection = cast("socket.socket | None", transport.get_extra_info("socket"))
    try:
        assert connection is not None
        found = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return int(_ACKED.unpack_from(found)[0])
    except (AssertionError, AttributeError, OSError, struct.error):
        return None
