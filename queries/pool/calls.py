"""A query driven by the callbacks of an event loop: neither a task nor a thread belongs to it, which makes it cheap.

The call is over when its whole answer is there, if that is small and quick; else when its first bytes are there and
some time has passed, and the rest is read from the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

from queries.errors import QueryError
from queries.pool import wire
from queries.pool.found import Found
from queries.pool.jobs import Request
from queries.pool.pool import Pool
from queries.pool.process import Worker
from queries.pool.queueing import LoopTicket
from queries.pool.reading import Reading
from queries.pool.streams import AsyncStream

#: Told once, on the loop: the stream, or what went wrong before anybody had a byte.
Settle: TypeAlias = Callable[[AsyncStream | Found | None, BaseException | None], None]

#: An answer that is complete within this many bytes and seconds after its first bytes is waited for.
_SMALL_BYTES: Final = 1_048_576
_PATIENCE_S: Final = 0.05


class Call:
    """One query. Begun by making it, on a running loop; `close` ends it and is harmless afterwards."""

    def __init__(self, pool: Pool, request: Request, limit_s: float, settle: Settle) -> None:
        self._pool = pool
        self._request = request
        self._limit_s = limit_s
        self._settle: Settle | None = settle
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._reading: Reading | None = None
        self._unsent = b""
        self._watching = self._writing = False
        self._ticket: LoopTicket | None = LoopTicket(self._called)
        try:
            worker = pool.ask(self._ticket)
        except QueryError as error:
            self._fail(error)
            return
        if worker is None:
            self._timer = self._loop.call_later(pool.limits.queue_wait_s, self._called)
        else:
            self._ticket = None
            self._run(worker)

    def close(self) -> None:
        """Nobody wants the answer any more. Does nothing once it has been told."""
        if self._settle is None:
            return
        self._settle = None
        self._stop_waiting()
        if self._reading is not None:
            self._unwatch()
            self._reading.leave()
        elif self._ticket is not None:
            self._called()  # its turn may have come meanwhile

    def _called(self) -> None:
        """A worker is free, or the time to wait for one is over."""
        ticket, self._ticket = self._ticket, None
        if ticket is None:
            return
        self._stop_waiting()
        try:
            worker = self._pool.answered(ticket)
        except QueryError as error:
            self._fail(error)
            return
        if self._settle is None:
            self._pool.give_back(worker)
        else:
            self._run(worker)

    def _run(self, worker: Worker) -> None:
        job = self._pool.begin(worker, self._request.text, self._limit_s)
        self._reading = Reading(self._pool, job)
        self._unsent = self._request.frame(self._limit_s, worker.plan)
        self._watching = True
        self._loop.add_reader(worker.socket, self._readable)
        self._send()

    def _send(self) -> None:
        """Send what fits; the rest when there is room again."""
        assert self._reading is not None
        line = self._reading.job.worker.socket
        try:
            self._unsent = self._unsent[line.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._lose()
            return
        if bool(self._unsent) != self._writing:
            self._writing = not self._writing
            if self._writing:
                self._loop.add_writer(line, self._send)
            else:
                self._loop.remove_writer(line)

    def _readable(self) -> None:
        reading = self._reading
        assert reading is not None
        try:
            data = reading.job.worker.socket.recv(wire.RECEIVE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        reading.take(data)
        if reading.ended or len(reading.chunks) >= _SMALL_BYTES or (reading.long and reading.chunks):
            self._tell()
        elif reading.chunks and self._timer is None:
            self._timer = self._loop.call_later(_PATIENCE_S, self._tell)

    def _lose(self) -> None:
        """The worker is gone; what it died of is found out in a thread, since that may take a moment."""
        reading = self._reading
        assert reading is not None
        self._unwatch()
        self._stop_waiting()
        self._loop.run_in_executor(None, reading.lost).add_done_callback(lambda _: self._tell())

    def _tell(self) -> None:
        reading, settle = self._reading, self._settle
        self._unwatch()
        self._stop_waiting()
        self._settle = None
        if settle is None or reading is None:
            return
        if reading.error is not None:
            settle(None, reading.error)
        else:
            settle(AsyncStream(reading), None)

    def _fail(self, error: BaseException) -> None:
        settle, self._settle = self._settle, None
        if settle is not None:
            settle(None, error)

    def _unwatch(self) -> None:
        if self._reading is None:
            return
        line = self._reading.job.worker.socket
        if self._watching:
            self._watching = False
            self._loop.remove_reader(line)
        if self._writing:
            self._writing = False
            self._loop.remove_writer(line)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
