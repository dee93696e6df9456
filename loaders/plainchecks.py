"""Plain checks: what is wrong with a statement by itself, before any shape is asked.

The value has the form of its datatype; classes, properties and codes are declared; a document has the name that follows
from its symbol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rdflib import DCTERMS, Literal

from loaders.diagnose import Diagnosis
from loaders.lexical import fault
from loaders.positions import Place, PositionedQuad, PositionMap
from ontology.namespaces import CODE, ID, TG
from ontology.vocabulary import misnamed_documents, undeclared_terms


def plain_faults(name: str, quads: Sequence[PositionedQuad], places: PositionMap) -> Iterator[Diagnosis]:
    """What is wrong with the statements of one file; `places` are those of all files."""
    yield from _lexical_faults(name, quads)
    yield from _unknown_terms(name, quads)
    yield from _misnamed(name, quads, places)


def _lexical_faults(name: str, quads: Iterable[PositionedQuad]) -> Iterator[Diagnosis]:
    """Literals that do not have the form of their datatype."""
    for positioned in quads:
        subject, predicate, value, _ = positioned.quad
        wrong = fault(str(value), value.datatype) if isinstance(value, Literal) else None
        if wrong is not None:
            place = Place(name, positioned.position)
            about = (str(subject), str(predicate), str(value))
            yield violation(place, "bad-value", wrong.message, wrong.hint, about)


def _unknown_terms(name: str, quads: Sequence[PositionedQuad]) -> Iterator[Diagnosis]:
    """Classes, properties and codes that nobody declared."""
    suspects = {(subject, term): near for subject, term, near in undeclared_terms(one.quad[:3] for one in quads)}
    if not suspects:
        return
    for positioned in quads:
        subject, predicate, value, _ = positioned.quad
        for term, position in ((predicate, positioned.predicate or positioned.position), (value, positioned.position)):
            key = (str(subject), str(term))
            if key in suspects:
                near = suspects[key]
                hint = f"Did you mean {compact(near)}?" if near else "Use a declared one, or declare it in ontology/."
                message = f"{compact(str(term))} is not declared in the ontology."
                place = Place(name, position)
                yield violation(place, "unknown-term", message, hint, (str(subject), "", str(term)))


def _misnamed(name: str, quads: Sequence[PositionedQuad], places: PositionMap) -> Iterator[Diagnosis]:
    """Documents whose IRI does not follow from their symbol."""
    for subject, symbol, wanted in misnamed_documents(one.quad[:3] for one in quads):
        place = places.find(subject, str(DCTERMS.identifier), symbol)
        if place is not None and place.file == name:
            message = f"The document {symbol} cannot be named {compact(subject)}."
            hint = f"Its name follows from its symbol: {compact(wanted)}. Correct the one or the other."
            about = (subject, str(DCTERMS.identifier), symbol)
            yield violation(place, "misnamed-document", message, hint, about)


def compact(iri: str) -> str:
    """An IRI as a curator writes it: `tg:Meeting`, `meeting-type:msp`, `<doc/a/res/77/63>`."""
    if iri.startswith(str(TG)):
        return f"tg:{iri.removeprefix(str(TG))}"
    if iri.startswith(str(CODE)):
        scheme, _, member = iri.removeprefix(str(CODE)).partition("/")
        return f"{scheme}:{member}" if member else f"code:{scheme}"
    return f"<{iri.removeprefix(str(ID))}>"


def violation(place: Place, rule: str, message: str, hint: str, about: tuple[str, str, str]) -> Diagnosis:
    """A violation at a place; `about` is subject, path and value, each empty where there is none."""
    subject, path, value = about
    at = place.position
    return Diagnosis(
        place.file, at.line, at.column, "violation", rule, message, hint, subject, path=path, value=value, cell=at.cell
    )
