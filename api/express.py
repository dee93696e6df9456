"""The shortest way of a short question: from the connection to a worker and back, past framework, tasks and messages.

A GET of `/sparql` that is whole when it comes, whose head says nothing unusual, and whose answer is kept or small, is
answered by the connection itself, with the headers and bytes that the usual way gives. All else takes the usual way:
the unusual from the beginning, errors and large answers with what has come of the query by then, so that nothing is
asked twice.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from starlette.types import Scope

from api import formats
from api.accesslog import facts, logging_requests, write
from api.asking import Answered, Errand, Outcome, query_hash
from api.compression import LEAST_BYTES, LONG_BYTES, compressible, gzip_tag, packed
from api.context import Context
from api.departure import LEFT
from api.exchange import HEADERS
from api.heads import plain_head
from api.negotiation import Format, NotAcceptable
from api.opening import Opening
from api.problems import Problem
from api.protocol import QueryRequest
from api.responses import CACHE
from queries.errors import QueryError

if TYPE_CHECKING:
    from api.rate import RateLimit

__all__ = ["Door", "Express", "Question", "Wanted"]

_PATH: Final = "/sparql"
_START: Final = f"GET {_PATH}?".encode()
_VERSION: Final = b" HTTP/1.1"
_LINE_END: Final = b"\r\n"
_END: Final = b"\r\n\r\n"
#: What may stand in the query of an address.
_QUERY: Final = re.compile(rb"[!$-;=?-\[\]_a-z~]*")
_LONGEST: Final = 4096
_SHARED: Final = b"".join(b"%s: %s\r\n" % header for header in HEADERS)

#: The query as it stands in an address and the `Accept` header; what is asked, and the format of the answer.
Read: TypeAlias = Callable[[bytes, str | None], tuple[QueryRequest, Format]]


class Door(Protocol):
    """The server's end of a connection, as far as it matters here."""

    client: tuple[str, int] | None

    def answer(self, head: bytes, body: bytes) -> None:
        """Send an answer of status 200. `head` holds the lines of its headers but for those of the server itself."""

    def hand_on(self, data: bytes, outcome: Outcome) -> None:
        """Let the usual way answer this request, of whose query that has come already."""


@dataclass(slots=True)
class Wanted:
    """A request on this way: its bytes, what it asks, whether compressed, and when it came (`time.perf_counter`)."""

    door: Door
    data: bytes
    asked: QueryRequest
    form: Format
    gzip: bool
    came: float


class Question:
    """A question while a worker is asked."""

    __slots__ = ("_errand", "_express", "_wanted")

    def __init__(self, express: Express, wanted: Wanted, errand: Errand) -> None:
        self._express = express
        self._wanted: Wanted | None = wanted
        self._errand = errand
        errand.future.add_done_callback(self._told)

    def leave(self) -> None:
        """The client has gone."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._express.left(wanted, self._errand)

    def _told(self, _: asyncio.Future[Opening]) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        found = self._express.context().asking.fetched(self._errand, LONG_BYTES if wanted.gzip else math.inf)
        if isinstance(found, Outcome):
            wanted.door.hand_on(wanted.data, found)
        else:
            self._express.write(wanted, found)


class Express:
    """One per application.

    Args:
        context: gives the context of the application.
        read: reads questions (`Direct.read`).
        rate: how many requests a client may send.
    """

    def __init__(self, context: Callable[[], Context], read: Read, rate: RateLimit | None) -> None:
        self.context = context
        self._read = read
        self._rate = rate
        self._fixed: dict[str, bytes] = {}

    def take(self, door: Door, data: bytes) -> Question | bool:
        """Answer a request, or begin to; False where it must take the usual way, which also tells what is wrong."""
        if not data.startswith(_START):
            return False
        line_end = data.find(_LINE_END)
        start, end = len(_START), line_end - len(_VERSION)
        if end < start or end - start > _LONGEST or data[end:line_end] != _VERSION:
            return False
        head = plain_head(data[line_end:])
        query = data[start:end]
        if head is None or _QUERY.fullmatch(query) is None:
            return False
        here = self.context()
        if here.prompt is not None or here.federating.on or end > here.settings.max_url_bytes:
            return False
        came = time.perf_counter()
        try:
            asked, form = self._read(query, head.accept)
        except (Problem, NotAcceptable, QueryError):
            return False
        if form is formats.HTML:
            return False
        gzip = head.gzip and here.settings.compress and compressible(form.content_type)
        asking, limit_s = here.asking, asked.limit_s(here.settings.timeout_s)
        tag = asking.tag(asked, form)
        kept = asking.kept(tag)
        begin = None
        try:
            if kept is None and (begin := asking.beginning(asked, form, limit_s)) is None:
                return False
        except QueryError:
            return False
        if kept is not None and gzip and len(kept.body or b"") > LONG_BYTES:
            return False
        if self._rate is not None and self._rate.wait_s(_scope(door)) is not None:
            return False  # a request that is refused is not counted, so the usual way finds the same
        wanted = Wanted(door, data, asked, form, gzip, came)
        if begin is not None:
            return Question(self, wanted, asking.begin(tag, limit_s, begin))
        if kept is not None:
            self.write(wanted, kept)
        return True

    def write(self, wanted: Wanted, answered: Answered) -> None:
        """Send a whole answer, and count it."""
        body, tag, extra = answered.body or b"", answered.tag, b""
        if wanted.gzip and len(body) >= LEAST_BYTES:
            body, tag, extra = self._packed(tag, body), gzip_tag(tag), b"content-encoding: gzip\r\n"
        here = self.context()
        total = time.perf_counter() - wanted.came
        head = b'%setag: %s\r\n%scontent-length: %d\r\nserver-timing: %s;desc="answer";dur=%.1f, total;dur=%.1f\r\n' % (
            self._fixed.get(wanted.form.media_type) or self._fix(wanted.form),
            tag.encode(),
            extra,
            len(body),
            answered.way.encode(),
            answered.seconds * 1000,
            total * 1000,
        )
        wanted.door.answer(head, body)
        here.metrics.answered(_PATH, "GET", 200, total, complete=True)
        if logging_requests():
            scope: Scope = {}
            facts(scope).update(query=query_hash(wanted.asked.text or ""), way=answered.way)
            write(scope, "GET", _PATH, 200, seconds=total, size=len(body), complete=True)

    def left(self, wanted: Wanted, errand: Errand) -> None:
        """A client has gone before its answer came."""
        here = self.context()
        here.asking.leave(errand)
        seconds = time.perf_counter() - wanted.came
        here.metrics.answered(_PATH, "GET", LEFT, seconds, complete=False)
        if logging_requests():
            scope: Scope = {}
            facts(scope).update(query=query_hash(wanted.asked.text or ""))
            write(scope, "GET", _PATH, LEFT, seconds=seconds, size=0, complete=False)

    def _packed(self, tag: str, body: bytes) -> bytes:
        cache, name = self.context().asking.cache, gzip_tag(tag)
        if (known := cache.get(name)) is not None:
            return known
        made = packed(body)
        cache.put(name, made)
        return made

    def _fix(self, form: Format) -> bytes:
        """The headers that all answers of a format have."""
        compressed = self.context().settings.compress and compressible(form.content_type)
        vary = "Accept, Accept-Encoding" if compressed else "Accept"
        lines = f"content-type: {form.content_type}\r\nvary: {vary}\r\ncache-control: {CACHE}\r\n"
        found = self._fixed[form.media_type] = lines.encode() + _SHARED
        return found


def _scope(door: Door) -> Scope:
    return {"path": _PATH, "client": door.client}
