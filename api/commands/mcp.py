"""`treatygraph mcp`: the graph as tools for machines that quote."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.commands._release import release_option
from api.settings import Settings, load_settings

if TYPE_CHECKING:
    from api.mcp.graph import Graph
    from queries.pool.backend import PooledBackend

__all__ = ["command"]

#: No tool takes longer; `sparql` may be given less.
_LONGEST_S = 30.0
_WORKERS = 2
_INTERRUPTED = 130


@click.command(name="mcp")
@release_option
@click.option("--url", help="Ask a running service at this address instead of a release on this machine.")
@click.option("--store", help="Ask a store elsewhere, such as sparql:https://host/query.")
@click.option("--store-engine", help="What engine that store is: generic, oxigraph or virtuoso. [default: generic]")
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
    release: Path | None,
    url: str | None,
    store: str | None,
    store_engine: str | None,
    http: bool,
    host: str,
    port: int,
    hosts: tuple[str, ...],
) -> None:
    """Answer the Model Context Protocol: tools that quote document, paragraph and release.

    Over standard input and output a host starts this command by itself; with --http it listens at /mcp. There is no
    authentication: keep it on this machine, or behind a proxy that has one. A release that is built or published while
    it runs is the one that answers from then on.
    """
    if find_spec("mcp") is None:
        raise click.UsageError("the package mcp is not installed; to mend: pip install 'treatygraph[mcp]'")
    if sum(given is not None for given in (release, url, store)) > 1:
        raise click.UsageError("--release, --store and --url exclude each other")
    if not http and hosts:
        raise click.UsageError("--allow-host goes with --http")
    graph = _graph(release, url, store, store_engine)
    try:
        if http:
            _serve(graph, host, port, hosts)
        else:
            _answer(graph)
    finally:
        graph.close()


def _graph(release: Path | None, url: str | None, store: str | None, store_engine: str | None) -> Graph:
    if url is not None:
        from api.client import TreatygraphError
        from api.mcp.remote import RemoteGraph

        try:
            return RemoteGraph(url)
        except TreatygraphError as error:
            raise click.UsageError(f"--url {url}: {error}") from None
    from api.mcp.local import LocalGraph

    settings = load_settings(release=release, store=store, store_engine=store_engine)
    limit = min(_LONGEST_S, settings.timeout_s)
    if settings.store and release is None:
        from api.stores import open_backend

        return LocalGraph(open_backend(settings.model_copy(update={"timeout_s": limit, "workers": _WORKERS})))
    return LocalGraph(_pooled(settings, limit))


def _pooled(settings: Settings, limit_s: float) -> PooledBackend:
    """The release directory, in worker processes; another release is gone over to when the link moves."""
    from api.switching import ReleaseLink, keep_switching
    from loaders.release import open_release
    from queries.pool.backend import PooledBackend

    info = open_release(settings.release)
    backend = PooledBackend(
        info.store,
        release=info.id,
        workers=_WORKERS,
        deadline_s=limit_s,
        max_memory_mb=settings.max_memory_mb,
        queue_size=settings.queue_size,
        queue_wait_s=settings.queue_wait_s,
    )
    if settings.watch_s:
        link = ReleaseLink(settings.release, info.path)

        def tell(line: str) -> None:
            click.echo(f"treatygraph mcp: {line}", err=True)

        watch = partial(keep_switching, backend, link, settings.watch_s, tell)
        threading.Thread(target=watch, daemon=True, name="watch").start()
    return backend


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

    from api.connections import protocol
    from api.listening import address_of, listen
    from api.mcp.server import PATH, http_application, make_server
    from api.metrics import Metrics
    from loaders.software import software_version

    settings = load_settings()
    listening = listen(host, port)
    config = uvicorn.Config(
        http_application(make_server(graph), hosts),
        # Slow and silent clients, and those of HTTP/1.0, are dealt with as by `serve`.
        http=protocol(settings, Metrics(graph.release(), software_version())),
        ws="none",
        timeout_keep_alive=settings.keep_alive_s,  # type: ignore[arg-type]  # the loop takes fractions
        log_config=None,
        access_log=False,
        server_header=False,
    )
    click.echo(f"treatygraph mcp: release {graph.release()} at {address_of(host, listening, PATH)} (stop with Ctrl-C)")
    # uvicorn ends gracefully and then raises the signal again, which must not end us before the workers have gone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(config).run(sockets=[listening])
