"""Misspelled names: terms and codes that nobody declared, and documents whose IRI does not follow from their symbol.

SHACL with core constraints cannot see that a class or a property is misspelled: no shape speaks about it. These
functions can, and they say which declared name is nearest.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Final, TypeAlias

from rdflib import URIRef
from rdflib.namespace import DCTERMS, RDF
from rdflib.term import Node

from ontology.keys import doc, symbol_key
from ontology.namespaces import CODE, ID, TG
from ontology.schema import Schema, load_schema, local_name
from ontology.symbols import parse

#: Subject, predicate, object.
Triple: TypeAlias = tuple[Node, Node, Node]
#: For at most so many names of at most so many characters a nearest one is looked for.
_GUESSES: Final = 200
_GUESSED: Final = 200


def undeclared_terms(graph: Iterable[Triple], schema: Schema | None = None) -> list[tuple[str, str, str | None]]:
    """Names under `def#` and `code/` that the triples (a graph, or any) use and the ontology does not declare, sorted.

    Each comes as (subject of the triple, name, nearest declared name of the same kind or None); the names are IRIs.
    A class in the place of a property, or the reverse, counts as undeclared. Give `schema` to allow further terms.
    """
    known = schema or load_schema()
    codes = _codes() if schema is None else frozenset(_all_codes(schema))
    found: set[tuple[str, str, str | None]] = set()
    guesses: dict[tuple[Node, bool], str | None] = {}

    def near(term: Node, allowed: Iterable[URIRef], *, verb: bool) -> str | None:
        # A guess costs milliseconds; who misspells hundreds of names differently is not helped by it.
        if (term, verb) not in guesses:
            guesses[(term, verb)] = (
                nearest(term, allowed) if len(guesses) < _GUESSES and len(str(term)) < _GUESSED else None
            )
        return guesses[(term, verb)]

    for subject, predicate, value in graph:
        if str(predicate).startswith(TG) and predicate not in known.properties:
            found.add((str(subject), str(predicate), near(predicate, known.properties, verb=True)))
        if not isinstance(value, URIRef):
            continue
        if value.startswith(CODE):
            allowed = codes
        elif value.startswith(TG):
            allowed = known.classes if predicate == RDF.type else known.properties | known.classes
        else:
            continue
        if value not in allowed:
            found.add((str(subject), str(value), near(value, allowed, verb=False)))
    return sorted(found, key=lambda row: (row[0], row[1]))


def nearest(term: Node, known: Iterable[URIRef]) -> str | None:
    """The declared IRI whose name is most like that of the term, or None where none is near.

    Case and underscores count little: `startdate` and `start_date` both give `tg:startDate`.
    """
    name = _plain(str(term))
    names = {_plain(str(iri)): iri for iri in sorted(known, reverse=True)}
    exact = names.get(name)
    if exact is not None:
        return str(exact)
    close = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.75)
    return str(names[close[0]]) if close else None


def misnamed_documents(graph: Iterable[Triple]) -> list[tuple[str, str, str]]:
    """Documents whose IRI does not follow from their symbol, sorted: (IRI, symbol, the IRI that it should have).

    Only symbols of the usual form are looked at; a document may have several symbols, of which one must fit.
    """
    found: list[tuple[str, str, str]] = []
    stated: dict[URIRef, set[Node]] = defaultdict(set)
    for subject, predicate, value in graph:
        if predicate == DCTERMS.identifier and isinstance(subject, URIRef):
            stated[subject].add(value)
    for subject in sorted(stated):
        symbols = sorted(str(value) for value in stated[subject])
        if not subject.startswith(f"{ID}doc/") or any(parse(symbol) is None for symbol in symbols):
            continue
        wanted = [doc(symbol_key(symbol)) for symbol in symbols]
        if subject not in wanted:
            found.append((str(subject), symbols[0], str(wanted[0])))
    return found


@cache
def _codes() -> frozenset[URIRef]:
    return frozenset(_all_codes(load_schema()))


def _all_codes(schema: Schema) -> Iterable[URIRef]:
    for scheme in schema.schemes():
        yield CODE[scheme]
        yield from schema.codes(scheme).values()


def _plain(iri: str) -> str:
    """What is compared: for a term its local name, for a code its scheme and name, in small letters."""
    name = iri.removeprefix(str(CODE)) if iri.startswith(str(CODE)) else local_name(URIRef(iri))
    return name.casefold().replace("_", "").replace("-", "")
