"""`treatygraph sparql`: a query of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from api.commands._release import opened, release_option
from api.commands._results import FORMS, show

__all__ = ["command"]


@click.command(name="sparql")
@click.argument("query")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="Form of the answer."
)
@release_option
def command(query: str, form: str, release: Path | None) -> None:
    """Ask a SPARQL 1.1 query: the text itself, the name of a file, or - for standard input."""
    text = _text(query)
    with opened(release) as backend:
        show(backend.query(text), form)


def _text(query: str) -> str:
    if query == "-":
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    # No SPARQL query is written without a brace, and few file names with one.
    if "{" in query:
        return query
    path = Path(query)
    if path.is_file():
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise click.UsageError(f"{path}: not a text in UTF-8") from None
    if path.suffix in (".rq", ".sparql") or "/" in query.split(maxsplit=1)[0]:
        raise click.UsageError(f"{query}: no such file")
    return query
