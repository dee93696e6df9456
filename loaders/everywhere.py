"""Statements that can have to do with every thing, and so belong to every neighbourhood."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from rdflib import RDF, RDFS, URIRef
from rdflib.namespace import ORG
from rdflib.term import Node

from loaders.positions import PositionedQuad
from ontology.namespaces import CODE, FINDING, TG

#: Properties that matter for all things: what is below what, and whose web site it is (`loaders.authority`).
_EVERYWHERE: Final = frozenset({RDFS.subClassOf, URIRef(TG.website), ORG.subOrganizationOf, ORG.unitOf})
_DECISION: Final = URIRef(TG.Reconciliation)
#: Names of findings, on which curators decide, and of terms and codes.
_NAMESPACES: Final = (str(FINDING), str(TG), str(CODE))


def decision_nodes(quads: Iterable[PositionedQuad]) -> set[Node]:
    """The things that are decisions of curators about values."""
    return {one.quad[0] for one in quads if one.quad[1] == RDF.type and one.quad[2] == _DECISION}


def matters_everywhere(positioned: PositionedQuad, decisions: Collection[Node]) -> bool:
    """Whether a statement can have to do with every thing: then it belongs to every neighbourhood."""
    subject, predicate = positioned.quad[:2]
    return predicate in _EVERYWHERE or subject in decisions or str(subject).startswith(_NAMESPACES)
