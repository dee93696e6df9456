"""Namespaces and prefixes, in one place.

The base is not bound to a host: the server maps it to itself (DESIGN, "Names").
"""

from __future__ import annotations

from typing import Final

from rdflib import Namespace
from rdflib.namespace import DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SH, SKOS, VOID, XSD

BASE: Final = "https://w3id.org/treatygraph/"

TG: Final = Namespace(BASE + "def#")
ID: Final = Namespace(BASE + "id/")
CODE: Final = Namespace(BASE + "code/")
GRAPH: Final = Namespace(BASE + "graph/")
FINDING: Final = Namespace(BASE + "finding/")

ELI: Final = Namespace("http://data.europa.eu/eli/ontology#")
ELI_DL: Final = Namespace("http://data.europa.eu/eli/eli-draft-legislation-ontology#")
OA: Final = Namespace("http://www.w3.org/ns/oa#")
DQV: Final = Namespace("http://www.w3.org/ns/dqv#")
SCHEMA: Final = Namespace("https://schema.org/")

PREFIXES: Final[dict[str, str]] = {
    "tg": str(TG),
    "id": str(ID),
    "code": str(CODE),
    "dcterms": str(DCTERMS),
    "dqv": str(DQV),
    "eli": str(ELI),
    "eli-dl": str(ELI_DL),
    "foaf": str(FOAF),
    "oa": str(OA),
    "org": str(ORG),
    "owl": str(OWL),
    "prov": str(PROV),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "schema": str(SCHEMA),
    "sh": str(SH),
    "skos": str(SKOS),
    "void": str(VOID),
    "xsd": str(XSD),
}
