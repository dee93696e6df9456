"""`treatygraph path`: how two things hang together."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import opened, release_option
from api.commands.lineage import FORMS

__all__ = ["command"]


@click.command(name="path")
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@click.option("--kind", "kinds", multiple=True, help="Only this kind of lineage; may be given several times.")
@click.option("--hops", type=click.IntRange(1, 50), default=8, show_default=True, help="Steps of the longest chain.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="Form of the answer."
)
@release_option
def command(start: str, end: str, kinds: tuple[str, ...], hops: int, form: str, release: Path | None) -> None:  # noqa: PLR0917
    """Show the shortest chains between two things, every hop explained."""
    from queries.export import export
    from queries.paths import path
    from queries.resolve import resolve

    with opened(release) as backend:
        ends = resolve(backend, start).iri, resolve(backend, end).iri
        text = export(path(backend, *ends, kinds=kinds or None, hops=hops), form)
    click.echo(text, nl=not text.endswith("\n"))
