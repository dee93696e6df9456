"""`treatygraph extract`: what one document says."""

from __future__ import annotations

import json
from pathlib import Path

import click

from api.commands._release import data_directory

__all__ = ["command"]


@click.command(name="extract")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "turtle", "text"]),
    default="json",
    show_default=True,
    help="json: what it says; turtle: the same as claims (TriG); text: the normalised text that offsets count in.",
)
def command(file: Path, form: str) -> None:
    """Read one document (text or Markdown) and print what it says, with the place of each statement.

    A document of unknown kind gives the type Unknown with what could be read.
    """
    from loaders.claims import claims_trig
    from loaders.documents import extract_file
    from loaders.gazetteer import Gazetteer

    if file.is_dir():
        raise click.UsageError(f"{file}: a directory; name one document")
    read = extract_file(file, Gazetteer.load(data_directory()))
    if form == "text":
        click.echo(read.text, nl=not read.text.endswith("\n"))
    elif form == "turtle":
        click.echo(claims_trig(read), nl=False)
    else:
        click.echo(json.dumps(read.to_json(), ensure_ascii=False, indent=2))
