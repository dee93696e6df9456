"""Reconciliation: from what many sources state to one canonical graph.

What a thing can have several of is united. Of what it can have only one of (functional properties of the ontology, and
one preferred label for each language) the value of the highest authority stands (`loaders.authority`); the others stay
in their source graphs, and a reconciliation node says what was preferred to what, and why. Nothing is repaired: a value
that no source states never becomes canonical.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from pyoxigraph import Literal, NamedNode, Quad
from rdflib.namespace import DCTERMS, SKOS

from loaders.authority import Authorities, Rank
from loaders.decisions import Decisions, ValueDecision, read_decisions
from loaders.provenance import PROVENANCE
from loaders.terms import TYPE, Statement, Term, digest, iri, named, statement
from ontology.keys import code
from ontology.namespaces import BASE, CODE, GRAPH, TG
from ontology.schema import load_schema

RECONCILIATION: Final = iri(GRAPH["reconciliation"])
#: Graphs that hold no statements of sources.
RESERVED: Final = frozenset(
    str(GRAPH[name]) for name in ("ontology", "provenance", "findings", "reconciliation", "rules", "labels")
)
CLAIMS_SUFFIX: Final = "~claims"

#: One slot that takes one value: subject, property, language (empty but for labels).
Slot: TypeAlias = tuple[NamedNode, NamedNode, str]

_PREF_LABEL: Final = iri(SKOS.prefLabel)
#: A property that describes the value of another comes from the source that gave the other: the precision of dates
#: from a source of the dates that are preferred. A difference there is no conflict; where those sources are silent, it
#: is left out: that another knew only the year says nothing about the day.
FOLLOWS: Final = {
    iri(TG.datePrecision): iri(TG.startDate),
    iri(TG.plannedDatePrecision): iri(TG.plannedStartDate),
}


@dataclass(frozen=True)
class Candidate:
    """One value for a slot, with the source graphs that state it and the rank of the best of them."""

    rank: Rank
    value: Term
    graphs: frozenset[NamedNode]


@dataclass
class Canonical:
    """The outcome: canonical statements, the record of each conflict, and the curators' decisions that were met."""

    decisions: Decisions
    statements: set[Statement] = field(default_factory=set)
    reconciliations: list[Quad] = field(default_factory=list)
    conflicts: int = 0


def is_source_graph(graph: object) -> bool:
    """Whether a graph holds the statements of a source: it lies under `graph/`, is not reserved and holds no claims."""
    return isinstance(graph, NamedNode) and _is_name_of_source(graph.value)


@lru_cache(maxsize=65_536)
def _is_name_of_source(name: str) -> bool:
    return name.startswith(str(GRAPH)) and name not in RESERVED and not name.endswith(CLAIMS_SUFFIX)


def reconcile(quads: Sequence[Quad]) -> Canonical:
    """Make the canonical statements of all source graphs (shape: any quads; other graphs are only consulted).

    Raises BuildError for a curator's decision that is incomplete or prefers a value which no source states.
    """
    sources = [item for item in quads if is_source_graph(item.graph_name)]
    authorities = Authorities(sources, [item for item in quads if item.graph_name == PROVENANCE])
    result = Canonical(read_decisions(sources))
    slots = _fill(sources, result)
    confidences = _claim_confidences(quads, authorities)
    open_decisions = dict(result.decisions.values)
    # Nearly everywhere the sources agree: then nobody need be believed more than others.
    disputed = [slot for slot, values in slots.items() if len(values) > 1 or slot[:2] in open_decisions]
    asked = {*disputed, *(slot for slot in slots if slot[1] in FOLLOWS)}
    asked |= {led for slot in asked if slot[1] in FOLLOWS and (led := (slot[0], FOLLOWS[slot[1]], "")) in slots}
    for slot, values in slots.items():
        if slot not in asked:
            result.statements.update((slot[0], slot[1], value) for value in values)
    candidates = {slot: _candidates(slot, slots[slot], authorities, confidences) for slot in asked}
    for slot in sorted(asked, key=str):
        decision = open_decisions.pop((slot[0], slot[1]), None)
        chosen = _chosen(slot, candidates, decision)
        if chosen is None:
            continue
        result.statements.add((slot[0], slot[1], chosen.value))
        losers = [entry for entry in candidates[slot] if entry is not chosen]
        if losers and (decision is not None or slot[1] not in FOLLOWS):
            result.conflicts += 1
            result.reconciliations += _record(slot, chosen, losers, decision)
    for decision in open_decisions.values():
        raise decision.unstated()
    return result


def _fill(sources: Iterable[Quad], result: Canonical) -> dict[Slot, dict[Term, set[NamedNode]]]:
    """Sort statements: those that fill a slot are returned by slot and value, all others are canonical at once."""
    functional = {iri(term) for term in load_schema().functional}
    slots: dict[Slot, dict[Term, set[NamedNode]]] = defaultdict(lambda: defaultdict(set))
    for item in sources:
        fact = statement(item)
        subject, predicate, value = fact
        if result.decisions.steers(fact):
            # What comes of a decision is stated by the build itself.
            continue
        slot: Slot | None = None
        if isinstance(subject, NamedNode) and predicate in functional:
            slot = (subject, predicate, "")
        elif isinstance(subject, NamedNode) and predicate == _PREF_LABEL and isinstance(value, Literal):
            slot = (subject, predicate, value.language or "")
        if slot is None:
            result.statements.add(fact)
        else:
            slots[slot][value].add(named(item.graph_name))
    return slots


def _candidates(
    slot: Slot,
    values: dict[Term, set[NamedNode]],
    authorities: Authorities,
    confidences: dict[tuple[Statement, NamedNode], str],
) -> list[Candidate]:
    """The values of a slot, that of the best source first."""
    subject, predicate, _ = slot
    found = []
    for value, graphs in values.items():
        fact = (subject, predicate, value)
        ranks = [authorities.rank(subject.value, graph.value, confidences.get((fact, graph))) for graph in graphs]
        found.append(Candidate(min(ranks), value, frozenset(graphs)))
    return sorted(found, key=lambda entry: (entry.rank, str(entry.value)))


def _chosen(slot: Slot, candidates: dict[Slot, list[Candidate]], decision: ValueDecision | None) -> Candidate | None:
    own = candidates[slot]
    if decision is not None:
        for entry in own:
            if entry.value == decision.prefers:
                return entry
        raise decision.unstated()
    leader = FOLLOWS.get(slot[1])
    leading = candidates.get((slot[0], leader, "")) if leader is not None else None
    if leading is not None:
        # The leader may itself be decided by a person; then the sources of the value that was chosen count.
        return next((entry for entry in own if entry.graphs & leading[0].graphs), None)
    return own[0]


def _record(slot: Slot, chosen: Candidate, losers: list[Candidate], decision: ValueDecision | None) -> Iterator[Quad]:
    subject, predicate, language = slot
    node = iri(f"{BASE}reconciliation/{digest(subject.value, predicate.value, language)}")
    step = "curated-decision" if decision else chosen.rank.step_name

    def say(term: str, value: Term) -> Quad:
        return Quad(node, iri(term), value, RECONCILIATION)

    yield Quad(node, TYPE, iri(TG.Reconciliation), RECONCILIATION)
    yield say(TG.subject, subject)
    yield say(TG.predicate, predicate)
    yield say(TG.prefers, chosen.value)
    yield say(TG.inSource, iri(chosen.rank.graph))
    yield say(TG.authority, iri(code("authority", step)))
    for loser in losers:
        yield say(TG.over, loser.value)
        for graph in loser.graphs:
            yield say(TG.overSource, graph)
    if decision is not None:
        yield say(TG.reason, decision.reason)
        yield say(str(DCTERMS.source), decision.graph)


def _claim_confidences(quads: Iterable[Quad], authorities: Authorities) -> dict[tuple[Statement, NamedNode], str]:
    """Confidence of the claims that are weaker or stronger than the graph they stand in, by statement and graph."""
    prefix = f"{CODE}confidence/"
    own: dict[NamedNode, str] = {}
    parts: dict[NamedNode, dict[str, Term]] = defaultdict(dict)
    claims = [item for item in quads if isinstance(item.graph_name, NamedNode) and _holds_claims(item.graph_name)]
    for item in claims:
        if item.predicate.value == str(TG.confidence) and isinstance(item.object, NamedNode):
            graph = named(item.graph_name).value.removesuffix(CLAIMS_SUFFIX)
            known = item.object.value.removeprefix(prefix)
            if known != authorities.source(graph).confidence and isinstance(item.subject, NamedNode):
                own[item.subject] = known
    for item in claims:
        if item.subject in own:
            parts[named(item.subject)][item.predicate.value] = statement(item)[2]
    found: dict[tuple[Statement, NamedNode], str] = {}
    for node, of in parts.items():
        terms = [of.get(str(term)) for term in (TG.subject, TG.predicate, TG.object, TG.inSource)]
        subject, predicate, value, graph_node = terms
        if value is not None and isinstance(subject, NamedNode):
            found[(subject, named(predicate), value), named(graph_node)] = own[node]
    return found


def _holds_claims(graph: NamedNode) -> bool:
    return graph.value.endswith(CLAIMS_SUFFIX)
