"""`treatygraph gaps`: what the record lacks, by kind."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import opened, release_option

__all__ = ["command"]


@click.command(name="gaps")
@click.argument("kind", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="Form of the list.",
)
@release_option
def command(kind: str | None, form: str, release: Path | None) -> int:
    """List what the record lacks: without KIND the number of gaps of each kind, with KIND each of them."""
    from api.completeness import gaps_csv, gaps_json
    from api.console import table
    from api.responses import json_bytes
    from queries.completeness import kinds, read_gaps

    known = kinds()
    if kind is not None and kind not in known:
        raise click.UsageError(f"no kind of gap is called {kind}; there are {', '.join(known)}")
    with opened(release) as backend:
        found = read_gaps(backend, None if kind is None else [kind])
        if form == "json":
            click.echo(json_bytes({"kinds": gaps_json(found), "release": backend.release}), nl=False)
        elif form == "csv":
            click.echo(gaps_csv(found), nl=False)
        elif kind is None:
            table(("kind", "gaps", "what"), [(one.kind, str(len(one.gaps)), one.title) for one in found])
            total = sum(len(one.gaps) for one in found)
            click.echo(f"{total} gap{'' if total == 1 else 's'}; treatygraph gaps KIND lists them")
        else:
            rows = [(gap.label, gap.key, gap.treaty, gap.missing) for one in found for gap in one.gaps]
            table(("thing", "key", "treaty", "missing"), rows)
            click.echo(f"{len(rows)} gap{'' if len(rows) == 1 else 's'}")
    return 0
