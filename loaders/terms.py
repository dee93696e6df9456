"""Terms of RDF as the pipeline carries them: pyoxigraph's, which hash and compare fast, with bridges from rdflib's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import rdflib
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, DefaultGraph, Literal, NamedNode, Quad, Triple
from rdflib.namespace import RDF, XSD

from ontology.namespaces import BASE

Subject: TypeAlias = NamedNode | BlankNode
Term: TypeAlias = NamedNode | BlankNode | Literal
#: Subject, predicate, object; plain tuples, because pyoxigraph's triples cannot be taken apart cheaply.
Statement: TypeAlias = tuple[Subject, NamedNode, Term]

TYPE = NamedNode(str(RDF.type))


def iri(value: str) -> NamedNode:
    """An IRI node; rdflib's URIRef is a string and fits. Raises ValueError for text that no IRI may hold."""
    return NamedNode(str(value))


def literal(value: str | int | bool, *, datatype: str | None = None, language: str | None = None) -> Literal:
    """A literal; integers and booleans get their XSD datatype, text stays `xsd:string` unless told."""
    if isinstance(value, bool):
        return Literal("true" if value else "false", datatype=NamedNode(str(XSD.boolean)))
    if isinstance(value, int):
        return Literal(str(value), datatype=NamedNode(str(XSD.integer)))
    if language is not None:
        return Literal(value, language=language)
    return Literal(value, datatype=NamedNode(datatype) if datatype else None)


def from_rdflib(node: rdflib.term.Node) -> Term:
    """The same term in pyoxigraph's types (shape: one node). Raises TypeError for anything else than a term of RDF."""
    if type(node) is rdflib.URIRef:
        # Most are; and rdflib's classes take their time to say that a thing is none of theirs.
        return NamedNode(str(node))
    if isinstance(node, rdflib.Literal):
        if node.language:
            return Literal(str(node), language=node.language)
        return Literal(str(node), datatype=NamedNode(str(node.datatype)) if node.datatype else None)
    if isinstance(node, rdflib.URIRef):
        return NamedNode(str(node))
    if isinstance(node, rdflib.BNode):
        return BlankNode(str(node))
    raise TypeError(f"not a term of RDF: {node!r}")


def to_rdflib(term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    """The same term in rdflib's types; the spelling of a literal is kept as it stands."""
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == str(XSD.string):
        # rdflib tells plain literals and xsd:string apart, RDF 1.1 does not.
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False)


def named(term: object) -> NamedNode:
    """The term, known to be an IRI. Raises TypeError for anything else."""
    if not isinstance(term, NamedNode):
        raise TypeError(f"an IRI was expected, not {term}")
    return term


def statement(quad: Quad | Triple) -> Statement:
    """The statement of a quad, without its graph. Raises TypeError for a triple term, which RDF 1.1 does not have."""
    if isinstance(quad.subject, Triple) or isinstance(quad.object, Triple):
        raise TypeError("triple terms of RDF 1.2 are not supported")
    return quad.subject, quad.predicate, quad.object


def quad(fact: Statement, graph: NamedNode | None = None) -> Quad:
    """A quad of a statement; without a graph it stands in the default graph."""
    return Quad(fact[0], fact[1], fact[2], graph if graph is not None else DefaultGraph())


def digest(*parts: str) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of the parts (units: none; stable for ever)."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def lines(quads: Iterable[Quad]) -> list[str]:
    """The quads as N-Quads lines without line ends, sorted by code point, each once: the canonical order."""
    return sorted({line_of(item) for item in quads})


def line_of(item: Quad) -> str:
    """One quad in the canonical form of N-Quads, without the line end."""
    head = f"{item.subject} {item.predicate} {item.object}"
    return f"{head} ." if isinstance(item.graph_name, DefaultGraph) else f"{head} {item.graph_name} ."


def skolemised(quads: Iterable[Quad]) -> Iterator[Quad]:
    """Replace blank nodes by IRIs made of the content around them, so that equal content gets equal names.

    Labels come from RDF Dataset Canonicalization (RDFC-1.0); the IRI also hashes the whole canonical content, because
    canonical labels repeat from file to file.
    """
    listed = list(quads)
    if not any(_blank(item) for item in listed):
        yield from listed
        return
    dataset = Dataset(listed)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    seed = digest(*lines(dataset))

    def skolem(node: Term) -> Term:
        return NamedNode(f"{BASE}.well-known/genid/{seed}-{node.value}") if isinstance(node, BlankNode) else node

    for item in dataset:
        subject, predicate, value = statement(item)
        yield Quad(_subject(skolem(subject)), predicate, skolem(value), item.graph_name)


def _blank(item: Quad) -> bool:
    return isinstance(item.subject, BlankNode) or isinstance(item.object, BlankNode)


def _subject(term: Term) -> Subject:
    if isinstance(term, Literal):
        raise TypeError("a literal cannot be a subject")
    return term
