"""A query on its way through the pool: what is asked, and what is known of it while it runs."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from queries.backend import guarded
from queries.errors import ParameterError, QuerySyntaxError
from queries.pool import wire
from queries.pool.errors import QueryTooLarge
from queries.pool.process import Plan, Worker
from queries.results import GRAPH_TYPES, SHORTENED, TABLE_TYPES, Kind

Verdict: TypeAlias = Literal["timeout", "cancelled", "left"]

_DEEPEST: Final = 500
_BRACKETS: Final = re.compile(r"[{(\[\])}]")


@dataclass(frozen=True)
class QueryInfo:
    """A running query, for the operator's list. `id` is the secret that cancels it."""

    id: str
    text_hash: str
    started: float
    """Seconds since 1970, when a worker took it."""
    seconds: float
    """How long it has been running."""
    bytes: int
    """How much of the answer has been read so far."""
    release: str
    pid: int


@dataclass(slots=True)
class Request:
    """A question, checked by the first wall: no SERVICE, no update, not too long, not nested too deeply."""

    text: str
    table_type: str
    graph_type: str
    default_graphs: Sequence[str] | None
    named_graphs: Sequence[str] | None
    union: bool
    check: bool = False
    kind: Kind | None = None
    tried: bool = False
    """Whether it was tried to look it up, in vain."""

    @classmethod
    def read(
        cls,
        text: str,
        longest: int,
        *,
        table_type: str | None = None,
        graph_type: str | None = None,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
        check: bool = False,
    ) -> Request:
        """Check a question. Raises QueryTooLarge, QueryRefused, QuerySyntaxError."""
        if len(text) > longest:
            raise QueryTooLarge(f"the query has {len(text)} characters; at most {longest} are accepted")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise QuerySyntaxError("the query holds half a character (a lone surrogate)") from error
        kind = guarded(text)
        _measure(text)
        whole = bool(default_graphs or named_graphs)  # a dataset that names some graphs holds no others
        return cls(
            text,
            table_type or next(iter(TABLE_TYPES)),
            graph_type or next(iter(GRAPH_TYPES)),
            tuple(default_graphs or ()) if whole else None,
            tuple(named_graphs or ()) if whole else None,
            union,
            check,
            kind,
        )

    @property
    def small(self) -> bool:
        """Whether it may be one that can be looked up."""
        plain = self.default_graphs is None and self.named_graphs is None and not self.union and not self.check
        return plain and not self.tried and self.kind == "select"

    def frame(self, seconds: float, plan: Plan) -> bytes:
        """What a worker of this plan is told; to be made after the edition of the answer was read."""
        return wire.question(
            self.text,
            table_type=self.table_type,
            graph_type=self.graph_type,
            shortened=self.graph_type in SHORTENED,
            default=self.default_graphs,
            named=self.named_graphs,
            union=self.union,
            check=self.check,
            columns=plan.counts,
            seconds=seconds,
        )


class Job:
    """One query in one worker."""

    __slots__ = ("_id", "began", "bytes", "limit_s", "started", "text", "verdict", "worker")

    def __init__(self, worker: Worker, text: str, limit_s: float) -> None:
        self.worker = worker
        self.text = text
        self.limit_s = limit_s
        self.began = time.monotonic()
        self.started = time.time()
        self.bytes = 0
        self.verdict: Verdict | None = None
        self._id: str | None = None

    @property
    def id(self) -> str:
        """The secret that cancels it; made when somebody asks, since most queries are over before."""
        if self._id is None:
            self._id = secrets.token_urlsafe(18)
        return self._id

    @property
    def deadline(self) -> float:
        """When it is ended, on the monotonic clock."""
        return self.began + self.limit_s

    def info(self) -> QueryInfo:
        """What the operator sees."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:16]
        seconds = time.monotonic() - self.began
        return QueryInfo(self.id, digest, self.started, seconds, self.bytes, self.worker.plan.release, self.worker.pid)


def time_limit(asked: float | None, operators: float) -> float:
    """The limit of a query in seconds: the operator's, or less if the client asks for less. Raises ParameterError."""
    if asked is None:
        return operators
    if math.isnan(asked) or asked <= 0:
        raise ParameterError(f"timeout: a number of seconds above 0, not {asked}")
    return min(asked, operators)


def _measure(text: str) -> None:
    if text.count("{") + text.count("(") + text.count("[") <= _DEEPEST:
        return
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "{([" else -1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise QueryTooLarge(f"the query is nested {deepest} levels deep; at most {_DEEPEST} are accepted")
