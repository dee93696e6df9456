"""The Turtle files of this package as graphs, read the quick way.

Every command that checks a thing waits for them, and pyoxigraph reads them five times as fast as rdflib.
"""

from __future__ import annotations

import pyoxigraph
from rdflib import XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

_STRING = str(XSD.string)


def read_turtle(graph: Graph, text: str) -> None:
    """Add the triples of a Turtle text to a graph, as rdflib's own parser does. Raises SyntaxError."""
    known: dict[object, Node] = {}

    def term(node: pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple) -> Node:
        found = known.get(node)
        if found is None:
            found = known[node] = _term(node)
        return found

    for quad in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE):
        graph.add((term(quad.subject), term(quad.predicate), term(quad.object)))


def _term(node: object) -> Node:
    if isinstance(node, pyoxigraph.NamedNode):
        return URIRef(node.value)
    if isinstance(node, pyoxigraph.BlankNode):
        return BNode(node.value)
    if isinstance(node, pyoxigraph.Literal):
        if node.language:
            return Literal(node.value, lang=node.language)
        return Literal(node.value, datatype=None if node.datatype.value == _STRING else URIRef(node.datatype.value))
    raise TypeError(f"not a term of RDF 1.1: {node!r}")
