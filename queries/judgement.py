"""The last word on a suspect value, given as pySHACL gives it.

pySHACL reads values by rdflib: its dates end with the year 9999, its patterns are those of Python. These functions do
as `pyshacl.constraints` does, and are tested against it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Final

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

from ontology.constraints import Constraint


class Incomparable(TypeError):
    """Two values that the reference engine cannot compare; it then breaks off."""


def breaks(constraint: Constraint, value: Node, other: Node | None = None) -> bool:
    """Whether a value breaks the constraint; `other` is the value that it is compared with.

    Raises Incomparable where pySHACL would break off.
    """
    name, term = constraint.component, constraint.term
    if name == "Datatype":
        return not _of_datatype(value, term)
    if name == "Pattern":
        return isinstance(value, BNode) or _expression(str(term)).search(_text(value)) is None
    if other is not None:
        return not _less(value, other, equal=name == "LessThanOrEquals")
    return not _within(name, value, term)


def _of_datatype(value: Node, datatype: Node | None) -> bool:
    if not isinstance(value, Literal):
        return False
    if value.datatype == datatype:
        typed = value.ill_typed is not True
        return typed and _fits(value, datatype)
    plain = value.datatype is None and value.language is None and datatype == XSD.string
    return plain or (datatype == RDF.langString and value.language is not None)


#: What rdflib must make of a value of these datatypes; pySHACL takes any value of the others. (Its own functions for
#: this are not called: to read its package takes longer than to check a thing.)
_VALUES: Final[dict[Node, type | tuple[type, ...]]] = {
    XSD.string: (str, bytes),
    RDF.langString: (str, bytes),
    XSD.integer: int,
    XSD.float: float,
    XSD.decimal: Decimal,
    XSD.boolean: bool,
    XSD.date: date,
    XSD.time: time,
    XSD.dateTime: datetime,
}


def _fits(value: Literal, datatype: Node | None) -> bool:
    kind = None if datatype is None else _VALUES.get(datatype)
    return kind is None or isinstance(value.value, kind)


def _order(value: Literal, bound: Literal) -> int:
    """-1, 0 or 1: smaller, equal or larger. Raises TypeError or NotImplementedError for what has no order."""
    if value.eq(bound):
        return 0
    if type(value.value) in (datetime, time):
        # rdflib would put a time without a zone before all times with one; here the two cannot be compared.
        first, second = value.value, bound.value
        return 0 if first == second else 1 if first > second else -1
    return 1 if value > bound else -1


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _text(value: Node) -> str:
    if isinstance(value, Literal) and value.value is not None and value.datatype in (None, RDF.langString, XSD.string):
        return str(value.value)
    return str(value)


def _within(name: str, value: Node, bound: Node | None) -> bool:
    if not isinstance(value, Literal) or not isinstance(bound, Literal):
        return False
    if isinstance(value.value, str) != isinstance(bound.value, str):
        return False
    try:
        order = _order(value, bound)
    except (TypeError, NotImplementedError):
        return False
    signs = {
        "MinInclusive": order >= 0,
        "MaxInclusive": order <= 0,
        "MinExclusive": order > 0,
        "MaxExclusive": order < 0,
    }
    return bool(signs[name])


def _less(value: Node, other: Node, *, equal: bool) -> bool:
    first, second = _comparable(value), _comparable(other)
    if isinstance(first, str) != isinstance(second, str):
        return False
    try:
        return bool(first <= second if equal else first < second)
    except (TypeError, ValueError) as error:
        raise Incomparable(str(error)) from error


def _comparable(value: Node) -> Any:
    """What is compared: the text of an IRI or a string, else the literal."""
    if isinstance(value, BNode):
        raise Incomparable("a blank node cannot be compared")
    if isinstance(value, URIRef):
        return str.__str__(value)
    if isinstance(value, Literal) and isinstance(value.value, str):
        return value.value
    return value
