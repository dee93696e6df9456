"""What two states of the record say differently: facts added, removed and changed, by thing.

A state is a release, or the data of a directory, now or at a revision of git; data are assembled as a build does it, so
that a release and a directory can be compared. Facts are the statements of the default graph about things (`id/…`); the
bookkeeping beside them (claims, findings, provenance, passages) is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store
from rdflib import URIRef

from loaders.build import Step, assemble
from loaders.errors import BuildError
from loaders.release import CURRENT, MANIFEST, open_release
from loaders.revision import checked_out, is_revision
from loaders.terms import Statement, Term, lines, statement
from ontology.namespaces import BASE, ID
from ontology.schema import local_name

_LABEL: Final = "http://www.w3.org/2004/02/skos/core#prefLabel"
_HIDDEN: Final = "http://www.w3.org/2004/02/skos/core#hiddenLabel"


@dataclass(frozen=True)
class State:
    """One state of the record: what it is called, and its facts."""

    name: str
    facts: frozenset[Statement]


@dataclass(frozen=True)
class Change:
    """One difference: `kind` is added, removed or changed; `old` and `new` are values as a person reads them."""

    kind: str
    predicate: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class ThingChange:
    """What is different about one thing; `kind` is new, gone or changed."""

    iri: str
    label: str
    kind: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """All differences, by the IRI of the thing, and the facts themselves for RDF."""

    old: str
    new: str
    things: tuple[ThingChange, ...]
    added: frozenset[Statement]
    removed: frozenset[Statement]

    def summary(self) -> dict[str, int]:
        """Numbers of things and of changes by kind."""
        counts = dict.fromkeys(("things", "added", "removed", "changed"), 0)
        counts["things"] = len(self.things)
        for thing in self.things:
            for change in thing.changes:
                counts[change.kind] += 1
        return counts

    def to_json(self) -> dict[str, Any]:
        """`{"old", "new", "summary", "things": [{iri, label, kind, changes: [{kind, property, old, new}]}]}`."""
        things = [
            {
                "iri": thing.iri,
                "label": thing.label,
                "kind": thing.kind,
                "changes": [
                    {"kind": one.kind, "property": one.predicate, "old": one.old, "new": one.new}
                    for one in thing.changes
                ],
            }
            for thing in self.things
        ]
        return {"old": self.old, "new": self.new, "summary": self.summary(), "things": things}

    def to_nquads(self) -> str:
        """The facts in two named graphs, `diff/added` and `diff/removed`; sorted N-Quads."""
        quads = [
            Quad(*fact, NamedNode(f"{BASE}diff/{name}"))
            for name, facts in (("added", self.added), ("removed", self.removed))
            for fact in facts
        ]
        return "".join(f"{line}\n" for line in lines(quads))


def read_state(name: str, data: Path | None) -> State:
    """The facts of a release or a directory of that name, or of the directory `data` at the revision of that name.

    Raises BuildError for what is none of them, and as a build does for data that cannot be read.
    """
    path = Path(name)
    if (path / MANIFEST).is_file() or (path / CURRENT / MANIFEST).is_file():
        release = open_release(path)
        return State(f"release {release.id}", facts_of(Store.read_only(str(release.store))))
    if path.exists():
        return State(name, facts_of(_assembled(path)))
    if data is not None and is_revision(name, data):
        with checked_out(name, data) as folder:
            if not folder.exists():
                raise BuildError(f"{name}: {data} was not there; to mend: name another revision, or --data")
            return State(name, facts_of(_assembled(folder)))
    raise BuildError(
        f"{name}: no release, directory or revision; to mend: check the name, or name the data with --data"
    )


def _assembled(path: Path) -> Store:
    def silent(step: Step) -> None:
        del step

    return assemble([path], silent).store


def facts_of(store: Store) -> frozenset[Statement]:
    """The statements about things that a plain query sees."""
    found = (statement(item) for item in store.quads_for_pattern(None, None, None, DefaultGraph()))
    return frozenset(fact for fact in found if _is_thing(fact[0]) and fact[1].value != _HIDDEN)


def compare(old: State, new: State) -> Difference:
    """Everything that the one says and the other does not.

    A property with one value less and one value more has changed; of a thing that is new or gone, all is.
    """
    added, removed = new.facts - old.facts, old.facts - new.facts
    before, after = _labels(old.facts), _labels(new.facts)
    were, are = {fact[0] for fact in old.facts}, {fact[0] for fact in new.facts}
    gone_by, come_by = _by_subject(removed), _by_subject(added)
    things = []
    for subject in sorted({*gone_by, *come_by}, key=str):
        name = _value(subject)
        kind = "new" if subject not in were else "gone" if subject not in are else "changed"
        label = after.get(name) or before.get(name) or name.removeprefix(str(ID))
        changes = sorted(_changes(gone_by[subject], come_by[subject]), key=_order)
        things.append(ThingChange(name, label, kind, tuple(changes)))
    return Difference(old.name, new.name, tuple(things), added, removed)


def table(difference: Difference) -> str:
    """For a person at a terminal: each thing with its changes, `+` added, `-` removed, `~` changed."""
    written: list[str] = []
    for thing in difference.things:
        remark = "" if thing.kind == "changed" else f" [{thing.kind}]"
        written.append(f"{thing.label} <{thing.iri.removeprefix(str(ID))}>{remark}")
        for one in thing.changes:
            name = local_name(URIRef(one.predicate))
            match one.kind:
                case "changed":
                    written.append(f"  ~ {name}: {one.old} -> {one.new}")
                case "added":
                    written.append(f"  + {name}: {one.new}")
                case _:
                    written.append(f"  - {name}: {one.old}")
        written.append("")
    counts = difference.summary()
    numbers = ", ".join(f"{counts[kind]} {kind}" for kind in ("added", "removed", "changed"))
    about = "1 thing" if counts["things"] == 1 else f"{counts['things']} things"
    written.append(f"{numbers}, about {about}." if difference.things else "No difference.")
    return "\n".join(written) + "\n"


def _changes(gone: Mapping[str, list[str]], come: Mapping[str, list[str]]) -> Iterable[Change]:
    for predicate in {*gone, *come}:
        old, new = gone.get(predicate, []), come.get(predicate, [])
        if len(old) == len(new) == 1:
            yield Change("changed", predicate, old[0], new[0])
        else:
            yield from (Change("removed", predicate, value, None) for value in old)
            yield from (Change("added", predicate, None, value) for value in new)


def _order(change: Change) -> tuple[str, str, str]:
    return change.predicate, change.kind, change.old or change.new or ""


def _by_subject(facts: Iterable[Statement]) -> dict[Term, dict[str, list[str]]]:
    """Subject to property to values."""
    found: dict[Term, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for subject, predicate, value in facts:
        found[subject][predicate.value].append(_value(value))
    return found


def _labels(facts: Iterable[Statement]) -> dict[str, str]:
    chosen = {
        _value(subject): value.value
        for subject, predicate, value in facts
        if predicate.value == _LABEL and isinstance(value, Literal) and value.language == "en"
    }
    return dict(sorted(chosen.items()))


def _value(term: Term) -> str:
    return f"_:{term.value}" if isinstance(term, BlankNode) else term.value


def _is_thing(term: Term) -> bool:
    return isinstance(term, NamedNode) and term.value.startswith(str(ID)) and "#" not in term.value
