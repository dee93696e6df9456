"""Rules across records: what no single thing shows, such as a number used twice in a series.

They are the audit checks with the tag `cross-record` (`queries/audit/*.rq`), run on what the files say after
reconciliation, so that an editor hears of them before a release does. The header field `at` of a check names the
properties whose statement is at fault; the result stands where a file makes that statement. A row that knows it better
has columns for the parts of that statement: `atThing`, `at` (the property), `atValue`. None is more than a warning:
sources contradict each other, and the record says so instead of refusing them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store

from loaders.diagnose import Diagnosis
from loaders.positions import Place, Position, PositionMap
from loaders.provenance import PROVENANCE
from loaders.reconcile import Canonical, is_source_graph, reconcile
from loaders.terms import TYPE, iri, quad, statement
from ontology.namespaces import TG

TAG: Final = "cross-record"


@dataclass(frozen=True)
class Rule:
    """One rule: its name, how grave a row is, why it matters, the properties (IRIs) at fault, and its query."""

    name: str
    severity: str
    hint: str
    paths: tuple[str, ...]
    text: str

    @classmethod
    def from_data(cls, data: Any) -> Rule:
        """The rule from its fields as plain data (`dataclasses.asdict`, or the same read from JSON)."""
        return cls(**{**data, "paths": tuple(data["paths"])})


@dataclass(frozen=True)
class Offence:
    """One row of one rule: the thing, the values, what is wrong, and the properties (IRIs) that are at fault."""

    rule: str
    severity: str
    subject: str
    values: tuple[str, ...]
    message: str
    hint: str
    paths: tuple[str, ...]
    at_thing: str = ""
    at_value: str = ""


def record_of(quads: Iterable[Quad]) -> Store:
    """A store with the quads of sources, and in its default graph what reconciliation makes of them."""
    return reconciled(list(quads))[0]


def reconciled(listed: Sequence[Quad]) -> tuple[Store, Canonical]:
    """The store that `record_of` makes, and what reconciliation said."""
    store = Store()
    store.bulk_extend(listed)
    canonical = reconcile(listed)
    store.bulk_extend(quad(fact) for fact in canonical.statements)
    graphs = {item.graph_name for item in listed if is_source_graph(item.graph_name)}
    record = [Quad(graph, TYPE, iri(TG.SourceGraph)) for graph in graphs if isinstance(graph, NamedNode)]
    record.extend(quad(statement(item)) for item in listed if item.graph_name == PROVENANCE)
    store.bulk_extend(record)
    return store, canonical


@cache
def package_rules() -> tuple[Rule, ...]:
    """The rules across records of this package, by the names of their files."""
    # Read here: whoever has the rules already (`loaders.snapshot`) does not wait for the reader of YAML.
    from queries.catalogue import Catalogue
    from queries.header import listing

    found = []
    for check in Catalogue.load("audit").values():
        if TAG in check.tags:
            paths = tuple(str(TG[str(name).removeprefix("tg:")]) for name in listing(check.header, "at"))
            severity = "info" if check.severity == "info" else "warning"
            hint = " ".join(str(check.header.get("why", "")).split())
            found.append(Rule(check.rule, severity, hint, paths, check.text))
    return tuple(found)


def offences(store: Store, rules: Sequence[Rule] | None = None) -> list[Offence]:
    """What the rules (by default those of the package) find in a store, each thing with the same values once; by rule,
    then by thing."""
    found: dict[tuple[str, str, tuple[str, ...]], Offence] = {}
    for rule in package_rules() if rules is None else rules:
        for one in _run(store, rule):
            found.setdefault((one.rule, one.subject, one.values), one)
    return sorted(found.values(), key=lambda one: (one.rule, one.subject, one.values))


def diagnoses(found: Iterable[Offence], places: PositionMap, store: Store) -> Iterator[Diagnosis]:
    """The offences where the files state them: the value at fault, else the property, else the thing."""
    for one in found:
        place, path = _place(one, places, store)
        at = place.position
        yield Diagnosis(
            place.file,
            at.line,
            at.column,
            one.severity,
            one.rule,
            one.message,
            one.hint,
            one.subject,
            path=path,
            value=one.values[-1] if one.values else "",
            cell=at.cell,
        )


def _run(store: Store, rule: Rule) -> Iterator[Offence]:
    rows = store.query(rule.text)
    if not isinstance(rows, QuerySolutions):
        raise TypeError(f"{rule.name}: a check is a SELECT query")
    columns = {variable.value for variable in rows.variables}
    for row in rows:
        about, message = row["about"], row["message"]
        if not isinstance(about, NamedNode) or not isinstance(message, Literal):
            continue
        values = tuple(term.value for name in ("value1", "value2") if isinstance(term := row[name], Literal))
        at = [_text(row[name]) if name in columns else "" for name in ("atThing", "at", "atValue")]
        where = (at[1],) if at[1] else rule.paths
        yield Offence(rule.name, rule.severity, about.value, values, message.value, rule.hint, where, at[0], at[2])


def _text(term: object) -> str:
    return term.value if isinstance(term, NamedNode | Literal) else ""


def _place(one: Offence, places: PositionMap, store: Store) -> tuple[Place, str]:
    for path in one.paths if one.at_thing or one.at_value else ():
        if place := places.stated(one.at_thing or one.subject, path, one.at_value or None):
            return place, path
    stated: list[tuple[str, str | None]] = [(path, value) for value in reversed(one.values) for path in one.paths]
    stated += [(path, value) for path in one.paths for value in _canonical(store, one.subject, path)]
    stated += [(path, None) for path in one.paths]
    for path, value in stated:
        if place := places.stated(one.subject, path, value):
            return place, path
    # A part of a document may be spoken of only by another node: a citation by its citing paragraph.
    for path in one.paths:
        for speaker in _speakers(store, one.subject, path):
            if place := places.stated(speaker, path, one.subject):
                return place, path
    return places.find(one.subject) or Place("", Position(1, 1)), one.paths[0] if one.paths else ""


def _canonical(store: Store, subject: str, path: str) -> Sequence[str]:
    """The values that stand in the record: a rule is about these, not about what another source says."""
    found = store.quads_for_pattern(NamedNode(subject), NamedNode(path), None, DefaultGraph())
    return sorted(item.object.value for item in found if isinstance(item.object, NamedNode | Literal))


def _speakers(store: Store, value: str, path: str) -> Sequence[str]:
    found = store.quads_for_pattern(None, NamedNode(path), NamedNode(value), None)
    return sorted({item.subject.value for item in found if isinstance(item.subject, NamedNode)})
