"""Writing statements as the build does: each in its source graph and in the canonical graph, as N-Quads."""

from __future__ import annotations

import random
from datetime import date
from hashlib import sha256
from typing import Final

from ontology.namespaces import BASE, CODE, GRAPH, TG

_RDF_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_ELI: Final = "http://data.europa.eu/eli/ontology#"
_PROV: Final = "http://www.w3.org/ns/prov#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_RULES: Final = f"{GRAPH}rules"
_LABELS: Final = f"{GRAPH}labels"


class Iri(str):
    """A value that is an IRI."""


class Writer:
    """Writes statements as the build does: each in its source graph and in the canonical graph."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: list[str] = []
        self._graph = ""

    def source(self, key: str, document: str) -> None:
        """Begin a source graph."""
        self._graph = f"{GRAPH}{key}"
        provenance = f"{GRAPH}provenance"
        self._both(provenance, self._graph, _RDF_TYPE, _tg("SourceGraph"))
        self._both(provenance, self._graph, f"<{_DCTERMS}source>", f"<{document}>")
        self._both(provenance, self._graph, _tg("confidence"), _code("confidence/extracted"))

    def say(self, subject: str, **values: object) -> None:
        """Statements of the source; names are properties of the ontology, `a` is the class."""
        for name, given in values.items():
            for value in given if isinstance(given, list) else [given]:
                if name == "a":
                    self._both(self._graph, subject, _RDF_TYPE, _tg(str(value)))
                else:
                    self._both(self._graph, subject, _property(name), _term(value))

    def name(self, subject: str, label: str, *spellings: str) -> None:
        """Its label and other spellings, as the build mints them."""
        self._both(_LABELS, subject, f"<{_SKOS}prefLabel>", f'"{label}"@en')
        for spelling in spellings:
            self._both(_LABELS, subject, f"<{_SKOS}hiddenLabel>", f'"{spelling}"')

    def passage(self, document: str, part: str, start: int, claimed: bool = False) -> str:
        """A passage of 120 characters; the IRI."""
        iri = f"{document}#char={start},{start + 120}"
        facts = (
            (_RDF_TYPE, _tg("Passage")),
            ("<http://www.w3.org/ns/oa#hasSource>", f"<{document}>"),
            (_tg("inPart"), f"<{part}>"),
            (_tg("start"), _term(start)),
            (_tg("end"), _term(start + 120)),
        )
        for predicate, value in facts:
            if claimed:
                self.lines.append(f"<{iri}> {predicate} {value} <{self._graph}~claims> .")
            else:
                self._both(self._graph, iri, predicate, value)
        return iri

    def claim(self, subject: str, name: str, value: object, passage: str) -> None:
        """A claim: where a source says a statement."""
        term = _term(value)
        iri = f"{BASE}claim/{hashed(subject, name, term, self._graph)}"
        facts = (
            (_RDF_TYPE, _tg("Claim")),
            (_tg("subject"), f"<{subject}>"),
            (_tg("predicate"), _property(name)),
            (_tg("object"), term),
            (_tg("passage"), f"<{passage}>"),
            (_tg("inSource"), f"<{self._graph}>"),
            (_tg("confidence"), _code("confidence/extracted")),
        )
        self.lines += [f"<{iri}> {predicate} {said} <{self._graph}~claims> ." for predicate, said in facts]

    def derive(self, rule: str, subject: str, name: str, value: str, ground: str) -> None:
        """A statement of a rule, with its derivation."""
        predicate = _property(name)
        self._both(_RULES, subject, predicate, f"<{value}>")
        iri = f"{BASE}derivation/{hashed(subject, name, value, ground)}"
        self._both(_RULES, iri, _RDF_TYPE, _tg("Derivation"))
        self._both(_RULES, iri, _tg("subject"), f"<{subject}>")
        self._both(_RULES, iri, _tg("predicate"), predicate)
        self._both(_RULES, iri, _tg("object"), f"<{value}>")
        self._both(_RULES, iri, f"<{_PROV}wasDerivedFrom>", f"<{ground}>")
        self._both(_RULES, iri, _tg("byRule"), f"<{BASE}rule/{rule}>")

    def _both(self, graph: str, subject: str, predicate: str, value: str) -> None:
        self.lines.append(f"<{subject}> {predicate} {value} .")
        self.lines.append(f"<{subject}> {predicate} {value} <{graph}> .")


def code_of(scheme: str, code: str) -> Iri:
    return Iri(f"{CODE}{scheme}/{code}")


def _code(path: str) -> str:
    return f"<{CODE}{path}>"


def _tg(name: str) -> str:
    return f"<{TG}{name}>"


def _property(name: str) -> str:
    prefix, _, rest = name.partition("_")
    if prefix == "eli":
        return f"<{_ELI}{rest}>"
    if prefix == "dcterms":
        return f"<{_DCTERMS}{rest}>"
    return _tg(name)


def _term(value: object) -> str:
    if isinstance(value, Iri):
        return f"<{value}>"
    if isinstance(value, int):
        return f'"{value}"^^<{_XSD}integer>'
    if isinstance(value, date):
        return f'"{value.isoformat()}"^^<{_XSD}date>'
    return f'"{value}"'


def hashed(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:12]
