"""Checking what has been read: plain checks, shapes, rules across records, in this order; one mistake, one result.

Several sources may give one thing different values: each source has a graph of its own, and the build chooses
(`loaders.reconcile`). That a thing has two values is therefore wrong only within one graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rdflib import Graph, URIRef

from loaders.crossrecord import Offence, Rule, diagnoses, offences, record_of
from loaders.diagnose import Diagnosis
from loaders.errors import BuildError
from loaders.plainchecks import plain_faults, violation
from loaders.positions import Place, PositionedQuad, PositionMap, pipeline_quad
from ontology.shapes import ValidationResult
from ontology.shapes import validate as check_shapes
from queries.conformance import store_of, validate_store

#: Which offences are wanted.
Wanted = Callable[[Offence], bool]


@dataclass
class Files:
    """What has been read so far: statements by the name of their file, and what was found wrong while reading."""

    quads: dict[str, list[PositionedQuad]] = field(default_factory=lambda: defaultdict(list))
    found: list[Diagnosis] = field(default_factory=list)


def check(
    files: Files,
    levels: Sequence[str],
    affected: set[str] | None = None,
    *,
    rules: Sequence[Rule] | None = None,
    wanted: Wanted | None = None,
) -> list[Diagnosis]:
    """Everything that is wrong, sorted by file and line.

    `affected` limits the shapes to these things, `wanted` the offences against rules across records; `rules` replaces
    those of the package.
    """
    found = list(files.found)
    places = PositionMap()
    for name, quads in files.quads.items():
        places.add(name, quads)
    for name, quads in files.quads.items():
        found.extend(plain_faults(name, quads, places))
    faulty = {(result.file, result.line, result.column) for result in found}
    incomplete = {result.subject for result in found if result.subject}
    bad = {(result.subject, result.path, result.value) for result in found if result.rule == "bad-value"}
    for result in _shape_results(files, places, levels, affected, bad):
        # A misspelled property is missing as well, and a bad value breaks more than one shape: that was said already.
        known = (result.file, result.line, result.column) in faulty
        if not known and (result.value or result.subject not in incomplete):
            found.append(result)
    if levels and rules != []:
        found.extend(_across_records(files, places, found, rules, wanted))
    return sorted(set(found), key=Diagnosis.sort_key)


def _across_records(
    files: Files,
    places: PositionMap,
    found: Iterable[Diagnosis],
    rules: Sequence[Rule] | None,
    wanted: Wanted | None,
) -> list[Diagnosis]:
    """What the rules across records say. Nothing, where a statement cannot be stored: that has been reported."""
    try:
        store = record_of(pipeline_quad(positioned.quad) for quads in files.quads.values() for positioned in quads)
    except (TypeError, ValueError, BuildError):
        return []
    known = {(result.subject, result.value) for result in found}
    fresh = [
        one
        for one in offences(store, rules)
        if (wanted is None or wanted(one)) and not any((one.subject, value) in known for value in one.values)
    ]
    return list(diagnoses(fresh, places, store))


def _shape_results(
    files: Files,
    places: PositionMap,
    levels: Sequence[str],
    affected: set[str] | None,
    bad: set[tuple[str, str, str]],
) -> Iterator[Diagnosis]:
    """What the SHACL shapes say, each at the statement at fault, else where its subject first stands.

    Of several results about one value the gravest speaks. Values without the form of their datatype (`bad`) have been
    reported and are left out: they cannot be compared.
    """
    everything = [
        positioned
        for name in sorted(files.quads)
        for positioned in files.quads[name]
        if not bad or tuple(str(term) for term in positioned.quad[:3]) not in bad
    ]
    if not everything or not levels:
        return
    crowded = _crowded(everything)
    seen: set[tuple[str, str | None, str]] = set()
    for result in _check_shapes(everything, levels, affected):
        if result.component.startswith("MaxCount") and (result.focus, result.path or "") not in crowded:
            continue
        key = (result.focus, result.path, result.value or "")
        place = places.find(result.focus, result.path, result.value)
        if place is None or (result.value and key in seen):
            continue
        seen.add(key)
        yield _from_shape(result, place)


def _check_shapes(
    quads: Sequence[PositionedQuad], levels: Sequence[str], affected: set[str] | None
) -> list[ValidationResult]:
    """What the shapes say about these statements, the fast way where the store can hold them."""
    try:
        store = store_of(pipeline_quad(positioned.quad) for positioned in quads)
    except (TypeError, ValueError):  # An IRI with a blank in it, for instance: the slow engine does not mind.
        nodes = None if affected is None else [URIRef(iri) for iri in affected]
        graph = Graph(bind_namespaces="none")
        for positioned in quads:
            graph.add(positioned.quad[:3])
        return check_shapes(graph, focus_nodes=nodes, levels=levels)
    return validate_store(store, focus_nodes=affected, levels=levels)


def _from_shape(result: ValidationResult, place: Place) -> Diagnosis:
    about = (result.focus, result.path or "", result.value or "")
    return replace(
        violation(place, result.shape, result.message, result.hint, about),
        severity=result.severity,
    )


def _crowded(quads: Iterable[PositionedQuad]) -> set[tuple[str, str]]:
    """Subject and predicate of which one single graph holds several values."""
    seen: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for positioned in quads:
        subject, predicate, value, graph = positioned.quad
        seen[(str(subject), str(predicate), str(graph))].add(str(value))
    return {(subject, predicate) for (subject, predicate, _), values in seen.items() if len(values) > 1}
