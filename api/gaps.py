"""What the record lacks: the rows of the gap queries, by kind."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pyoxigraph import Literal, NamedNode

from ontology.namespaces import ID
from queries.backend import Backend
from queries.catalogue import Catalogue

__all__ = ["Gap", "GapsOfKind", "gaps_csv", "kinds", "read_gaps"]


@dataclass(frozen=True)
class Gap:
    """One thing and what it lacks; `treaty` is empty where the thing belongs to none."""

    iri: str
    key: str
    label: str
    treaty: str
    missing: str

    def to_json(self) -> dict[str, str]:
        """The fields, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class GapsOfKind:
    """All gaps of one kind: the name of its query and what it is about."""

    kind: str
    title: str
    gaps: tuple[Gap, ...]


def kinds() -> list[str]:
    """The kinds of gaps, sorted."""
    return Catalogue.load("gaps").names()


def read_gaps(backend: Backend, wanted: Sequence[str] | None = None) -> list[GapsOfKind]:
    """The gaps of these kinds (None: of all), in the order of their names. Raises QueryError as the back end does."""
    found = []
    for query in Catalogue.load("gaps").values():
        if wanted is None or query.name in wanted:
            result = backend.query(query.text)
            names = tuple(result.variables)
            rows = [dict(zip(names, row, strict=True)) for row in result.rows()]
            found.append(GapsOfKind(query.name, query.title, tuple(_gap(row) for row in rows)))
    return found


def gaps_csv(found: Sequence[GapsOfKind]) -> str:
    """One line for each gap: kind, key, label, treaty, missing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("kind", "key", "label", "treaty", "missing"))
    for one in found:
        writer.writerows((one.kind, gap.key, gap.label, gap.treaty, gap.missing) for gap in one.gaps)
    return text.getvalue()


def _gap(row: dict[str, object]) -> Gap:
    iri = _text(row.get("thing"))
    key = iri.removeprefix(str(ID))
    treaty = _text(row.get("treaty")).removeprefix(f"{ID}treaty/")
    return Gap(iri, key, _text(row.get("thingLabel")) or key, treaty, _text(row.get("missing")))


def _text(term: object) -> str:
    return term.value if isinstance(term, NamedNode | Literal) else ""
