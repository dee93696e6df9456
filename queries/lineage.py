"""Lineage: what a thing rests on, and what rests on it, along the properties that the ontology marks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ontology.namespaces import TG
from ontology.schema import LineageRelation, load_schema
from queries.backend import Backend, Direction, Link
from queries.errors import ParameterError
from queries.evidence import Source, sources_of
from queries.things import Thing, describe

if TYPE_CHECKING:
    import networkx as nx

DEPTH: Final = 6
LIMIT: Final = 1000
_DIRECTIONS: Final = ("up", "down", "both")
LINKS_PER_NODE: Final = 50  # a step that gives more links than this for each thing allowed is cut, and says so


@dataclass(frozen=True, slots=True)
class Edge:
    """One statement of the answer: subject, predicate and object (IRIs) as stored.

    `relation` is the predicate's local name; `kind` its lineage kind, or "" where it is none; `upward` whether subject
    to object leads towards authority; `sentence` explains the statement in our own words.
    """

    subject: str
    predicate: str
    object: str
    relation: str
    kind: str
    upward: bool
    sentence: str
    sources: tuple[Source, ...] = ()

    @property
    def lower(self) -> str:
        """The end that rests on the other."""
        return self.subject if self.upward else self.object

    @property
    def upper(self) -> str:
        """The end that the other rests on."""
        return self.object if self.upward else self.subject

    @property
    def words(self) -> str:
        """The relation as words: `convened under`."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", self.relation).lower()

    def to_json(self) -> dict[str, Any]:
        """The object under `edges` (DESIGN, HTTP)."""
        return {
            "from": self.subject,
            "to": self.object,
            "relation": self.relation,
            "kind": self.kind,
            "sentence": self.sentence,
            "sources": [source.to_json() for source in self.sources],
        }


@dataclass(frozen=True)
class Lineage:
    """An answer: things in the order in which they were reached, and the statements between them.

    `truncated` is true when the node limit cut the answer.
    """

    thing: str
    release: str
    nodes: tuple[Thing, ...]
    edges: tuple[Edge, ...]
    truncated: bool = False
    direction: str = "up"
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The answer for NetworkX: nodes by IRI with key, type and label; edges keyed by relation."""
        import networkx as nx  # loaded when it is needed: a start need not wait for it

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for node in self.nodes:
            graph.add_node(node.iri, key=node.key, type=node.type, label=node.label)
        for edge in self.edges:
            graph.add_edge(edge.subject, edge.object, key=edge.relation, kind=edge.kind, sentence=edge.sentence)
        return graph

    @property
    def ends(self) -> tuple[str, ...]:
        """What was asked about."""
        return (self.thing,)

    def rightwards(self) -> list[tuple[str, str]]:
        """For each edge its two ends as a drawing has them, left and right: authority is right, except for `down`."""
        down = self.direction == "down"
        return [(edge.upper, edge.lower) if down else (edge.lower, edge.upper) for edge in self.edges]

    def to_json(self) -> dict[str, Any]:
        """The JSON of `/lineage` (DESIGN); `"truncated": true` is added only where it is."""
        said: dict[str, Any] = {
            "thing": self.thing,
            "release": self.release,
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
        }
        if self.truncated:
            said["truncated"] = True
        return {**said, **self.extra}


def lineage(
    backend: Backend,
    thing: str,
    *,
    direction: Direction = "up",
    kinds: Collection[str] | None = None,
    depth: int = DEPTH,
    limit: int = LIMIT,
    relations: Sequence[LineageRelation] | None = None,
) -> Lineage:
    """Follow the lineage of a thing (IRI), breadth first.

    `up` leads to authorities, sources and earlier things, `down` to what follows, `both` gives the two together
    (never a turn from one into the other). A whole starts with its parts too: the lineage of a resolution is that of
    its paragraphs. `kinds` keeps some lineage kinds (mandate, recall, …); `depth` counts steps; at `limit` things the
    answer stops and is marked as truncated. Asks the store at most twice per step and direction (more where a step has
    hundreds of things), plus a few times per some hundred statements for labels and sources. Raises ParameterError.
    """
    if direction not in _DIRECTIONS:
        raise ParameterError(f"direction must be one of {', '.join(_DIRECTIONS)}, not {direction[:50]!r}")
    if depth < 0 or limit < 1:
        raise ParameterError("depth must be 0 or more, limit 1 or more")
    followed = chosen(kinds, relations)
    walk = _Walk(backend, followed, limit)
    for way in ("up", "down"):
        if direction in (way, "both"):
            walk.go(thing, way, depth)
    known = describe(backend, walk.things)
    # A mandate invokes what its paragraph invokes: the statement itself is evidence, no step of its own.
    kept = {iri: known[iri] for iri in walk.things if iri == thing or not is_statement(known[iri])}
    links = [link for link in walk.links if link.subject in kept and link.object in kept]
    edges = explained(backend, links, followed, kept)
    return Lineage(thing, backend.release, tuple(kept.values()), edges, walk.truncated, direction)


def chosen(
    kinds: Collection[str] | None = None, relations: Sequence[LineageRelation] | None = None
) -> tuple[LineageRelation, ...]:
    """The relations of some kinds; all that the ontology marks when no kind is given. Raises ParameterError."""
    known = tuple(load_schema().lineage if relations is None else relations)
    if not kinds:
        return known
    offered = sorted(load_schema().codes("lineage"))
    if wrong := sorted(set(kinds) - set(offered)):
        raise ParameterError(f"kind must be one of {', '.join(offered)}, not {wrong[0][:50]!r}")
    return tuple(relation for relation in known if relation.kind in kinds)


def is_statement(thing: Thing) -> bool:
    """Whether it is an n-ary statement (a mandate, a citation): something said about things, not a thing itself."""
    return _says_something(thing.type)


@cache
def _says_something(name: str) -> bool:
    return TG.Statement in load_schema().superclasses(TG[name])


def explained(
    backend: Backend, links: Iterable[Link], relations: Iterable[LineageRelation], known: Mapping[str, Thing]
) -> tuple[Edge, ...]:
    """Links between known things, with sentence and sources, in the order given."""
    ordered = list(links)
    by_iri = {str(relation.iri): relation for relation in relations}
    sources = sources_of(backend, ordered)
    return tuple(
        edge_of(link, by_iri[link.predicate], known[link.subject].label, known[link.object].label, sources[link])
        for link in ordered
    )


def edge_of(link: Link, relation: LineageRelation, subject: str, object_: str, sources: tuple[Source, ...]) -> Edge:
    """A link explained; `subject` and `object_` are the labels of its ends."""
    said = told(relation.sentence, {"from": subject, "to": object_})
    upward = relation.direction == "up"
    return Edge(link.subject, link.predicate, link.object, relation.name, relation.kind, upward, said, sources)


def told(sentence: str, names: dict[str, str]) -> str:
    """The sentence of a relation with its names, in one pass, so that a label with braces stays what it is."""
    before, mark, rest = sentence.partition("{from}")
    if not mark:
        return sentence.replace("{to}", names["to"])
    return "".join([before.replace("{to}", names["to"]), names["from"], rest.replace("{to}", names["to"])])


class _Walk:
    """The state of one traversal: things and links in the order of their finding."""

    def __init__(self, backend: Backend, relations: Sequence[LineageRelation], limit: int) -> None:
        self._backend = backend
        self._relations = relations
        self._limit = limit
        self._found: dict[str, None] = {}
        self._links: dict[Link, None] = {}
        self.truncated = False

    @property
    def things(self) -> list[str]:
        return list(self._found)

    @property
    def links(self) -> Iterator[Link]:
        return (link for link in self._links if link.subject in self._found and link.object in self._found)

    def go(self, start: str, way: Any, depth: int) -> None:
        self._found.setdefault(start)
        seen = {start}
        frontier = [start]
        if way == "up":
            frontier += self._parts(start, seen)
        for _ in range(depth):
            if not frontier:
                return
            frontier = self._step(frontier, self._relations, way, seen)

    def _parts(self, start: str, seen: set[str]) -> list[str]:
        """All parts of a whole, parts of parts too."""
        containing = [relation for relation in self._relations if relation.containment]
        parts: list[str] = []
        step = [start] if containing else []
        while step:
            step = self._step(step, containing, "down", seen)
            parts += step
        return parts

    def _step(
        self, frontier: Sequence[str], relations: Sequence[LineageRelation], way: Any, seen: set[str]
    ) -> list[str]:
        most = LINKS_PER_NODE * self._limit
        links = list(islice(self._backend.neighbours(frontier, relations, way), most + 1))
        if len(links) > most:
            self.truncated = True
        at = set(frontier)
        reached: dict[str, None] = {}
        for link in sorted(links):
            for end in (link.subject, link.object):
                if end not in self._found and len(self._found) >= self._limit:
                    self.truncated = True
                    continue
                self._found.setdefault(end)
                if end not in seen and end not in at:
                    reached.setdefault(end)
            self._links.setdefault(link)
        seen.update(reached)
        return list(reached)
