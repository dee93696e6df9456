"""Work that several requests wait for is done once.

Requests that ask the same at the same time share one piece of work. It goes on as long as anybody waits for it: who
leaves takes nothing from the others, and when the last one leaves the work ends at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

__all__ = ["Flights"]

T = TypeVar("T")


class _Flight(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting = 0


class Flights(Generic[T]):
    """The pieces of work that are under way, by what is asked.

    Args:
        drop: called with a result that came when nobody waited any more.
    """

    def __init__(self, drop: Callable[[T], None]) -> None:
        self._open: dict[Hashable, _Flight[T]] = {}
        self._drop = drop

    async def join(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, bool]:
        """Wait for the work with this key, which is begun where it is not under way.

        Returns:
            What it gave, and whether this call began it. Raises what it raised, for everyone who waits.
        """
        flight = self._open.get(key)
        first = flight is None
        if flight is None:
            flight = self._open[key] = _Flight(asyncio.ensure_future(work()))
            flight.task.add_done_callback(lambda _: self._forget(key, flight))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), first
        except asyncio.CancelledError:
            if flight.waiting == 1:
                self._forget(key, flight)  # who comes now must not wait for what is being ended
                self._end(flight.task)
            raise
        finally:
            flight.waiting -= 1

    def _end(self, task: asyncio.Task[T]) -> None:
        if not task.done():
            task.cancel()
        elif not task.cancelled() and task.exception() is None:
            self._drop(task.result())

    def _forget(self, key: Hashable, flight: _Flight[T] | None) -> None:
        if self._open.get(key) is flight:
            del self._open[key]
