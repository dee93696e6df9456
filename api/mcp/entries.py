"""The entries of an answer: from the JSON of the graph to the models of the tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from api.mcp import models

__all__ = ["cut_sources", "distinct", "edge_of", "ends", "fact", "finding", "only", "page_of", "statement", "uri"]

_SOURCES: Final = 5


def page_of(items: Sequence[Any], limit: int, cursor: str | None) -> tuple[list[Any], str | None]:
    """The entries of a page, and the cursor of the next one, None at the end. Raises ToolError for no such cursor."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise ToolError("cursor: give what the page before gave as cursor")
    start = int(cursor or 0)
    if start and start >= len(items):
        raise ToolError(f"cursor: there is no page that begins at {start}; there are {len(items)} entries")
    end = start + limit
    return list(items[start:end]), str(end) if end < len(items) else None


def fact(group: Mapping[str, Any], value: Mapping[str, Any]) -> models.Fact:
    """One value of a fact sheet."""
    return models.Fact(
        property=group["property"],
        label=group["label"],
        value=value["value"]["value"],
        value_label=value["label"],
        preferred=value["preferred"],
        **cut_sources(value["sources"]),
    )


def edge_of(edge: Mapping[str, Any]) -> models.Edge:
    """A link of a lineage or of a chain."""
    return models.Edge(**{**edge, **cut_sources(edge["sources"])})


def finding(one: Mapping[str, Any], sources: list[dict[str, Any]]) -> models.Finding:
    """A finding of the audit, with the sources that were found for it."""
    return models.Finding(**only({**one, **cut_sources(sources)}, models.Finding))


def statement(one: Mapping[str, Any]) -> models.Statement:
    """A statement that stands behind a row."""
    return models.Statement(**{**one, **cut_sources(one["sources"])})


def cut_sources(sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Passages before documents: who quotes wants the place."""
    ordered = sorted(sources, key=lambda source: source.get("start") is None)
    return {"sources": [models.Source(**source) for source in ordered[:_SOURCES]], "sources_total": len(sources)}


def distinct(lists: Iterable[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The sources of several lists, each once, in their order."""
    return list({json.dumps(source, sort_keys=True): source for sources in lists for source in sources}.values())


def ends(nodes: Iterable[Mapping[str, Any]], edges: Iterable[models.Edge]) -> list[models.Thing]:
    """The things at the ends of the links of a page."""
    wanted = {iri for edge in edges for iri in (edge.from_, edge.to)}
    return [models.Thing(**node) for node in nodes if node["iri"] in wanted]


def only(document: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """The members of a document that a model has."""
    return {name: value for name, value in document.items() if name in model.model_fields}


def uri(iri: str) -> dict[str, str]:
    """An IRI as a term."""
    return {"type": "uri", "value": iri}
