"""The access log: one line of JSON for each request, without queries, parameters or full addresses of clients."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from starlette.types import Scope

__all__ = ["LOGGER", "facts", "logging_requests", "note", "write"]

LOGGER: Final = logging.getLogger("treatygraph.access")
_KEY: Final = "treatygraph.log"


def facts(scope: Scope) -> dict[str, Any]:
    """What is to be logged of a request, beside what every request has."""
    found: dict[str, Any] = scope.setdefault(_KEY, {})
    return found


def note(scope: Scope, **more: Any) -> None:
    """Add to what is logged of a request."""
    facts(scope).update(more)


def logging_requests() -> bool:
    """Whether anybody reads the log; without it nothing need be prepared."""
    return LOGGER.isEnabledFor(logging.INFO)


def write(scope: Scope, method: str, route: str, status: int, *, seconds: float, size: int, complete: bool) -> None:
    """Log a request that is over. `size` is that of the body in bytes."""
    known = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": method,
        "route": route,
        "status": status,
        "seconds": round(seconds, 4),
        "bytes": size,
        "outcome": "complete" if complete else "broken",
    }
    LOGGER.info(json.dumps({**known, **facts(scope)}, ensure_ascii=True))
