"""Query results as tables for people: cells that pages and the terminal can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolution, Triple

from api.links import compact
from api.protocol import QueryRequest
from queries.backend import Backend

__all__ = ["Cell", "ResultTable", "cell", "result_table"]


@dataclass(frozen=True)
class Cell:
    """One value: its text for people, and the IRI, language or datatype behind it."""

    text: str
    iri: str | None = None
    language: str | None = None
    datatype: str | None = None


@dataclass(frozen=True)
class ResultTable:
    """The first rows of a result; `truncated` says that there are more."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    truncated: bool = False
    boolean: bool | None = None

    @property
    def shown(self) -> range:
        """The places of the columns that a page shows: all."""
        return range(len(self.columns))


def cell(term: object) -> Cell | None:
    """The cell for a term of a result; None for an unbound variable."""
    match term:
        case None:
            return None
        case NamedNode():
            return Cell(compact(term.value), iri=term.value)
        case BlankNode():
            return Cell(f"_:{term.value}")
        case Literal():
            plain = term.language is not None or term.datatype.value.endswith("#string")
            return Cell(term.value, language=term.language, datatype=None if plain else compact(term.datatype.value))
        case _:
            return Cell(str(term))


def result_table(backend: Backend, *, asked: QueryRequest, rows: int, timeout_s: float) -> ResultTable:
    """Run a query and keep its first rows.

    Raises:
        QueryError: as the back end does.
    """
    result = backend.query(
        asked.text or "",
        default_graphs=asked.default_graphs or None,
        named_graphs=asked.named_graphs or None,
        union=asked.union,
        timeout_s=timeout_s,
    )
    if result.kind == "ask":
        return ResultTable(("answer",), (), boolean=bool(result))
    columns = ("subject", "predicate", "object") if result.kind == "construct" else tuple(result.variables)
    found = [tuple(cell(term) for term in _terms(row)) for row in islice(iter(result), rows + 1)]
    return ResultTable(columns, tuple(found[:rows]), truncated=len(found) > rows)


def _terms(row: object) -> Iterable[object]:
    if isinstance(row, Triple):
        return (row.subject, row.predicate, row.object)
    assert isinstance(row, QuerySolution)
    return row
