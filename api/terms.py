"""Terms of RDF as JSON and back, in the form that SPARQL results have (https://www.w3.org/TR/sparql11-results-json/)."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from queries.errors import ParameterError

__all__ = ["Term", "from_json", "plain", "to_json"]

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS: Final = frozenset(
    f"{_XSD}{name}" for name in ("integer", "int", "long", "nonNegativeInteger", "positiveInteger")
)
_PLAIN: Final = frozenset({f"{_XSD}string", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"})


def to_json(term: object) -> dict[str, str] | None:
    """`{"type": "uri", "value": …}`; None for what is not bound."""
    match term:
        case None:
            return None
        case ox.NamedNode():
            return {"type": "uri", "value": term.value}
        case ox.BlankNode():
            return {"type": "bnode", "value": term.value}
        case ox.Literal():
            said = {"type": "literal", "value": term.value}
            if term.language:
                return {**said, "xml:lang": term.language}
            return said if term.datatype.value in _PLAIN else {**said, "datatype": term.datatype.value}
        case _:
            return {"type": "literal", "value": str(term)}


def from_json(said: object, where: str) -> Term | None:
    """The term of a binding; None stays None.

    Raises:
        ParameterError: which begins with `where` and says what is expected.
    """
    if said is None:
        return None
    if not isinstance(said, dict) or not all(isinstance(part, str) for part in said.values()):
        raise ParameterError(f"{where}: expected null or an object with type and value")
    kind, value = said.get("type"), said.get("value")
    try:
        if kind == "uri" and value is not None:
            return ox.NamedNode(value)
        if kind == "bnode" and value is not None:
            return ox.BlankNode(value)
        if kind in ("literal", "typed-literal") and value is not None:
            if language := said.get("xml:lang"):
                return ox.Literal(value, language=language)
            datatype = said.get("datatype")
            return ox.Literal(value, datatype=ox.NamedNode(datatype) if datatype else None)
    except ValueError as error:
        raise ParameterError(f"{where}: {error}") from None
    raise ParameterError(f"{where}: type must be uri, bnode or literal, with a value")


def plain(term: object) -> Any:
    """A value for programs: IRIs and texts as strings, whole numbers as numbers, truth values; None stays None."""
    if term is None:
        return None
    if isinstance(term, ox.Literal):
        if term.datatype.value in _INTEGERS and term.value.lstrip("+-").isdigit():
            return int(term.value)
        if term.datatype.value == f"{_XSD}boolean":
            return term.value in ("true", "1")
        return term.value
    return term.value if isinstance(term, ox.NamedNode) else str(term)
