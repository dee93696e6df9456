"""The facts about one thing, each with its sources, as pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS

from api.links import compact
from api.panel import run_panel
from api.table import Cell, cell
from ontology.namespaces import BASE, ELI, GRAPH, ID, OA, TG
from ontology.schema import load_schema, local_name
from queries.backend import Backend
from queries.evidence import Source
from queries.library import support
from queries.things import Thing, batches, describe
from queries.values import fill, iri_text

__all__ = ["Derivation", "Group", "Incoming", "Part", "ThingFacts", "Value", "thing_facts", "values_of"]

_RESERVED: Final = frozenset(
    str(GRAPH[name]) for name in ("ontology", "provenance", "findings", "reconciliation", "rules", "labels")
)
#: Shown first, in this order; the rest follows by label. Spellings come last: they are many and say little.
_FIRST: Final = (
    RDF.type,
    DCTERMS.identifier,
    DCTERMS.title,
    TG.shortTitle,
    TG.documentType,
    TG.ofTreaty,
    TG.inSeries,
    TG.ordinal,
    TG.startDate,
    TG.endDate,
    TG.plannedStartDate,
    TG.plannedEndDate,
    TG.place,
    TG.venue,
    TG.convenedUnder,
    TG.convokedBy,
    TG.convenedBy,
    TG.president,
    TG.adoptionDate,
    TG.issueDate,
)
_LAST: Final = (SKOS.altLabel, SKOS.hiddenLabel)
_HIDDEN: Final = (SKOS.prefLabel, FOAF.name, RDFS.label)
_NAMES: Final = {
    str(RDF.type): "is a",
    str(DCTERMS.identifier): "identifier",
    str(DCTERMS.title): "title",
    str(SKOS.altLabel): "also called",
    str(SKOS.hiddenLabel): "other spellings",
    str(ELI.is_part_of): "part of",
    str(ELI.number): "number",
    str(ELI.cites): "cites",
    str(OA.hasSource): "in the document",
    str(DCTERMS.source): "source",
}
_MOST_INCOMING: Final = 1000


@dataclass(frozen=True)
class Derivation:
    """A rule that derived a statement, and what it derived it from (IRIs)."""

    rule: str
    grounds: tuple[str, ...]


@dataclass
class Value:
    """One value of a property, with where it is said."""

    cell: Cell
    sources: list[Source] = field(default_factory=list)
    derivations: list[Derivation] = field(default_factory=list)


@dataclass
class Group:
    """A property with its values; `others` are values that a source gives and the graph does not prefer."""

    predicate: str
    label: str
    values: list[Value] = field(default_factory=list)
    others: list[Value] = field(default_factory=list)

    @property
    def folded(self) -> bool:
        """Whether there are so many spellings that they are shown on demand only."""
        return URIRef(self.predicate) in _LAST and len(self.values) > 3


@dataclass(frozen=True)
class Part:
    """A part of a thing: a paragraph, an article."""

    iri: str
    type: str
    number: str
    text: str
    force: str | None


@dataclass(frozen=True)
class Incoming:
    """Things that point here by one property."""

    predicate: str
    label: str
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class ThingFacts:
    """All that a page about a thing shows, but its picture."""

    thing: Thing
    groups: tuple[Group, ...]
    parts: tuple[Part, ...]
    incoming: tuple[Incoming, ...]
    more_incoming: bool
    labels: Mapping[str, str]
    names: Mapping[str, str]
    statements: int | None


def thing_facts(backend: Backend, iri: str) -> ThingFacts:
    """Collect the facts about a thing (IRI): a fixed number of queries, plus some for each few hundred names."""
    facts = _pairs(backend, "facts", iri)
    graphs: dict[tuple[str, Any], set[str]] = defaultdict(set)
    for row in run_panel(backend, "statements", iri).rows():
        graphs[row["property"].value, row["value"]].add(row["graph"].value)
    claims = list(run_panel(backend, "claims", iri).rows())
    # A passage or a claim is told of in its source graph alone.
    facts = facts or [pair for pair in graphs if pair[0] != str(TG.passage)]
    sources = _sources(backend, graphs, claims)
    derived = _derivations(backend, iri)
    groups: dict[str, Group] = {}
    for pair in [*facts, *(p for p in graphs if p not in set(facts) and _sourced(graphs[p]))]:
        if URIRef(pair[0]) in _HIDDEN:
            continue
        group = groups.setdefault(pair[0], Group(pair[0], ""))
        shown = cell(pair[1])
        assert shown is not None
        value = Value(shown, sources.get(pair, []), derived.get(pair, []))
        (group.values if pair in facts else group.others).append(value)
    parts = _parts(backend, iri)
    arrivals, more = _incoming(backend, iri)
    mentioned = [
        iri,
        *groups,
        *(p.force for p in parts if p.force),
        *arrivals,
        *(s for them in arrivals.values() for s in them),
    ]
    for group in groups.values():
        for value in (*group.values, *group.others):
            mentioned += [value.cell.iri] if value.cell.iri else []
            mentioned += [source.document for source in value.sources]
            mentioned += [ground for one in value.derivations for ground in (one.rule, *one.grounds)]
    things = describe(backend, mentioned)
    labels = {name: _label(thing) for name, thing in things.items()}
    for group in groups.values():
        group.label = _NAMES.get(group.predicate) or labels[group.predicate]
    return ThingFacts(
        thing=things[iri],
        groups=tuple(sorted(groups.values(), key=_order)),
        parts=tuple(parts),
        incoming=tuple(
            Incoming(p, _NAMES.get(p) or labels[p], tuple(things[s] for s in them)) for p, them in arrivals.items()
        ),
        more_incoming=more,
        labels=labels,
        names=labels,
        statements=_graph_size(backend, iri),
    )


def _pairs(backend: Backend, panel: str, iri: str) -> list[tuple[str, Any]]:
    return [(row["property"].value, row["value"]) for row in run_panel(backend, panel, iri).rows()]


def _sourced(graphs: Iterable[str]) -> bool:
    return any(_is_source(graph) for graph in graphs)


def _is_source(graph: str) -> bool:
    return graph.startswith(str(GRAPH)) and graph not in _RESERVED and not graph.endswith("~claims")


def _sources(
    backend: Backend, graphs: Mapping[tuple[str, Any], set[str]], claims: list[ox.QuerySolution]
) -> dict[tuple[str, Any], list[Source]]:
    """Where each statement is read: its passages, and the sources that state it without one."""
    wanted = {graph for them in graphs.values() for graph in them if _is_source(graph)}
    wanted |= {row["passage"].value for row in claims}
    known = values_of(backend, wanted, (DCTERMS.source, TG.confidence, OA.hasSource, TG.inPart))
    found: dict[tuple[str, Any], set[Source]] = defaultdict(set)
    placed: set[tuple[tuple[str, Any], str]] = set()
    for row in claims:
        pair = (row["property"].value, row["value"])
        confidence = (
            row["confidence"].value if row["confidence"] else known.get((row["graph"].value, str(TG.confidence)))
        )
        found[pair].add(_placed(row["passage"].value, known, confidence))
        placed.add((pair, row["graph"].value))
    for pair, them in graphs.items():
        for graph in them:
            if _is_source(graph) and (pair, graph) not in placed:
                document = known.get((graph, str(DCTERMS.source)), graph)
                found[pair].add(Source(document, confidence=_last(known.get((graph, str(TG.confidence))))))
    return {pair: sorted(them, key=_source_order) for pair, them in found.items()}


def _placed(passage: str, known: Mapping[tuple[str, str], str], confidence: str | None) -> Source:
    document, _, span = passage.partition("#char=")
    start, _, end = span.partition(",")
    return Source(
        document=known.get((passage, str(OA.hasSource)), document),
        part=known.get((passage, str(TG.inPart)), "").rpartition("~")[2] or None,
        start=int(start) if start.isdigit() else None,
        end=int(end) if end.isdigit() else None,
        confidence=_last(confidence),
    )


def _source_order(source: Source) -> tuple[str, int, int, str]:
    return source.document, source.start or 0, source.end or 0, source.confidence or ""


def _last(iri: str | None) -> str | None:
    return iri.rpartition("/")[2] if iri else None


def values_of(backend: Backend, things: Iterable[str], properties: Iterable[URIRef]) -> dict[tuple[str, str], str]:
    """One value of each property of each thing; of several the first by its text."""
    found: dict[tuple[str, str], str] = {}
    for batch in batches(sorted(things)):
        pairs = [(iri_text(thing), iri_text(str(p))) for thing in batch for p in properties]
        text = fill(support("values-of-properties"), {("thing", "property"): pairs})
        for row in backend.query(text).rows():
            at = row["thing"].value, row["property"].value
            found[at] = min(row["value"].value, found.get(at, row["value"].value))
    return found


def _derivations(backend: Backend, iri: str) -> dict[tuple[str, Any], list[Derivation]]:
    grounds: dict[tuple[str, Any], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in run_panel(backend, "derivations", iri).rows():
        rule, ground = row["rule"].value, row["ground"]
        its = grounds[row["property"].value, row["value"]][rule]
        if isinstance(ground, ox.NamedNode):
            its.add(ground.value)
    return {
        pair: [Derivation(rule, tuple(sorted(its))) for rule, its in sorted(rules.items())]
        for pair, rules in grounds.items()
    }


def _parts(backend: Backend, iri: str) -> list[Part]:
    found: dict[str, Part] = {}
    for row in run_panel(backend, "parts", iri).rows():
        words = row["opening"] or row["topic"]
        part = Part(
            iri=row["part"].value,
            type=local_name(URIRef(row["type"].value)) if row["type"] else "",
            number=row["number"].value if row["number"] else row["part"].value.rpartition("~")[2],
            text=words.value if words else "",
            force=row["force"].value if row["force"] else None,
        )
        found.setdefault(part.iri, part)
    # Operative paragraphs and articles carry the weight; what introduces them follows.
    return sorted(found.values(), key=lambda part: part.type == "PreambularParagraph")


def _incoming(backend: Backend, iri: str) -> tuple[dict[str, list[str]], bool]:
    found: dict[str, list[str]] = {}
    rows = list(run_panel(backend, "incoming", iri).rows())
    for row in rows[:_MOST_INCOMING]:
        found.setdefault(row["property"].value, []).append(row["subject"].value)
    return found, len(rows) > _MOST_INCOMING


def _graph_size(backend: Backend, iri: str) -> int | None:
    if not iri.startswith(str(GRAPH)):
        return None
    return next(int(row["statements"].value) for row in run_panel(backend, "graph-size", iri).rows())


def _label(thing: Thing) -> str:
    """The label; for a term or a thing without one, its shortest name."""
    if thing.label != thing.iri:
        return thing.label
    term = URIRef(thing.iri)
    if term in TG:
        return load_schema().label(term)
    return compact(thing.iri).removeprefix("id:") if thing.iri.startswith((str(ID), BASE)) else local_name(term)


def _order(group: Group) -> tuple[int, int, str]:
    term = URIRef(group.predicate)
    if term in _FIRST:
        return 0, _FIRST.index(term), ""
    return (2 if term in _LAST else 1), 0, group.label.casefold()
