"""Citations: what the `source` cells of tables say, as source graphs with a bibliographic record.

A citation is one or more parts, separated by ` ; `. A part is a document of the graph (`doc:a/res/77/63`), a web page
(`https://…`), a file of a public repository (`owner/name:path`) or any other reference; what follows in brackets says
where in it, or what it was used for. Rows of equal citation and equal confidence share one source graph, named after
the first part and a checksum of the whole: `graph/{at most 40 characters}-{6 hexadecimal digits}`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rdflib import DCTERMS, FOAF, PROV, RDF, Literal, URIRef

from loaders.positions import Quad
from ontology.keys import code, doc, is_key, slug, source_graph, thing
from ontology.namespaces import GRAPH, TG

#: Confidences that a published statement may have. `from-memory-unverified` is a lead, not a fact: it stays out.
PUBLISHABLE: Final = ("sourced-exactly", "sourced-secondary", "curated")
UNVERIFIED: Final = "from-memory-unverified"

_SEPARATOR = re.compile(r"\s+;\s+")
_DOCUMENT = re.compile(r"doc:(?P<key>[^\s~]+)(?:\s+\((?P<where>.*)\))?\Z", re.DOTALL)
_PAGE = re.compile(r"(?P<page>https?://[^\s<>\"{}|\\^`]+)(?:\s+\(.*\))?\Z", re.DOTALL)


@dataclass(frozen=True)
class Citation:
    """The whole text of a `source` cell, with the confidence that goes with it."""

    text: str
    confidence: str

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The parts of the citation, in order."""
        return tuple(part for part in _SEPARATOR.split(self.text.strip()) if part)

    @cached_property
    def documents(self) -> tuple[URIRef, ...]:
        """The documents of the graph that are cited, in order."""
        found = (_DOCUMENT.match(part) for part in self.parts)
        return tuple(doc(match["key"]) for match in found if match)

    @cached_property
    def pages(self) -> tuple[URIRef, ...]:
        """The web pages that are cited, in order; only http and https."""
        found = (_PAGE.match(part) for part in self.parts)
        return tuple(URIRef(match["page"]) for match in found if match)

    @cached_property
    def _name(self) -> str:
        first = self.parts[0] if self.parts else ""
        short = slug(re.sub(r"\A(doc:|https?://(www\.)?)", "", first))[:40].strip("-")
        return short or "source"

    @cached_property
    def source(self) -> URIRef:
        """The bibliographic record of the citation: `source/{name}-{6 hexadecimal digits}`."""
        return thing("source", f"{self._name}-{_digest(self.text)}")

    @cached_property
    def graph(self) -> URIRef:
        """The source graph of the statements that rest on this citation with this confidence."""
        return source_graph(f"{self._name}-{_digest(f'{self.text}|{self.confidence}')}")

    def faults(self) -> list[str]:
        """What is wrong with the citation, in plain sentences; an empty list if nothing is."""
        if not self.parts:
            return ["A source is missing."]
        faults = []
        for part in self.parts:
            if part.startswith("doc:"):
                match = _DOCUMENT.match(part)
                if match is None or not is_key(match["key"]):
                    faults.append(f"“{part}” does not name a document (doc:a/res/77/63, for instance).")
            elif part.startswith(("http:", "https:")) and not _PAGE.match(part):
                faults.append(f"“{part}” is not a web address.")
        return faults

    def record(self) -> list[Quad]:
        """The citation as data of the graph `provenance`: the source graph and its bibliographic record.

        Documents cited are the graph's primary sources (`prov:hadPrimarySource`); the record lists every part.
        """
        provenance = GRAPH["provenance"]
        quads: list[Quad] = [
            (self.graph, RDF.type, TG.SourceGraph, provenance),
            (self.graph, DCTERMS.source, self.source, provenance),
            (self.graph, TG.confidence, code("confidence", self.confidence), provenance),
            (self.source, RDF.type, TG.Source, provenance),
            (self.source, DCTERMS.title, Literal(self.text, lang="en"), provenance),
        ]
        quads.extend((self.graph, PROV.hadPrimarySource, document, provenance) for document in self.documents)
        quads.extend((self.source, DCTERMS.references, document, provenance) for document in self.documents)
        quads.extend((self.source, FOAF.page, page, provenance) for page in self.pages)
        quads.extend((self.source, TG.locator, Literal(part), provenance) for part in self.parts)
        return quads


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
