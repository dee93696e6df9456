"""`treatygraph coverage`: how complete the record is."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import opened, release_option
from api.commands._results import FORMS, show

__all__ = ["command"]


@click.command(name="coverage")
@click.option("--treaty", help="The resolutions on this treaty, session by session: a key, a name or an IRI.")
@click.option("--sessions", is_flag=True, help="The resolutions on every treaty, by session of the Assembly.")
@click.option("--participation", is_flag=True, help="The acts of States under every treaty.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="Form of the answer."
)
@release_option
def command(treaty: str | None, sessions: bool, participation: bool, form: str, release: Path | None) -> None:
    """Count what is expected, present, exactly or secondarily sourced, and missing: the meetings, by treaty and series.

    With --sessions: the facts about resolutions, by treaty and session. With --treaty: each resolution on it, and what
    the record knows of it. With --participation: the acts of States, and the day up to which they are known.
    """
    if sum((treaty is not None, sessions, participation)) > 1:
        raise click.UsageError("give one of --treaty, --sessions and --participation")
    from api.answers import bound_text
    from queries.catalogue import Catalogue

    questions = Catalogue.load("questions")
    with opened(release) as backend:
        if treaty is None:
            name = "by-session" if sessions else "of-participation" if participation else "of-meetings"
            text = questions[f"coverage-{name}"].text
        else:
            text = bound_text(backend, questions["coverage-of-resolutions"], {"treaty": treaty})
        show(backend.query(text), form)
