"""`treatygraph search`: things by name or symbol."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import opened, release_option

__all__ = ["command"]


@click.command(name="search")
@click.argument("text")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="Results at most.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the list.",
)
@release_option
def command(text: str, limit: int, form: str, release: Path | None) -> None:
    """Find things by the beginning of a name, or by any spelling of a symbol."""
    from api.console import table
    from api.responses import json_bytes
    from queries.search import search

    with opened(release) as backend:
        found = search(backend, text, limit=limit)
    if form == "json":
        click.echo(json_bytes({"query": text, **found.to_json()}), nl=False)
        return
    table(("key", "type", "label"), [(thing.key, thing.type, thing.label) for thing in found.things])
    click.echo(f"{len(found.things)} of {found.total}")
