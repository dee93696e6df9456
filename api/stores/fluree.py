"""The distributed store: `fluree:/shared/directory`, or `fluree:` and the file of a connection document."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from api.settings import Settings, SettingsError
from queries.cluster.licence import require_licence
from queries.cluster.storage import SCHEME, Storage

if TYPE_CHECKING:
    from loaders.publishing.fluree import FlureeTarget
    from queries.cluster.backend import ClusterBackend

__all__ = ["backend", "target"]


def backend(settings: Settings, address: str) -> ClusterBackend:
    """What answers from the storage at an address: `workers` query processes of this service."""
    storage = Storage.parse(f"{SCHEME}{address}")
    storage.require()
    _accept(settings, storage)
    from queries.cluster.backend import ClusterBackend
    from queries.pool.pool import Limits

    limits = Limits(
        workers=settings.workers,
        deadline_s=settings.timeout_s,
        max_memory_mb=settings.max_memory_mb,
        queue_size=settings.queue_size,
        queue_wait_s=settings.queue_wait_s,
        network=storage.remote,
    )
    return ClusterBackend(storage, limits)


def target(
    settings: Settings,
    address: str,
    *,
    take_over: bool = False,
    notice: Callable[[str], None] = lambda _: None,  # noqa: ARG001
) -> FlureeTarget:
    """Where a release is published to; the directory is made where it is not there yet."""
    if take_over:
        raise SettingsError("--take-over: the lock of this store ends with the process that holds it; end that one")
    storage = Storage.parse(f"{SCHEME}{address}")
    _accept(settings, storage)
    from loaders.publishing.fluree import FlureeTarget

    return FlureeTarget(storage)


def _accept(settings: Settings, storage: Storage) -> None:
    require_licence(storage, settings.accept_licence, lambda line: click.echo(line, err=True))
