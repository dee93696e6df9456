"""`treatygraph serve`: the service."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import click

from api.commands._release import release_option, sources_with_data
from api.settings import Settings, load_settings

__all__ = ["command"]

_GRACE_S = 5


@click.command(name="serve")
@release_option
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one. [default: 8000]")
@click.option("--root-path", help="Path under which a reverse proxy publishes the service.")
def command(release: Path | None, host: str | None, port: int | None, root_path: str | None) -> None:
    """Serve a release: pages, SPARQL endpoint, lineage, validation. Builds a release first if there is none."""
    settings = load_settings(release=release, host=host, port=port, root_path=root_path)
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
    import uvicorn

    from api.app import create_app
    from loaders.release import open_release
    from queries.embedded import EmbeddedBackend

    info = open_release(settings.release)
    backend = EmbeddedBackend(info.store, info.id)
    listening = _listen(settings)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{shown}:{listening.getsockname()[1]}{settings.root_path}/"
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config = uvicorn.Config(
        create_app(settings, backend),
        log_config=None,
        access_log=False,
        server_header=False,
        root_path=settings.root_path,
        # Client addresses are not used, so a proxy's headers need not be trusted.
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    click.echo(f"Treatygraph serves release {info.id} at {address} (stop with Ctrl-C)")
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        backend.close()


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything is said, so that the address told is the one that answers."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise click.UsageError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}") from None
