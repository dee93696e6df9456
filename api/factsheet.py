"""The facts about a thing as JSON, each with the documents that state it: what a page shows, for programs."""

from __future__ import annotations

from typing import Any, Final

from api.facts import Group, ThingFacts, Value, thing_facts
from api.table import Cell
from ontology.namespaces import PREFIXES
from queries.backend import Backend, Link
from queries.evidence import Source, sources_of
from queries.resolve import resolve
from queries.things import Thing

__all__ = ["fact_sheet", "thing_json"]


_RECORD: Final = "Source"


def fact_sheet(backend: Backend, *, thing: str) -> dict[str, Any]:
    """The JSON of `/facts` about a thing, named in any way that `resolve` knows.

    A value that a rule derived is given the sources of what it was derived from. Raises UnknownThing, AmbiguousThing.
    """
    facts = thing_facts(backend, resolve(backend, thing).iri)
    derived = sources_of(backend, _without_sources(facts))
    return {
        "thing": thing_json(facts.thing),
        "release": backend.release,
        "facts": [_group(facts, group, derived) for group in facts.groups],
        "parts": [{"iri": p.iri, "type": p.type, "number": p.number, "text": p.text} for p in facts.parts],
        "incoming": [
            {"property": one.predicate, "label": one.label, "things": [thing_json(thing) for thing in one.things]}
            for one in facts.incoming
        ],
        "more_incoming": facts.more_incoming,
    }


def thing_json(thing: Thing) -> dict[str, str]:
    """A thing as lists give it."""
    return {"iri": thing.iri, "key": thing.key, "type": thing.type, "label": thing.label}


def _without_sources(facts: ThingFacts) -> list[Link]:
    pairs = ((group, value) for group in facts.groups for value in group.values if not value.sources)
    return [Link(facts.thing.iri, group.predicate, value.cell.iri) for group, value in pairs if value.cell.iri]


def _group(facts: ThingFacts, group: Group, derived: dict[Link, tuple[Source, ...]]) -> dict[str, Any]:
    # The record of a source is where the graph has it from: it speaks for itself.
    own = (Source(facts.thing.iri),) if facts.thing.type == _RECORD else ()

    def said(value: Value, preferred: bool) -> dict[str, Any]:
        iri = value.cell.iri
        link = Link(facts.thing.iri, group.predicate, iri or "")
        return {
            "value": _term(value.cell),
            "label": facts.labels.get(iri, value.cell.text) if iri else value.cell.text,
            "preferred": preferred,
            "sources": [source.to_json() for source in value.sources or derived.get(link, ()) or own],
            "derived": [{"rule": one.rule, "from": list(one.grounds)} for one in value.derivations],
        }

    values = [*(said(value, True) for value in group.values), *(said(value, False) for value in group.others)]
    return {"property": group.predicate, "label": group.label, "values": values}


def _term(cell: Cell) -> dict[str, str]:
    if cell.iri is not None:
        return {"type": "uri", "value": cell.iri}
    if cell.text.startswith("_:") and cell.datatype is None:
        return {"type": "bnode", "value": cell.text.removeprefix("_:")}
    said = {"type": "literal", "value": cell.text}
    if cell.language:
        return {**said, "xml:lang": cell.language}
    return {**said, "datatype": _whole(cell.datatype)} if cell.datatype else said


def _whole(compact: str) -> str:
    """The IRI behind `xsd:date`."""
    prefix, colon, name = compact.partition(":")
    return f"{PREFIXES[prefix]}{name}" if colon and prefix in PREFIXES else compact
