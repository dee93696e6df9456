"""The data about a thing in an RDF format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox

from api.negotiation import Format
from api.panel import run_panel
from ontology.namespaces import GRAPH, PREFIXES
from queries.backend import Backend

__all__ = ["rdf_stream"]

#: Keys hold slashes, which a prefixed name must escape; whole IRIs read better.
_WRITTEN_OUT: Final = ("id", "code")
_FORMATS: Final = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
}
_WITH_PREFIXES: Final = frozenset({"turtle", "rdfxml", "jsonld", "trig"})


def rdf_stream(backend: Backend, *, thing: str, form: Format) -> tuple[Format, Iterator[bytes]]:
    """What the graph says about a thing; of a source graph, all that it holds; of a claim, what its graph says."""
    if thing.startswith(str(GRAPH)):
        return form, iter(run_panel(backend, "graph", thing).serialize(form.media_type))
    triples = _triples(backend, "data", thing) or _triples(backend, "claimed-data", thing)
    return form, iter([_written(triples, form)])


def _triples(backend: Backend, panel: str, thing: str) -> list[ox.Triple]:
    """Sorted: the statements about one subject stand together, and the bytes are always the same."""
    found = {triple for triple in run_panel(backend, panel, thing) if isinstance(triple, ox.Triple)}
    return sorted(found, key=lambda triple: (not str(triple.subject).startswith(f"<{thing}>"), str(triple)))


def _written(triples: list[ox.Triple], form: Format) -> bytes:
    text = " ".join(str(triple) for triple in triples)
    used = {name: iri for name, iri in PREFIXES.items() if name not in _WRITTEN_OUT and iri in text}
    prefixes = used if form.name in _WITH_PREFIXES else None
    written = ox.serialize(triples, format=_FORMATS[form.name], prefixes=prefixes)
    assert written is not None
    return written
