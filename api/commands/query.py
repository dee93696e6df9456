"""`treatygraph query`: the questions of the catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from api.commands._release import opened, release_option
from api.commands._results import FORMS, show

__all__ = ["command"]


@click.command(name="query")
@click.argument("name", required=False)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the question; a thing by IRI, key, symbol or name. Without any, the example is asked.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMS, "query"]),
    default="table",
    show_default=True,
    help="Form of the answer; query: the query itself.",
)
@release_option
def command(name: str | None, parameters: tuple[str, ...], form: str, release: Path | None) -> None:
    """Ask a question of the catalogue. Without NAME, the questions are listed."""
    from api.answers import bound_text
    from api.console import note, table
    from queries.catalogue import Catalogue

    questions = Catalogue.load("questions")
    if name is None:
        table(("name", "title", "parameters"), [(q.name, q.title, ", ".join(q.parameters)) for q in questions.values()])
        return
    question = questions.get(name)
    if question is None:
        raise click.UsageError(_unknown(name, questions.names()))
    given = dict(_pair(one) for one in parameters)
    if not given and question.parameters:
        given = question.example()
        note("asked with its example: " + ", ".join(f"{key}={value}" for key, value in given.items()))
    with opened(release) as backend:
        text = bound_text(backend, question, given)
        if form == "query":
            click.echo(text, nl=not text.endswith("\n"))
        else:
            show(backend.query(text), form)


def _unknown(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else "treatygraph query lists them"
    return f"no question is called {name}; {hint}"


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--param {text}: write it as NAME=VALUE")
    return name, value
