"""The pool: which workers there are, who has them, who waits. All state changes under one lock, held for microseconds.

A worker is idle, on loan to one query, or ending. One or more spares beyond the number of queries that may run at the
same time stand ready, so that a worker that had to be ended is not missed. The keeper (a thread) starts and buries
workers and watches the limits.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from queries.errors import BackendError
from queries.pool.errors import PoolFull
from queries.pool.jobs import Job, QueryInfo
from queries.pool.process import Plan, Worker
from queries.pool.queueing import LoopTicket, ThreadTicket, Ticket

_LONGEST_RETRY_S: Final = 60


@dataclass(frozen=True)
class Limits:
    """What the operator sets. Sizes in MiB (2^20 bytes), times in seconds."""

    workers: int = 2
    deadline_s: float = 60.0
    max_memory_mb: int = 1024
    """What one query may take beyond what the opened store takes."""
    queue_size: int = 16
    queue_wait_s: float = 2.0
    network: bool = False
    store_memory_mb: int = 0
    """What a copy of the store in memory may take, which all workers share; a larger store is read from disk."""
    spares: int = 1
    recycle_after: int = 20_000
    """Queries after which a worker is replaced."""
    recycle_growth_mb: int = 256
    """Memory that a worker may keep after a query, beyond what it had at its start."""
    share_again_mb: int = 32
    """Memory that a worker may no longer share with the others when it rests; then a new one takes its place."""
    rest_s: float = 1.0
    """How long a worker is idle before it rests."""
    sweep_statements: int = 250_000
    """Of a store that has a copy in memory: from so many on, questions for all statements are answered from disk."""
    max_text_chars: int = 1_000_000
    grace_s: float = 0.2
    """How long a worker whose reader has left may take to notice."""


class Pool:
    """See the module. Methods named `*_locked` are called with the lock held."""

    def __init__(self, plan: Plan, limits: Limits) -> None:
        self.limits = limits
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.plan = plan
        self.next_plan: Plan | None = None
        self.standby: list[Worker] = []
        self.idle: list[Worker] = []
        self.running: set[Job] = set()
        self.dropped: deque[Job] = deque()
        self.leaving: deque[Job] = deque()
        self.lost: set[Worker] = set()
        self.closed = False
        #: Whether the first copy of the store in memory is still to be made (or to fail).
        self.copying = limits.store_memory_mb > 0
        self.failure: str | None = None
        self.report: dict[str, Any] = {}
        self.wakes_at = 0.0
        self._waiting: deque[Ticket] = deque()
        self._lent = 0
        self._usual_s = 0.05
        self.wake: Any = lambda: None  # set by the keeper

    # lending

    def borrow(self, text: str, limit_s: float) -> Job:
        """A worker for a query, waiting in the queue for at most its time. Raises PoolFull, BackendError."""
        ticket = ThreadTicket()
        worker = self.ask(ticket)
        if worker is None:
            ticket.called.wait(self.limits.queue_wait_s)
            worker = self.answered(ticket)
        return self.begin(worker, text, limit_s)

    async def borrow_async(self, text: str, limit_s: float) -> Job:
        """The same for a task of an event loop."""
        called = asyncio.Event()
        ticket = LoopTicket(called.set)
        worker = self.ask(ticket)
        if worker is None:
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(called.wait(), self.limits.queue_wait_s)
            except BaseException:  # the task was cancelled; its turn may have come meanwhile
                with contextlib.suppress(BackendError):
                    self.give_back(self.answered(ticket))
                raise
            worker = self.answered(ticket)
        return self.begin(worker, text, limit_s)

    def ask(self, ticket: Ticket) -> Worker | None:
        """A worker at once, or None: the ticket is called when one is free. Raises PoolFull, BackendError."""
        with self.lock:
            if self.closed:
                raise BackendError("the store is closed")
            if not self._waiting and (worker := self._take_locked()) is not None:
                return worker
            if len(self._waiting) >= self.limits.queue_size:
                raise PoolFull(self._retry_locked())
            self._waiting.append(ticket)
            return None

    def answered(self, ticket: Ticket) -> Worker:
        """The worker of a ticket that was called, or whose time is over. Raises PoolFull, BackendError."""
        with self.lock:
            if ticket.worker is not None:
                return ticket.worker
            if self.closed:
                raise BackendError("the store is closed")
            with contextlib.suppress(ValueError):
                self._waiting.remove(ticket)
            if self.failure is not None and not self.idle and not self._lent:
                raise BackendError(self.failure)
            raise PoolFull(self._retry_locked())

    def _take_locked(self) -> Worker | None:
        if self.idle and self._lent < self.limits.workers and not self.closed:
            self._lent += 1
            worker = self.idle.pop()  # the one used last: its caches are warm
            worker.read = True  # from now on: who gets it may only come to it when it has died
            return worker
        return None

    def grant_locked(self) -> None:
        """Give idle workers to those who wait."""
        while self._waiting and (worker := self._take_locked()) is not None:
            ticket = self._waiting.popleft()
            ticket.worker = worker
            try:
                ticket.call()
            except RuntimeError:  # its loop is closed
                self._lent -= 1
                worker.read = False
                self.idle.append(worker)

    def begin(self, worker: Worker, text: str, limit_s: float) -> Job:
        """The clock of a query starts."""
        job = Job(worker, text, limit_s)
        with self.lock:
            self.running.add(job)
            soon = job.deadline < self.wakes_at
        if soon:
            self.wake()
        return job

    def give_back(self, worker: Worker) -> None:
        """Nobody needs it after all."""
        with self.lock:
            worker.read = False
            self._lent -= 1
            self._keep_locked(worker)

    # The end of a query. The reader calls one of finish, lose, leave, and reads no more from its worker's socket; the
    # keeper and `cancel` may have ended the query before.

    def finish(self, job: Job, end: dict[str, Any]) -> None:
        """The whole answer (or an error instead) has been read: the worker is free."""
        with self.lock:
            job.worker.read = False
            if job not in self.running:
                return
            self.running.discard(job)
            self._lent -= 1
            self._usual_s += 0.1 * (time.monotonic() - job.began - self._usual_s)
            self.settle_locked(job, end)

    def settle_locked(self, job: Job, end: dict[str, Any]) -> None:
        """Keep the worker of an ended query, or let it go."""
        worker = job.worker
        worker.served += 1
        worker.own = end.get("own", worker.own)
        growth = end.get("resident", 0) - worker.hello.get("resident", 0)
        tired = worker.served >= self.limits.recycle_after or growth > self.limits.recycle_growth_mb << 20
        if end.get("fatal") or tired:
            worker.dismiss()
            self.lost.add(worker)
            self.grant_locked()
            self.wake()
        else:
            self._keep_locked(worker)

    def _keep_locked(self, worker: Worker) -> None:
        if worker.plan is self.plan and not self.closed:
            worker.idle_since = time.monotonic()
            self.idle.append(worker)
        else:
            worker.dismiss()
            self.lost.add(worker)
            self.wake()
        self.grant_locked()

    def share_again_locked(self) -> Worker | None:
        """Let one worker go that rests and shares too little with the others; the keeper starts a new one.

        The engine writes to the data that it reads (it counts references), and a page that was written to is the
        worker's own. A busy worker keeps its pages: to split them again for each query would cost more than they do.
        """
        limits = self.limits
        if self.plan.source is None or len(self.idle) < 2:
            return None
        rested = time.monotonic() - limits.rest_s
        for worker in self.idle:
            if worker.own > limits.share_again_mb << 20 and worker.idle_since < rested:
                self.idle.remove(worker)
                worker.dismiss()
                self.lost.add(worker)
                return worker
        return None

    def lose(self, job: Job) -> None:
        """The worker is gone in the middle of a query."""
        with self.lock:
            job.worker.read = False
            self.lose_locked(job)
        self.wake()

    def lose_locked(self, job: Job) -> None:
        """End a running query with its worker."""
        if job in self.running:
            self.running.discard(job)
            job.worker.kill()
            self._lent -= 1
            self.lost.add(job.worker)
            self.grant_locked()

    def leave(self, job: Job) -> None:
        """The reader has left; the worker is asked to stop, and ended if it does not."""
        with self.lock:
            job.worker.read = False
            if job not in self.running:
                return
            self.running.discard(job)
            job.verdict = job.verdict or "left"
            self._lent -= 1
            self.leaving.append(job)
            self.grant_locked()
        self.wake()

    def cancel(self, identifier: str) -> bool:
        """End a running query; False when there is none of this id."""
        with self.lock:
            job = next((one for one in self.running if secrets.compare_digest(one.id, identifier)), None)
            if job is None:
                return False
            job.verdict = "cancelled"
            self.lose_locked(job)
        self.wake()
        return True

    def listed(self) -> list[QueryInfo]:
        """The running queries, the oldest first."""
        with self.lock:
            jobs = list(self.running)
        return sorted((job.info() for job in jobs), key=lambda info: (info.started, info.id))

    def counts(self) -> dict[str, int]:
        """Numbers for health and metrics."""
        with self.lock:
            return {
                "workers": self.limits.workers,
                "busy": self._lent,
                "ready": len(self.idle),
                "waiting": len(self._waiting),
            }

    def prepare_locked(self, plan: Plan | None) -> None:
        """From now on workers are started for this plan beside those that serve; None gives up what was prepared."""
        self.next_plan = plan
        for worker in self.standby:
            worker.dismiss()
            self.lost.add(worker)
        self.standby.clear()

    def close_locked(self) -> None:
        """No new loans; whoever waits is told."""
        self.closed = True
        while self._waiting:
            with contextlib.suppress(RuntimeError):
                self._waiting.popleft().call()

    def _retry_locked(self) -> int:
        ahead = len(self._waiting) + 1
        return max(1, min(_LONGEST_RETRY_S, math.ceil(self._usual_s * ahead / self.limits.workers)))
