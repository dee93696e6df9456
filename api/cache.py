"""Answers of one release kept in memory, bounded in bytes; the one unused longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["ONCE", "AnswerCache"]

#: How the tag of an answer begins that is true only once.
ONCE: Final = '"once-'

#: What an entry takes beside its bytes, roughly.
_OVERHEAD: Final = 512
_SHARE: Final = 8


class AnswerCache:
    """Whole answers by their entity tag. A tag names the release, so an answer of another release is never given.

    Args:
        capacity: bytes in all; one answer may take an eighth of it. 0 keeps nothing.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, tag: str) -> bytes | None:
        """The answer; None when it is not kept."""
        body = self._kept.get(tag)
        if body is not None:
            self._kept.move_to_end(tag)
        return body

    def put(self, tag: str, body: bytes) -> None:
        """Keep an answer, if it is small enough."""
        if tag.startswith(ONCE) or tag in self._kept or (len(body) + _OVERHEAD) * _SHARE > self.capacity:
            return
        self._kept[tag] = body
        self.size += len(body) + _OVERHEAD
        while self.size > self.capacity:
            _, gone = self._kept.popitem(last=False)
            self.size -= len(gone) + _OVERHEAD

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self.size = 0
