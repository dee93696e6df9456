"""`treatygraph coverage`: how complete the record is."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import opened, release_option
from api.commands._results import FORMS, show

__all__ = ["command"]


@click.command(name="coverage")
@click.option("--treaty", help="The resolutions on this treaty, session by session: a key, a name or an IRI.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="Form of the answer."
)
@release_option
def command(treaty: str | None, form: str, release: Path | None) -> None:
    """Count what is expected, present, exactly or secondarily sourced, and missing: the meetings, by treaty and series.

    With --treaty: the resolutions on it, session by session, and what the record knows of each.
    """
    from api.answers import bound_text
    from queries.catalogue import Catalogue

    questions = Catalogue.load("questions")
    with opened(release) as backend:
        if treaty is None:
            text = questions["coverage-of-meetings"].text
        else:
            text = bound_text(backend, questions["coverage-of-resolutions"], {"treaty": treaty})
        show(backend.query(text), form)
