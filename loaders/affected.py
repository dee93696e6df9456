"""What a change affects: which statements differ, which things shapes must look at again, which rows of rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from rdflib import URIRef
from rdflib.term import Node

from loaders.authority import RELATIONS
from loaders.everywhere import decision_nodes
from loaders.neighbourhood import prefixes
from loaders.positions import Quad
from loaders.provenance import PROVENANCE
from loaders.reconcile import CLAIMS_SUFFIX, FOLLOWS
from loaders.record import Record
from loaders.snapshot import Stated
from loaders.walking import Changed, Unbounded, Walker
from ontology.namespaces import TG
from queries.reach import Reach

_FOLLOWERS: Final = {leader.value: follower.value for follower, leader in FOLLOWS.items()}


def changed_quads(then: Record, now: Record, files: Iterable[str]) -> set[Quad]:
    """The statements that one of two states has, because of these files, and the other has not."""
    changed: set[Quad] = set()
    for file in files:
        old, new = then.edits.get(file), now.edits.get(file)
        if old is new:
            continue
        gone_old = {one.number: one for one in old.removed(then.snapshot, file)} if old else {}
        gone_new = {one.number: one for one in new.removed(now.snapshot, file)} if new else {}
        before = _quads(gone_new[number] for number in gone_new.keys() - gone_old.keys())
        after = _quads(gone_old[number] for number in gone_old.keys() - gone_new.keys())
        before |= {one.quad for one in old.added} if old else set()
        after |= {one.quad for one in new.added} if new else set()
        changed |= before ^ after
    # Another row, or another file, may say the same.
    return {quad for quad in changed if _states(then, quad) != _states(now, quad)}


def affected_things(then: Record, now: Record, changed: Iterable[Quad], steps: Mapping[str, Any]) -> set[Node]:
    """The things (IRIs) that must be checked again: what a changed statement is about or leads to, and the things whose
    shapes look, step by step, at what it is about."""
    leading: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for path, before in prefixes(steps):
        leading[path].add(before)
    found: set[Node] = set()
    back: dict[tuple[str, ...], set[Node]] = defaultdict(set)
    for subject, predicate, value, _ in changed:
        found.update((subject, value))
        for before in leading.get(str(predicate), ()):
            back[before].add(subject)
    for before, nodes in back.items():
        found |= _back(then, now, before, nodes)
    return {node for node in found if isinstance(node, URIRef)}


def _back(then: Record, now: Record, steps: Sequence[str], nodes: set[Node]) -> set[Node]:
    """The things from which these steps lead to the nodes, in either state."""
    for path in reversed(steps):
        found = [one for record in (then, now) for node in nodes for one in record.naming(node, [path])]
        nodes = {one.positioned.quad[0] for one in found}
    return nodes


def concerned_by_rules(
    then: Record, now: Record, changed: Collection[Quad], reaches: Mapping[str, Reach | None]
) -> dict[str, set[Node] | None]:
    """For each rule the things whose rows may have changed between two states; None where these may be any."""
    snapshot = now.snapshot
    seeds = _seeds(then, now, changed)
    late: set[Changed] = set()
    if then.edits:
        late = _seeds(Record(snapshot, {}), then, changed_quads(Record(snapshot, {}), then, then.edits))
    walker, early = Walker([then, now]), Walker([Record(snapshot, {}), then])
    found: dict[str, set[Node] | None] = {}
    for name, reach in reaches.items():
        if reach is None:
            found[name] = None
            continue
        try:
            offenders = snapshot.offenders(name)
            offenders |= early.concerned(reach, late, offenders)
            found[name] = walker.concerned(reach, seeds, offenders)
        except Unbounded:
            found[name] = None
    return found


def _seeds(then: Record, now: Record, changed: Collection[Quad]) -> set[Changed]:
    """Thing and property of each statement that may have changed in the record made of all sources."""
    seeds: set[Changed] = {(quad[0], str(quad[1])) for quad in changed}
    if any(str(quad[1]) in RELATIONS or _of_sources(quad[3]) for quad in changed):
        # Whom to believe may have changed, and with it which of several values stands, anywhere.
        seeds.update(now.snapshot.conflicts())
        for record in (then, now):
            for file, edit in record.edits.items():
                seeds.update((one.quad[0], str(one.quad[1])) for one in edit.added)
                seeds.update(
                    (one.positioned.quad[0], str(one.positioned.quad[1])) for one in edit.removed(record.snapshot, file)
                )
    subjects = {quad[0] for quad in changed}
    for record in (then, now):
        about = {node: record.about(node) for node in subjects}
        decisions = decision_nodes(one.positioned for listed in about.values() for one in listed)
        for node in decisions:
            seeds.update(
                (thing, str(path))
                for thing in _values(about[node], TG.subject)
                for path in _values(about[node], TG.predicate)
            )
    seeds.update([(thing, _FOLLOWERS[path]) for thing, path in seeds if path in _FOLLOWERS])
    return seeds


def _states(record: Record, quad: Quad) -> bool:
    return any(one.positioned.quad == quad for one in record.about(quad[0]))


def _of_sources(graph: Node | None) -> bool:
    return graph is not None and (str(graph) == PROVENANCE.value or str(graph).endswith(CLAIMS_SUFFIX))


def _values(found: Sequence[Stated], path: str) -> list[Node]:
    return [one.positioned.quad[2] for one in found if str(one.positioned.quad[1]) == str(path)]


def _quads(found: Iterable[Stated]) -> set[Quad]:
    return {one.positioned.quad for one in found}
