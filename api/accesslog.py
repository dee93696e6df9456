"""The access log: one line of JSON for each request, without queries, parameters or full addresses of clients."""

from __future__ import annotations

import json
import logging
from typing import Any, Final

from starlette.types import Scope

__all__ = ["LOGGER", "facts", "note", "write"]

LOGGER: Final = logging.getLogger("treatygraph.access")
_KEY: Final = "treatygraph.log"


def facts(scope: Scope) -> dict[str, Any]:
    """What is to be logged of a request, beside what every request has."""
    found: dict[str, Any] = scope.setdefault(_KEY, {})
    return found


def note(scope: Scope, **more: Any) -> None:
    """Add to what is logged of a request."""
    facts(scope).update(more)


def write(scope: Scope, **known: Any) -> None:
    """Log a request that is over. Times in seconds, sizes in bytes."""
    if LOGGER.isEnabledFor(logging.INFO):
        LOGGER.info(json.dumps({**known, **facts(scope)}, ensure_ascii=True))
