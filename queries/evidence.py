"""Evidence: which document says a statement, where in it, and how sure that reading is.

For a statement, in this order: the claims that quote it; the grounds of the rule that derived it, with their passages;
the passage of its subject, where that is itself a statement (a mandate, a citation); else the sources that state it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox
from rdflib.namespace import DCTERMS

from ontology.keys import key_of
from ontology.namespaces import GRAPH, OA, TG
from queries.backend import Backend, Link, adjacency_of
from queries.errors import ParameterError
from queries.library import support
from queries.things import MANY, batches, pairs_of
from queries.values import UNDEF, fill, iri_text

_STATEMENT: Final = ("subject", "predicate", "object")
_GRAPHS: Final = "graphs-of-statements"
_RESERVED: Final = frozenset(
    str(GRAPH[name]) for name in ("ontology", "provenance", "findings", "reconciliation", "rules")
)


@dataclass(frozen=True, slots=True)
class Source:
    """One place that backs a statement.

    `document` is the IRI of the document, or of the record of a source that is no document of ours; `part` the part
    of it (`op10`); `start` and `end` offsets in characters of its normalised text; `confidence` a code. None: unknown.
    """

    document: str
    part: str | None = None
    start: int | None = None
    end: int | None = None
    confidence: str | None = None

    def words(self) -> str:
        """In words: `a/res/91/7 op4, characters 900 to 990 (extracted)`."""
        said = key_of(self.document)
        if self.part:
            said += f" {self.part}"
        if self.start is not None and self.end is not None:
            said += f", characters {self.start} to {self.end}"
        return f"{said} ({self.confidence.replace('-', ' ')})" if self.confidence else said

    def to_json(self) -> dict[str, Any]:
        """The object under `sources` of an edge (DESIGN, HTTP)."""
        return {
            "document": self.document,
            "in": self.part,
            "start": self.start,
            "end": self.end,
            "confidence": self.confidence,
        }


@dataclass(frozen=True, slots=True)
class _Reading:
    """A passage, or None, and the source graph in which it stands."""

    passage: str | None
    graph: str | None
    confidence: str | None = None


def object_text(term: object) -> str:
    """The object of a `Link`: an IRI, or a literal as N-Triples writes it."""
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def sources_of(backend: Backend, links: Iterable[Link]) -> dict[Link, tuple[Source, ...]]:
    """The sources of each statement, sorted; the number of queries grows with the batches, not with the graph."""
    found: dict[Link, tuple[Source, ...]] = {}
    asked = sorted(set(links))
    if (index := adjacency_of(backend)) is not None:
        found = {link: said for link in asked if (said := index.sources(link)) is not None}
        asked = [link for link in asked if link not in found]
    # Very many are looked up together, in tables that are read whole (`queries.things.MANY`).
    for batch in batches(asked, 200 if len(asked) <= MANY else len(asked)):
        readings = _claims(backend, batch)
        missing = [link for link in batch if not readings[link]]
        _add_grounds(backend, missing, readings)
        missing = [link for link in missing if not readings[link]]
        _add_subjects(backend, missing, readings)
        found.update(_resolved(backend, batch, readings))
    return found


def _claims(backend: Backend, links: Sequence[Link]) -> dict[Link, set[_Reading]]:
    readings: dict[Link, set[_Reading]] = {link: set() for link in links}
    for link, row in _about(backend, "claims-of-statements", links):
        readings[link].add(_Reading(row["passage"].value, _iri(row["graph"]), _iri(row["confidence"])))
    return readings


def _add_grounds(backend: Backend, links: Sequence[Link], readings: dict[Link, set[_Reading]]) -> None:
    grounds: dict[Link, set[str]] = defaultdict(set)
    for link, row in _about(backend, "derivations-of-statements", links):
        grounds[link].add(row["ground"].value)
    nodes = sorted(set().union(*grounds.values()))
    passages = _passages(backend, nodes)
    stated = _stated(backend, [node for node in nodes if not passages[node]])
    pairs = {(ground, end) for link, its in grounds.items() for ground in its for end in _things(link)}
    ends = _ends(backend, sorted(pairs))
    for link, its in grounds.items():
        for ground in its:
            readings[link] |= _closest(passages[ground] or stated[ground], ground, link, ends)


def _things(link: Link) -> tuple[str, ...]:
    return (link.subject,) if link.object.startswith('"') else (link.subject, link.object)


def _closest(readings: set[_Reading], ground: str, link: Link, ends: set[tuple[str, str, str]]) -> set[_Reading]:
    """Of the graphs that speak of a ground, those that tie it to most ends of the link.

    Two documents may state one mandate, and only one of them the article that it invokes.
    """
    scores = {r: sum((ground, end, r.graph or "") in ends for end in (link.subject, link.object)) for r in readings}
    best = max(scores.values(), default=0)
    return {reading for reading, score in scores.items() if score == best}


def _add_subjects(backend: Backend, links: Sequence[Link], readings: dict[Link, set[_Reading]]) -> None:
    passages = _passages(backend, sorted({link.subject for link in links}))
    for link in links:
        readings[link] |= passages[link.subject]
    for link, row in _about(backend, _GRAPHS, [link for link in links if not readings[link]]):
        if _is_source(row["graph"].value):
            readings[link].add(_Reading(None, row["graph"].value))


def _ends(backend: Backend, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str, str]]:
    """Node, end and graph, for each graph that ties the two."""
    found: set[tuple[str, str, str]] = set()
    for batch in batches(pairs):
        text = fill(support("ends-in-graphs"), {("node", "end"): [(iri_text(n), iri_text(e)) for n, e in batch]})
        found |= {(row["node"].value, row["end"].value, row["graph"].value) for row in backend.query(text).rows()}
    return found


def _passages(backend: Backend, nodes: Sequence[str]) -> dict[str, set[_Reading]]:
    found: dict[str, set[_Reading]] = {node: set() for node in nodes}
    for batch in batches(nodes) if len(nodes) <= MANY else [()]:
        text = fill(support("passages-of-nodes"), {("node",): [(iri_text(node),) for node in batch] or [(UNDEF,)]})
        for row in backend.query(text).rows():
            if isinstance(row["node"], ox.NamedNode) and row["node"].value in found:
                found[row["node"].value].add(_Reading(row["passage"].value, row["graph"].value))
    return found


def _stated(backend: Backend, nodes: Sequence[str]) -> dict[str, set[_Reading]]:
    found: dict[str, set[_Reading]] = defaultdict(set)
    for batch in batches(nodes):
        text = fill(support("graphs-of-nodes"), {("node",): [(iri_text(node),) for node in batch]})
        for row in backend.query(text).rows():
            if _is_source(row["graph"].value):
                found[row["node"].value].add(_Reading(None, row["graph"].value))
    return found


def _resolved(
    backend: Backend, links: Sequence[Link], readings: dict[Link, set[_Reading]]
) -> dict[Link, tuple[Source, ...]]:
    every = set().union(*(readings[link] for link in links)) if links else set()
    known = _values(
        backend,
        {r.passage for r in every if r.passage} | {r.graph for r in every if r.graph},
        [str(OA.hasSource), str(TG.inPart), str(TG.start), str(TG.end), str(DCTERMS.source), str(TG.confidence)],
    )
    return {link: _sorted({_source(r, known) for r in readings[link]}, link) for link in links}


def _values(backend: Backend, things: set[str], properties: Sequence[str]) -> dict[tuple[str, str], str]:
    """One value of each property of each thing; of several the first by its text."""
    found: dict[tuple[str, str], str] = {}
    for pairs in pairs_of(sorted(things), properties):
        text = fill(support("values-anywhere"), {("thing", "property"): pairs})
        for row in backend.query(text).rows():
            at = row["thing"].value, row["property"].value
            if at[0] not in things or not isinstance(row["thing"], ox.NamedNode):
                continue
            found[at] = min(row["value"].value, found.get(at, row["value"].value))
    return found


def _source(reading: _Reading, known: dict[tuple[str, str], str]) -> Source:
    passage, graph = reading.passage, reading.graph or ""
    confidence = reading.confidence or known.get((graph, str(TG.confidence)))
    said = None if confidence is None else confidence.rpartition("/")[2]
    if passage is None:
        return Source(known.get((graph, str(DCTERMS.source)), graph), confidence=said)
    document, _, span = passage.partition("#char=")
    start, _, end = span.partition(",")
    part = known.get((passage, str(TG.inPart)), "").rpartition("~")[2]
    return Source(
        document=known.get((passage, str(OA.hasSource)), document),
        part=part or None,
        start=_number(known.get((passage, str(TG.start)), start)),
        end=_number(known.get((passage, str(TG.end)), end)),
        confidence=said,
    )


def _sorted(sources: set[Source], link: Link) -> tuple[Source, ...]:
    """Documents about themselves first, then by IRI and place."""

    def order(source: Source) -> tuple[bool, str, int, int, str, str]:
        foreign = not (link.subject.startswith(source.document) or link.object.startswith(source.document))
        return foreign, source.document, source.start or 0, source.end or 0, source.part or "", source.confidence or ""

    return tuple(sorted(sources, key=order))


def _about(backend: Backend, name: str, links: Sequence[Link]) -> list[tuple[Link, ox.QuerySolution]]:
    if not links:
        return []
    if len(links) <= MANY:
        rows = [(iri_text(link.subject), iri_text(link.predicate), _term(link.object)) for link in links]
    elif name == _GRAPHS:  # all statements of these relations
        rows = [(UNDEF, iri_text(predicate), UNDEF) for predicate in sorted({link.predicate for link in links})]
    else:  # all claims, or all derivations: naming the relations would cost a look-up for each
        rows = [(UNDEF, UNDEF, UNDEF)]
    answer = backend.query(fill(support(name), {_STATEMENT: rows})).rows()
    wanted = set(links)
    said = ((_iri(row["subject"]), _iri(row["predicate"]), row["object"], row) for row in answer)
    found = ((Link(s, p, object_text(o)), row) for s, p, o, row in said if s and p and o is not None)
    return [(link, row) for link, row in found if len(links) <= MANY or link in wanted]


def _is_source(graph: str) -> bool:
    return graph not in _RESERVED and not graph.endswith("~claims")


def _term(text: str) -> str:
    """SPARQL text of the object of a link; a literal is written anew, so that it can hold nothing but itself."""
    if not text.startswith('"'):
        return iri_text(text)
    try:
        triple = next(iter(ox.parse(f"<x:s> <x:p> {text} .", format=ox.RdfFormat.N_TRIPLES)))
    except (SyntaxError, StopIteration):
        raise ParameterError(f"not a literal of N-Triples: {text[:100]!r}") from None
    return str(triple.object)


def _iri(term: object) -> str | None:
    return term.value if isinstance(term, ox.NamedNode) else None


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
