"""Taking a snapshot: every file is read once, and what holds for the whole record is found out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode, Quad
from rdflib import DCTERMS, RDF
from rdflib.term import Node

from loaders.change import Progress, Source
from loaders.crossrecord import offences, package_rules, reconciled
from loaders.diagnose import Diagnosis, Malformed
from loaders.edits import renamed
from loaders.endings import TABLE
from loaders.errors import BuildError
from loaders.everywhere import decision_nodes, matters_everywhere
from loaders.files import read_file
from loaders.mapping import load_mapping
from loaders.plainchecks import plain_faults
from loaders.positions import PositionedQuad, PositionMap, pipeline_quad
from loaders.snapshot import FileContent, Snapshot, Writer
from ontology.constraints import Constraint, Shape, read_shapes
from ontology.namespaces import TG
from ontology.shapes import shapes_graph
from queries.conformance import readable
from queries.reach import as_json
from queries.reachreader import reach_of

#: Properties of a shape, step by step: to what they lead, and so on.
Tree = dict[str, Any]


def take(
    sources: Sequence[Source], path: Path | None, levels: Sequence[str], progress: Progress | None = None
) -> Snapshot | None:
    """Make a snapshot of these files at `path` (None where it was written there), or in memory."""
    writer = Writer(path)
    identifiers = PositionMap()
    decisions: set[Node] = set()
    quads: list[Quad] | None = []
    for at, source in enumerate(sources):
        if progress is not None:
            progress(at, len(sources), source.name)
        one = _read(source)
        # Where a document has its symbol is all that the plain checks ask for; files come in the order of their names.
        identifiers.add(one.name, (quad for quad in one.quads if quad.quad[1] == DCTERMS.identifier))
        one.faults.extend(plain_faults(one.name, one.quads, identifiers))
        decisions |= decision_nodes(one.quads)
        flags = []
        for positioned in one.quads:
            stored = _stored(positioned)
            flags.append(stored is None or matters_everywhere(positioned, ()))
            if stored is None or quads is None:
                quads = None
            else:
                quads.append(stored)
        writer.add(one, flags)
    offenders, conflicts = _across(quads)
    writer.mark(decisions)
    base = writer.close(describe(levels), offenders, conflicts)
    if path is None:
        return Snapshot(base)
    base.close()
    return None


def describe(levels: Sequence[str]) -> dict[str, Any]:
    """What a snapshot says of rules and shapes: the rules with their reach, and the steps that the shapes take.

    `unread`: whether there are shapes that no query can be made of, so that nobody knows how far they look.
    """
    rules = [{**asdict(rule), "reach": as_json(reach_of(rule.text))} for rule in package_rules()]
    graph = shapes_graph(tuple(levels))
    shapes, _ = read_shapes(graph)
    tree: Tree = {}
    inward: set[str] = set()
    for shape in shapes:
        _steps(shape, tree)
        inward.update(str(target.term) for target in shape.targets if target.kind == "objects-of")
    return {"rules": rules, "steps": tree, "inward": sorted(inward), "unread": not readable(tuple(levels))}


def _read(source: Source) -> FileContent:
    found = FileContent(source.name, source.content)
    try:
        if source.path.suffix == TABLE:
            faults = _read_table(found, source.path)
        else:
            found.quads, faults = read_file(source.path)
        found.faults = [renamed(one, source.path, source.name) for one in faults]
    except Malformed as error:
        found.quads = []
        found.faults = [renamed(error.diagnosis(), source.path, source.name)]
    return found


def _read_table(found: FileContent, path: Path) -> list[Diagnosis]:
    """Read a table (once); say whether the rows have a line each, and which keys stand in which line."""
    from loaders.cells import decode, read_cells
    from loaders.tables import check_references, key_of_row, read_table_cells

    mapping = load_mapping(path)
    text = decode(path.read_bytes(), str(path))
    rows = read_cells(text, str(path))
    table = read_table_cells(rows, mapping, path)
    found.quads = table.quads
    found.foreign_keys = [(key.column, key.table, key.target_column) for key in mapping.foreign_keys]
    found.primary_key = mapping.primary_key
    found.even = "\r" not in text and len(rows) == sum(1 for line in text.split("\n") if line)
    if found.even and mapping.primary_key:
        found.keys = [(key_of_row(row, mapping), row[0].line) for row in rows[1:]]
    return [*table.problems, *check_references(path, rows)]


def _stored(positioned: PositionedQuad) -> Quad | None:
    try:
        return pipeline_quad(positioned.quad)
    except (TypeError, ValueError):
        return None


def _across(quads: list[Quad] | None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(Rule, thing) of each offence and (thing, property) of each conflict; none where nothing can be reconciled."""
    if quads is None:
        return [], []
    try:
        store, canonical = reconciled(quads)
    except BuildError:
        return [], []
    conflicts: dict[str, dict[str, str]] = {}
    for item in canonical.reconciliations:
        if item.predicate.value in (str(TG.subject), str(TG.predicate)) and isinstance(item.object, NamedNode):
            conflicts.setdefault(str(item.subject), {})[item.predicate.value] = item.object.value
    slots = [(one[str(TG.subject)], one[str(TG.predicate)]) for one in conflicts.values() if len(one) == 2]
    return [(one.rule, one.subject) for one in offences(store)], slots


def _steps(shape: Shape, tree: Tree) -> None:
    """Add the properties that a shape looks at, as a tree of steps from the thing that is checked."""
    below = tree if shape.path is None else tree.setdefault(str(shape.path), {})
    for constraint in shape.constraints:
        _constraint_steps(constraint, tree, below)


def _constraint_steps(constraint: Constraint, tree: Tree, below: Tree) -> None:
    if constraint.component == "Class":
        below.setdefault(str(RDF.type), {})
    elif constraint.component in ("LessThan", "LessThanOrEquals", "Equals", "Disjoint"):
        tree.setdefault(str(constraint.term), {})
    for inner in constraint.shapes:
        _steps(inner, below)
