"""`treatygraph mcp`: the graph as tools for machines that quote."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.commands._release import release_option
from api.settings import load_settings

if TYPE_CHECKING:
    from api.mcp.graph import Graph

__all__ = ["command"]

#: No tool takes longer; `sparql` may be given less.
_LONGEST_S = 30.0
_WORKERS = 2
_INTERRUPTED = 130


@click.command(name="mcp")
@release_option
@click.option("--url", help="Ask a running service at this address instead of a release on this machine.")
@click.option("--http", is_flag=True, help="Answer over HTTP instead of standard input and output.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, with --http.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="Port to listen on, with --http; 0 takes a free one.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Another name by which clients may call this machine, with --http; may be given several times.",
)
def command(  # noqa: PLR0917 - one for each option
    release: Path | None, url: str | None, http: bool, host: str, port: int, hosts: tuple[str, ...]
) -> None:
    """Answer the Model Context Protocol: tools that quote document, paragraph and release.

    Over standard input and output a host starts this command by itself; with --http it listens at /mcp. There is no
    authentication: keep it on this machine, or behind a proxy that has one.
    """
    if find_spec("mcp") is None:
        raise click.UsageError("the package mcp is not installed; to mend: pip install 'treatygraph[mcp]'")
    if url is not None and release is not None:
        raise click.UsageError("--release and --url exclude each other")
    if not http and hosts:
        raise click.UsageError("--allow-host goes with --http")
    graph = _graph(release, url)
    try:
        if http:
            _serve(graph, host, port, hosts)
        else:
            _answer(graph)
    finally:
        graph.close()


def _graph(release: Path | None, url: str | None) -> Graph:
    if url is not None:
        from api.client import TreatygraphError
        from api.mcp.remote import RemoteGraph

        try:
            return RemoteGraph(url)
        except TreatygraphError as error:
            raise click.UsageError(f"--url {url}: {error}") from None
    from api.mcp.local import LocalGraph
    from loaders.release import open_release
    from queries.pool.backend import PooledBackend

    settings = load_settings(release=release)
    info = open_release(settings.release)
    return LocalGraph(
        PooledBackend(
            info.store,
            release=info.id,
            workers=_WORKERS,
            deadline_s=min(_LONGEST_S, settings.timeout_s),
            max_memory_mb=settings.max_memory_mb,
            queue_size=settings.queue_size,
            queue_wait_s=settings.queue_wait_s,
        )
    )


def _answer(graph: Graph) -> None:
    import anyio

    from api.mcp.server import make_server

    def leave(number: int, _: object) -> None:
        # The thread that waits for standard input cannot be woken, so the end does not wait for it.
        graph.close()
        os._exit(0 if number == signal.SIGTERM else _INTERRUPTED)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    # Standard output belongs to the protocol alone.
    click.echo(f"treatygraph mcp: release {graph.release()}, on standard input and output", err=True)
    anyio.run(make_server(graph).run_stdio_async)


def _serve(graph: Graph, host: str, port: int, hosts: tuple[str, ...]) -> None:
    import uvicorn

    from api.listening import address_of, listen
    from api.mcp.server import PATH, http_application, make_server

    listening = listen(host, port)
    application = http_application(make_server(graph), hosts)
    config = uvicorn.Config(application, log_config=None, access_log=False, server_header=False)
    click.echo(f"treatygraph mcp: release {graph.release()} at {address_of(host, listening, PATH)} (stop with Ctrl-C)")
    # uvicorn ends gracefully and then raises the signal again, which must not end us before the workers have gone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(config).run(sockets=[listening])
