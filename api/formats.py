"""The representations on offer, each defined once, in the server's order of preference."""

from __future__ import annotations

from typing import Final

from api.negotiation import Format

__all__ = [
    "CSV",
    "DOT",
    "GRAPHML",
    "HTML",
    "JSON",
    "JSON_LD",
    "MERMAID",
    "N_QUADS",
    "N_TRIPLES",
    "RDF",
    "RDF_XML",
    "ROWS",
    "SARIF",
    "SVG",
    "TRIG",
    "TURTLE",
    "rdf_format",
]

HTML: Final = Format("html", "text/html", ("application/xhtml+xml", "page"), charset="utf-8")
JSON: Final = Format("json", "application/json", ("text/json",))

RESULTS_JSON: Final = Format("json", "application/sparql-results+json", ("application/json", "text/json"))
RESULTS_XML: Final = Format("xml", "application/sparql-results+xml", ("application/xml", "text/xml"))
CSV: Final = Format("csv", "text/csv", charset="utf-8")
TSV: Final = Format("tsv", "text/tab-separated-values", charset="utf-8")
#: Of a SELECT or an ASK. CSV and TSV of an ASK are one cell, `true` or `false` (docs/http.md).
ROWS: Final = (RESULTS_JSON, RESULTS_XML, CSV, TSV)

TURTLE: Final = Format(
    "turtle", "text/turtle", ("ttl", "n3", "application/x-turtle", "text/n3", "text/rdf+n3"), charset="utf-8"
)
N_TRIPLES: Final = Format("ntriples", "application/n-triples", ("nt", "n-triples", "text/plain"))
JSON_LD: Final = Format("jsonld", "application/ld+json", ("json-ld", "application/json", "json"))
RDF_XML: Final = Format(
    "rdfxml", "application/rdf+xml", ("rdf", "xml", "rdf-xml", "rdf+xml", "application/xml", "text/xml")
)
N_QUADS: Final = Format("nquads", "application/n-quads", ("nq", "n-quads", "text/x-nquads"))
TRIG: Final = Format("trig", "application/trig", ("application/x-trig",))
#: Of a CONSTRUCT or a DESCRIBE, and of the data about a thing. In the last two, which are made for datasets, the graph
#: is the default graph of a dataset that has no other.
RDF: Final = (TURTLE, JSON_LD, N_TRIPLES, RDF_XML, N_QUADS, TRIG)

MERMAID: Final = Format("mermaid", "text/vnd.mermaid", ("mmd",), charset="utf-8")
DOT: Final = Format("dot", "text/vnd.graphviz", ("gv", "graphviz"), charset="utf-8")
GRAPHML: Final = Format("graphml", "application/graphml+xml", ("application/xml", "text/xml"), charset="utf-8")
SVG: Final = Format("svg", "image/svg+xml", charset="utf-8")
SARIF: Final = Format("sarif", "application/sarif+json")


def rdf_format(media_type: str) -> Format | None:
    """The RDF format of a media type that a client sends."""
    for form in RDF:
        if media_type.casefold() in form.media_types:
            return form
    return None
