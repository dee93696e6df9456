"""Results of queries on the terminal."""

from __future__ import annotations

from typing import Final

import click

from api import formats
from api.negotiation import Format
from api.table import cell
from queries.results import QueryResult

__all__ = ["FORMS", "show"]

_BY_NAME: Final[dict[str, Format]] = {form.name: form for form in (*formats.ROWS, *formats.RDF)}
#: The words for `--format`.
FORMS: Final = ("table", *_BY_NAME)


def show(result: QueryResult, form: str) -> None:
    """Write a result: as a table for people, or streamed in a format for programs.

    Raises:
        click.UsageError: the kind of result has no such format.
        QueryError: as the back end does.
    """
    from api.console import table, write

    offers = formats.RDF if result.kind == "construct" else formats.ROWS
    if form == "table" and result.kind == "construct":
        form = "turtle"
    if form != "table":
        if _BY_NAME[form] not in offers:
            names = ", ".join(offer.name for offer in offers)
            raise click.UsageError(f"--format {form}: this query gives {names}")
        write(result.serialize(_BY_NAME[form].media_type))
        if form == "json":
            write([b"\n"])
    elif result.kind == "ask":
        click.echo("true" if result else "false")
    else:
        rows = [[found.text if (found := cell(term)) else "" for term in row] for row in result.rows()]
        table(result.variables, rows)
        click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")
