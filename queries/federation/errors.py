"""What can go wrong with another endpoint. Every message is one line and says nothing that the other side wrote."""

from __future__ import annotations

from queries.errors import BackendError, QueryTimeout


class RemoteFailed(BackendError):
    """Another endpoint could not be asked or gave no answer; SILENT passes over it."""

    def __init__(self, endpoint: str, reason: str) -> None:
        super().__init__(f"SERVICE <{endpoint}>: {reason}")
        self.endpoint = endpoint
        self.reason = reason


class RemoteUnusable(RemoteFailed):
    """It gave an answer that cannot be joined here as a whole; SILENT does not pass over it, for it would hide rows."""


class RemoteTimeout(QueryTimeout):
    """Another endpoint took longer than the time that was left; SILENT passes over it."""

    def __init__(self, endpoint: str, limit_s: float) -> None:
        super().__init__(f"SERVICE <{endpoint}>: no whole answer within {limit_s:.1f} s")
        self.endpoint = endpoint
