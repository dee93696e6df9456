"""Attribution: whether each statement of an RDF file stands in a source graph, and each such graph names its source.

A build refuses what fails here (`loaders.sources`); a curator should hear it earlier, with the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from pyoxigraph import NamedNode
from rdflib import DCTERMS

from loaders.diagnose import Diagnosis
from loaders.positions import PositionedQuad
from loaders.reconcile import is_source_graph
from ontology.keys import slug
from ontology.namespaces import GRAPH


def own_graph(file: str) -> str | None:
    """The graph to which belongs what a file says outside of graphs: a Turtle file has one, named after the file."""
    path = PurePath(file)
    return str(GRAPH[slug(path.stem)]) if path.suffix == ".ttl" else None


def unattributed(files: Mapping[str, Sequence[PositionedQuad]]) -> Iterator[Diagnosis]:
    """The first statement of each graph without a source, and each subject outside all graphs (shape: file to quads).

    A Turtle file has no graphs: what it says belongs to the graph that is named after the file. A table brings its
    sources with it and is not looked at.
    """
    sourced = {
        str(positioned.quad[0])
        for quads in files.values()
        for positioned in quads
        if positioned.quad[1] == DCTERMS.source
    }
    for name, quads in sorted(files.items()):
        kind = PurePath(name).suffix
        if kind not in (".trig", ".ttl"):
            continue
        own = own_graph(name)
        seen: set[str] = set()
        for positioned in quads:
            graph = positioned.quad[3]
            if graph is None and own is None:
                if str(positioned.quad[0]) not in seen:
                    seen.add(str(positioned.quad[0]))
                    message = "This statement stands outside of every graph, so that nobody can tell its source."
                    yield _diagnosis(
                        name, positioned, "outside-graphs", message, "Put it into GRAPH <../graph/…> { … }."
                    )
                continue
            target = own or str(graph)
            if target in sourced or target in seen or not is_source_graph(NamedNode(target)):
                continue
            seen.add(target)
            short = target.removeprefix(str(GRAPH))
            message = f"The graph {short} does not name its source."
            hint = f"Add <../graph/{short}> dcterms:source <…>"
            hint += " in the graph <../graph/provenance>." if own is None else "."
            # About the graph: what the shapes say of a graph without source is the same mistake.
            yield replace(_diagnosis(name, positioned, "missing-source", message, hint), subject=target)


def _diagnosis(name: str, positioned: PositionedQuad, rule: str, message: str, hint: str) -> Diagnosis:
    place = positioned.predicate or positioned.position
    subject = str(positioned.quad[0])
    return Diagnosis(name, place.line, place.column, "violation", rule, message, hint, subject)
