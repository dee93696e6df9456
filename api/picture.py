"""Lineage as a picture for a page, with the list that says the same in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from markupsafe import Markup
from rdflib import URIRef

from api.links import page_path
from ontology.keys import folder_of
from ontology.namespaces import TG
from ontology.schema import load_schema
from queries.backend import Backend, Direction
from queries.export import export
from queries.lineage import Lineage, lineage
from queries.things import Thing, describe

__all__ = ["Picture", "draw", "thing_picture"]

#: Whose pages show on what they rest.
_PICTURED: Final = (TG.Meeting, TG.Document, TG.Authority, TG.MeetingSeries, TG.Treaty)
#: Two steps show the authorities and what they invoke; the whole is a page of its own.
_DEPTH: Final = 2
_MOST: Final = 24
#: Wider drawings (in their own units) are not squeezed into the page: one scrolls.
_FITS: Final = 1700


@dataclass(frozen=True)
class Picture:
    """A lineage and its drawing, None when there is too much to see; `large` when it is wider than a page."""

    lineage: Lineage
    svg: Markup | None
    large: bool = False
    heading: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def named(self, backend: Backend) -> Picture:
        """The same with the labels of the documents that back the statements, by IRI."""
        documents = {source.document for edge in self.lineage.edges for source in edge.sources}
        labels = {iri: thing.label for iri, thing in describe(backend, sorted(documents)).items()}
        return replace(self, names=labels)


def draw(answer: Lineage, *, most: int, root: str = "") -> Picture:
    """Draw a lineage of at most so many things, each box a link to its page."""
    if len(answer.nodes) > most or not answer.edges:
        return Picture(answer, None)
    # The drawing escapes every text itself; it holds no script and no style sheet.
    svg = Markup(export(answer, "svg", _linker(root)))  # noqa: S704
    width = re.search(r'width="(\d+)"', svg)
    return Picture(answer, svg, large=width is not None and int(width[1]) > _FITS)


def _linker(root: str) -> Callable[[str], str | None]:
    def address(iri: str) -> str | None:
        path = page_path(iri)
        return None if path is None else root + path

    return address


def thing_picture(backend: Backend, *, thing: Thing, root: str = "") -> Picture | None:
    """What a meeting or a document rests on, and what rests on a treaty's provision; None where nothing is known."""
    above = load_schema().superclasses(URIRef(TG[thing.type]))
    if above.isdisjoint(_PICTURED):
        return None
    source = folder_of(thing.iri) == "treaty"
    direction: Direction = "down" if source else "up"
    answer = lineage(backend, thing.iri, direction=direction, depth=_DEPTH, kinds=["mandate"], limit=_MOST + 1)
    heading = "What rests on it" if source else "By what authority" if TG.Meeting in above else "On what it rests"
    picture = replace(draw(answer, most=_MOST, root=root), heading=heading)
    return picture.named(backend) if answer.edges else None
