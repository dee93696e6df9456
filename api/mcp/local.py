"""A release that a back end of ours answers from: on this machine, or in a store elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import pyoxigraph as ox

from api.answers import bound_text, described, terms_of
from api.evidence import evidence_of_rows
from api.factsheet import fact_sheet, thing_json
from api.findings import Finding, chosen, read_findings
from api.mcp.graph import Asked, Reading, TermRow, things_in
from api.terms import from_json, to_json
from queries.backend import Backend, basis_of
from queries.catalogue import Catalogue
from queries.errors import ParameterError
from queries.following import Following
from queries.lineage import lineage
from queries.paths import path
from queries.resolve import resolve
from queries.results import QueryResult
from queries.search import search

__all__ = ["LocalGraph"]

_PAGE: Final = 100


class LocalGraph:
    """See `api.mcp.graph.Graph`; asks a back end, best one with worker processes, whose queries can be stopped.

    The back end may go over to another release at any time, by itself or because somebody switches it.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend: Any = backend
        self._kept: tuple[str, tuple[Finding, ...]] | None = None

    def release(self) -> str:
        if isinstance(self._backend, Following):
            return self._backend.refresh()
        return str(self._backend.release)

    def facts(self, thing: str) -> dict[str, Any]:
        return fact_sheet(self._backend, thing=thing)

    def search(self, q: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        cursor: str | None = None
        while True:
            page = search(self._backend, q, _PAGE, cursor)
            found += [thing_json(thing) for thing in page.things]
            if (cursor := page.cursor) is None:
                return found

    def lineage(self, thing: str, direction: str, kinds: Sequence[str], depth: int) -> dict[str, Any]:
        start = resolve(self._backend, thing).iri
        way: Any = direction
        return lineage(self._backend, start, direction=way, kinds=kinds or None, depth=depth).to_json()

    def path(self, start: str, end: str, kinds: Sequence[str], hops: int) -> dict[str, Any]:
        ends = resolve(self._backend, start).iri, resolve(self._backend, end).iri
        return path(self._backend, *ends, kinds=kinds or None, hops=hops).to_json()

    def questions(self) -> list[dict[str, Any]]:
        return [described(question) for question in self._catalogue.values()]

    def ask(self, question: str, given: Mapping[str, str]) -> Asked:
        stored = self._catalogue.get(question)
        if stored is None:
            raise ParameterError(f"there is no question {question[:100]!r}; the tool questions lists them")
        text = bound_text(self._backend, stored, given)
        columns, rows = _read(self._backend.query(text))
        return Asked(columns, list(rows), text, things_in(text, list(stored.parameters)))

    def findings(
        self, *, rule: str | None, severity: str | None, state: str | None, document: str | None
    ) -> list[dict[str, Any]]:
        iri = resolve(self._backend, document).iri if document else None
        found = chosen(self._findings(), rule=rule, severity=severity, state=state, document=iri)
        return [one.to_json() for one in found]

    def sparql(self, query: str, seconds: float) -> Reading:
        columns, rows = _read(self._backend.query(query, timeout_s=seconds))
        return Reading(columns, rows, getattr(rows, "close", lambda: None))

    def evidence(self, rows: Sequence[Sequence[Any]], about: Sequence[str]) -> list[list[dict[str, Any]]]:
        terms = [[from_json(term, "rows") for term in row] for row in rows]
        found = evidence_of_rows(self._backend, terms, about)
        return [[one.to_json() for one in statements] for statements in found]

    def close(self) -> None:
        self._backend.close()

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue.load("questions")

    def _findings(self) -> tuple[Finding, ...]:
        """All findings, read once for each release."""
        basis, known = basis_of(self._backend), self._kept
        if known is not None and known[0] == basis:
            return known[1]
        found = read_findings(self._backend)
        if basis == basis_of(self._backend):  # else they may be those of the last one
            self._kept = (basis, found)
        return found


def _read(result: QueryResult) -> tuple[tuple[str, ...], Iterator[TermRow]]:
    if result.kind == "ask":
        return ("answer",), iter([{"answer": to_json(ox.Literal(bool(result)))}])
    if result.kind == "construct":
        return ("subject", "predicate", "object"), _named(result, ("subject", "predicate", "object"))
    columns = result.variables
    return columns, _named(result, columns)


def _named(result: QueryResult, columns: tuple[str, ...]) -> Iterator[TermRow]:
    for row in result:
        yield {name: to_json(term) for name, term in zip(columns, terms_of(row), strict=True)}
