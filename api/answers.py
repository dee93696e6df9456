"""Answers to questions of the catalogue: parameters as people write them, rows as programs and pages like them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyoxigraph import NamedNode, QuerySolution, Triple

from api.table import Cell, cell
from api.terms import plain
from queries.backend import Backend
from queries.catalogue import StoredQuery
from queries.resolve import resolve
from queries.things import describe

__all__ = ["Answer", "answer_question", "bound_text", "described", "terms_of"]


@dataclass(frozen=True)
class Answer:
    """What a question gave: the query that ran, and its rows.

    `values` are plain (IRIs and texts as strings, whole numbers, truth values, None); `cells` and `labels` are for
    pages and tables.
    """

    text: str
    columns: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    cells: tuple[tuple[Cell | None, ...], ...]
    labels: Mapping[str, str]
    truncated: bool = False
    boolean: bool | None = None

    @property
    def rows(self) -> tuple[tuple[Cell | None, ...], ...]:
        """The rows, under the name that result tables use."""
        return self.cells

    @property
    def shown(self) -> list[int]:
        """The places of the columns that a page shows: things go by their labels, so columns of labels are left out."""
        known = set(self.columns)
        return [at for at, name in enumerate(self.columns) if name.removesuffix("Label") not in known - {name}]


def bound_text(backend: Backend, question: StoredQuery, given: Mapping[str, str]) -> str:
    """The query with these values; a thing may be named in any way that `resolve` knows.

    Raises:
        ParameterError, UnknownThing, AmbiguousThing: which name the parameter or the candidates.
    """
    values: dict[str, str] = {}
    for name, value in given.items():
        parameter = question.parameters.get(name)
        if parameter is not None and parameter.type == "thing" and value.strip():
            values[name] = resolve(backend, value, cls=parameter.class_).iri
        else:
            values[name] = value
    return question.bind(values)


def answer_question(
    backend: Backend, *, question: StoredQuery, given: Mapping[str, str], most: int | None, timeout_s: float | None
) -> Answer:
    """Ask a question and read its rows; all of them when `most` is None."""
    text = bound_text(backend, question, given)
    result = backend.query(text, timeout_s=timeout_s)
    if result.kind == "ask":
        return Answer(text, ("answer",), (), (), {}, boolean=bool(result))
    columns = ("subject", "predicate", "object") if result.kind == "construct" else result.variables
    rows = [terms_of(row) for row in islice(iter(result), None if most is None else most + 1)]
    truncated = most is not None and len(rows) > most
    rows = rows[:most]
    iris = {term.value for row in rows for term in row if isinstance(term, NamedNode)}
    labels = {iri: thing.label for iri, thing in describe(backend, sorted(iris)).items() if thing.label != iri}
    return Answer(
        text,
        columns,
        tuple(tuple(plain(term) for term in row) for row in rows),
        tuple(tuple(cell(term) for term in row) for row in rows),
        labels,
        truncated,
    )


def terms_of(row: object) -> tuple[object, ...]:
    """The terms of a row, or of a triple."""
    if isinstance(row, Triple):
        return (row.subject, row.predicate, row.object)
    assert isinstance(row, QuerySolution)
    return tuple(row)


def described(question: StoredQuery) -> dict[str, Any]:
    """A question with its parameters and columns, as `/ask` lists it."""
    parameters = {
        name: {
            "type": one.type,
            "class": one.class_,
            "description": one.description,
            "example": one.example,
            "optional": one.optional,
        }
        for name, one in question.parameters.items()
    }
    return {
        "question": question.name,
        "title": question.title,
        "description": question.description,
        "numbers": list(question.questions),
        "parameters": parameters,
        "columns": dict(question.columns),
    }
