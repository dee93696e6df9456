"""`treatygraph serve`: the service."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from api.commands._release import release_option, sources_with_data
from api.listening import address_of, listen
from api.settings import Settings, load_settings
from queries.backend import Backend
from queries.following import Following

__all__ = ["command"]


@click.command(name="serve")
@release_option
@click.option("--store", help="Serve a store elsewhere, such as sparql:https://host/query, not a release directory.")
@click.option("--accept-licence", help="Licence of an optional engine that you accept: BUSL-1.1 for Fluree.")
@click.option("--store-engine", help="What engine that store is: generic, oxigraph or virtuoso. [default: generic]")
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one. [default: 8000]")
@click.option("--root-path", help="Path under which a reverse proxy publishes the service.")
@click.option("--workers", type=int, help="Queries that run at the same time, each in its process. [default: 4]")
@click.option("--timeout-s", type=float, help="Seconds that one query may take. [default: 60]")
@click.option("--max-memory-mb", type=int, help="MiB that one query may take beyond the store. [default: 1024]")
@click.option("--store-memory-mb", type=int, help="MiB for a copy of the store, shared by the workers. [default: 1024]")
@click.option("--queue-size", type=int, help="Queries that may wait for a worker. [default: 32]")
@click.option("--access-log", is_flag=True, default=None, help="Write a line of JSON to stderr for each request.")
def command(release: Path | None, **given: Any) -> None:
    """Serve a release: pages, SPARQL endpoint, lineage, validation. Builds a release first if there is none."""
    settings = load_settings(release=release, **given)
    if not settings.store:
        _ensure(settings.release)
    _serve(settings)


def _ensure(release: Path) -> None:
    """Build when there is nothing to serve. What is there but broken is an error, not a reason to build."""
    from loaders.release import CURRENT, MANIFEST

    if not any((folder / MANIFEST).is_file() for folder in (release / CURRENT, release)):
        from api.commands import build

        click.echo(f"{release}: no release yet, so it is built first", err=True)
        build.run(sources_with_data(()), release)


def _serve(settings: Settings) -> None:
    with ThreadPoolExecutor(1) as thread:
        # The workers, which have a thread of their own, start while the framework is loaded.
        opening = thread.submit(_opened, settings)
        import uvicorn

        from api.app import create_app
        from api.connections import protocol, room_for

        listening, backend, report = opening.result()
    address = address_of(settings.host, listening, f"{settings.root_path}/")
    if settings.access_log:
        _log_requests()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app = create_app(settings, backend)
    config = uvicorn.Config(
        app,
        http=protocol(settings, app.state.context.metrics, app.express),
        ws="none",
        timeout_keep_alive=settings.keep_alive_s,  # type: ignore[arg-type]  # the loop takes fractions
        log_config=None,
        access_log=False,
        server_header=False,
        root_path=settings.root_path,
        # Only the proxies that the operator lists may tell whose request it is.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=round(settings.grace_s),
    )
    if note := room_for(settings.max_connections):
        click.echo(f"limits: {note}", err=True)
    for line in _isolation(report):
        click.echo(line, err=True)
    for endpoint in filter(None, settings.federation.split(",")):
        click.echo(f"federation: queries may ask {endpoint} by SERVICE", err=True)
    click.echo(f"Treatygraph serves release {backend.release} at {address} (stop with Ctrl-C)")
    # uvicorn ends gracefully and then raises the signal again, which must not end us before the workers have gone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # What has been imported lives as long as the server: the collector of garbage need not look at it again and again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    app.load().add_done_callback(lambda _: gc.freeze())
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        backend.close()


def _opened(settings: Settings) -> tuple[socket.socket, Backend, dict[str, Any]]:
    """The port, what answers, and what holds in its workers. A store elsewhere may be down now and answer later."""
    if settings.store:
        from api.stores import open_backend
        from queries.errors import BackendError

        remote = open_backend(settings)
        try:
            if isinstance(remote, Following):
                remote.refresh()
        except BackendError as error:
            click.echo(f"{error} (it is asked again until it answers)", err=True)
        report = getattr(remote, "sandbox_report", dict)  # a store whose queries run in processes of ours
        return listen(settings.host, settings.port), remote, report()

    from loaders.release import open_release
    from queries.pool.backend import PooledBackend

    info = open_release(settings.release)
    listening = listen(settings.host, settings.port)
    backend = PooledBackend(
        info.store,
        release=info.id,
        workers=settings.workers,
        deadline_s=settings.timeout_s,
        max_memory_mb=settings.max_memory_mb,
        queue_size=settings.queue_size,
        queue_wait_s=settings.queue_wait_s,
        store_memory_mb=settings.store_memory_mb,
    )
    return listening, backend, backend.sandbox_report()


def _isolation(report: dict[str, Any]) -> list[str]:
    """What does not hold in the workers on this machine, one line each; nothing when all walls stand."""
    return [f"isolation: {note}" for note in report.get("notes", ())]


def _log_requests() -> None:
    """Access lines are JSON alone, without the time and level that other lines begin with."""
    from api.accesslog import LOGGER

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
