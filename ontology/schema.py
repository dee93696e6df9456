"""The schema: what the ontology and the code lists declare, for the code that only reads the marks.

Lineage relations, single-valued properties and opening verbs are read from the Turtle files, so that a new one needs
a line there and nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from ontology.namespaces import CODE, PREFIXES, TG
from ontology.turtle import read_turtle

#: The files of the package that make up the schema.
FILES: Final = ("treatygraph.ttl", "codes.ttl")

_PROPERTY_TYPES: Final = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)


@dataclass(frozen=True, order=True)
class LineageRelation:
    """A property that the lineage follows.

    `direction` says which way the property leads from its subject to its object: `up` (to the authority, the earlier,
    the source) or `down` (to the result). `containment` is true for the relation from a part to its whole.
    `sentence` holds `{from}` and `{to}` where the labels of subject and object go.
    """

    iri: URIRef
    name: str
    kind: str
    direction: str
    containment: bool
    sentence: str
    label: str


@dataclass(frozen=True)
class Schema:
    """Read-only view of the ontology and the code lists. Do not change `graph`: the schema is shared."""

    graph: Graph = field(repr=False)

    @cached_property
    def classes(self) -> frozenset[URIRef]:
        """The classes of the ontology (prefix tg:)."""
        return frozenset(term for term in self._of_type(OWL.Class) if term in TG)

    @cached_property
    def properties(self) -> frozenset[URIRef]:
        """The properties of the ontology (prefix tg:), annotation properties among them."""
        return frozenset(term for kind in _PROPERTY_TYPES for term in self._of_type(kind) if term in TG)

    @cached_property
    def functional(self) -> frozenset[URIRef]:
        """The properties of which a thing can have only one value; the loaders reconcile them."""
        return frozenset(self._of_type(OWL.FunctionalProperty))

    @cached_property
    def planned(self) -> frozenset[URIRef]:
        """The terms that are declared but not yet in use."""
        return frozenset(s for s in self.graph.subjects(TG.status, Literal("planned")) if isinstance(s, URIRef))

    @cached_property
    def lineage(self) -> tuple[LineageRelation, ...]:
        """The marked properties, sorted by IRI. Raises ValueError where a mark cannot be read."""
        found = {term for term in self.graph.subjects(TG.lineageKind) if isinstance(term, URIRef)}
        return tuple(sorted(self._relation(term) for term in found))

    @cached_property
    def verbs(self) -> dict[str, str]:
        """Opening verb phrase, in lower case, to the code of its force: `also requests` to `requests`.

        Phrases with the adverbs of the code list (tg:modifier) are added: `also requests`, `requests also`.
        """
        adverbs = sorted(str(value) for value in self.graph.objects(CODE.force, TG.modifier))
        phrases = self._phrases("force")
        for phrase, member in sorted(phrases.items()):
            first, _, rest = phrase.partition(" ")
            for adverb in adverbs:
                for form in (f"{adverb} {phrase}", f"{first} {adverb} {rest}".rstrip()):
                    phrases.setdefault(form, member)
        return dict(sorted(phrases.items()))

    @cached_property
    def manners(self) -> dict[str, str]:
        """Citing phrase, in lower case, to the code of its manner: `pursuant to` to `pursuant-to`."""
        return dict(sorted(self._phrases("manner").items()))

    def superclasses(self, cls: URIRef) -> frozenset[URIRef]:
        """The class itself and all its superclasses, those of other vocabularies among them."""
        return frozenset(c for c in self.graph.transitive_objects(cls, RDFS.subClassOf) if isinstance(c, URIRef))

    def subclasses(self, cls: URIRef) -> frozenset[URIRef]:
        """The class itself and all its subclasses."""
        return frozenset(c for c in self.graph.transitive_subjects(RDFS.subClassOf, cls) if isinstance(c, URIRef))

    def label(self, term: URIRef) -> str:
        """The English label of a term or code, or the last part of its IRI where it has none."""
        for predicate in (RDFS.label, SKOS.prefLabel):
            values = (v for v in self.graph.objects(term, predicate) if isinstance(v, Literal))
            english = sorted(str(v) for v in values if v.language in ("en", None))
            if english:
                return english[0]
        return local_name(term)

    def schemes(self) -> tuple[str, ...]:
        """The names of the code lists, sorted."""
        return tuple(sorted(str(s).removeprefix(str(CODE)) for s in self._of_type(SKOS.ConceptScheme) if s in CODE))

    def codes(self, scheme: str) -> dict[str, URIRef]:
        """The members of a code list, code to IRI, sorted by code. Raises KeyError for an unknown list."""
        if (CODE[scheme], RDF.type, SKOS.ConceptScheme) not in self.graph:
            raise KeyError(f"no code list named {scheme!r}; there are: {', '.join(self.schemes())}")
        members = (s for s in self.graph.subjects(SKOS.inScheme, CODE[scheme]) if isinstance(s, URIRef))
        return {str(m).removeprefix(f"{CODE}{scheme}/"): m for m in sorted(members)}

    def ranks(self, scheme: str) -> dict[str, int]:
        """The members of an ordered code list with their ranks (tg:rank), the strongest first."""
        members = self.codes(scheme).items()
        found = [(int(str(rank)), name) for name, iri in members for rank in self.graph.objects(iri, TG.rank)]
        return {name: rank for rank, name in sorted(found)}

    def _of_type(self, kind: URIRef) -> Iterator[URIRef]:
        return (term for term in self.graph.subjects(RDF.type, kind) if isinstance(term, URIRef))

    def _phrases(self, scheme: str) -> dict[str, str]:
        return {
            str(phrase).lower(): name
            for name, iri in self.codes(scheme).items()
            for phrase in self.graph.objects(iri, TG.verb)
        }

    def _text(self, term: URIRef, predicate: URIRef, default: str) -> str:
        value = self.graph.value(term, predicate)
        return default if value is None else str(value)

    def _relation(self, term: URIRef) -> LineageRelation:
        label = self.label(term)
        kind = str(self.graph.value(term, TG.lineageKind)).removeprefix(f"{CODE}lineage/")
        direction = self._text(term, TG.lineageDirection, "up")
        if kind not in self.codes("lineage"):
            raise ValueError(f"tg:lineageKind of {term} is {kind}; it must be a member of {CODE}lineage")
        if direction not in ("up", "down"):
            raise ValueError(f'tg:lineageDirection of {term} is "{direction}"; it must be "up" or "down"')
        return LineageRelation(
            iri=term,
            name=local_name(term),
            kind=kind,
            direction=direction,
            containment=self._text(term, TG.lineageContainment, "false") == "true",
            sentence=self._text(term, TG.sentence, f"{{from}} \N{EN DASH} {label} \N{EN DASH} {{to}}"),
            label=label,
        )


def local_name(term: URIRef) -> str:
    """What follows the last `#` or `/` of an IRI."""
    return str(term).rpartition("#" if "#" in term else "/")[2]


@cache
def load_schema(*extra_ttl_paths: str | Path) -> Schema:
    """The schema of this package, with further Turtle files added; read once and shared.

    Raises OSError for a file that cannot be read and rdflib's BadSyntax for one that is not Turtle.
    """
    graph = Graph(bind_namespaces="none")
    for prefix, iri in PREFIXES.items():
        graph.bind(prefix, iri)
    for name in FILES:
        read_turtle(graph, files("ontology").joinpath(name).read_text(encoding="utf-8"))
    for path in extra_ttl_paths:
        graph.parse(data=Path(path).read_text(encoding="utf-8"), format="turtle")
    return Schema(graph)
