"""What the tools need of a graph: answers as JSON, in the shapes that the service sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from ontology.namespaces import BASE
from queries.values import values_blocks

__all__ = ["Asked", "Graph", "Reading", "TermRow", "things_in"]

#: A row of terms in the JSON of SPARQL results; None where nothing is bound.
TermRow: TypeAlias = dict[str, dict[str, str] | None]

_IRI: Final = re.compile(r"<([^<>\s]+)>")


@dataclass(frozen=True)
class Asked:
    """The answer to a question of the catalogue: all its rows, the query that ran, the things (IRIs) it was about."""

    columns: tuple[str, ...]
    rows: list[TermRow]
    query: str
    about: list[str]


@dataclass(frozen=True)
class Reading:
    """Rows of a query while they are read; `close` stops the query."""

    columns: tuple[str, ...]
    rows: Iterator[TermRow]
    close: Callable[[], None]


class Graph(Protocol):
    """A release that is asked, here or elsewhere. Safe to use from several threads.

    Failures are QueryError (here) or TreatygraphError (elsewhere); both are one line.
    """

    def release(self) -> str:
        """The release that answers now."""

    def facts(self, thing: str) -> dict[str, Any]:
        """The JSON of `/facts`."""

    def search(self, q: str) -> list[dict[str, str]]:
        """What is found, best first, at most 500."""

    def lineage(self, thing: str, direction: str, kinds: Sequence[str], depth: int) -> dict[str, Any]:
        """The JSON of `/lineage`."""

    def path(self, start: str, end: str, kinds: Sequence[str], hops: int) -> dict[str, Any]:
        """The JSON of `/lineage/path`."""

    def questions(self) -> list[dict[str, Any]]:
        """The questions as `/ask` lists them."""

    def ask(self, question: str, given: Mapping[str, str]) -> Asked:
        """Ask a question."""

    def findings(
        self, *, rule: str | None, severity: str | None, state: str | None, document: str | None
    ) -> list[dict[str, Any]]:
        """The findings as `/findings` gives them, filtered by rule, severity, state, document."""

    def sparql(self, query: str, seconds: float) -> Reading:
        """Run a SELECT or an ASK, stopped after so many seconds."""

    def evidence(self, rows: Sequence[Sequence[Any]], about: Sequence[str]) -> list[list[dict[str, Any]]]:
        """For each row of terms its statements, as `/evidence` gives them."""

    def close(self) -> None:
        """Let go of the store or of the connections."""


def things_in(query: str, parameters: Sequence[str]) -> list[str]:
    """The things of the record (IRIs) that stand in the VALUES blocks of a bound question."""
    found: dict[str, None] = {}
    for names, start, end in values_blocks(query):
        if len(names) == 1 and names[0] in parameters:
            found |= dict.fromkeys(iri for iri in _IRI.findall(query[start:end]) if iri.startswith(f"{BASE}id/"))
    return list(found)
