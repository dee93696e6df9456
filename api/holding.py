"""What the store holds, counted by asking it: for the descriptions of the service and of its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loaders.description import Contents
from ontology.namespaces import TG
from queries.backend import Backend

__all__ = ["Held", "held"]

_STATEMENTS: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
_SUBJECTS: Final = "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s ?p ?o }"
_OBJECTS: Final = "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE { ?s ?p ?o }"
_GRAPHS: Final = "SELECT ?of (COUNT(*) AS ?n) WHERE { GRAPH ?of { ?s ?p ?o } } GROUP BY ?of ORDER BY ?of"
_CLASSES: Final = "SELECT ?of (COUNT(?s) AS ?n) WHERE { ?s a ?of FILTER(isIRI(?of)) } GROUP BY ?of ORDER BY ?of"
_PROPERTIES: Final = "SELECT ?of (COUNT(*) AS ?n) WHERE { ?s ?of ?o } GROUP BY ?of ORDER BY ?of"
_MEETINGS: Final = f"SELECT ?s WHERE {{ ?s a <{TG.MeetingOfStatesParties}> FILTER(isIRI(?s)) }} ORDER BY ?s LIMIT 3"


@dataclass(frozen=True)
class Held:
    """A release in numbers: its default graph, and the statements of each named graph."""

    release: str
    contents: Contents
    graphs: Mapping[str, int]

    @property
    def counts(self) -> dict[str, int]:
        """What a store can tell of the counts of a manifest."""
        return {"statements": self.contents.triples, "graphs": len(self.graphs)}


def held(backend: Backend) -> Held:
    """Count. It reads the whole store several times: for `Context.once`. Raises QueryError."""
    contents = Contents(
        triples=_number(backend, _STATEMENTS),
        subjects=_number(backend, _SUBJECTS),
        objects=_number(backend, _OBJECTS),
        classes=_counted(backend, _CLASSES),
        properties=_counted(backend, _PROPERTIES),
        examples=[row["s"].value for row in backend.query(_MEETINGS).rows()],
    )
    return Held(backend.release, contents, _counted(backend, _GRAPHS))


def _number(backend: Backend, text: str) -> int:
    return next(int(row["n"].value) for row in backend.query(text).rows())


def _counted(backend: Backend, text: str) -> dict[str, int]:
    return {row["of"].value: int(row["n"].value) for row in backend.query(text).rows()}
