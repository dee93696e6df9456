"""A new release is served without a stop: the link `current` of the release directory, or the store, is watched."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, Protocol, runtime_checkable

from api.context import Context
from loaders.errors import BuildError
from loaders.release import CURRENT, ReleaseInfo, open_release
from queries.errors import BackendError, QueryError
from queries.following import Following

__all__ = ["Switchable", "watch_release"]

_LOG: Final = logging.getLogger("treatygraph")


@runtime_checkable
class Switchable(Protocol):
    """A back end that can go over to another release while it answers (`PooledBackend`)."""

    def switch(self, store: Any, release: str) -> None:
        """See `PooledBackend.switch`."""


async def watch_release(here: Context, every_s: float) -> None:
    """Look at the link every so many seconds, for ever, and go over to the release that it names.

    A release that cannot be opened changes nothing; the log says so once; it is looked at again when the link moves.
    """
    link = here.settings.release / CURRENT
    backend = here.engine.backend
    if isinstance(backend, Following):
        await _follow(here, backend, every_s)
    if not isinstance(backend, Switchable):
        return
    served = here.folder.path if here.folder else None
    seen: Any = None
    while True:
        await asyncio.sleep(every_s)
        try:
            target = link.readlink()
        except OSError:  # no link, or between two builds
            continue
        if target == seen:
            continue
        seen = target
        try:
            info = await asyncio.to_thread(open_release, here.settings.release)
            if info.path == served:
                continue
            await _switch(here, backend, info)
            served = info.path
        except (BuildError, BackendError) as error:
            _LOG.error("the new release is not served: %s", error)


async def _follow(here: Context, backend: Following, every_s: float) -> None:
    """Ask a store elsewhere every so many seconds, for ever, what is live there."""
    told, failing = here.site.release, False
    while True:
        try:
            await asyncio.to_thread(backend.refresh)
            if failing:
                _LOG.warning("the store answers again")
            failing = False
        except QueryError as error:
            if not failing:  # once, not every second
                _LOG.error("the store does not answer: %s", error)
            failing = True
        # A query may have noticed the release before we did.
        if (release := backend.release) != told:
            here.renew(release, None)
            _LOG.warning("release %s is served now, before it %s", release, told)
            told = release
        await asyncio.sleep(every_s)


async def _switch(here: Context, backend: Switchable, info: ReleaseInfo) -> None:
    before = here.engine.release
    await asyncio.to_thread(backend.switch, info.store, info.id)
    here.renew(info.id, info)
    _LOG.warning("release %s is served now, before it %s", info.id, before)
