"""Where a source graph comes from: which source, read by which loader and version, from a file with which checksum.

No clock time stands here: two builds of the same input are the same build, and say the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode, Quad
from rdflib.namespace import DCTERMS, PROV, RDFS

from loaders.software import NAME, software_iri, software_version
from loaders.terms import TYPE, digest, iri, literal
from ontology.keys import code
from ontology.namespaces import BASE, GRAPH, TG

PROVENANCE: Final = iri(GRAPH["provenance"])


def checksum(content: bytes) -> str:
    """The SHA-256 of the bytes of a file as they lie on disk: 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def provenance_quads(graph: NamedNode, *, source: str, confidence: str, loader: str, checksum: str) -> Iterator[Quad]:
    """The record of one source graph, in `graph/provenance`.

    `source` is the IRI of the document (or bibliographic record) that states the graph; `confidence` a member of the
    code list of that name; `checksum` as `checksum()` writes it.
    """
    yield _say(graph, TYPE.value, iri(TG.SourceGraph))
    yield _say(graph, str(DCTERMS.source), iri(source))
    yield _say(graph, str(PROV.hadPrimarySource), iri(source))
    yield _say(graph, str(TG.confidence), iri(code("confidence", confidence)))
    yield _say(graph, str(TG.checksum), checksum)
    yield from activity_quads(graph, loader, checksum)


def activity_quads(graph: NamedNode, loader: str, checksum: str | None = None) -> Iterator[Quad]:
    """Which run of which loader made a graph. One run over one input is one activity, so its name is made of both."""
    activity = iri(f"{BASE}activity/{loader}/{digest(loader, software_version(), checksum or '')}")
    agent = iri(software_iri())
    yield _say(graph, str(PROV.wasGeneratedBy), activity)
    yield _say(activity, TYPE.value, iri(PROV.Activity))
    yield _say(activity, str(RDFS.label), f"{loader} loader, {NAME} {software_version()}")
    yield _say(activity, str(PROV.wasAssociatedWith), agent)
    yield _say(agent, TYPE.value, iri(PROV.SoftwareAgent))
    yield _say(agent, str(RDFS.label), f"{NAME} {software_version()}")


def _say(subject: NamedNode, predicate: str, value: NamedNode | str) -> Quad:
    return Quad(subject, iri(predicate), literal(value) if isinstance(value, str) else value, PROVENANCE)
