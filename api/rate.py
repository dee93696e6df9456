"""How many requests a client address may send: a sliding window of one minute.

The address is that of the connection or, behind a listed proxy, what that proxy says (uvicorn reads the header and
believes nobody else). Of an IPv6 address the network of 64 bits counts, because one client has all of it.
"""

from __future__ import annotations

import ipaddress
import math
import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.types import Scope

__all__ = ["RateLimit"]

#: What must answer whatever happens: those who watch the service, and the style of its pages.
_FREE: Final = ("/health", "/metrics", "/static/")


class RateLimit:
    """Counts requests by client.

    Args:
        per_minute: requests that one client may send in a minute.
    """

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def wait_s(self, scope: Scope) -> int | None:
        """None when the request may pass (it is counted then), else the whole seconds to wait."""
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        if path.startswith(_FREE):
            return None
        client = client_of(scope)
        if self._limiter.hit(self._item, client):
            return None
        reset = self._limiter.get_window_stats(self._item, client).reset_time
        return max(1, math.ceil(reset - time.time()))


def client_of(scope: Scope) -> str:
    """The client that a request counts for."""
    host = str((scope.get("client") or ("unknown", 0))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:100]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
