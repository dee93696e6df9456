"""An answer that is whole goes out in one piece: head and body in one write, put together without checks byte by byte.

uvicorn looks for forbidden characters in every header of every answer, with two expressions each, which takes a third
of the time of a short query. Here the head is looked at once. Anything but a whole answer takes the usual way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from api.unframed import Unframed

__all__ = ["Quick", "whole_way"]

Headers: TypeAlias = list[tuple[bytes, bytes]]
#: Status, headers and body; False where the usual way must be taken.
Whole: TypeAlias = Callable[[int, Headers, bytes], bool]

_KEY: Final = "treatygraph.whole"


class Quick(Unframed):
    """Tells each request how its answer can be sent at once."""

    def on_headers_complete(self) -> None:
        """The head of a request is there."""
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope:
            cycle.scope[_KEY] = partial(_write, cycle)  # type: ignore[typeddict-unknown-key]


def whole_way(scope: Scope) -> Whole | None:
    """How the server that has this request sends a whole answer at once; None where it cannot."""
    found: Whole | None = scope.get(_KEY)
    return found


def _write(cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> bool:
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive:
        return False
    parts = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n")
    head = b"".join(parts)
    lines = len(cycle.default_headers) + len(headers) + 2
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        return False  # a header with a line end in it: the usual way refuses it
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(head + body)
    cycle.message_event.set()
    cycle.on_response()
    return True
