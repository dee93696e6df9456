"""What can go wrong when a query runs in a worker. Every message is one line that a user can act on."""

from __future__ import annotations

from queries.errors import BackendError, QueryError


class PoolFull(BackendError):
    """All workers are busy and so is the queue; `retry_after_s` (whole seconds) is when to try again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many queries at the moment; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class QueryTooLarge(QueryError):
    """The text is longer, or nested deeper, than is accepted."""


class WorkerDied(BackendError):
    """The process that ran the query was ended from outside; the same query may well succeed."""


class EngineCrashed(WorkerDied):
    """The query brought the engine down (nested too deeply, a fault of the engine): it would do so again."""


class OutOfMemory(BackendError):
    """The query needed more memory than one query may have: it would do so again."""


class QueryCancelled(BackendError):
    """The query was cancelled by someone who knows its id."""


class StreamBroken(BackendError):
    """The answer broke off after its first bytes had been given; `reason` is the error that ended it.

    What was read is not the whole answer, and whoever passes it on must not end it as if it were.
    """

    def __init__(self, reason: BackendError) -> None:
        super().__init__(f"the answer broke off: {reason}")
        self.reason = reason
