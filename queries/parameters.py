"""Typed parameters of stored queries: what a value must look like, and the term that it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ontology.keys import FOLDERS, is_key
from ontology.namespaces import BASE, CODE
from queries.errors import CatalogueError, ParameterError
from queries.values import date_text, id_text, integer_text, iri_text, string_text

_CODE: Final = re.compile(r"[a-z0-9-]+/[a-z0-9-]+\Z")
#: Where a bare key stands for a thing of this class.
_FOLDER_OF_CLASS: Final[dict[str, str]] = {
    "Meeting": "meeting",
    "MeetingSeries": "series",
    "Document": "doc",
    "Resolution": "doc",
    "Authority": "doc",
    "Provision": "treaty",
    "Article": "treaty",
    "Treaty": "treaty",
    "Body": "body",
    "Post": "post",
    "Person": "person",
    "State": "state",
    "Place": "place",
    "Programme": "programme",
    "Mandate": "mandate",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `type` is thing, integer, date, string or code; `class_` (a local name) narrows a thing."""

    name: str
    type: str
    description: str
    example: str
    class_: str | None = None
    optional: bool = False

    def term(self, value: object) -> str:
        """The value as SPARQL text. Raises ParameterError, which names the parameter and says what is expected."""
        try:
            return _TERMS[self.type](self, value)
        except ParameterError as error:
            raise ParameterError(f"parameter {self.name}: {error}") from None


def parameter(name: str, said: object, where: str) -> Parameter:
    """Read one entry of a header. Raises CatalogueError, which begins with `where`."""
    if not isinstance(said, Mapping):
        raise CatalogueError(f"{where}: parameter {name}: expected type, description and example")
    if said.get("type") not in _TERMS:
        raise CatalogueError(f"{where}: parameter {name}: type must be one of {', '.join(sorted(_TERMS))}")
    for field in ("description", "example"):
        if said.get(field) in (None, ""):
            raise CatalogueError(f"{where}: parameter {name}: {field} is missing")
    if unknown := set(said) - {"type", "class", "description", "example", "optional"}:
        raise CatalogueError(f"{where}: parameter {name}: unknown field {sorted(unknown)[0]}")
    made = Parameter(
        name=name,
        type=str(said["type"]),
        description=str(said["description"]),
        example=_written(said["example"]),
        class_=None if said.get("class") is None else str(said["class"]),
        optional=bool(said.get("optional", False)),
    )
    try:
        made.term(made.example)
    except ParameterError as error:
        raise CatalogueError(f"{where}: the example of {error}") from None
    return made


def _written(value: Any) -> str:
    """YAML reads 2022-12-07 as a date."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _thing(parameter: Parameter, value: object) -> str:
    text = str(value).strip()
    if "://" in text or text.startswith("urn:"):
        return iri_text(text)
    if not is_key(text):
        raise ParameterError(f"not an IRI or key: {text[:200]!r}; write it as {parameter.example}")
    if text.partition("/")[0] in FOLDERS and "/" in text:
        return id_text(text)
    folder = _FOLDER_OF_CLASS.get(parameter.class_ or "")
    if folder is None:
        raise ParameterError(f"{text!r} does not say what it is; write it as {parameter.example}")
    return id_text(f"{folder}/{text}")


def _code(parameter: Parameter, value: object) -> str:
    text = str(value).strip().removeprefix(str(CODE))
    if not _CODE.match(text):
        raise ParameterError(f"not a code: {text[:100]!r}; write it as {parameter.example}")
    return iri_text(f"{BASE}code/{text}")


def _integer(_: Parameter, value: object) -> str:
    return integer_text(str(value))


def _date(_: Parameter, value: object) -> str:
    return date_text(value if isinstance(value, date) else str(value))


def _string(_: Parameter, value: object) -> str:
    return string_text(str(value))


_TERMS: Final[dict[str, Callable[[Parameter, object], str]]] = {
    "thing": _thing,
    "code": _code,
    "integer": _integer,
    "date": _date,
    "string": _string,
}
