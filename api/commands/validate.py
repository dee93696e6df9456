"""`treatygraph validate`: what is wrong in data files, with file and line."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from loaders.diagnose import Diagnosis

__all__ = ["command"]

PREFIX: Final = "TREATYGRAPH_"
#: What makes a directory a release (`loaders.release`, which reads more than this command needs).
_MANIFEST: Final = "manifest.json"
_CURRENT: Final = "current"
#: Seconds after which a person is told what is going on.
_PATIENCE_S: Final = 1.0


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
@click.option("--no-cache", is_flag=True, help="Read everything, and keep nothing for the next time.")
def command(paths: tuple[Path, ...], form: str, since: str | None, no_cache: bool) -> int:
    """Check data files, directories or releases against the ontology, the shapes and the rules across records.

    Status 1 when there are violations, 2 when a file cannot be read at all.
    """
    from loaders.reports import REPORTS
    from loaders.shelf import Shelf
    from loaders.validate import exit_status, validate_paths

    releases = [path for path in paths if (path / _MANIFEST).is_file() or (path / _CURRENT / _MANIFEST).is_file()]
    if releases and since is not None:
        raise click.UsageError(f"{releases[0]} is a release, which never changes; use --since with data files")
    data = [path for path in paths if path not in releases]
    shelf = None if no_cache else Shelf(_cache_folder())
    try:
        found = [one for path in releases for one in _of_release(path)]
        with _Progress() as progress:
            found += validate_paths(data, since=since, shelf=shelf, progress=progress) if data else []
    except FileNotFoundError as error:
        raise click.UsageError(str(error)) from None
    click.echo(REPORTS[form](found), nl=False)
    for one in found:
        if one.rule == "malformed":
            click.echo(" ".join(str(one).split()), err=True)
    return exit_status(found)


def _of_release(path: Path) -> list[Diagnosis]:
    from loaders.release import open_release
    from loaders.wholeness import validate_release

    return validate_release(open_release(path))


def _cache_folder() -> Path:
    """Where what was read is kept. The one setting is read here and not by `api.settings`, whose library takes longer
    to start than a change takes to validate."""
    named = os.environ.get(f"{PREFIX}CACHE_DIR")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "treatygraph"


class _Progress:
    """Says on standard error that files are read, where that takes long: on a terminal which one, elsewhere once."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._told = False

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._told and sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)

    def __call__(self, done: int, total: int, name: str) -> None:
        if time.monotonic() - self._begun < _PATIENCE_S:
            return
        if sys.stderr.isatty():
            shown = "".join(letter if letter.isprintable() else "?" for letter in name)[-60:]
            click.echo(f"\r\x1b[Kreading {done + 1} of {total}: {shown}", nl=False, err=True)
        elif not self._told:
            click.echo(f"reading {total} files", err=True)
        self._told = True
