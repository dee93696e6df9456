"""The catalogue as RDF, in the form in which SPARQL endpoints share example queries.

Each query is a `sh:SPARQLExecutable` with its text, comment, keywords and target, as sparql-examples and the tools that
read it expect; parameters are told as `sh:parameter`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, SH, XSD

from ontology.namespaces import BASE, PREFIXES, SCHEMA, TG
from queries.catalogue import StoredQuery

_CLASSES: Final = {
    "select": (SH.SPARQLSelectExecutable, SH.select),
    "ask": (SH.SPARQLAskExecutable, SH.ask),
    "construct": (SH.SPARQLConstructExecutable, SH.construct),
    "describe": (URIRef("https://purl.expasy.org/sparql-examples/ontology#SPARQLDescribeExecutable"),
                 URIRef("https://purl.expasy.org/sparql-examples/ontology#describe")),
}  # fmt: skip
_DATATYPES: Final = {"integer": XSD.integer, "date": XSD.date, "string": XSD.string}
_QUERY: Final = BASE + "query/"


def as_rdf(queries: Iterable[StoredQuery], endpoint: str) -> Graph:
    """The queries as a graph; `endpoint` is the address that answers them. The same input gives the same triples."""
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    declared = URIRef(_QUERY + "prefixes")
    for prefix, namespace in sorted(PREFIXES.items()):
        declaration = URIRef(f"{_QUERY}prefixes/{prefix}")
        graph.add((declared, SH.declare, declaration))
        graph.add((declaration, SH.prefix, Literal(prefix)))
        graph.add((declaration, SH.namespace, Literal(namespace, datatype=XSD.anyURI)))
    for query in queries:
        _add(graph, query, declared, endpoint)
    return graph


def _add(graph: Graph, query: StoredQuery, declared: URIRef, endpoint: str) -> None:
    node = URIRef(_QUERY + query.name)
    kind, text = _CLASSES[query.form]
    for triple in (
        (node, RDF.type, SH.SPARQLExecutable),
        (node, RDF.type, kind),
        (node, text, Literal(query.text)),
        (node, RDFS.label, Literal(query.title, lang="en")),
        (node, RDFS.comment, Literal(f"{query.title}. {query.description}", lang="en")),
        (node, DCTERMS.description, Literal(query.description, lang="en")),
        (node, SH.prefixes, declared),
        (node, SCHEMA.target, URIRef(endpoint)),
    ):
        graph.add(triple)
    for tag in query.tags:
        graph.add((node, SCHEMA.keywords, Literal(tag)))
    for order, one in enumerate(query.parameters.values()):
        parameter = URIRef(f"{_QUERY}{query.name}/{one.name}")
        graph.add((node, SH.parameter, parameter))
        graph.add((parameter, SH.path, URIRef(f"{_QUERY}parameter/{one.name}")))
        graph.add((parameter, SH.name, Literal(one.name)))
        graph.add((parameter, SH.description, Literal(one.description, lang="en")))
        graph.add((parameter, SH.optional, Literal(one.optional)))
        graph.add((parameter, SH.order, Literal(order)))
        if one.type in _DATATYPES:
            graph.add((parameter, SH.datatype, _DATATYPES[one.type]))
        elif one.class_ is not None:
            graph.add((parameter, SH["class"], TG[one.class_]))
        else:
            graph.add((parameter, SH.nodeKind, SH.IRI))
