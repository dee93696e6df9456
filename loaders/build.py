"""Building a release: read, reconcile, name, derive, audit, validate, write, publish. Each stage has its own module."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from loaders.citing import CITATION, ZENODO, citation_cff, zenodo_json
from loaders.conformance import Violation, check
from loaders.derive import Derived, derive
from loaders.description import description
from loaders.errors import BuildError
from loaders.findings import FINDINGS, Findings, audit
from loaders.names import LABELS, label_quads
from loaders.provenance import PROVENANCE
from loaders.publication import building, publish
from loaders.quality import FILE as QUALITY
from loaders.quality import quality_report, record_date
from loaders.reconcile import RECONCILIATION, Canonical, is_source_graph, reconcile
from loaders.release import ReleaseInfo, release_id, write_release
from loaders.sources import Sources, read_sources
from loaders.terms import TYPE, Statement, iri, lines, quad, statement
from loaders.vocabulary import schema_quads
from ontology.namespaces import TG
from queries.catalogue import Catalogue

#: Stages in their order, as `progress` names them.
STAGES: Final = ("read", "reconcile", "derive", "audit", "validate", "write", "publish")

#: Graphs of the build whose statements a plain query sees too.
_SHOWN: Final = (PROVENANCE, RECONCILIATION, FINDINGS, LABELS)


class Step(NamedTuple):
    """Where a build is: the stage, how much of it is done (`done` of `total`; 0 of 0: not counted), and a detail."""

    stage: str
    done: int = 0
    total: int = 0
    detail: str = ""


Progress: TypeAlias = Callable[[Step], None]


@dataclass(frozen=True)
class BuildReport:
    """What a build did. `release` is None where SHACL violations refused it.

    Units: `seconds` is wall-clock time, everything else a number of things. `statements` counts the default graph
    without the schema; `claims` those with a passage of their own.
    """

    sources: int
    claims: int
    statements: int
    conflicts: int
    derived: int
    findings: int
    open_findings: int
    violations: tuple[Violation, ...]
    warnings: tuple[Violation, ...]
    skipped: tuple[tuple[str, str], ...]
    stale_decisions: tuple[str, ...]
    seconds: float
    release: ReleaseInfo | None = field(default=None)

    def counts(self) -> dict[str, int]:
        """The numbers of the manifest; they depend on the input alone."""
        return {
            "sources": self.sources,
            "claims": self.claims,
            "statements": self.statements,
            "conflicts": self.conflicts,
            "derived": self.derived,
            "findings": self.findings,
            "open_findings": self.open_findings,
            "violations": len(self.violations),
            "warnings": len(self.warnings),
        }

    def rows(self) -> list[tuple[str, str]]:
        """The summary table: name and value."""
        table = [(name.replace("_", " "), f"{number:,}") for name, number in self.counts().items()]
        return [*table, ("seconds", f"{self.seconds:.1f}")]


class ReleaseRefused(BuildError):
    """The canonical graph breaks shapes: nothing was published. `.report` holds the violations and all counts."""

    def __init__(self, report: BuildReport) -> None:
        self.report = report
        number = len(report.violations)
        first = report.violations[0] if number else ""
        super().__init__(f"{number} SHACL violation{'s' if number != 1 else ''}, nothing is published; first: {first}")


@dataclass
class Assembly:
    """All graphs of a release, before anything is written."""

    sources: Sources
    quads: list[Quad]
    canonical: Canonical
    derived: Derived
    findings: Findings
    store: Store

    def default_graph(self) -> list[Statement]:
        """The statements that a plain query sees, the schema among them."""
        found = self.store.quads_for_pattern(None, None, None, DefaultGraph())
        return [statement(item) for item in found]


def build(
    sources: Sequence[Path],
    out: Path,
    *,
    progress: Progress | None = None,
    quotations: bool = True,
    rules: Path | None = None,
    checks: Path | None = None,
) -> BuildReport:
    """Build a release from files and directories and make it `out/current`.

    `quotations`: passages of documents among the sources carry the text they span. `rules` and `checks` replace the
    query files of the package. Raises BadSources (wrong files), ReleaseRefused (SHACL violations), BuildError (all
    else); whatever is raised, the old release stays as it was.
    """
    tell = progress or _silent
    begun = time.monotonic()
    for path in sources:
        if not path.exists():
            raise BuildError(f"{path}: no such file or directory; to mend: check the path of the source")
    with building(out) as folder:
        assembly = assemble(sources, tell, quotations=quotations, rules=rules, checks=checks)
        tell(Step("validate"))
        schema = {statement(item) for item in schema_quads()}
        shown = [fact for fact in assembly.default_graph() if fact not in schema]
        results = check(shown, assembly.quads, assembly.sources)
        report = _report(assembly, shown, results, begun)
        if report.violations:
            raise ReleaseRefused(report)
        tell(Step("write"))
        everything = lines(assembly.store)
        dump = "".join(f"{line}\n" for line in everything).encode()
        identifier, date = release_id(dump), record_date(assembly.store)
        write_release(
            folder,
            everything,
            description=description(assembly.default_graph(), identifier, report.counts(), date),
            counts=report.counts(),
            inputs=[(file.name, file.checksum) for file in assembly.sources.files],
            papers={
                QUALITY: quality_report(assembly.store, results, identifier, report.counts()),
                CITATION: citation_cff(identifier, date),
                ZENODO: zenodo_json(identifier, date),
            },
            date=date,
        )
        tell(Step("publish", detail=identifier))
        info = publish(folder, out, identifier)
        tell(Step("publish", 1, 1, identifier))
    return _report(assembly, shown, results, begun, info)


def assemble(
    sources: Sequence[Path],
    progress: Progress,
    *,
    quotations: bool = True,
    rules: Path | None = None,
    checks: Path | None = None,
) -> Assembly:
    """Everything of a release in memory, without validation and without writing. Raises as `build` does."""
    read = read_sources(
        sources,
        quotations=quotations,
        progress=lambda name, done, total: progress(Step("read", done, total, name)),
    )
    quads = list(read.quads())
    progress(Step("reconcile"))
    canonical = reconcile(quads)
    labels = list(label_quads(canonical.statements))
    store = Store()
    store.bulk_extend(quads)
    store.bulk_extend(canonical.reconciliations)
    store.bulk_extend(labels)
    store.bulk_extend(schema_quads())
    store.bulk_extend(quad(fact) for fact in canonical.statements)
    for graph in _SHOWN:
        store.bulk_extend([quad(statement(item)) for item in store.quads_for_pattern(None, None, None, graph)])
    progress(Step("derive"))
    derived = derive(store, Catalogue.load("rules", rules))
    progress(Step("audit"))
    findings = audit(store, Catalogue.load("audit", checks), canonical.decisions.findings)
    store.bulk_extend(findings.quads)
    store.bulk_extend([quad(statement(item)) for item in findings.quads])
    return Assembly(read, quads, canonical, derived, findings, store)


def _report(
    assembly: Assembly,
    shown: Sequence[Statement],
    results: Sequence[Violation],
    begun: float,
    release: ReleaseInfo | None = None,
) -> BuildReport:
    severities = Counter(violation.result.severity for violation in results)
    assert sum(severities.values()) == len(results)
    graphs = {item.graph_name for item in assembly.quads if is_source_graph(item.graph_name)}
    claim = iri(TG.Claim)
    return BuildReport(
        sources=len(graphs),
        claims=len({item.subject for item in assembly.quads if item.predicate == TYPE and item.object == claim}),
        statements=len(shown),
        conflicts=assembly.canonical.conflicts,
        derived=len(assembly.derived.statements),
        findings=assembly.findings.count,
        open_findings=assembly.findings.open,
        violations=tuple(found for found in results if found.result.severity == "violation"),
        warnings=tuple(found for found in results if found.result.severity == "warning"),
        skipped=tuple(assembly.sources.skipped),
        stale_decisions=tuple(node.value for node in assembly.findings.stale if isinstance(node, NamedNode)),
        seconds=time.monotonic() - begun,
        release=release,
    )


def _silent(step: Step) -> None:
    """The progress that nobody watches."""
    del step
