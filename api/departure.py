"""Notices that a client leaves while its answer is made."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.types import Receive

__all__ = ["LEFT", "ClientLeft", "Departure"]

#: What servers write into logs for a client that has gone; nobody receives it.
LEFT: Final = 499

#: Most answers are there before anybody could leave; only after this long is the connection listened to.
_AFTER_S: Final = 0.02


class ClientLeft(Exception):
    """The client closed the connection while its answer was being made."""


class Departure:
    """While it is not ended, the future gets ClientLeft when the client leaves."""

    def __init__(self, receive: Receive, waits: asyncio.Future[Any]) -> None:
        self._receive = receive
        self._waits = waits
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_AFTER_S, self._begin)

    def end(self) -> None:
        """Stop listening."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._waits.done():
            self._waits.set_exception(ClientLeft())
