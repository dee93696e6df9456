"""How long tests wait. A busy machine makes everything late, and must turn no test red.

Two cores under a load of six let a process wait for a second or two before it runs again, and each step of a request
may be met by that: the client's, the server's, the worker's. So no test looks whether something has happened after some
fixed time: it waits for it (`until`), which costs nothing where it holds at once. A limit that is tested has `BUSY_S`
of slack, and is tried with something that would take far longer without it, or for ever. Where quickness itself is the
point, the quickest of several attempts counts (`quickest`). Where a limit of the test's own could strike too early, a
longer one is tried (`growing`). How fast the product is, `benchmarks/` show; no test does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

#: Seconds that a busy machine may add to any limit.
BUSY_S: Final = 5.0
#: Seconds that nothing takes which goes well: the start and the end of a server, one answer. For what would else hang.
PATIENT_S: Final = 60.0
_POLL_S: Final = 0.02


def until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Whether a condition comes to hold within so many seconds: asked again and again until it does."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(_POLL_S)
    return True


def quickest(work: Callable[[], object], enough_s: float, attempts: int = 6) -> float:
    """The seconds that the quickest of several attempts took; no more are made once one was below `enough_s`."""
    least = float("inf")
    for _ in range(attempts):
        started = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - started)
        if least < enough_s:
            break
    return least


def within_a_minute(seconds: float = 2 * BUSY_S) -> None:
    """Wait until so many seconds of the clock's minute are left: when the next one begins, a limit on requests a minute
    lets one more pass, since what was counted before counts a little less."""
    if (left := 60 - time.time() % 60) < seconds:
        time.sleep(left + 0.1)


def growing(seconds: float, attempts: int = 5) -> Iterator[float]:
    """Limits to try one after the other, each twice the one before; the loop ends, by `break`, when one was enough."""
    for _ in range(attempts):
        yield seconds
        seconds *= 2
