"""Paths: the shortest chains of statements between two things, every hop explained."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from typing import Final

from rdflib import URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from ontology.keys import folder_of
from ontology.namespaces import ELI, ID, TG
from ontology.schema import LineageRelation, load_schema, local_name
from queries.backend import Backend, Link
from queries.errors import ParameterError
from queries.lineage import Edge, Lineage, chosen, explained
from queries.things import describe

HOPS: Final = 8
CHAINS: Final = 25
_VISITED: Final = 20_000
_LINKS: Final = 100_000
#: Things that very much hangs on: that two things belong to one of these says little about them.
_HUBS: Final = frozenset({"treaty", "series", "place", "state", "body"})
_ALSO: Final = {ELI.cites: "{from} cites {to}.", ELI.is_part_of: "{from} is part of {to}."}
_BOOKKEEPING: Final = (TG.Finding, TG.Derivation, TG.Reconciliation, TG.Claim, TG.Passage)
_NO_LINK: Final = (SKOS.Concept, TG.SourceGraph, TG.Passage)


@dataclass(frozen=True)
class Paths(Lineage):
    """The chains between two things. `chains` holds each as its hops in order; nodes and edges are those of all."""

    chains: tuple[tuple[str, ...], ...] = ()

    @property
    def ends(self) -> tuple[str, ...]:
        """The two things that were to be joined."""
        return self.thing, str(self.extra["to"])

    def rightwards(self) -> list[tuple[str, str]]:
        """For each edge its two ends as the chains run, from the first thing to the second."""
        at = {node: place for chain in self.chains for place, node in enumerate(chain)}
        pairs = [(edge.subject, edge.object) for edge in self.edges]
        return [(one, other) if at[one] <= at[other] else (other, one) for one, other in pairs]

    def hops(self, chain: Sequence[str]) -> list[list[Edge]]:
        """For each step of a chain (IRIs), the statements that make it."""
        return [
            [edge for edge in self.edges if {edge.subject, edge.object} == {one, other}]
            for one, other in pairwise(chain)
        ]


@cache
def path_relations() -> tuple[LineageRelation, ...]:
    """Every declared property that joins two things of the record: not those to codes, nor those of provenance."""
    schema = load_schema()
    found = {relation.iri: relation for relation in schema.lineage}
    for term in schema.graph.subjects(RDF.type, OWL.ObjectProperty):
        if not isinstance(term, URIRef) or term in found or (term not in TG and term not in _ALSO):
            continue
        domains, ranges = set(schema.graph.objects(term, RDFS.domain)), set(schema.graph.objects(term, RDFS.range))
        if domains.isdisjoint(_BOOKKEEPING) and ranges.isdisjoint(_NO_LINK):
            label = schema.label(term)
            said = schema.graph.value(term, TG.sentence) or _ALSO.get(term) or f"{{from}} – {label} – {{to}}"
            found[term] = LineageRelation(term, local_name(term), "", "up", False, str(said), label)
    return tuple(sorted(found.values()))


def path(backend: Backend, start: str, end: str, *, kinds: Collection[str] | None = None, hops: int = HOPS) -> Paths:
    """All shortest chains between two things (IRIs), in whatever sense their statements run.

    With `kinds` only lineage relations of these kinds are followed; else all that join things, such as who presided
    over what. A chain that only passes through something that very much hangs on (a treaty, a series, a place, a
    State, a body) is given only when there is none without. Searches from both ends by frontier; no chain longer than
    `hops` is found, at most 25 are given, and `truncated` says when more was to be searched. Raises ParameterError.
    """
    if not 1 <= hops <= 50:
        raise ParameterError("hops must be between 1 and 50")
    relations = chosen(kinds) if kinds else path_relations()
    search = _Search(backend, relations, start, end, hops)
    chains = search.chains(avoid_hubs=True) or search.chains(avoid_hubs=False)
    truncated = search.truncated or len(chains) > CHAINS
    chains = chains[:CHAINS]
    steps = {frozenset(pair) for chain in chains for pair in pairwise(chain)}
    used = _without_echoes(link for link in search.links if frozenset((link.subject, link.object)) in steps)
    things = list(dict.fromkeys(node for chain in chains for node in chain)) or list(dict.fromkeys((start, end)))
    known = describe(backend, things)
    edges = explained(backend, sorted(used, key=lambda link: _order(link, things)), relations, known)
    extra = {"from": start, "to": end, "chains": [list(chain) for chain in chains]}
    return Paths(start, backend.release, tuple(known.values()), edges, truncated, "both", extra, tuple(chains))


def _without_echoes(links: Iterable[Link]) -> list[Link]:
    """Without the flat statements (cites, is part of) that a statement of lineage between the same two repeats."""
    kept = list(links)
    marked = {str(relation.iri) for relation in load_schema().lineage}
    said = {(link.subject, link.object) for link in kept if link.predicate in marked}
    flat = {str(iri) for iri in _ALSO}
    return [link for link in kept if link.predicate not in flat or (link.subject, link.object) not in said]


def _order(link: Link, things: Sequence[str]) -> tuple[int, Link]:
    return min(things.index(link.subject), things.index(link.object)), link


class _Search:
    """A search from both ends."""

    def __init__(self, backend: Backend, relations: Sequence[LineageRelation], start: str, end: str, hops: int) -> None:
        self._backend = backend
        self._relations = relations
        self._ends = (start, end)
        self._hops = hops
        self.links: set[Link] = set()
        self.truncated = False

    def chains(self, *, avoid_hubs: bool) -> list[tuple[str, ...]]:
        """All shortest chains, sorted; lineage comes first among equals."""
        start, end = self._ends
        if start == end:
            return [(start,)]
        self.links = set()
        self.truncated = False
        sides = ({start}, {end})
        frontiers = [[start], [end]]
        for _ in range(self._hops):
            side = 0 if len(frontiers[0]) <= len(frontiers[1]) else 1
            frontiers[side] = self._step(frontiers[side], sides[side], avoid_hubs=avoid_hubs)
            if sides[0] & sides[1]:
                return self._shortest()
            if not frontiers[side] or len(sides[0]) + len(sides[1]) > _VISITED:
                self.truncated |= bool(frontiers[side])
                return []
        self.truncated = True
        return []

    def _step(self, frontier: Sequence[str], side: set[str], *, avoid_hubs: bool) -> list[str]:
        links = list(islice(self._backend.neighbours(frontier, self._relations, "both"), _LINKS + 1))
        self.truncated |= len(links) > _LINKS
        reached: dict[str, None] = {}
        for link in sorted(links):
            if not (link.subject.startswith(str(ID)) and link.object.startswith(str(ID))):
                continue  # codes and the like are no things of the record
            if avoid_hubs and any(_is_hub(e) and e not in self._ends for e in (link.subject, link.object)):
                continue
            self.links.add(link)
            reached.update(dict.fromkeys((link.subject, link.object)))
        fresh = [node for node in reached if node not in side]
        side.update(fresh)
        return fresh

    def _shortest(self) -> list[tuple[str, ...]]:
        import networkx as nx  # loaded when it is needed: a start need not wait for it

        graph: nx.Graph[str] = nx.Graph()
        graph.add_edges_from((link.subject, link.object) for link in sorted(self.links))
        found = islice(nx.all_shortest_paths(graph, *self._ends), 50 * CHAINS)
        marked = {str(relation.iri) for relation in self._relations if relation.kind}
        strong = {frozenset((link.subject, link.object)) for link in self.links if link.predicate in marked}
        return sorted((tuple(chain) for chain in found), key=lambda chain: (-_strength(chain, strong), chain))


def _strength(chain: Sequence[str], strong: Iterable[frozenset[str]]) -> int:
    return sum(frozenset(pair) in strong for pair in pairwise(chain))


def _is_hub(iri: str) -> bool:
    return folder_of(iri) in _HUBS and "~" not in iri
