"""Evidence for rows of an answer: which statements of the graph join the things of a row, and who says so.

For each row, in this order: the statements between its terms; the nodes that speak of two of its things together (a
vote, a mandate, an act); else, for each of its things, the statement that it is what it is. A row in which nothing of
this is found has no evidence, and whoever shows it must say so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import pyoxigraph as ox
from rdflib import RDF

from api.panel import panel_text
from api.terms import Term
from ontology.namespaces import BASE, TG
from ontology.schema import load_schema
from queries.backend import Backend, Link
from queries.errors import ParameterError
from queries.evidence import Source, object_text, sources_of
from queries.library import support
from queries.things import LABELS, batches
from queries.values import fill, iri_text

__all__ = ["ABOUT", "COLUMNS", "ROWS", "Statement", "evidence_of_rows"]

#: What one request may ask about: rows, terms in a row, things that all rows are about.
ROWS: Final = 200
COLUMNS: Final = 40
ABOUT: Final = 10
#: Statements given for one row at most.
_STATEMENTS: Final = 12
_NODES: Final = (TG.Vote, TG.TreatyAction, TG.Tenure, TG.Position)
_NAMES: Final = frozenset(str(name) for name in LABELS)
_RECORD: Final = str(TG.Source)
_CODES: Final = f"{BASE}code/"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the canonical graph (the object a literal as N-Triples writes it), with its sources."""

    link: Link
    sources: tuple[Source, ...]

    def to_json(self) -> dict[str, Any]:
        """As `/evidence` gives it."""
        return {
            "subject": self.link.subject,
            "predicate": self.link.predicate,
            "object": self.link.object,
            "sources": [source.to_json() for source in self.sources],
        }


def evidence_of_rows(
    backend: Backend, rows: Sequence[Sequence[Term | None]], about: Sequence[str] = ()
) -> list[tuple[Statement, ...]]:
    """The statements behind each row, with their sources; () where there are none.

    `about` are things (IRIs) that all rows are about, such as the values of a question's parameters. Raises
    ParameterError for more than 200 rows, 40 terms in a row or 10 such things.
    """
    if len(rows) > ROWS or len(about) > ABOUT or any(len(row) > COLUMNS for row in rows):
        raise ParameterError(f"evidence is given for {ROWS} rows of {COLUMNS} terms about {ABOUT} things at most")
    things = [_things(row) for row in rows]
    found = _between(backend, rows, things, about)
    missing = [at for at, links in enumerate(found) if not links]
    for at, links in zip(missing, _by_nodes(backend, [things[at] for at in missing], about), strict=True):
        found[at] = links
    said = sources_of(backend, {link for links in found for link in links})
    bare = [at for at, links in enumerate(found) if not any(said[link] for link in links)]
    kinds = _kinds(backend, {thing for at in bare for thing in (things[at] or about)})
    said |= sources_of(backend, kinds.values())
    # The record of a source is where the graph has it from: it speaks for itself.
    said |= {link: (Source(link.subject),) for link in kinds.values() if link.object == _RECORD and not said[link]}
    for at in bare:
        found[at] = [kinds[thing] for thing in (things[at] or about) if thing in kinds]
    return [tuple(_told(links, said)) for links in found]


def _things(row: Sequence[Term | None]) -> list[str]:
    named = (term.value for term in row if isinstance(term, ox.NamedNode))
    return list(dict.fromkeys(iri for iri in named if iri.startswith(BASE) and not iri.startswith(_CODES)))


def _told(links: Iterable[Link], said: dict[Link, tuple[Source, ...]]) -> Iterator[Statement]:
    """Those with sources, as many as a reader can use: links between things first, names last."""
    backed = sorted((link for link in dict.fromkeys(links) if said[link]), key=_weight)
    return (Statement(link, said[link]) for link in backed[:_STATEMENTS])


def _weight(link: Link) -> int:
    if not link.object.startswith('"'):
        return 0
    return 2 if link.predicate in _NAMES else 1


def _between(
    backend: Backend, rows: Sequence[Sequence[Term | None]], things: Sequence[Sequence[str]], about: Sequence[str]
) -> list[list[Link]]:
    wanted: list[list[tuple[str, str]]] = []
    for row, own in zip(rows, things, strict=True):
        ends = dict.fromkeys([*about, *own, *(object_text(t) for t in row if t and not isinstance(t, ox.BlankNode))])
        # Between the things that all rows are about, nothing is said of this row.
        wanted.append(
            [(s, o) for s in dict.fromkeys([*own, *about]) for o in ends if s != o and not (s in about and o in about)]
        )
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for batch in batches(sorted({pair for pairs in wanted for pair in pairs})):
        text = fill(panel_text("joined"), {("subject", "object"): [(iri_text(s), _written(o)) for s, o in batch]})
        for one in backend.query(text).rows():
            link = Link(one["subject"].value, one["predicate"].value, object_text(one["object"]))
            found[link.subject, link.object].append(link)
    return [[link for pair in pairs for link in found.get(pair, ())] for pairs in wanted]


def _by_nodes(backend: Backend, things: Sequence[Sequence[str]], about: Sequence[str]) -> list[list[Link]]:
    wanted = [
        [pair for pair in combinations(dict.fromkeys([*own, *about]), 2) if not set(pair) <= set(about)]
        for own in things
    ]
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    classes = [(iri_text(iri),) for iri in _node_classes()]
    for batch in batches(sorted({pair for pairs in wanted for pair in pairs})):
        pairs = [(iri_text(one), iri_text(other)) for one, other in batch]
        text = fill(panel_text("joined-by-node"), {("one", "other"): pairs, ("class",): classes})
        for row in backend.query(text).rows():
            node, one, other = row["node"], row["one"].value, row["other"].value
            if isinstance(node, ox.NamedNode):
                found[one, other] += [
                    Link(node.value, row["oneBy"].value, one),
                    Link(node.value, row["otherBy"].value, other),
                ]
    return [[link for pair in pairs for link in found.get(pair, ())] for pairs in wanted]


def _node_classes() -> list[str]:
    schema = load_schema()
    statements = [str(one) for one in schema.classes if TG.Statement in schema.superclasses(one)]
    return sorted({*statements, *(str(one) for one in _NODES)})


def _kinds(backend: Backend, things: Iterable[str]) -> dict[str, Link]:
    """For each thing the statement that it is of its kind; of several kinds the first by name."""
    found: dict[str, Link] = {}
    for batch in batches(sorted(things)):
        pairs = [(iri_text(thing), iri_text(str(RDF.type))) for thing in batch]
        for row in backend.query(fill(support("values-of-properties"), {("thing", "property"): pairs})).rows():
            link = Link(row["thing"].value, str(RDF.type), row["value"].value)
            found[link.subject] = min(link, found.get(link.subject, link))
    return found


def _written(text: str) -> str:
    return text if text.startswith('"') else iri_text(text)
