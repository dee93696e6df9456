"""Panels: the queries behind the parts of a page, one file each in `panels/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from queries.backend import Backend
from queries.results import QueryResult
from queries.values import fill, iri_text

__all__ = ["panel_text", "run_panel"]


@cache
def panel_text(name: str) -> str:
    """The text of `panels/{name}.rq`."""
    return files("api").joinpath("panels", f"{name}.rq").read_text(encoding="utf-8")


def run_panel(backend: Backend, name: str, thing: str | None = None, *, timeout_s: float | None = None) -> QueryResult:
    """Ask the query of a panel, about one thing where it is about one.

    Raises:
        ParameterError: the IRI holds a character that no IRI holds.
    """
    text = panel_text(name)
    if thing is not None:
        text = fill(text, {("thing",): [(iri_text(thing),)]})
    return backend.query(text, timeout_s=timeout_s)
