"""The findings of the audit, as lists: read once for each release, filtered and paged."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.facts import values_of
from api.panel import run_panel
from ontology.keys import key_of
from ontology.namespaces import TG
from queries.backend import Backend

__all__ = ["Finding", "about", "chosen", "findings_csv", "read_findings"]

_COLUMNS: Final = ("iri", "rule", "severity", "state", "about", "documents", "values", "passages", "message")
_SEVERITIES: Final = ("violation", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One contradiction in the sources. `about` and `documents` are IRIs, `passages` keys of parts of documents."""

    iri: str
    rule: str
    severity: str
    state: str
    about: tuple[str, ...]
    documents: tuple[str, ...]
    values: tuple[str, ...]
    passages: tuple[str, ...]
    message: str

    def to_json(self) -> dict[str, Any]:
        """The entry of `/findings` (DESIGN, HTTP)."""
        return {
            "iri": self.iri,
            "rule": self.rule,
            "severity": self.severity,
            "state": self.state,
            "about": list(self.about),
            "documents": list(self.documents),
            "values": list(self.values),
            "passages": list(self.passages),
            "message": self.message,
        }


def read_findings(backend: Backend) -> tuple[Finding, ...]:
    """All findings: the gravest first, then by rule and by what they are about."""
    parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in run_panel(backend, "findings").rows():
        name = row["property"].value.removeprefix(str(TG))
        parts[row["finding"].value][name].append(row["value"].value)
    places = _places(backend, {passage for one in parts.values() for passage in one["passage"]})
    found = [_finding(iri, one, places) for iri, one in parts.items()]
    return tuple(sorted(found, key=lambda one: (_rank(one.severity), one.rule, one.about, one.iri)))


def chosen(
    findings: Iterable[Finding],
    *,
    rule: str | None = None,
    severity: str | None = None,
    state: str | None = None,
    document: str | None = None,
) -> list[Finding]:
    """Those of a rule, a severity, a state, a document (IRI; its parts count as the document)."""

    def fits(one: Finding) -> bool:
        return (
            (rule is None or one.rule == rule)
            and (severity is None or one.severity == severity)
            and (state is None or one.state == state)
        )

    fitting = [one for one in findings if fits(one)]
    return fitting if document is None else about(fitting, document)


def about(findings: Iterable[Finding], thing: str) -> list[Finding]:
    """The findings that are about a thing (IRI) or about a part of it, or to which it is a witness."""

    def concerned(iri: str) -> bool:
        return iri == thing or iri.startswith(f"{thing}~")

    return [one for one in findings if any(concerned(iri) for iri in (*one.about, *one.documents))]


def findings_csv(findings: Iterable[Finding]) -> str:
    """One row each; several values in one cell are separated by a blank and a bar."""
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    writer.writerow(_COLUMNS)
    for one in findings:
        entry = one.to_json()
        cells = (" | ".join(value) if isinstance(value := entry[name], list) else value for name in _COLUMNS)
        writer.writerow([_harmless(text) for text in cells])
    return output.getvalue()


def _harmless(text: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _finding(iri: str, parts: dict[str, list[str]], places: dict[str, str]) -> Finding:
    ordered = [*parts["value1"], *parts["value2"]] or parts["value"]
    return Finding(
        iri=iri,
        rule=_first(parts["rule"]),
        severity=_first(parts["severity"]).rpartition("/")[2],
        state=_first(parts["findingState"]).rpartition("/")[2],
        about=tuple(parts["about"]),
        documents=tuple(parts["document"]),
        values=tuple(ordered),
        passages=tuple(dict.fromkeys(places.get(passage, key_of(passage)) for passage in parts["passage"])),
        message=_first(parts["message"]),
    )


def _places(backend: Backend, passages: set[str]) -> dict[str, str]:
    """The key of the part of the document in which each passage stands."""
    known = values_of(backend, passages, (TG.inPart,))
    return {passage: key_of(part) for (passage, _), part in known.items()}


def _first(values: Sequence[str]) -> str:
    return values[0] if values else ""


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
