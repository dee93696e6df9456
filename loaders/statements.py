"""What one source states, while it is being collected: triples, the passages that make them, and the claims between.

A claim names one triple, its passage and the graph that holds it; it does not assert the triple, the graph does. Nodes
that are statements themselves (mandates, citations, …) carry their passage directly and need no claim for each part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import TypeAlias

from pyoxigraph import Literal, NamedNode, Quad
from rdflib import Literal as RdflibLiteral
from rdflib import URIRef
from rdflib.namespace import SKOS, XSD

from loaders.terms import TYPE, Statement, digest, from_rdflib, iri, literal
from ontology.keys import claims_graph, code, doc, passage, source_graph
from ontology.namespaces import BASE, OA, TG

#: Half-open span of characters of the document's normalised text.
Span: TypeAlias = tuple[int, int]
#: What may stand as object: an IRI, a day, a number, plain text, or a literal with language or datatype.
Value: TypeAlias = URIRef | date | bool | int | str | RdflibLiteral


class Statements:
    """Collects what the document with this key states; `quads()` gives its source graph and its claims graph.

    `confidence` is a member of the code list of that name; `text`, when given, lets passages carry their quotation
    (for a store of the user's own: the repository holds no sentences of documents).
    """

    def __init__(self, key: str, confidence: str = "extracted", text: str | None = None) -> None:
        self.key = key
        self.document = doc(key)
        self.graph = iri(source_graph(key))
        self._claims = iri(claims_graph(key))
        self._confidence = iri(code("confidence", confidence))
        self._text = text
        self._passages: dict[Statement, set[NamedNode]] = defaultdict(set)
        self._objects: dict[tuple[URIRef, URIRef], set[URIRef]] = defaultdict(set)

    def part(self, part: str | None) -> URIRef:
        """The IRI of a paragraph of the document (`op10`), or of the document itself."""
        return doc(f"{self.key}~{part}") if part else self.document

    def say(self, subject: URIRef, predicate: URIRef, value: Value | None, *passages: NamedNode) -> None:
        """State one triple; None as value states nothing. Each passage given makes it a claim."""
        if isinstance(value, URIRef):
            self._objects[(subject, predicate)].add(value)
        if value is not None:
            self._passages[(iri(subject), iri(predicate), _term(value))].update(passages)

    def tell(self, subject: URIRef, facts: dict[URIRef, Value | None], *passages: NamedNode) -> None:
        """State several triples of one subject, each claimed by the same passages."""
        for predicate, value in facts.items():
            self.say(subject, predicate, value, *passages)

    def value(self, subject: URIRef, predicate: URIRef) -> URIRef | None:
        """The IRI stated so far for this subject and predicate (the first by code point), None if there is none."""
        found = self._objects.get((subject, predicate))
        return min(found) if found else None

    def type(self, subject: URIRef, cls: URIRef, *passages: NamedNode) -> None:
        """State what a thing is: `cls` is the local name's IRI in the ontology."""
        self.say(subject, URIRef(TYPE.value), cls, *passages)

    def label(self, subject: URIRef, label: str, *spellings: str) -> None:
        """The English name of a thing, and other spellings by which people look for it."""
        self.say(subject, SKOS.prefLabel, RdflibLiteral(label, lang="en"))
        for spelling in spellings:
            if spelling != label:
                self.say(subject, SKOS.hiddenLabel, spelling)

    def passage(self, span: Span | None, part: str | None = None) -> tuple[NamedNode, ...]:
        """The passage of a span, as one node in a tuple (empty without a span), to be passed on with `*`."""
        if span is None or not 0 <= span[0] < span[1]:
            return ()
        start, end = span
        name = passage(self.key, start, end)
        self.type(name, TG.Passage)
        self.tell(name, {OA.hasSource: self.document, TG.start: start, TG.end: end})
        if part is not None:
            self.say(name, TG.inPart, self.part(part))
        if self._text is not None:
            self.say(name, OA.exact, self._text[start:end])
        return (iri(name),)

    def statement(self, subject: URIRef, cls: URIRef, facts: dict[URIRef, Value | None], *passages: NamedNode) -> None:
        """State a node that is itself a statement (a mandate, a citation): its parts, and its passage on the node."""
        self.type(subject, cls)
        self.tell(subject, facts)
        for node in passages:
            self.say(subject, TG.passage, URIRef(node.value))

    def quads(self) -> Iterator[Quad]:
        """Every triple in the source graph, and a claim in the claims graph for each that has a passage."""
        for (subject, predicate, value), passages in self._passages.items():
            yield Quad(subject, predicate, value, self.graph)
            if passages:
                yield from self._claim((subject, predicate, value), passages)

    def _claim(self, fact: Statement, passages: set[NamedNode]) -> Iterator[Quad]:
        name = iri(f"{BASE}claim/{digest(*map(str, fact), self.graph.value)}")
        yield Quad(name, TYPE, iri(TG.Claim), self._claims)
        for predicate, term in zip((TG.subject, TG.predicate, TG.object), fact, strict=True):
            yield Quad(name, iri(predicate), term, self._claims)
        for node in passages:
            yield Quad(name, iri(TG.passage), node, self._claims)
        yield Quad(name, iri(TG.inSource), self.graph, self._claims)
        yield Quad(name, iri(TG.confidence), self._confidence, self._claims)


def _term(value: Value) -> NamedNode | Literal:
    if isinstance(value, URIRef):
        return iri(value)
    if isinstance(value, RdflibLiteral):
        term = from_rdflib(value)
        if not isinstance(term, Literal):
            raise TypeError(f"not a literal: {value!r}")
        return term
    if isinstance(value, date):
        return literal(value.isoformat(), datatype=str(XSD.date))
    return literal(value)
