"""Checking a graph against the SHACL shapes of this package.

pySHACL is given graphs only, never text: it would fetch what looks like an address. Imports, JavaScript and inference
are off; subclasses and code lists come from the schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, SKOS
from rdflib.term import Node

from ontology.namespaces import PREFIXES, TG
from ontology.schema import load_schema
from ontology.turtle import read_turtle

#: The files under `ontology/shapes/`, from the strictest.
LEVELS: Final = ("core", "profile", "editorial")

_SEVERITIES: Final = {SH.Violation: "violation", SH.Warning: "warning", SH.Info: "info"}
_ORDER: Final = {"violation": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class ValidationResult:
    """What one shape says about one thing.

    `focus` is the IRI of the thing (or the identifier of a blank node), `path` the IRI of the property or None where
    the thing itself is at fault, `value` the value at fault or None (a missing one), `severity` a member of
    code/severity, `message` what is wrong, `hint` how to mend it, `shape` the name of the shape (its file under
    `ontology/examples/` shows one thing that is right and one that is wrong), `component` the SHACL constraint.
    """

    focus: str
    path: str | None
    value: str | None
    severity: str
    message: str
    hint: str
    shape: str
    component: str


@cache
def shapes_graph(levels: tuple[str, ...] = LEVELS) -> Graph:
    """The shapes of the named levels, read once and shared. Raises ValueError for an unknown level."""
    graph = Graph(bind_namespaces="none")
    for prefix, iri in PREFIXES.items():
        graph.bind(prefix, iri)
    for level in levels:
        if level not in LEVELS:
            raise ValueError(f"no shapes named {level!r}; there are: {', '.join(LEVELS)}")
        text = files("ontology").joinpath("shapes", f"{level}.ttl").read_text(encoding="utf-8")
        read_turtle(graph, text)
    return graph


def validate(
    data: Graph, *, focus_nodes: Iterable[URIRef] | None = None, levels: Sequence[str] = LEVELS
) -> list[ValidationResult]:
    """Check a graph; the gravest results come first, then by thing, property and value.

    `data` is a plain graph of triples and is not changed. With `focus_nodes` only these things are reported (the
    engine looks at all: told to look at some nodes only, it would skip shapes that refer to others). Where one value
    breaks several constraints of one shape, one result stands for them. A literal that its datatype does not have
    (the date 2031-13-45) is a violation; where the engine cannot compare one it is reported by itself and left out.
    Raises ValueError for an unknown level.
    """
    return validate_against(shapes_graph(tuple(levels)), data, focus_nodes=focus_nodes)


def validate_against(
    shapes: Graph, data: Graph, *, focus_nodes: Iterable[URIRef] | None = None
) -> list[ValidationResult]:
    """Check a graph against these shapes, as `validate` does against those of the package."""
    focus = None if focus_nodes is None else {str(node) for node in focus_nodes}
    if focus is not None and not focus:
        return []
    combined = with_schema(data)
    wrong: list[ValidationResult] = []
    try:
        report = _report(combined, shapes)
    except (TypeError, ValueError):
        impossible = [(s, p, o) for s, p, o in data if isinstance(o, Literal) and o.ill_typed]
        if not impossible:
            raise
        for triple in impossible:
            combined.remove(triple)
        wrong = [_impossible(*triple) for triple in impossible]
        report = _report(combined, shapes)
    found = [*_results(report, shapes), *wrong]
    return in_order(result for result in found if focus is None or result.focus in focus)


def in_order(found: Iterable[ValidationResult]) -> list[ValidationResult]:
    """The results in their order, and of those about one value and one shape the first."""
    results: dict[tuple[str, str, str, str], ValidationResult] = {}
    for result in sorted(found, key=_sort_key):
        results.setdefault((result.focus, result.path or "", result.value or "", result.shape), result)
    return list(results.values())


def explain(
    shapes: Graph, shape: Node, component: str, *, focus: str, path: Node | None = None, value: str | None = None
) -> ValidationResult:
    """The result that says that a thing breaks a constraint (`MinCountConstraintComponent`) of a shape with an IRI."""
    hint = shapes.value(shape, TG.hint)
    return ValidationResult(
        focus=focus,
        path=None if path is None else str(path),
        value=None if value == focus else value,
        severity=_SEVERITIES.get(_uri(shapes.value(shape, SH.severity)), "violation"),
        message=" ".join(sorted(str(message) for message in shapes.objects(shape, SH.message))),
        hint="" if hint is None else str(hint),
        shape=shape_name(shape),
        component=component,
    )


def shape_name(shape: Node) -> str:
    """The name of a shape: the last part of its IRI."""
    return str(shape).rpartition("/")[2]


def with_schema(data: Graph) -> Graph:
    """The data with what the shapes need of the schema: subclasses and the membership of codes.

    The declarations of terms and codes are left out, so that they are not themselves checked with every file.
    """
    combined = Graph(bind_namespaces="none")
    for triple in data:
        combined.add(triple)
    for predicate in (RDFS.subClassOf, SKOS.inScheme):
        for triple in load_schema().graph.triples((None, predicate, None)):
            combined.add(triple)
    return combined


def _report(data: Graph, shapes: Graph) -> Graph:
    # Read here: most checks are made by queries (`queries.conformance`) and never wait for this package.
    import pyshacl

    _, report, _ = pyshacl.validate(
        data_graph=data,
        shacl_graph=shapes,
        inference="none",
        advanced=False,
        js=False,
        meta_shacl=False,
        do_owl_imports=False,
        inplace=True,
    )
    if not isinstance(report, Graph):
        raise RuntimeError(f"the SHACL engine failed: {report!r}")
    return report


def _impossible(subject: Node, predicate: Node, value: Literal) -> ValidationResult:
    kind = str(value.datatype).rpartition("#")[2]
    return ValidationResult(
        focus=str(subject),
        path=str(predicate),
        value=str(value),
        severity="violation",
        message=f"'{value}' is not a value of the type {kind}.",
        hint="Write a date as YYYY-MM-DD and let the day exist; write a whole number in digits.",
        shape="possible-value",
        component="DatatypeConstraintComponent",
    )


def _results(report: Graph, shapes: Graph) -> Iterable[ValidationResult]:
    for node in report.subjects(RDF.type, SH.ValidationResult):
        shape = report.value(node, SH.sourceShape)
        if shape is None or isinstance(shape, BNode) or report.value(None, SH.detail, node) is not None:
            continue
        path = report.value(node, SH.resultPath)
        value = report.value(node, SH.value)
        focus = report.value(node, SH.focusNode)
        hint = shapes.value(shape, TG.hint)
        messages = sorted(str(message) for message in report.objects(node, SH.resultMessage))
        yield ValidationResult(
            focus=str(focus),
            path=str(path) if isinstance(path, URIRef) else None,
            value=None if value is None or value == focus else str(value),
            severity=_SEVERITIES.get(_uri(report.value(node, SH.resultSeverity)), "violation"),
            message=" ".join(messages),
            hint="" if hint is None else str(hint),
            shape=shape_name(shape),
            component=shape_name(report.value(node, SH.sourceConstraintComponent) or SH.term("")).rpartition("#")[2],
        )


def _uri(node: Node | None) -> URIRef:
    return node if isinstance(node, URIRef) else SH.Violation


def _sort_key(result: ValidationResult) -> tuple[int, str, str, str, str, str]:
    return (
        _ORDER[result.severity],
        result.focus,
        result.path or "",
        result.value or "",
        result.shape,
        result.component,
    )
