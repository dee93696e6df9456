"""The schema as data: ontology, code lists and mappings in `graph/ontology`, and what a plain query sees of it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import rdflib
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, NamedNode, Quad

from loaders.terms import from_rdflib, iri, quad, statement
from ontology.namespaces import GRAPH
from ontology.schema import load_schema

ONTOLOGY: Final = iri(GRAPH["ontology"])
_MAPPINGS: Final = "mappings.ttl"


@cache
def schema_quads() -> tuple[Quad, ...]:
    """Each statement of the schema in `graph/ontology`; those without blank nodes in the default graph as well.

    Blank nodes (unions of classes, lists) get their canonical labels, so that every build writes the same bytes.
    """
    whole = rdflib.Graph()
    whole += load_schema().graph
    mappings = files("ontology").joinpath(_MAPPINGS)
    if mappings.is_file():
        whole.parse(data=mappings.read_text(encoding="utf-8"), format="turtle")
    dataset = Dataset()
    for subject, predicate, value in whole:
        node, verb = from_rdflib(subject), from_rdflib(predicate)
        if isinstance(node, NamedNode | BlankNode) and isinstance(verb, NamedNode):
            dataset.add(Quad(node, verb, from_rdflib(value), ONTOLOGY))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    facts = [statement(item) for item in dataset]
    shown = [fact for fact in facts if isinstance(fact[0], NamedNode) and not isinstance(fact[2], BlankNode)]
    return (*dataset, *map(quad, shown))
