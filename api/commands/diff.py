"""`treatygraph diff`: what two states of the record say differently."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import data_directory

__all__ = ["command"]


@click.command(name="diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "nquads"]),
    default="table",
    show_default=True,
    help="Form of the list.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    help="Directory of data that OLD and NEW, where they are revisions, are about. [default: ./data]",
)
def command(old: str, new: str, form: str, data: Path | None) -> int:
    """List the facts added, removed and changed between OLD and NEW, by thing.

    Each is a release, a directory of data, or a revision of git (a commit, a branch, a tag).
    """
    from api.responses import json_bytes
    from loaders.difference import compare, read_state, table

    folder = data or data_directory()
    difference = compare(read_state(old, folder), read_state(new, folder))
    if form == "json":
        click.echo(json_bytes(difference.to_json()), nl=False)
    elif form == "nquads":
        click.echo(difference.to_nquads(), nl=False)
    else:
        click.echo(table(difference), nl=False)
    return 0
