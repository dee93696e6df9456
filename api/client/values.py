"""Values of SPARQL results as values of Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

__all__ = ["binding", "value_of"]

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_WHOLE: Final = (
    "integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger "
    "unsignedLong unsignedInt unsignedShort unsignedByte gYear"
)


def _number(text: str) -> float:
    return {"INF": math.inf, "-INF": -math.inf}.get(text) or float(text)


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    **{f"{_XSD}{name}": int for name in _WHOLE.split()},
    f"{_XSD}decimal": Decimal,
    f"{_XSD}double": _number,
    f"{_XSD}float": _number,
    f"{_XSD}boolean": lambda text: {"true": True, "1": True, "false": False, "0": False}[text],
    f"{_XSD}date": date.fromisoformat,
    f"{_XSD}dateTime": datetime.fromisoformat,
}


def value_of(term: Mapping[str, str] | None) -> Any:
    """The Python value of a binding: int, float, Decimal, bool, date, datetime; text and IRIs as str; None unbound.

    A literal that its datatype does not allow, such as a date of the year 0 or one with a time zone, stays text.
    """
    if term is None:
        return None
    text = term["value"]
    if term["type"] == "bnode":
        return f"_:{text}"
    reader = _READERS.get(term.get("datatype", ""))
    if reader is None:
        return text
    try:
        return reader(text)
    except (ValueError, KeyError, ArithmeticError):
        return text


def binding(value: Any) -> dict[str, str] | None:
    """The other way: a value as a term of a request. A text that can be an IRI and begins as one is taken for one."""
    if value is None or isinstance(value, dict):
        return value
    if isinstance(value, bool):
        return {"type": "literal", "value": str(value).lower(), "datatype": f"{_XSD}boolean"}
    if isinstance(value, int):
        return {"type": "literal", "value": str(value), "datatype": f"{_XSD}integer"}
    if isinstance(value, datetime):
        return {"type": "literal", "value": value.isoformat(), "datatype": f"{_XSD}dateTime"}
    if isinstance(value, date):
        return {"type": "literal", "value": value.isoformat(), "datatype": f"{_XSD}date"}
    if isinstance(value, float):
        return {"type": "literal", "value": repr(value), "datatype": f"{_XSD}double"}
    if isinstance(value, Decimal):
        return {"type": "literal", "value": str(value), "datatype": f"{_XSD}decimal"}
    text = str(value)
    if text.startswith(("http://", "https://", "urn:")) and not any(c <= " " or c in '<>"{}|\\^`' for c in text):
        return {"type": "uri", "value": text}
    return {"type": "literal", "value": text}
