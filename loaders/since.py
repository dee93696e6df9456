"""What an edit can affect, and what is wrong with that: validation of a change without reading what has not changed.

The result is that of a full validation, limited to

* the things that the edit can affect: what a changed statement is about or leads to, and the things whose shapes look
  at what it is about;
* what is wrong with the changed files by themselves;
* whatever did not hold at the revision: the rows of a rule across records that an edit elsewhere has brought about.

It is found in the neighbourhood of the change alone (`loaders.neighbourhood`). Where nobody can tell how far a change
reaches, everything is checked, in both states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from rdflib import DCTERMS, RDFS, URIRef
from rdflib.term import Node

from loaders.affected import affected_things, changed_quads, concerned_by_rules
from loaders.attribution import own_graph, unattributed
from loaders.change import Change, Pair, Progress, Work
from loaders.checking import Files, check
from loaders.crossrecord import Offence, Rule, offences, record_of
from loaders.diagnose import Diagnosis
from loaders.errors import BuildError
from loaders.neighbourhood import (
    files_of,
    gather_attribution,
    gather_authority,
    gather_everywhere,
    gather_things,
    has_source,
)
from loaders.positions import PositionedQuad, Quad, pipeline_quad
from loaders.readingfaults import UNKNOWN_REFERENCE, References, faults_at
from loaders.shelf import Shelf
from loaders.snapshot import Damaged
from loaders.walking import Gatherer
from queries.reach import Reach, from_json

#: Rules about single statements: their results belong to the file.
_PLAIN: Final = frozenset({"bad-value", "unknown-term", "misnamed-document"})


def validate_since(
    paths: Sequence[Path],
    revision: str,
    levels: Sequence[str],
    *,
    shelf: Shelf | None = None,
    progress: Progress | None = None,
    work: Work | None = None,
) -> list[Diagnosis]:
    """Check what has changed since a revision; results sorted by file and line. `work` is told what it took.

    Without a `shelf`, or with an empty one, everything is read first. Raises FileNotFoundError for a path that does not
    exist, BuildError for an unknown revision.
    """
    change = Change(revision, paths)
    if not change.files:
        return []
    effort = work if work is not None else Work()
    try:
        return _validated(change, levels, shelf, effort, progress)
    except Damaged:
        # The snapshot was opened and holds something else than was written: it goes, and a new one is made.
        if shelf is not None:
            change.forget(shelf, levels)
        effort.files.clear()
        effort.rows = 0
        return _validated(change, levels, shelf, effort, progress)


def _validated(
    change: Change, levels: Sequence[str], shelf: Shelf | None, work: Work, progress: Progress | None
) -> list[Diagnosis]:
    pair = change.records(levels, shelf, work, progress)
    found = _Validation(change, pair, levels, work).results()
    work.statements = pair.now.snapshot.read
    return found


class _Validation:
    def __init__(self, change: Change, pair: Pair, levels: Sequence[str], work: Work) -> None:
        self._change = change
        self._pair = pair
        self._then, self._now = pair.then, pair.now
        self._levels = levels
        self._work = work
        self._meta = pair.now.snapshot.meta
        fields = ("name", "severity", "hint", "paths", "text")
        listed = self._meta["rules"] if levels else []
        self._rules = [Rule.from_data({name: one[name] for name in fields}) for one in listed]
        self._reach: dict[str, Reach | None] = {one["name"]: from_json(one["reach"]) for one in listed}
        self._references = References(pair, change.files)

    def results(self) -> list[Diagnosis]:
        """What is wrong, as far as the change has to do with it."""
        changed = changed_quads(self._then, self._now, self._change.files)
        affected = affected_things(self._then, self._now, changed, self._meta["steps"])
        if self._meta["unread"] or any(quad[1] == RDFS.subClassOf for quad in changed):
            return self._in_full(affected)
        gatherer = Gatherer(self._now)
        fresh = self._fresh_offences(gatherer, changed, affected)
        focus = affected | {URIRef(one.subject) for one in fresh}
        gather_things(gatherer, focus, self._meta)
        for one in fresh:
            gatherer.naming(URIRef(one.subject), one.paths)
        gather_authority(gatherer)
        lost = self._lost_sources(gatherer, changed)
        gather_attribution(gatherer, lost)
        files = Files(files_of(gatherer))
        files.found = [*self._reading_faults(gatherer, focus), *unattributed(files.quads)]
        self._work.things = len(focus)
        wanted = {(one.rule, one.subject, one.values) for one in fresh}
        found = check(
            files,
            self._levels,
            {str(thing) for thing in focus},
            rules=[rule for rule in self._rules if any(rule.name == one.rule for one in fresh)],
            wanted=lambda one: (one.rule, one.subject, one.values) in wanted,
        )
        orphaned = set(unattributed(_part(files.quads, lost)))
        return self._limited(found, files.found, affected, {rule for rule, _, _ in wanted}, orphaned)

    def _limited(
        self,
        found: Iterable[Diagnosis],
        by_reading: Iterable[Diagnosis],
        affected: set[Node],
        rules: Collection[str],
        others: Collection[Diagnosis],
    ) -> list[Diagnosis]:
        """The results that the change has to do with; `others` do for a reason of their own."""
        named, read = {str(thing) for thing in affected}, set(by_reading)
        return [
            one
            for one in found
            if one.subject in named
            or one.rule in rules
            or one in others
            or (self._change.touches(one.file) and (one in read or one.rule in _PLAIN))
            or (one.rule == UNKNOWN_REFERENCE and self._references.is_new(one))
        ]

    def _fresh_offences(self, gatherer: Gatherer, changed: Collection[Quad], affected: set[Node]) -> list[Offence]:
        """Offences against rules across records: those of affected things, and those that did not exist before."""
        about = concerned_by_rules(self._then, self._now, changed, self._reach)
        before = Gatherer(self._then)
        decisive = [gather_everywhere(gatherer), gather_everywhere(before)]
        for name, reach in self._reach.items():
            things = about[name]
            if things is None or reach is None:
                gatherer.take(self._now.everything())
                before.take(self._then.everything())
            else:
                gatherer.rows(reach, things | affected)
                before.rows(reach, things)
        now = self._offences(gatherer)
        named = {str(thing) for thing in affected}
        kept = {name: None if things is None else {str(one) for one in things} for name, things in about.items()}
        if not now or not (any(decisive) or any(things is None or things - named for things in kept.values())):
            return [one for one in now or () if one.subject in named]
        old = self._offences(before)
        if old is None:
            # No rule could be run at the revision, now all can: whatever they find is new.
            gatherer.take(self._now.everything())
            return self._offences(gatherer) or []
        known = {_said(one) for one in old}
        fresh = []
        for one in now:
            near = kept[one.rule]
            if one.subject in named or ((near is None or one.subject in near) and _said(one) not in known):
                fresh.append(one)
        return fresh

    def _offences(self, gatherer: Gatherer) -> list[Offence] | None:
        """What the rules find in what was gathered; None where it cannot be reconciled."""
        gather_authority(gatherer)
        try:
            store = record_of(pipeline_quad(one.positioned.quad) for one in gatherer.taken())
        except (TypeError, ValueError, BuildError):
            return None
        return offences(store, self._rules)

    def _lost_sources(self, gatherer: Gatherer, changed: Iterable[Quad]) -> set[Node]:
        """The graphs that named a source at the revision, and name none now."""
        graphs = {quad[0] for quad in changed if quad[1] == DCTERMS.source}
        before = Gatherer(self._then)
        return {graph for graph in graphs if has_source(before, graph) and not has_source(gatherer, graph)}

    def _reading_faults(self, gatherer: Gatherer, focus: set[Node]) -> Iterator[Diagnosis]:
        """What is wrong with changed files by themselves, and with the rows that speak of the things in focus."""
        named = {str(thing) for thing in focus}
        lines: dict[str, set[int]] = defaultdict(set)
        for one in gatherer.taken():
            if one.positioned.quad[0] in focus:
                lines[one.file].add(one.positioned.position.line)
        for file in sorted({*lines, *self._change.files}):
            for fault in faults_at(self._now, file, None if self._change.touches(file) else lines[file]):
                # What is wrong with the statements about these things is found again; of a cell that states nothing,
                # because it is wrong, it is not.
                if fault.cell or fault.rule not in _PLAIN or fault.subject not in named:
                    yield fault
        yield from self._references.faults()

    def _in_full(self, affected: set[Node]) -> list[Diagnosis]:
        """Check everything in both states: what did not hold before is new."""
        found = []
        for record in (self._then, self._now):
            gatherer = Gatherer(record)
            gatherer.take(record.everything())
            files = Files(files_of(gatherer))
            plain = [one for file in sorted(record.files()) for one in faults_at(record, file)]
            files.found = [*plain, *unattributed(files.quads)]
            if record is self._now:
                files.found.extend(self._references.faults())
            found.append((check(files, self._levels), files.found))
        (then, _), (now, read) = found
        known = {_key(one) for one in then}
        new = {one for one in now if _key(one) not in known and one.rule != UNKNOWN_REFERENCE}
        self._work.things = -1
        return self._limited(now, read, affected, (), new)


def _part(files: Mapping[str, Sequence[PositionedQuad]], graphs: set[Node]) -> dict[str, list[PositionedQuad]]:
    """The statements of these graphs, by file."""
    found: dict[str, list[PositionedQuad]] = {}
    for name, quads in files.items():
        own = own_graph(name)
        kept = [one for one in quads if (URIRef(own) if own is not None else one.quad[3]) in graphs]
        if kept:
            found[name] = kept
    return found


def _said(one: Offence) -> tuple[str, str, tuple[str, ...], str]:
    return one.rule, one.subject, one.values, one.message


def _key(one: Diagnosis) -> tuple[str, ...]:
    return one.rule, one.severity, one.subject, one.path, one.value, one.message
