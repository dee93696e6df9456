"""`treatygraph audit`: where the sources contradict themselves."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import opened, release_option

__all__ = ["command"]


@click.command(name="audit")
@release_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="Form of the list.",
)
@click.option("--rule", help="Only findings of this rule.")
@click.option("--severity", type=click.Choice(["violation", "warning", "info"]), help="Only findings of this severity.")
@click.option("--state", type=click.Choice(["open", "confirmed", "refuted"]), help="Only findings in this state.")
@click.option("--document", help="Only findings about this thing: an IRI, a key, a symbol or a name.")
def command(  # noqa: PLR0917 - one for each option
    release: Path | None, form: str, rule: str | None, severity: str | None, state: str | None, document: str | None
) -> int:
    """List the findings about the sources in a release. Status 1 when open ones are among them."""
    from api.console import table
    from api.findings import chosen, findings_csv, read_findings
    from api.responses import json_bytes
    from queries.resolve import resolve

    with opened(release) as backend:
        iri = None if document is None else resolve(backend, document).iri
        every = read_findings(backend)
        found = chosen(every, rule=rule, severity=severity, state=state, document=iri)
        if form == "json":
            listed = {"findings": [one.to_json() for one in found], "total": len(found), "release": backend.release}
            click.echo(json_bytes(listed), nl=False)
        elif form == "csv":
            click.echo(findings_csv(found), nl=False)
        elif found:
            rows = [
                (one.severity, one.rule, one.state, one.message, " / ".join(one.values), ", ".join(one.passages))
                for one in found
            ]
            table(("severity", "rule", "state", "what", "values", "passages"), rows)
            click.echo(f"{len(found)} finding{'' if len(found) == 1 else 's'}")
        else:
            click.echo("no findings")
    return 1 if any(one.state == "open" for one in found) else 0
