"""The keeper: one thread that starts workers, watches limits, ends what must end, and buries what has died.

Workers are started here and nowhere else: the kernel ends a worker when the thread that started it ends, which is how
no worker outlives a server that was killed.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from dataclasses import dataclass
from typing import Final

from queries.errors import BackendError
from queries.pool import wire
from queries.pool.forked import Nursery
from queries.pool.jobs import Job
from queries.pool.nurse import Nurse
from queries.pool.pool import Pool
from queries.pool.process import Plan, Worker, now

_LOG: Final = logging.getLogger("treatygraph")
_TICK_S: Final = 0.25
_DYING_TICK_S: Final = 0.005
_OPENING_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 5.0
_MOST_STRIKES: Final = 20
_AT_ONCE: Final = 4  # workers started at the same time


@dataclass(eq=False)
class _Watch:
    """A worker that the keeper listens to: one that starts, or one whose reader has left."""

    worker: Worker
    until: float
    job: Job | None = None


class Keeper:
    """Runs until the pool is closed and all its workers have ended."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._workers: set[Worker] = set()
        self._watched: dict[Worker, _Watch] = {}
        self._strikes = 0
        self._pause_s = 0.0
        self._not_before = 0.0
        self._selector = selectors.DefaultSelector()
        self._bell, self._hand = socket.socketpair()
        for end in (self._bell, self._hand):
            end.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._nurse = Nurse(pool, self._selector)
        pool.wake = self.wake
        self._thread = threading.Thread(target=self._run, name="query-pool-keeper", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Let the keeper look around now."""
        try:
            self._hand.send(b"!")
        except OSError:  # it has been rung enough, or is gone
            return

    def join(self, timeout_s: float) -> None:
        """Wait until it has ended."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            try:
                if self._round():
                    return
            except Exception:  # the keeper must not die: all workers would
                _LOG.exception("the query pool stumbled")
                self._not_before = now() + 1

    def _round(self) -> bool:
        self._nurse.look()
        self._hear_leavers()
        self._end_the_late()
        self._bury()
        self._replace()
        pool = self._pool
        with pool.lock:
            if pool.closed:
                for worker in pool.idle + pool.standby:
                    worker.dismiss()
                    pool.lost.add(worker)
                pool.idle.clear()
                pool.standby.clear()
                for job in list(pool.running):
                    pool.lose_locked(job)
            renewed = pool.share_again_locked() is not None
            done = pool.closed and not self._workers
            ends = [job.deadline for job in pool.running]
            ends += [watch.until for watch in self._watched.values()]
            # Whoever dies does not ring the bell; where some are about to, look again soon.
            dying = any(worker.alive() for worker in pool.lost)
            pool.wakes_at = min([now() + (_DYING_TICK_S if dying or renewed else _TICK_S), *ends])
        if done:
            self._nurse.close()
            self._selector.close()
            self._bell.close()
            self._hand.close()
            return True
        for key, _ in self._selector.select(max(0.0, pool.wakes_at - now())):
            if isinstance(key.data, _Watch):
                self._listen(key.data)
            elif isinstance(key.data, Nursery):
                self._nurse.hear()
            else:
                self._silence()
        return False

    def _silence(self) -> None:
        try:
            self._bell.recv(4096)
        except BlockingIOError:
            return

    def _hear_leavers(self) -> None:
        """Take over the workers whose readers have left, or were dropped without a word."""
        pool = self._pool
        while pool.dropped:
            pool.leave(pool.dropped.popleft())
        while pool.leaving:
            job = pool.leaving.popleft()
            try:
                job.worker.socket.send(wire.frame(wire.STOP))
            except OSError:
                job.worker.kill()
            self._watch(_Watch(job.worker, now() + pool.limits.grace_s, job))

    def _end_the_late(self) -> None:
        pool = self._pool
        late = now()
        with pool.lock:
            for job in list(pool.running):
                if job.deadline <= late:
                    job.verdict = "timeout"
                    pool.lose_locked(job)
        for watch in list(self._watched.values()):
            if watch.until <= late:
                watch.worker.kill()

    def _bury(self) -> None:
        pool = self._pool
        for worker in [worker for worker in self._workers if not worker.alive()]:
            watch = self._watched.get(worker)
            if watch is not None:
                self._unwatch(watch)
            with pool.lock:
                for group in (pool.idle, pool.standby):
                    if worker in group:
                        group.remove(worker)
                if watch is not None and watch.job is None:
                    self._failed_to_start(worker)
                if worker.read:  # its reader still takes what it had sent, and tells us when done
                    pool.lost.add(worker)
                    continue
                pool.lost.discard(worker)
            self._workers.discard(worker)
            worker.close()

    def _failed_to_start(self, worker: Worker) -> None:
        """With the lock held: a worker ended before its greeting."""
        pool = self._pool
        self._strikes += 1
        said = worker.hello.get("failure")
        if said is None and self._strikes < _MOST_STRIKES:
            return  # somebody ended it: the next will do
        pool.failure = str(said or f"{worker.plan.store}: the workers end before they are ready")
        if pool.next_plan is worker.plan:
            pool.prepare_locked(None)  # a switch that fails changes nothing
        else:
            self._pause_s = min(_LONGEST_PAUSE_S, self._pause_s * 2 or 0.1)
            self._not_before = now() + self._pause_s
        pool.changed.notify_all()

    def _replace(self) -> None:
        """Start what is missing: for the release that is served, or for the one that comes next."""
        pool = self._pool
        limits = pool.limits
        while sum(watch.job is None for watch in self._watched.values()) < _AT_ONCE:
            with pool.lock:
                plan = None if pool.closed else self._missing_locked()
            if plan is None:
                return
            try:
                worker = Worker(
                    plan,
                    memory_bytes=limits.max_memory_mb << 20,
                    network=limits.network,
                    sweep_statements=limits.sweep_statements,
                )
            except (BackendError, OSError) as error:
                with pool.lock:
                    pool.failure = str(error)
                    pool.changed.notify_all()
                self._not_before = now() + 1
                return
            self._workers.add(worker)
            self._watch(_Watch(worker, now() + _OPENING_S))

    def _missing_locked(self) -> Plan | None:
        """For which release a worker is missing."""
        pool = self._pool
        for plan in (pool.plan, pool.next_plan):
            there = sum(worker.plan is plan and worker not in pool.lost for worker in self._workers)
            paused = plan is pool.plan and now() < self._not_before
            if plan is not None and not paused and there < pool.limits.workers + pool.limits.spares:
                return plan
        return None

    def _watch(self, watch: _Watch) -> None:
        self._watched[watch.worker] = watch
        self._selector.register(watch.worker.socket, selectors.EVENT_READ, watch)

    def _unwatch(self, watch: _Watch) -> None:
        self._watched.pop(watch.worker, None)
        with contextlib.suppress(KeyError):
            self._selector.unregister(watch.worker.socket)

    def _listen(self, watch: _Watch) -> None:
        worker = watch.worker
        try:
            data = worker.socket.recv(wire.RECEIVE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            if not data:
                worker.kill()
                worker.fate()
                self._selector.unregister(worker.socket)
            for kind, payload in worker.decoder.feed(data):
                self._heard(watch, kind, payload)
        except wire.WireError:
            worker.kill()

    def _heard(self, watch: _Watch, kind: int, payload: bytes) -> None:
        pool = self._pool
        worker = watch.worker
        if watch.job is not None and kind in (wire.END, wire.ERROR):
            self._unwatch(watch)
            with pool.lock:
                pool.settle_locked(watch.job, wire.content(payload))
        elif watch.job is None and kind == wire.HELLO:
            self._unwatch(watch)
            worker.hello = wire.content(payload)
            self._strikes = 0
            self._pause_s = 0.0
            with pool.lock:
                pool.failure = None
                where = "disk" if worker.plan.source is None else "memory"
                pool.report = {**worker.hello["sandbox"], "store": where}
                self._welcome(worker)
        elif watch.job is None and kind == wire.ERROR:
            said = " ".join(wire.content(payload).get("text", "").split())[:300]
            worker.hello = {"failure": f"{worker.plan.store}: not a store that can be opened ({said})"}

    def _welcome(self, worker: Worker) -> None:
        """With the lock held: a worker is ready. The switch to a new release happens when all of its workers are."""
        pool = self._pool
        if worker.plan is pool.plan:
            pool.idle.append(worker)
        elif worker.plan is pool.next_plan:
            pool.standby.append(worker)
            if len(pool.standby) >= pool.limits.workers + pool.limits.spares:
                for old in pool.idle:
                    old.dismiss()
                    pool.lost.add(old)
                pool.idle = pool.standby
                pool.standby = []
                pool.plan = pool.next_plan
                pool.next_plan = None
                if pool.plan.source is not None:
                    pool.copying = False
        else:
            worker.dismiss()
        pool.grant_locked()
        pool.changed.notify_all()
