"""Reports: the results of a validation as a table, JSON, a SHACL report in Turtle, SARIF 2.1.0, or a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, SH

from loaders.diagnose import SEVERITIES, Diagnosis
from loaders.reportpage import page
from loaders.software import NAME, software_version
from ontology.namespaces import BASE

_LEVELS: Final = {"violation": "error", "warning": "warning", "info": "note"}
_SHACL: Final = {"violation": SH.Violation, "warning": SH.Warning, "info": SH.Info}


def report_table(found: Sequence[Diagnosis]) -> str:
    """For a person at a terminal: results grouped by rule, each on two lines, and a summary."""
    lines: list[str] = []
    for rule in _rules(found):
        group = [result for result in found if result.rule == rule]
        lines.append(f"{rule} ({len(group)})")
        for result in group:
            cell = f", column “{result.cell}”" if result.cell else ""
            lines.append(f"  {result.file}:{result.line}:{result.column}{cell}: {result.severity}: {result.message}")
            if result.hint:
                lines.append(f"      {result.hint}")
        lines.append("")
    lines.append(summary(found))
    return "\n".join(lines) + "\n"


def summary(found: Sequence[Diagnosis]) -> str:
    """One line: how many results of each severity, in how many files."""
    if not found:
        return "No violations, no warnings."
    counts = Counter(result.severity for result in found)
    parts = [f"{counts[name]} {name}{'s' if counts[name] != 1 else ''}" for name in SEVERITIES if counts[name]]
    files = len({result.file for result in found})
    return f"{', '.join(parts)} in {files} file{'s' if files != 1 else ''}."


def report_json(found: Sequence[Diagnosis]) -> str:
    """For a program: `{"summary": {severity: count}, "results": [Diagnosis]}`; absent values are null."""
    counts = Counter(result.severity for result in found)
    results = [{key: value if value != "" else None for key, value in asdict(result).items()} for result in found]
    document = {"summary": {name: counts[name] for name in SEVERITIES}, "results": results}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def report_turtle(found: Sequence[Diagnosis]) -> str:
    """As a SHACL validation report; each message begins with file, line and column, for which SHACL has no terms."""
    graph = Graph(bind_namespaces="none")
    graph.bind("sh", SH)
    report = URIRef(f"{BASE}validation-report")
    graph.add((report, RDF.type, SH.ValidationReport))
    graph.add((report, SH.conforms, Literal(not found)))
    for number, result in enumerate(found):
        node = BNode(f"r{number:06d}")
        graph.add((report, SH.result, node))
        graph.add((node, RDF.type, SH.ValidationResult))
        graph.add((node, SH.resultSeverity, _SHACL[result.severity]))
        graph.add((node, SH.resultMessage, Literal(f"{result}", lang="en")))
        graph.add((node, SH.sourceConstraintComponent, URIRef(f"{BASE}shape/{quote(result.rule)}")))
        focus = result.subject if ":" in result.subject else f"{BASE}file/{quote(result.file)}"
        graph.add((node, SH.focusNode, URIRef(focus)))
        if result.path:
            graph.add((node, SH.resultPath, URIRef(result.path)))
        if result.value:
            graph.add((node, SH.value, Literal(result.value)))
    return str(graph.serialize(format="turtle"))


def report_sarif(found: Sequence[Diagnosis]) -> str:
    """As SARIF 2.1.0 (OASIS), for annotations in code review."""
    rules = _rules(found)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": NAME,
                "version": software_version(),
                "informationUri": BASE,
                "rules": [{"id": rule, "helpUri": f"{BASE}shape/{quote(rule)}"} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(result, rules.index(result.rule)) for result in found],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def report_html(found: Sequence[Diagnosis]) -> str:
    """As one page that needs nothing else, grouped by rule, for a build server to keep or a person to print."""
    rules = _rules(found)
    return page(summary(found), [(rule, [result for result in found if result.rule == rule]) for rule in rules])


def _sarif_result(result: Diagnosis, index: int) -> dict[str, Any]:
    cell = f"Column “{result.cell}”: " if result.cell else ""
    region = {"startLine": result.line, "startColumn": result.column}
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(PurePath(result.file).as_posix())},
            "region": region,
        }
    }
    return {
        "ruleId": result.rule,
        "ruleIndex": index,
        "level": _LEVELS[result.severity],
        "message": {"text": f"{cell}{result.message} {result.hint}".strip()},
        "locations": [location],
    }


def _rules(found: Sequence[Diagnosis]) -> list[str]:
    """The rules that have results: the gravest first, then by name."""
    gravest: dict[str, int] = {}
    for result in found:
        rank = SEVERITIES.index(result.severity)
        gravest[result.rule] = min(rank, gravest.get(result.rule, rank))
    return sorted(gravest, key=lambda rule: (gravest[rule], rule))


#: The formats of `treatygraph validate --format`.
REPORTS: Final[Mapping[str, Callable[[Sequence[Diagnosis]], str]]] = {
    "table": report_table,
    "json": report_json,
    "turtle": report_turtle,
    "sarif": report_sarif,
    "html": report_html,
}
