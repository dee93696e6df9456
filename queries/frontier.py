"""Neighbours of many things at once, by query: the same for every back end that speaks SPARQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from queries.backend import Direction, Link, Relation
from queries.library import support
from queries.results import QueryResult
from queries.values import fill, iri_text

_PAIRS: Final = 2000  # pairs of thing and property in one query; about 250 kB of text


def neighbours_by_query(
    ask: Callable[[str], QueryResult], frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
) -> Iterator[Link]:
    """See `Backend.neighbours`: at most two queries per batch of the frontier, whatever the size of the graph."""
    along = [str(r.iri) for r in relations if direction in ("both", r.direction)]
    against = [str(r.iri) for r in relations if direction == "both" or r.direction != direction]
    for side, properties in (("subject", along), ("object", against)):
        if not properties:
            continue
        step = max(1, _PAIRS // len(properties))
        for at in range(0, len(frontier), step):
            pairs = [(iri_text(node), iri_text(p)) for node in frontier[at : at + step] for p in properties]
            text = fill(support(f"neighbours-of-{side}s"), {(side, "predicate"): pairs})
            for row in ask(text).rows():
                yield Link(row["subject"].value, row["predicate"].value, row["object"].value)
