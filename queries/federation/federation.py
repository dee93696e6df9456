"""The whole way of a federated query: refuse, check, call, put the rows in."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from queries.backend import guarded
from queries.errors import QueryRefused
from queries.federation.calling import Stop, call
from queries.federation.clauses import Clause, Federated, read_calls
from queries.federation.errors import RemoteFailed, RemoteTimeout, RemoteUnusable
from queries.federation.rows import values_block
from queries.pool.errors import PoolFull, QueryTooLarge

__all__ = ["Federation", "Outcome", "Stop", "listed_endpoints"]

_MOST_CALLS: Final = 10
_MOST_BYTES: Final = 10_000_000
_MOST_CHARS: Final = 900_000  # a worker takes texts of a million
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.\-_~:/?%!$&'()*+,;=\[\]]+")


@dataclass(frozen=True)
class Outcome:
    """The query that is left to run, without SERVICE, and how many calls were made and passed over (SILENT)."""

    text: str
    calls: int
    passed_over: int


def listed_endpoints(text: str) -> tuple[str, ...]:
    """The addresses of a list with commas. Raises ValueError for what is no plain http(s) address of an endpoint."""
    found = tuple(filter(None, (part.strip() for part in text.split(","))))
    for address in found:
        parts = urlsplit(address)
        if not _ADDRESS.fullmatch(address) or not parts.hostname or "@" in parts.netloc:
            raise ValueError(f"not the address of an endpoint, as http(s)://host/path: {address!r}")
        if parts.port == 0:
            raise ValueError(f"port 0 is no address: {address!r}")
    return found


class Federation:
    """Asks the endpoints of a list, and no others. Safe to use from several threads.

    Args:
        endpoints: addresses; a call must name one of them to the letter.
        at_once: calls that run at the same time at most; one more waits for `wait_s` seconds and is then PoolFull.
    """

    def __init__(self, endpoints: Sequence[str], *, at_once: int = 4, wait_s: float = 2.0) -> None:
        self.endpoints = tuple(endpoints)
        self._places = threading.BoundedSemaphore(at_once)
        self._wait_s = wait_s

    def read(self, text: str) -> Federated | None:
        """The calls of a query, all to listed endpoints; None when there is none, or the operator lists nothing.

        Raises QueryRefused for a call to anywhere else, and for every call that is not plainly written.
        """
        query = read_calls(text) if self.endpoints else None
        if query is None:
            return None
        for clause in query.clauses:
            if clause.endpoint not in self.endpoints:
                shown = ", ".join(f"<{endpoint}>" for endpoint in self.endpoints)
                raise QueryRefused("service", f"SERVICE <{clause.endpoint[:200]}> is refused; served are {shown}")
        if len(query.clauses) > _MOST_CALLS:
            raise QueryTooLarge(f"the query calls SERVICE {len(query.clauses)} times; at most {_MOST_CALLS} are served")
        try:
            for part in (query.without_calls(), *map(query.remote_query, query.clauses)):
                guarded(part)
        except QueryRefused as error:
            if error.feature != "service":
                raise
            reason = "SERVICE is served with a listed address written out in full, and not within another SERVICE"
            raise QueryRefused("service", reason) from error
        return query

    def expand(
        self, query: Federated, limit_s: float, check: Callable[[str], object], stop: Stop | None = None
    ) -> Outcome:
        """Ask the endpoints, one after the other, each distinct call once.

        Args:
            query: as `read` gave it.
            limit_s: seconds for all calls together. One with SILENT may take half of what is left, so that the query
                can still be answered without it.
            check: raises where a text is no query; called for all parts before anything is sent.
            stop: ends everything from another thread.

        Raises RemoteFailed, RemoteTimeout, PoolFull, QueryTooLarge, and what `check` raises.
        """
        stop = stop or Stop()
        until = time.monotonic() + limit_s
        for text in (query.without_calls(), *map(query.padded_query, query.clauses)):
            check(text)
        known: dict[tuple[str, str, bool], str | None] = {}
        for clause in query.clauses:
            key = (clause.endpoint, clause.pattern, clause.silent)
            if key not in known:
                known[key] = self._ask(query, clause, until, stop)

        def rows(clause: Clause) -> str:
            # A call that was passed over is one solution without bindings (Federated Query, section 4).
            block = known[clause.endpoint, clause.pattern, clause.silent]
            return "{}" if block is None else block

        text = query.replaced(rows)
        if len(text) > _MOST_CHARS:
            raise QueryTooLarge(f"the query with the rows of other endpoints has {len(text)} characters; ask for fewer")
        return Outcome(text, len(known), sum(block is None for block in known.values()))

    def _ask(self, query: Federated, clause: Clause, until: float, stop: Stop) -> str | None:
        left = until - time.monotonic()
        limit_s = left / 2 if clause.silent else left
        try:
            if limit_s <= 0:
                raise RemoteTimeout(clause.endpoint, 0)
            if not self._places.acquire(timeout=min(limit_s, self._wait_s)):
                raise PoolFull(1)
            try:
                body = call(clause.endpoint, query.remote_query(clause), limit_s, _MOST_BYTES, stop)
            finally:
                self._places.release()
            return values_block(clause.endpoint, body, clause.variables, _MOST_CHARS)
        except RemoteUnusable:
            raise
        except (RemoteFailed, RemoteTimeout):
            if not clause.silent or stop.set:
                raise
            return None
