"""`treatygraph build`: sources to release."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import sources_with_data
from api.settings import load_settings

__all__ = ["command", "run"]


@click.command(name="build")
@click.option(
    "--source",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file or directory to read, besides the curated data; may be given several times.",
)
@click.option("--only", is_flag=True, help="Read only what --source names, not the curated data in ./data.")
@click.option("--out", type=click.Path(path_type=Path), help="Directory of releases. [default: ./release]")
def command(sources: tuple[Path, ...], only: bool, out: Path | None) -> None:
    """Build a release from sources and make it the current one.

    The old release stays until the new one is complete; violations of the shapes refuse the new one (status 1).
    """
    run(sources_with_data(sources, only=only), load_settings(release=out).release)


def run(sources: list[Path], out: Path) -> None:
    """Build with progress, and print the summary."""
    from api.console import build_progress, note, table
    from loaders.build import build

    with build_progress() as progress:
        report = build(sources, out, progress=progress)
    for name, reason in report.skipped:
        note(f"{name}: left out: {reason}")
    for warning in report.warnings[:20]:
        note(str(warning))
    if len(report.warnings) > 20:
        note(f"and {len(report.warnings) - 20} more warnings")
    for finding in report.stale_decisions:
        note(f"{finding}: a decision about a finding that is no longer found")
    table(("what", "number"), report.rows())
    assert report.release is not None
    click.echo(f"release {report.release.id} in {report.release.path}")
