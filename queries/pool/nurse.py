"""Sees to it that workers share a copy of the store in memory, where the operator gives it room. Part of the keeper."""

from __future__ import annotations

import logging
import selectors
from dataclasses import replace
from typing import Final

from queries.errors import BackendError
from queries.pool.forked import Nursery
from queries.pool.pool import Pool
from queries.pool.process import Plan, now

_LOG: Final = logging.getLogger("treatygraph")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 600.0


class Nurse:
    """Starts a nursery for the release that is served, and goes over to its workers when it has loaded.

    Until then, and where it fails, workers that read the disk answer. Used in the keeper's thread alone.
    """

    def __init__(self, pool: Pool, selector: selectors.BaseSelector) -> None:
        self._pool = pool
        self._selector = selector
        self._nursery: Nursery | None = None
        #: The plan, of workers that read the disk, for which a nursery was begun last.
        self._begun_for: Plan | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._not_before = 0.0

    def look(self) -> None:
        """Begin, or end, what the state of the pool asks for."""
        pool = self._pool
        with pool.lock:
            plan, following = pool.plan, pool.next_plan
            ready = bool(pool.idle or pool.running) and not pool.closed
        nursery = self._nursery
        if nursery is not None:
            needed = plan is self._begun_for or nursery in (plan.source, following.source if following else None)
            if not needed:  # another release is served
                self.close()
        elif (
            ready
            and pool.limits.store_memory_mb
            and following is None
            and plan.source is None
            and plan is not self._begun_for
            and now() >= self._not_before
        ):
            self._begin(plan)

    def hear(self) -> None:
        """The nursery has said something, or has ended."""
        nursery, pool = self._nursery, self._pool
        if nursery is None:
            return
        try:
            loaded = nursery.hear()
        except BackendError as error:
            self._lose(nursery, error)
            return
        with pool.lock:
            begun = self._begun_for
            if loaded and begun is not None and pool.plan is begun and pool.next_plan is None:
                pool.prepare_locked(replace(begun, source=nursery))

    def close(self) -> None:
        """End the nursery; its workers go on."""
        if self._nursery is not None:
            self._selector.unregister(self._nursery.control)
            self._nursery.close()
            self._nursery = None

    def _begin(self, plan: Plan) -> None:
        self._begun_for = plan
        try:
            self._nursery = Nursery(plan.store, self._pool.limits.store_memory_mb << 20, plan.columns)
        except BackendError as error:
            self._tell(error)
            return
        self._selector.register(self._nursery.control, selectors.EVENT_READ, self._nursery)

    def _lose(self, nursery: Nursery, error: BackendError) -> None:
        """It has given up, or somebody has ended it. Workers that it has split off go on until others are ready."""
        pool = self._pool
        self.close()
        self._tell(error)
        with pool.lock:
            if pool.next_plan is not None and pool.next_plan.source is nursery:
                pool.prepare_locked(None)
            if pool.plan.source is nursery:  # it had served, so it is worth another try, after a while
                pool.prepare_locked(replace(pool.plan, source=None))
                self._not_before = now() + self._pause_s
                self._pause_s = min(_LONGEST_PAUSE_S, self._pause_s * 2)

    def _tell(self, error: BackendError) -> None:
        _LOG.warning("the store is read from disk: %s", error)
        with self._pool.changed:
            self._pool.copying = False
            self._pool.changed.notify_all()
