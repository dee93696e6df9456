"""Work that several requests wait for is done once.

Requests that ask the same at the same time share one piece of work. It goes on as long as anybody waits for it: who
leaves takes nothing from the others, and when the last one leaves the work ends at once.

The work is not a task: whoever begins it is given a function to tell the outcome to, and gives one that ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeAlias, TypeVar

__all__ = ["Begin", "Flights", "Settle"]

T = TypeVar("T")
#: Told once: the result, or the error.
Settle: TypeAlias = Callable[[T | None, BaseException | None], None]
#: Begins the work; gives what ends it early.
Begin: TypeAlias = Callable[[Settle[T]], Callable[[], None]]


class _Flight(Generic[T]):
    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[T]] = []
        self.stop: Callable[[], None] | None = None
        self.over = False


class Flights(Generic[T]):
    """The pieces of work that are under way, by what is asked.

    Args:
        drop: called with a result that came when nobody waited any more.
    """

    def __init__(self, drop: Callable[[T], None]) -> None:
        self._open: dict[Hashable, _Flight[T]] = {}
        self._drop = drop

    def join(self, key: Hashable, begin: Begin[T]) -> tuple[asyncio.Future[T], bool]:
        """Wait for the work with this key, which is begun where it is not under way.

        Returns:
            A future of one's own, and whether this call began the work. Whoever stops waiting calls `leave`.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        flight = self._open.get(key)
        if flight is not None:
            flight.waiting.append(future)
            return future, False
        flight = self._open[key] = _Flight()
        flight.waiting.append(future)
        begun = flight
        try:
            flight.stop = begin(lambda result, error: self._settle(key, begun, result, error))
        except BaseException:
            self._forget(key, flight)
            raise
        return future, True

    def leave(self, key: Hashable, future: asyncio.Future[T]) -> None:
        """No longer wait. Does nothing for work that is over, whose result is then the caller's to drop."""
        flight = self._open.get(key)
        if flight is None or future not in flight.waiting:
            return
        flight.waiting.remove(future)
        if not flight.waiting:
            self._forget(key, flight)  # who comes now must not wait for what is being ended
            flight.over = True
            if flight.stop is not None:
                flight.stop()

    def _settle(self, key: Hashable, flight: _Flight[T], result: T | None, error: BaseException | None) -> None:
        self._forget(key, flight)
        waiting = [future for future in flight.waiting if not future.done()]
        if result is not None and (flight.over or not waiting):
            self._drop(result)
        for future in waiting:
            if error is not None:
                future.set_exception(error)
            elif result is not None:
                future.set_result(result)

    def _forget(self, key: Hashable, flight: _Flight[T]) -> None:
        if self._open.get(key) is flight:
            del self._open[key]
