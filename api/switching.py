"""A new release is served without a stop: the link `current` of the release directory, or the store, is watched."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from api.context import Context
from loaders.errors import BuildError
from loaders.release import CURRENT, ReleaseInfo, open_release
from queries.errors import BackendError, QueryError
from queries.following import Following

__all__ = ["ReleaseLink", "Switchable", "keep_switching", "watch_release"]

_LOG: Final = logging.getLogger("treatygraph")
_NOT_SERVED: Final = "the new release is not served"


@runtime_checkable
class Switchable(Protocol):
    """A back end that can go over to another release while it answers (`PooledBackend`)."""

    def switch(self, store: Any, release: str) -> None:
        """See `PooledBackend.switch`."""


class ReleaseLink:
    """The link `current` of a folder of releases; `served` is the directory of the release that is served now."""

    def __init__(self, folder: Path, served: Path | None) -> None:
        self._folder = folder
        self._seen: Any = None
        self.served = served

    def moved(self) -> ReleaseInfo | None:
        """The release that it names, where it names another one than when it was looked at last and that is not served.

        Raises BuildError where that one cannot be opened; it is looked at again when the link moves.
        """
        try:
            target = (self._folder / CURRENT).readlink()
        except OSError:  # no link, or between two builds
            return None
        if target == self._seen:
            return None
        self._seen = target
        info = open_release(self._folder)
        return None if info.path == self.served else info


async def watch_release(here: Context, every_s: float) -> None:
    """Look at the link every so many seconds, for ever, and go over to the release that it names.

    A release that cannot be opened changes nothing; the log says so once; it is looked at again when the link moves.
    """
    backend = here.engine.backend
    if isinstance(backend, Following):
        await _follow(here, backend, every_s)
    if not isinstance(backend, Switchable):
        return
    link = ReleaseLink(here.settings.release, here.folder.path if here.folder else None)
    while True:
        await asyncio.sleep(every_s)
        try:
            info = await asyncio.to_thread(link.moved)
            if info is not None:
                await _switch(here, backend, info)
                link.served = info.path
        except (BuildError, BackendError) as error:
            _LOG.error("%s: %s", _NOT_SERVED, error)


def keep_switching(backend: Switchable, link: ReleaseLink, every_s: float, tell: Callable[[str], None]) -> None:
    """The same without an event loop: for a thread of its own. `tell` is told what changed, or why it did not."""
    while True:
        time.sleep(every_s)
        try:
            info = link.moved()
            if info is not None:
                backend.switch(info.store, info.id)
                link.served = info.path
                tell(f"release {info.id} is served now")
        except (BuildError, BackendError) as error:
            tell(f"{_NOT_SERVED}: {error}")


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
