"""The lineage index: worked out of a finished store, by the very queries that would be asked without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Store

from loaders.terms import TYPE
from ontology.namespaces import ID
from queries.adjacency import NOTHING
from queries.backend import Link
from queries.embedded import EmbeddedBackend
from queries.evidence import Source, sources_of
from queries.packed import packed, packed_numbers, packed_strings
from queries.paths import path_relations
from queries.things import Thing, describe

_Edge = tuple[int, int, int]
_DEFAULT: Final = DefaultGraph()


def adjacency(store: Store, release: str) -> bytes:
    """The content of the index file (`queries.adjacency`): all things, all links between them, and their sources."""
    relations = sorted(str(relation.iri) for relation in path_relations())
    links = sorted({link for relation in relations for link in _links(store, relation)})
    typed = _typed(store)
    below = {iri for iri in typed if iri.startswith(str(ID))}
    nodes = sorted(below | {end for link in links for end in (link.subject, link.object)})
    backend = EmbeddedBackend(store, release)
    things = describe(backend, nodes)
    sources = sources_of(backend, links)
    texts = _texts(relations, things.values(), sources.values())
    return packed(
        release,
        {
            **packed_strings("nodes", nodes),
            **packed_strings("texts", texts),
            "relations": packed_numbers(texts[relation] for relation in relations),
            "types": packed_numbers(texts[things[iri].type] if iri in typed else NOTHING for iri in nodes),
            "labels": packed_numbers(texts[things[iri].label] for iri in nodes),
            **_edges(nodes, relations, links),
            **_evidence([sources[link] for link in links], texts),
        },
    )


def _links(store: Store, relation: str) -> Iterable[Link]:
    for quad in store.quads_for_pattern(None, NamedNode(relation), None, _DEFAULT):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
            yield Link(quad.subject.value, relation, quad.object.value)


def _typed(store: Store) -> set[str]:
    """What has a type: the things of the record (below `id/`), and codes, graphs, terms."""
    subjects = (quad.subject for quad in store.quads_for_pattern(None, TYPE, None, _DEFAULT))
    return {node.value for node in subjects if isinstance(node, NamedNode)}


def _texts(relations: Iterable[str], things: Iterable[Thing], sources: Iterable[Sequence[Source]]) -> dict[str, int]:
    """All texts but the names of nodes, sorted, each with its place."""
    found = set(relations)
    for thing in things:
        found |= {thing.type, thing.label}
    for said in sources:
        found.update(cell for source in said for cell in _cells(source) if cell is not None)
    return {text: place for place, text in enumerate(sorted(found))}


def _cells(source: Source) -> tuple[str | None, ...]:
    start, end = (None if number is None else str(number) for number in (source.start, source.end))
    return source.document, source.part, start, end, source.confidence


def _edges(nodes: Sequence[str], relations: Sequence[str], links: Sequence[Link]) -> dict[str, bytes]:
    """The links by place, sorted both ways, and where those of each node begin."""
    place = {iri: number for number, iri in enumerate(nodes)}
    number_of = {iri: number for number, iri in enumerate(relations)}
    edges: list[_Edge] = [(place[link.subject], number_of[link.predicate], place[link.object]) for link in links]
    back = sorted(range(len(edges)), key=lambda at: edges[at][::-1])
    return {
        "first": _firsts((subject for subject, _, _ in edges), len(nodes)),
        "subjects": packed_numbers(subject for subject, _, _ in edges),
        "predicates": packed_numbers(predicate for _, predicate, _ in edges),
        "objects": packed_numbers(object_ for _, _, object_ in edges),
        "first-in": _firsts((object_ for _, _, object_ in edges), len(nodes)),
        "edges-in": packed_numbers(back),
        "predicates-in": packed_numbers(edges[at][1] for at in back),
    }


def _firsts(ends: Iterable[int], nodes: int) -> bytes:
    """For each node the place of its first edge in the order of the nodes, and the number of all edges."""
    counts = [0] * (nodes + 1)
    for end in ends:
        counts[end + 1] += 1
    return packed_numbers(accumulate(counts))


def _evidence(said: Sequence[Sequence[Source]], texts: dict[str, int]) -> dict[str, bytes]:
    cells = (cell for sources in said for source in sources for cell in _cells(source))
    return {
        "first-row": packed_numbers(accumulate((len(sources) for sources in said), initial=0)),
        "rows": packed_numbers(NOTHING if cell is None else texts[cell] for cell in cells),
    }
