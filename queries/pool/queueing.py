"""Waiting for a worker: first come, first served, whether a thread waits or an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol

from queries.pool.process import Worker


class Ticket(Protocol):
    """A place in the queue. `worker` is set, under the pool's lock, when its turn has come."""

    worker: Worker | None

    def call(self) -> None:
        """Wake whoever waits; `worker` has been set, or the pool was closed."""


class ThreadTicket:
    """A thread waits."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.called = threading.Event()

    def call(self) -> None:
        """See Ticket."""
        self.called.set()


class LoopTicket:
    """An event loop waits: `called` runs on it, soon after its turn has come."""

    def __init__(self, called: Callable[[], object]) -> None:
        self.worker: Worker | None = None
        self._loop = asyncio.get_running_loop()
        self._called = called
        self._thread = threading.get_ident()

    def call(self) -> None:
        """See Ticket. May raise RuntimeError: the loop has been closed and nobody waits."""
        if threading.get_ident() == self._thread:  # waking the loop costs system calls, and it is awake
            self._loop.call_soon(self._called)
        else:
            self._loop.call_soon_threadsafe(self._called)
