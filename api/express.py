"""The shortest way of a short question: from the connection to a worker and back, past framework, tasks and messages.

A GET of `/sparql` that is whole when it comes, or a POST that soon is, whose head says nothing unusual, and whose
answer is kept or small, is answered by the connection itself, with the headers and bytes that the usual way gives; so
is a GET of `/lineage` whose answer is kept or takes a moment. All else takes the usual way: the unusual from the
beginning, errors and large answers with what has come of the query by then, so that nothing is asked twice.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from starlette.requests import Request
from starlette.types import Scope

from api import formats, lineages
from api.accesslog import facts, logging_requests
from api.accesslog import write as log
from api.asking import Answered, Errand, Outcome, query_hash
from api.compression import LEAST_BYTES, LONG_BYTES, compressible, gzip_tag, packed
from api.context import Context
from api.departure import LEFT
from api.exchange import HEADERS
from api.heads import Head, PostHead, plain_head, plain_post
from api.negotiation import Format, NotAcceptable
from api.opening import Opening
from api.problems import Problem
from api.protocol import QueryRequest
from api.responses import CACHE
from queries.errors import QueryError

if TYPE_CHECKING:
    from api.rate import RateLimit

__all__ = ["Arrival", "Door", "Express", "Question", "Wanted"]

_SPARQL: Final = "/sparql"
_LINEAGE: Final = "/lineage"
_GET: Final = b"GET "
_VERSION: Final = b" HTTP/1.1"
_POST: Final = b"POST /sparql HTTP/1.1"
_HEAD_END: Final = b"\r\n\r\n"
_LINE_END: Final = b"\r\n"
#: What may stand in the query of an address.
_QUERY: Final = re.compile(rb"[!$-;=?-\[\]_a-z~]*")
_LONGEST: Final = 4096
#: Bytes of a head. Heads are kept, and nobody shall fill the memory with them.
_LONGEST_HEAD: Final = 8192
_REMEMBERED: Final = 2048
_NOTHING: Final[Mapping[str, str]] = {}
_SHARED: Final = b"".join(b"%s: %s\r\n" % header for header in HEADERS)

#: The query as it was sent, and the `Accept` header; what is asked, and the format of the answer.
Read: TypeAlias = Callable[[bytes, str | None], tuple[QueryRequest, Format]]


class Door(Protocol):
    """The server's end of a connection, as far as it matters here."""

    client: tuple[str, int] | None

    def answer(self, head: bytes, body: bytes) -> None:
        """Send an answer of status 200. `head` holds the lines of its headers but for those of the server itself."""

    def hand_on(self, data: bytes, outcome: Outcome) -> None:
        """Let the usual way answer this request, of whose query that has come already."""


@dataclass(slots=True)
class Arrival:
    """A request on this way: its bytes, the query of its address or its body, its head, and when it came
    (`time.perf_counter`)."""

    door: Door
    method: str
    data: bytes
    query: bytes
    head: Head
    at: float


@dataclass(slots=True)
class Wanted:
    """A query of SPARQL: what is asked, in which format, and whether compressed."""

    arrival: Arrival
    asked: QueryRequest
    form: Format
    gzip: bool


@dataclass(slots=True)
class _Answer:
    """A whole answer of status 200. `timing` is what `Server-Timing` tells beside the total."""

    arrival: Arrival
    path: str
    form: Format
    gzip: bool
    tag: str
    body: bytes
    timing: bytes


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
            wanted.arrival.door.hand_on(wanted.arrival.data, found)
        else:
            self._express.write(wanted, found)


class Express:
    """One per application.

    Args:
        context: gives the context of the application.
        read, read_text: read questions, as a form and as the query itself (`Direct.read`, `Direct.read_text`).
        rate: how many requests a client may send.
    """

    def __init__(self, context: Callable[[], Context], read: Read, read_text: Read, rate: RateLimit | None) -> None:
        self.context = context
        #: Whether everything is loaded that an answer of `/lineage` needs; loading takes too long for an event loop.
        self.lineage_ready = False
        self._read = read
        self._read_text = read_text
        self._read_lineage = lru_cache(maxsize=_REMEMBERED)(self._lineage_asked)
        self._rate = rate
        self._fixed: dict[str, bytes] = {}

    def take(self, door: Door, data: bytes) -> Question | bool:
        """Answer a request, or begin to; False where it must take the usual way, which also tells what is wrong."""
        came = time.perf_counter()
        if not data.startswith(_GET):
            return self._posted(door, data, came)
        line_end = data.find(_LINE_END)
        end = line_end - len(_VERSION)
        if line_end < 0 or data[end:line_end] != _VERSION:
            return False
        path, mark, query = data[len(_GET) : end].partition(b"?")
        if not mark or len(query) > _LONGEST or _QUERY.fullmatch(query) is None:
            return False
        way = self._sparql if path == b"/sparql" else self._lineage if path == b"/lineage" else None
        here = self.context()
        if way is None or here.prompt is not None or end > here.settings.max_url_bytes:
            return False
        if len(data) > min(here.settings.max_head_bytes, _LONGEST + _LONGEST_HEAD):
            return False
        head = plain_head(data[line_end:])
        try:
            return head is not None and way(here, Arrival(door, "GET", data, query, head, came))
        except (Problem, NotAcceptable, QueryError):
            return False

    def lacks(self, data: bytes) -> bool:
        """Whether it is the beginning of a short POST, whose body has yet to come: most clients send it apart."""
        head, start = _post_of(data)
        return head is not None and len(data) - start < head.length

    def _posted(self, door: Door, data: bytes, came: float) -> Question | bool:
        head, start = _post_of(data)
        here = self.context()
        if head is None or len(data) - start != head.length or here.prompt is not None:
            return False
        body, limits = data[start:], here.settings
        if start > limits.max_head_bytes or head.length > limits.max_upload_bytes:
            return False
        if head.is_form and _QUERY.fullmatch(body) is None:
            return False
        try:
            arrival = Arrival(door, "POST", data, body, head.head, came)
            return self._sparql(here, arrival, self._read if head.is_form else self._read_text)
        except (Problem, NotAcceptable, QueryError):
            return False

    def _sparql(self, here: Context, arrival: Arrival, read: Read | None = None) -> Question | bool:
        if here.federating.on:
            return False
        asked, form = (read or self._read)(arrival.query, arrival.head.accept)
        if form is formats.HTML:
            return False
        gzip = self._packs(here, arrival.head, form)
        asking, limit_s = here.asking, asked.limit_s(here.settings.timeout_s)
        tag = asking.tag(asked, form)
        body, request = asking.cache.get(tag), None
        if body is None and (
            not asking.calls or (asked.small is None and not (request := asking.request(asked, form)))
        ):
            return False
        most = LONG_BYTES if gzip else math.inf
        if (body is not None and len(body) > most) or not self._may(arrival.door, _SPARQL):
            return False
        wanted = Wanted(arrival, asked, form, gzip)
        if body is not None and (kept := asking.kept(tag)) is not None:
            self.write(wanted, kept)
            return True
        if request is None:
            found = asking.find(asked, form)
            if found is not None and len(found.whole) <= most and found.edition == asking.edition:
                self.write(wanted, asking.looked_up(found, tag, arrival.at))
                return True
            request = asking.request(asked, form, tried=found is None)
        return Question(self, wanted, asking.begin(tag, limit_s, request))

    def _lineage(self, here: Context, arrival: Arrival) -> bool:
        if not self.lineage_ready:
            return False
        asked, form = self._read_lineage(arrival.query, arrival.head.accept)
        found = None if asked is None else here.lineages.at_once(asked, form)
        if found is None:
            return False
        body, tag = found
        gzip = self._packs(here, arrival.head, form)
        if (gzip and len(body) > LONG_BYTES) or not self._may(arrival.door, _LINEAGE):
            return False
        self._send(_Answer(arrival, _LINEAGE, form, gzip, tag, body, b""))
        return True

    def _lineage_asked(self, query: bytes, accept: str | None) -> tuple[lineages.Wanted | None, Format]:
        headers = [] if accept is None else [(b"accept", accept.encode("latin-1"))]
        request = Request({"type": "http", "query_string": query, "headers": headers})
        fields, form = lineages.wanted(request, self.context())
        return (None if form is formats.HTML else lineages.Wanted(**fields)), form

    def _may(self, door: Door, path: str) -> bool:
        """Whether a client may ask now, which is counted. A request that is refused is not, so the usual way finds the
        same."""
        if self._rate is None:
            return True
        return self._rate.wait_s({"path": path, "client": door.client}) is None

    def _packs(self, here: Context, head: Head, form: Format) -> bool:
        return head.gzip and here.settings.compress and compressible(form.content_type)

    def write(self, wanted: Wanted, answered: Answered) -> None:
        """Send the whole answer to a query, and count it."""
        timing = b'%s;desc="answer";dur=%.1f, ' % (answered.way.encode(), answered.seconds * 1000)
        form, gzip, body = wanted.form, wanted.gzip, answered.body or b""
        noted = {"query": query_hash(wanted.asked.text or ""), "way": answered.way} if logging_requests() else {}
        answer = _Answer(wanted.arrival, _SPARQL, form, gzip, answered.tag, body, timing)
        self._send(answer, noted)

    def left(self, wanted: Wanted, errand: Errand) -> None:
        """A client has gone before its answer came."""
        here = self.context()
        here.asking.leave(errand)
        seconds = time.perf_counter() - wanted.arrival.at
        here.metrics.answered(_SPARQL, wanted.arrival.method, LEFT, seconds, complete=False)
        if logging_requests():
            scope: Scope = {}
            facts(scope).update(query=query_hash(wanted.asked.text or ""))
            log(scope, wanted.arrival.method, _SPARQL, LEFT, seconds=seconds, size=0, complete=False)

    def _send(self, answer: _Answer, noted: Mapping[str, str] = _NOTHING) -> None:
        body, tag, extra, form = answer.body, answer.tag, b"", answer.form
        if answer.gzip and len(body) >= LEAST_BYTES:
            body, tag, extra = self._packed(tag, body), gzip_tag(tag), b"content-encoding: gzip\r\n"
        total = time.perf_counter() - answer.arrival.at
        head = b"%setag: %s\r\n%scontent-length: %d\r\nserver-timing: %stotal;dur=%.1f\r\n" % (
            self._fixed.get(form.media_type) or self._fix(form),
            tag.encode(),
            extra,
            len(body),
            answer.timing,
            total * 1000,
        )
        answer.arrival.door.answer(head, body)
        self.context().metrics.answered(answer.path, answer.arrival.method, 200, total, complete=True)
        if logging_requests():
            scope: Scope = {}
            facts(scope).update(noted)
            log(scope, answer.arrival.method, answer.path, 200, seconds=total, size=len(body), complete=True)

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


def _post_of(data: bytes) -> tuple[PostHead | None, int]:
    """The head of a short POST to `/sparql`, and where its body begins; None: not for us."""
    end = data.find(_HEAD_END) if data.startswith(_POST) else -1
    start = end + len(_HEAD_END)
    head = None if not 0 <= end <= _LONGEST_HEAD else plain_post(data[len(_POST) : start])
    return (None if head is None or head.length > _LONGEST else head), start
