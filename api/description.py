"""What the service says about itself in RDF: its service description and the VoID description of its data.

Specifications: https://www.w3.org/TR/sparql11-service-description/ and https://www.w3.org/TR/void/.
"""

from __future__ import annotations

from typing import Final

from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, VOID

from api.holding import Held
from api.links import is_address
from api.negotiation import Format
from ontology.namespaces import BASE, PREFIXES

__all__ = ["rdf_bytes", "service_description"]

SD: Final = Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
_RESULTS: Final = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
    "N-Quads",
    "TriG",
)
_RDFLIB: Final = {
    "text/turtle": "turtle",
    "application/n-triples": "nt",
    "application/ld+json": "json-ld",
    "application/rdf+xml": "xml",
    # A document of triples alone is one of quads as well: all are in the default graph.
    "application/n-quads": "nt",
    "application/trig": "turtle",
}


def service_description(held: Held, *, address: str, form: Format, federated: bool = False) -> bytes:
    """The description of the endpoint at `address`, with what the store holds; `federated`: SERVICE is served."""
    graph = _graph()
    service, dataset, default = BNode("service"), URIRef(f"{BASE}dataset"), BNode("default-graph")
    graph.add((service, RDF.type, SD.Service))
    if is_address(address):
        graph.add((service, SD.endpoint, URIRef(address)))
    # Each with its class, so that a reader needs no vocabulary to see that ranges are kept (section 3.2).
    said = [(SD.supportedLanguage, SD.SPARQL11Query, SD.Language)]
    said += [(SD.resultFormat, FORMATS[name], FORMATS.Format) for name in _RESULTS]
    said += [(SD.feature, SD.BasicFederatedQuery, SD.Feature)] if federated else []
    for predicate, value, kind in said:
        graph.add((service, predicate, value))
        graph.add((value, RDF.type, kind))
    graph.add((service, SD.defaultDataset, dataset))
    graph.add((dataset, RDF.type, SD.Dataset))
    graph.add((dataset, RDF.type, VOID.Dataset))
    graph.add((dataset, DCTERMS.identifier, Literal(held.release)))
    graph.add((dataset, SD.defaultGraph, default))
    graph.add((default, RDF.type, SD.Graph))
    about = "The canonical graph: reconciled statements, derived ones, findings. Not the union of the named graphs."
    graph.add((default, RDFS.comment, Literal(about, lang="en")))
    graph.add((default, VOID.triples, Literal(held.contents.triples)))
    for number, (name, count) in enumerate(held.contents.classes.items()):
        part = BNode(f"class-{number}")
        graph.add((default, VOID.classPartition, part))
        graph.add((part, VOID["class"], URIRef(name)))
        graph.add((part, VOID.entities, Literal(count)))
    for number, (name, count) in enumerate(held.contents.properties.items()):
        part = BNode(f"property-{number}")
        graph.add((default, VOID.propertyPartition, part))
        graph.add((part, VOID.property, URIRef(name)))
        graph.add((part, VOID.triples, Literal(count)))
    for number, (name, count) in enumerate(held.graphs.items()):
        entry, described = BNode(f"graph-{number}"), BNode(f"size-{number}")
        graph.add((dataset, SD.namedGraph, entry))
        graph.add((entry, RDF.type, SD.NamedGraph))
        graph.add((entry, SD.name, URIRef(name)))
        graph.add((entry, SD.graph, described))
        graph.add((described, RDF.type, SD.Graph))
        graph.add((described, VOID.triples, Literal(count)))
    return rdf_bytes(graph, form)


def rdf_bytes(graph: Graph, form: Format) -> bytes:
    """A small graph in one of our RDF formats."""
    return graph.serialize(format=_RDFLIB[form.media_type], encoding="utf-8")


def _graph() -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, iri in {**PREFIXES, "sd": str(SD), "formats": str(FORMATS)}.items():
        graph.bind(prefix, iri)
    return graph
