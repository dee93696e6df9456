"""`treatygraph publish`: a release into a store elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api.settings import load_settings

__all__ = ["command"]

_TITLES = {"read": "reading the dump", "send": "sending", "verify": "reading back", "show": "showing it to readers"}


@click.command(name="publish")
@click.argument("release", required=False, type=click.Path(path_type=Path))
@click.option("--to", help="The store, such as sparql:https://host/query. [default: the setting store]")
@click.option("--accept-licence", help="Licence of an optional engine that you accept: BUSL-1.1 for Fluree.")
@click.option("--store-engine", help="What engine it is: generic, oxigraph or virtuoso. [default: generic]")
@click.option("--store-update", help="Address that takes updates. [default: the engine's own]")
@click.option("--store-graphs", help="Address that takes whole graphs. [default: the engine's own]")
@click.option("--take-over", is_flag=True, help="Go on although another publish holds the store; that one then ends.")
def command(release: Path | None, to: str | None, take_over: bool, **given: Any) -> None:
    """Send a release (a directory; ./release when none is named) into a store elsewhere, verify it, show it at once.

    Run it again after whatever stopped it: only what is missing is sent. While another one publishes there, it ends
    with a line that says who. Credentials come from the environment.
    """
    settings = load_settings(release=release, **given)
    wanted = to or settings.store
    if not wanted:
        raise click.UsageError("name the store: --to sparql:https://host/query")

    from api.console import steps, table
    from api.stores import open_target
    from loaders.publishing.publish import publish
    from loaders.release import open_release

    info = open_release(settings.release)
    target = open_target(
        settings, wanted, take_over=take_over, notice=lambda line: click.echo(f"treatygraph publish: {line}", err=True)
    )
    try:
        with steps(_TITLES) as progress:
            report = publish(info, target, progress)
    finally:
        target.close()
    table(("what", "number"), report.rows())
    click.echo(f"release {report.release} is live in {target.label}")
