"""The header of a query file: YAML in lines that begin with `#+`, as grlc writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from queries.errors import CatalogueError

#: The safe loader; that of libyaml, where the package has it, reads the headers of all queries ten times as fast.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_header(text: str, name: str) -> dict[str, Any]:
    """The mapping in the `#+ ` lines. Raises CatalogueError with file name and line."""
    numbered = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.startswith("#+")]
    if not numbered:
        raise CatalogueError(f"{name}:1: no header; begin the file with lines like '#+ title: …'")
    source = "\n".join(line[2:].removeprefix(" ") for _, line in numbered)
    try:
        header = yaml.load(source, Loader=_Loader)  # noqa: S506 - both of them are the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = numbered[min(mark.line, len(numbered) - 1)][0] if mark is not None else numbered[0][0]
        problem = getattr(error, "problem", None) or "not YAML"
        raise CatalogueError(f"{name}:{line}: the header is not YAML: {problem}") from None
    if not isinstance(header, Mapping):
        raise CatalogueError(f"{name}:{numbered[0][0]}: the header must be a mapping, as in 'title: …'")
    return {str(key): value for key, value in header.items()}


def words(header: Mapping[str, Any], field: str, where: str, *, needed: bool = True) -> str:
    """A field that holds one text."""
    value = header.get(field)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise CatalogueError(f"{where}: {field} is missing or not a text")
    return " ".join(value.split())


def mapping(header: Mapping[str, Any], field: str, where: str) -> dict[str, Any]:
    """A field that holds a mapping; empty when it is not there."""
    value = header.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise CatalogueError(f"{where}: {field} must be a mapping")
    return {str(key): item for key, item in value.items()}


def listing(header: Mapping[str, Any], field: str) -> list[Any]:
    """A field that holds a list or one value; empty when it is not there."""
    value = header.get(field)
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
