"""Reads the answer of a worker: what is common to threads and event loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from queries.errors import BackendError, QueryRefused, QueryTimeout, UnsupportedFormat
from queries.pool import wire
from queries.pool.errors import OutOfMemory, QueryCancelled, StreamBroken, WorkerDied
from queries.pool.jobs import Job
from queries.pool.pool import Pool
from queries.results import translated

_ERRORS: Final[dict[str, Callable[[str], BaseException]]] = {
    "SyntaxError": SyntaxError,
    "OSError": OSError,
    "ValueError": ValueError,
    "RuntimeError": RuntimeError,
}


class Reading:
    """The state of one answer. `chunks` has come and was not given away; `ended` when nothing more will come."""

    def __init__(self, pool: Pool, job: Job) -> None:
        self._pool = pool
        self.job = job
        self.kind = ""
        self.media_type = ""
        #: The release that answers, and its edition; a worker that follows a shared store tells them with its answer.
        self.release = job.worker.plan.release
        self.edition = job.worker.plan.edition
        self.chunks = bytearray()
        #: Whether the worker expects so many rows that nobody need wait for the answer to be complete.
        self.long = False
        self.ended = False
        self.error: BaseException | None = None

    def take(self, data: bytes) -> None:
        """Bytes from the worker."""
        try:
            for kind, payload in self.job.worker.decoder.feed(data):
                self._take_frame(kind, payload)
        except wire.WireError:
            self.ended = True
            self.error = WorkerDied("the process that ran the query answered nonsense and was ended")
            self.job.worker.kill()
            self._pool.lose(self.job)

    def _take_frame(self, kind: int, payload: bytes) -> None:
        if kind == wire.DATA:
            self.chunks += payload
            self.job.bytes += len(payload)
        elif kind == wire.HEAD:
            head = wire.shared(payload)
            self.kind, self.media_type = str(head["kind"]), str(head["media"])
            if "release" in head:
                self.release = self.edition = str(head["release"])
            self.long = bool(head.get("long"))
            if head.get("apart"):  # this worker alone cannot open the columns, so its bytes are others
                self.edition = f"{self.edition}/apart"
        elif kind in (wire.END, wire.ERROR):
            end = wire.content(payload)
            self.ended = True
            if kind == wire.ERROR:
                self.error = _raised(end)
            self._pool.finish(self.job, end)

    def lost(self) -> None:
        """The worker closed the line before the end. Waits until it is known why (milliseconds)."""
        if self.ended:
            return
        self.ended = True
        fate = self.job.worker.fate()
        if self.job.verdict == "timeout":
            fate = QueryTimeout(f"the query ran longer than {self.job.limit_s:g} s")
        elif self.job.verdict == "cancelled":
            fate = QueryCancelled("the query was cancelled")
        self.error = fate
        self._pool.lose(self.job)

    def leave(self) -> None:
        """Nobody wants the rest."""
        if not self.ended:
            self.ended = True
            self._pool.leave(self.job)

    def drop(self) -> None:
        """The same from a finaliser, which may run anywhere and must take no lock."""
        if not self.ended:
            self.ended = True
            self._pool.dropped.append(self.job)

    def given(self) -> bytes:
        """What has come, given away."""
        data = bytes(self.chunks)
        self.chunks.clear()
        return data

    def broken(self) -> BaseException | None:
        """The error for a reader who has had the first bytes."""
        error = self.error
        if error is None:
            return None
        return StreamBroken(error if isinstance(error, BackendError) else BackendError(str(error)))


def _raised(end: dict[str, Any]) -> BaseException:
    kind, text = str(end.get("type")), str(end.get("text"))
    if kind == "MemoryError":
        return OutOfMemory("the query needs more memory than one query may have; ask for less")
    if kind == "QueryRefused":
        return QueryRefused(str(end.get("feature")), text)
    if kind == "BackendError":
        return BackendError(text)
    if kind == "LookupError":
        return UnsupportedFormat(f"the result of this query cannot be written as {text[:100]}")
    return translated(_ERRORS.get(kind, RuntimeError)(text))
