"""Things as people see them: key, type and label of an IRI."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS

from ontology.keys import key_of
from ontology.schema import load_schema, local_name
from queries.backend import Backend, adjacency_of
from queries.library import support
from queries.values import UNDEF, fill, iri_text

#: Where a label is looked for, best first.
LABELS: Final = (SKOS.prefLabel, RDFS.label, FOAF.name, DCTERMS.identifier, DCTERMS.title)
#: The type of a thing of which no class is known.
UNTYPED: Final = "Resource"
_BATCH: Final = 300
#: From so many things on, a property is read of all things at once: that costs less than so many look-ups.
MANY: Final = 20_000
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Thing:
    """An IRI with its key, the local name of its most specific class (`Resource` where none is known), its label."""

    iri: str
    key: str
    type: str
    label: str

    def to_json(self) -> dict[str, str]:
        """The object under `nodes` of a lineage (DESIGN, HTTP)."""
        return {"iri": self.iri, "key": self.key, "type": self.type, "label": self.label}


def batches(items: Sequence[_Item], size: int = _BATCH) -> Iterator[Sequence[_Item]]:
    """The items in runs of at most `size`, so that no query grows without bound."""
    return (items[at : at + size] for at in range(0, len(items), size))


def pairs_of(iris: Sequence[str], properties: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """Rows of VALUES for the properties of things: some hundred things at a time, or any thing where there are many.

    Who asks so must leave out what was not asked about.
    """
    if len(iris) > MANY:
        yield [(UNDEF, iri_text(p)) for p in properties]
        return
    for batch in batches(iris):
        yield [(iri_text(iri), iri_text(p)) for iri in batch for p in properties]


def describe(backend: Backend, iris: Iterable[str]) -> dict[str, Thing]:
    """Key, type and English label of each IRI, in one query per few hundred. Unknown ones are labelled by their key."""
    wanted = list(dict.fromkeys(iris))
    if (index := adjacency_of(backend)) is not None:
        known = {iri: thing for iri in wanted if (thing := index.thing(iri)) is not None}
        asked = _described(backend, [iri for iri in wanted if iri not in known])
        return {iri: known.get(iri) or asked[iri] for iri in wanted}
    return _described(backend, wanted)


def _described(backend: Backend, wanted: Sequence[str]) -> dict[str, Thing]:
    types: dict[str, set[str]] = defaultdict(set)
    labels: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    properties = [str(p) for p in (RDF.type, *LABELS)]
    places = {name: place for place, name in enumerate(properties)}
    known = set(wanted)
    for pairs in pairs_of(wanted, properties):
        for row in backend.query(fill(support("values-of-properties"), {("thing", "property"): pairs})).rows():
            iri, rank, value = row["thing"].value, places[row["property"].value], row["value"]
            if iri not in known or not isinstance(row["thing"], ox.NamedNode):
                continue
            if rank == 0:
                types[iri].add(value.value)
            elif isinstance(value, ox.Literal):
                language = {"en": 0, None: 1}.get(value.language, 2)
                labels[iri].append((language, rank, value.value))
    return {
        iri: Thing(iri, key_of(iri), most_specific(types[iri]), min(labels[iri])[2] if labels[iri] else key_of(iri))
        for iri in wanted
    }


def most_specific(types: Iterable[str]) -> str:
    """The local name of the type that no other is a subclass of; of several the first by name."""
    schema = load_schema()
    own = [URIRef(t) for t in types if URIRef(t) in schema.classes]
    above = {general for t in own for general in schema.superclasses(t) if general != t}
    left = sorted(local_name(t) for t in own if t not in above)
    return left[0] if left else UNTYPED


def printable(text: str) -> str:
    """A label without the characters that XML cannot hold, on one line."""
    held = "".join(
        c for c in text if c.isspace() or (c >= " " and not 0xD800 <= ord(c) < 0xE000 and c not in "\ufffe\uffff")
    )
    return " ".join(held.split())
