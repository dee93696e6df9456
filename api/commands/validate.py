"""`treatygraph validate`: what is wrong in data files, with file and line."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command(name="validate")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "turtle", "sarif"]),
    default="table",
    show_default=True,
    help="Form of the report.",
)
def command(paths: tuple[Path, ...], form: str) -> int:
    """Check data files and directories against the ontology and the shapes.

    Status 1 when there are violations, 2 when a file cannot be read at all.
    """
    from loaders.reports import REPORTS
    from loaders.validate import exit_status, validate_paths

    try:
        found = validate_paths(paths)
    except FileNotFoundError as error:
        raise click.UsageError(str(error)) from None
    click.echo(REPORTS[form](found), nl=False)
    for one in found:
        if one.rule == "malformed":
            click.echo(" ".join(str(one).split()), err=True)
    return exit_status(found)
