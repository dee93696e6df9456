"""Neighbourhoods: all statements on which the checks of some things depend, and no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rdflib import DCTERMS, Literal, URIRef
from rdflib.namespace import PROV, SKOS
from rdflib.term import Node

from loaders.attribution import own_graph
from loaders.endings import TABLE
from loaders.everywhere import decision_nodes, matters_everywhere
from loaders.positions import PositionedQuad, pipeline_quad
from loaders.snapshot import Stated
from loaders.walking import Gatherer
from ontology.keys import folder_of
from ontology.namespaces import TG
from ontology.schema import load_schema

_SOURCES: Final = (str(DCTERMS.source), str(PROV.hadPrimarySource))
_DATED: Final = (str(TG.issuer), str(TG.issueDate), str(TG.adoptionDate))


def gather_everywhere(gatherer: Gatherer) -> bool:
    """Add what matters for all things, and the things on which curators have decided.

    Returns whether the outcome for every thing may hang on one of them: a decision, or a statement that no store holds.
    """
    record = gatherer.record
    found = [*record.everywhere(), *record.added()]
    decisions = decision_nodes(one.positioned for one in found)
    decisive = False
    for one in found:
        if matters_everywhere(one.positioned, decisions) or not _storable(one.positioned):
            gatherer.take([one])
            decisive = decisive or one.positioned.quad[0] in decisions or not _storable(one.positioned)
            if one.positioned.quad[0] in decisions and one.positioned.quad[1] == URIRef(TG.subject):
                gatherer.about(one.positioned.quad[2])
    return decisive


def gather_things(gatherer: Gatherer, things: Iterable[Node], meta: Mapping[str, Any]) -> None:
    """Add what the shapes look at when they check these things."""
    for thing in things:
        gatherer.about(thing)
        for path in meta["inward"]:
            gatherer.naming(thing, [path], most=1)
        _walk(gatherer, thing, meta["steps"], set())


def _walk(gatherer: Gatherer, node: Node, steps: Mapping[str, Any], seen: set[tuple[Node, int]]) -> None:
    if (node, id(steps)) in seen:
        return
    seen.add((node, id(steps)))
    for one in gatherer.about(node, steps):
        below = steps[str(one.positioned.quad[1])]
        if below and not isinstance(one.positioned.quad[2], Literal):
            _walk(gatherer, one.positioned.quad[2], below, seen)


def gather_authority(gatherer: Gatherer) -> None:
    """Add what decides between the values of different sources, where what was gathered has such."""
    for subject, graphs in _conflicts(gatherer.taken()).items():
        for graph in graphs:
            documents = {
                one.positioned.quad[2] for one in gatherer.about(graph) if str(one.positioned.quad[1]) in _SOURCES
            }
            for document in documents:
                gatherer.about(document, _DATED)
        for claim in gatherer.naming(subject, [str(TG.subject)]):
            gatherer.about(claim.positioned.quad[0])
        thing = URIRef(str(subject).partition("~")[0])
        if folder_of(str(thing)) in ("meeting", "series"):
            for treaty in gatherer.about(thing, [str(TG.ofTreaty)]):
                _organisers(gatherer, treaty.positioned.quad[2])


def _organisers(gatherer: Gatherer, treaty: Node) -> None:
    """Add what says who organises the meetings of a treaty (`loaders.authority`)."""
    for one in gatherer.naming(treaty, [str(TG.ofTreaty)]):
        meeting = one.positioned.quad[0]
        gatherer.about(meeting, [str(TG.convenedBy), str(TG.inCooperationWith)])
        for mandate in gatherer.naming(meeting, [str(TG.concerns)]):
            gatherer.about(mandate.positioned.quad[0], [str(TG.task), str(TG.addressee)])


def _conflicts(found: Sequence[Stated]) -> dict[Node, set[Node]]:
    """The things of which sources state several values though there can be one only, with the graphs of these."""
    single = {str(term) for term in load_schema().functional}
    slots: dict[tuple[Node, str, str], dict[Node, set[Node]]] = defaultdict(lambda: defaultdict(set))
    for one in found:
        subject, predicate, value, graph = one.positioned.quad
        label = predicate == SKOS.prefLabel and isinstance(value, Literal)
        if graph is not None and (label or str(predicate) in single):
            language = (value.language or "") if label and isinstance(value, Literal) else ""
            slots[subject, str(predicate), language][value].add(graph)
    conflicts: dict[Node, set[Node]] = defaultdict(set)
    for (subject, _, _), values in slots.items():
        if len(values) > 1:
            conflicts[subject].update(graph for graphs in values.values() for graph in graphs)
    return conflicts


def gather_attribution(gatherer: Gatherer, lost: set[Node]) -> None:
    """Add whether the graphs of what was gathered name their sources; of those that do not, and of the `lost` ones,
    the first statement in each file."""
    graphs: set[Node] = set(lost)
    for one in gatherer.taken():
        if not one.file.endswith(TABLE):
            graph = one.positioned.quad[3]
            own = own_graph(one.file)
            if own is not None:
                graphs.add(URIRef(own))
            elif graph is not None:
                graphs.add(graph)
    for named in graphs:
        if named in lost or not has_source(gatherer, named):
            gatherer.take(gatherer.record.openings(named))
            for name in gatherer.record.files():
                if own_graph(name) == str(named) and name in gatherer.record.snapshot.files:
                    gatherer.take(one for one in gatherer.record.openings(None) if one.file == name)


def has_source(gatherer: Gatherer, graph: Node) -> bool:
    """Whether a graph names its source; what says so is added."""
    return bool(gatherer.about(graph, [str(DCTERMS.source)]))


def files_of(gatherer: Gatherer) -> dict[str, list[PositionedQuad]]:
    """What was gathered, by file."""
    found: dict[str, list[PositionedQuad]] = defaultdict(list)
    for one in gatherer.taken():
        found[one.file].append(one.positioned)
    return dict(sorted(found.items()))


def prefixes(steps: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each property that the shapes look at further on than at the thing itself, with those that lead there."""
    for path, below in steps.items():
        if at:
            yield path, at
        yield from prefixes(below, (*at, path))


def _storable(positioned: PositionedQuad) -> bool:
    try:
        pipeline_quad(positioned.quad)
    except (TypeError, ValueError):
        return False
    return True
