"""The quality report of a release: what it covers and lacks, its findings, its violations, its sources.

Everything is counted from the release itself, so that equal releases have equal reports.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from loaders.conformance import Violation
from loaders.findings import FINDINGS
from loaders.provenance import PROVENANCE
from loaders.reconcile import is_source_graph
from loaders.terms import TYPE, iri
from ontology.namespaces import TG
from queries.completeness import read_coverage, read_gaps
from queries.embedded import EmbeddedBackend

__all__ = ["FILE", "quality_report", "record_date"]

FILE: Final = "quality.json"

#: Known on or after its day only. What is planned, or will take effect, tells nothing about the age of the record.
_PAST: Final = (
    "adoptionDate",
    "distributionDate",
    "issueDate",
    "endDate",
    "actionDate",
    "voteDate",
    "participationKnownUntil",
)


def record_date(store: Store) -> str | None:
    """The last day of which the record knows something that had happened, as YYYY-MM-DD; None where it knows no day."""
    days = (
        found.object.value
        for name in _PAST
        for found in store.quads_for_pattern(None, iri(TG[name]), None, DefaultGraph())
        if isinstance(found.object, Literal) and found.object.datatype.value.endswith("#date")
    )
    return max((day for day in days if len(day) == len("2026-01-01")), default=None)


def quality_report(store: Store, results: Iterable[Violation], release: str, counts: Mapping[str, int]) -> str:
    """The report as JSON: counts, sources by confidence, findings, results of the shapes, coverage and gaps."""
    backend = EmbeddedBackend(store, release)
    report: dict[str, Any] = {
        "release": release,
        "date": record_date(store),
        "counts": dict(counts),
        "sources": _sources(store),
        "findings": _findings(store),
        "shapes": _shapes(results),
        "coverage": [line.to_json() for line in read_coverage(backend)],
        "gaps": [{"kind": one.kind, "title": one.title, "total": len(one.gaps)} for one in read_gaps(backend)],
    }
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _sources(store: Store) -> list[dict[str, Any]]:
    """Source graphs and what they state, by confidence."""
    graphs: Counter[str] = Counter()
    statements: Counter[str] = Counter()
    for graph in store.named_graphs():
        if not isinstance(graph, NamedNode) or not is_source_graph(graph) or graph.value.endswith("~claims"):
            continue
        found = store.quads_for_pattern(graph, iri(TG.confidence), None, PROVENANCE)
        stated = sorted(quad.object.value.rpartition("/")[2] for quad in found if isinstance(quad.object, NamedNode))
        confidence = stated[0] if stated else "not stated"
        graphs[confidence] += 1
        statements[confidence] += sum(1 for _ in store.quads_for_pattern(None, None, None, graph))
    return [{"confidence": name, "graphs": graphs[name], "statements": statements[name]} for name in sorted(graphs)]


def _findings(store: Store) -> list[dict[str, Any]]:
    """Findings by rule, severity and state."""
    found: Counter[tuple[str, str, str]] = Counter()
    for quad in store.quads_for_pattern(None, TYPE, iri(TG.Finding), FINDINGS):
        rule, severity, state = (_one(store, quad.subject, name) for name in ("rule", "severity", "findingState"))
        found[(rule, severity, state)] += 1
    return [
        {"rule": rule, "severity": severity, "state": state, "count": count}
        for (rule, severity, state), count in sorted(found.items())
    ]


def _shapes(results: Iterable[Violation]) -> list[dict[str, Any]]:
    """What the shapes report, by shape; a release has no violations, or it would not have been published."""
    found = Counter((one.result.shape, one.result.severity) for one in results)
    return [
        {"shape": shape, "severity": severity, "count": found[(shape, severity)]} for shape, severity in sorted(found)
    ]


def _one(store: Store, subject: Any, name: str) -> str:
    for quad in store.quads_for_pattern(subject, iri(TG[name]), None, FINDINGS):
        if isinstance(quad.object, NamedNode | Literal):
            return quad.object.value.rpartition("/")[2]
    return ""
