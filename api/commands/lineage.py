"""`treatygraph lineage`: by what authority."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from api.commands._release import opened, release_option

__all__ = ["FORMS", "command"]

FORMS = ("text", "json", "jsonld", "mermaid", "dot", "graphml", "svg", "node-link")


@click.command(name="lineage")
@click.argument("thing")
@click.option(
    "--direction",
    type=click.Choice(["up", "down", "both"]),
    default="up",
    show_default=True,
    help="up: on what it rests; down: what rests on it.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="Only this kind of lineage (mandate, recall, succession, outcome, amendment); may be given several times.",
)
@click.option("--depth", type=click.IntRange(1, 100), default=6, show_default=True, help="Steps to follow.")
@click.option(
    "--limit", type=click.IntRange(2, 1_000_000), default=1000, show_default=True, help="Things in the answer at most."
)
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="Form of the answer."
)
@release_option
def command(  # noqa: PLR0917 - one for each option
    thing: str, direction: Any, kinds: tuple[str, ...], depth: int, limit: int, form: str, release: Path | None
) -> None:
    """Show on what a thing rests, or what rests on it. THING is an IRI, a key, or any spelling of a symbol or name."""
    from queries.export import export
    from queries.lineage import lineage
    from queries.resolve import resolve

    with opened(release) as backend:
        start = resolve(backend, thing).iri
        wanted = [kind.strip() for one in kinds for kind in one.split(",") if kind.strip()]
        answer = lineage(backend, start, direction=direction, kinds=wanted or None, depth=depth, limit=limit)
        text = export(answer, form)
    click.echo(text, nl=not text.endswith("\n"))
