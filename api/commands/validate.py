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
    type=click.Choice(["table", "json", "turtle", "sarif", "html"]),
    default="table",
    show_default=True,
    help="Form of the report.",
)
@click.option("--since", metavar="REV", help="Check only what has changed since this revision of git.")
def command(paths: tuple[Path, ...], form: str, since: str | None) -> int:
    """Check data files, directories or releases against the ontology, the shapes and the rules across records.

    Status 1 when there are violations, 2 when a file cannot be read at all.
    """
    from loaders.release import CURRENT, MANIFEST, open_release
    from loaders.reports import REPORTS
    from loaders.validate import exit_status, validate_paths
    from loaders.wholeness import validate_release

    releases = [path for path in paths if (path / MANIFEST).is_file() or (path / CURRENT / MANIFEST).is_file()]
    if releases and since is not None:
        raise click.UsageError(f"{releases[0]} is a release, which never changes; use --since with data files")
    data = [path for path in paths if path not in releases]
    try:
        found = [one for path in releases for one in validate_release(open_release(path))]
        found += validate_paths(data, since=since) if data else []
    except FileNotFoundError as error:
        raise click.UsageError(str(error)) from None
    click.echo(REPORTS[form](found), nl=False)
    for one in found:
        if one.rule == "malformed":
            click.echo(" ".join(str(one).split()), err=True)
    return exit_status(found)
