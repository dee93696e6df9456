"""The JSON-LD 1.1 context, generated from the ontology.

The file `ontology/context.jsonld` is committed; `python -m ontology.context` renews it.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from rdflib import URIRef
from rdflib.namespace import OWL, RDF, RDFS, XSD

from ontology.namespaces import BASE, PREFIXES, SCHEMA, TG
from ontology.schema import Schema, load_schema, local_name

#: The command that renews the committed file.
RENEW: Final = "python -m ontology.context"

#: Terms of other vocabularies that data of the project use as they stand.
_EXTERNAL: Final[dict[str, str | dict[str, str]]] = {
    "identifier": "dcterms:identifier",
    "title": {"@id": "dcterms:title", "@container": "@language"},
    "prefLabel": {"@id": "skos:prefLabel", "@container": "@language"},
    "altLabel": {"@id": "skos:altLabel", "@container": "@set"},
    "hiddenLabel": {"@id": "skos:hiddenLabel", "@container": "@set"},
    "cites": {"@id": "eli:cites", "@type": "@id"},
    "isPartOf": {"@id": "eli:is_part_of", "@type": "@id"},
    "number": "eli:number",
    "hasSource": {"@id": "oa:hasSource", "@type": "@id"},
    "wasDerivedFrom": {"@id": "prov:wasDerivedFrom", "@type": "@id"},
    "wasGeneratedBy": {"@id": "prov:wasGeneratedBy", "@type": "@id"},
}

#: Annotation properties whose values are always things.
_THINGS: Final = frozenset({TG.subject, TG.predicate, TG.lineageKind})


def build_context() -> dict[str, Any]:
    """The context as a JSON object: prefixes, classes and properties under their local names, values typed.

    Code values and other things are IRIs, dates and whole numbers typed, texts with a language in a language map.
    """
    schema = load_schema()
    context: dict[str, Any] = {"@version": 1.1, "@base": f"{BASE}id/", "id": "@id", "type": "@type", "graph": "@graph"}
    context |= {prefix: iri for prefix, iri in sorted(PREFIXES.items()) if prefix not in context}
    context |= {local_name(term): f"tg:{local_name(term)}" for term in sorted(schema.classes)}
    for term in sorted(schema.properties):
        context[local_name(term)] = _definition(term, schema)
    for name, definition in sorted(_EXTERNAL.items()):
        context.setdefault(name, definition)
    return {"@context": context}


def context_text() -> str:
    """The committed form: indented, with a line break at the end."""
    return json.dumps(build_context(), indent=2, ensure_ascii=False) + "\n"


def _definition(term: URIRef, schema: Schema) -> str | dict[str, str]:
    name = f"tg:{local_name(term)}"
    ranges = set(schema.graph.objects(term, RDFS.range)) | set(schema.graph.objects(term, SCHEMA.rangeIncludes))
    if (term, RDF.type, OWL.ObjectProperty) in schema.graph or term in _THINGS:
        return {"@id": name, "@type": "@id"}
    if RDF.PlainLiteral in ranges:
        return {"@id": name, "@container": "@language"}
    if XSD.date in ranges:
        return {"@id": name, "@type": "xsd:date"}
    if XSD.integer in ranges:
        return {"@id": name, "@type": "xsd:integer"}
    return name


def main() -> None:
    """Write `context.jsonld` beside this module."""
    Path(str(files("ontology").joinpath("context.jsonld"))).write_text(context_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
