"""Telling on stderr what a long run does: how fast, and how long it will still take."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
_EVERY_S = 2.0


def say(text: str) -> None:
    """One line."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def told(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The same items; every few seconds a line with how many there were, the rate and the time left."""
    began = last = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if number % 4096 == 0 and time.monotonic() - last > _EVERY_S:
            last = time.monotonic()
            rate = number / (last - began)
            say(f"  {what}: {number:,} of {total:,} ({rate:,.0f}/s, {max(0, total - number) / rate:.0f} s left)")
