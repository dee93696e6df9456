"""What a client asks by the SPARQL 1.1 Protocol: the query, the dataset, the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from api import formats
from api.problems import Problem

__all__ = ["QueryRequest", "query_request"]

_MAX_GRAPHS: Final = 1000
_FORMS: Final = (*formats.ROWS, *formats.RDF, formats.HTML)


@dataclass(frozen=True)
class QueryRequest:
    """One query operation. `text` is None when there is no query; the graphs are absolute IRIs."""

    text: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    form: str | None = None


def query_request(fields: Sequence[tuple[str, str]]) -> QueryRequest:
    """Read the fields of an address or of a form.

    Raises:
        Problem: `bad-request` for two queries, two formats, or a graph that is not an absolute IRI;
            `refused-feature` for an update.
    """
    given: dict[str, list[str]] = {}
    for name, value in fields:
        given.setdefault(name, []).append(value)
    if "update" in given:
        raise Problem("refused-feature", "updates are refused by this service", {"feature": "update"})
    return QueryRequest(
        text=_one(given, "query"),
        default_graphs=_graphs(given, "default-graph-uri"),
        named_graphs=_graphs(given, "named-graph-uri"),
        form=_format(given.get("format", [])),
    )


def _one(given: dict[str, list[str]], name: str) -> str | None:
    values = given.get(name, [])
    if len(values) > 1:
        raise Problem("bad-request", f"{name}: given {len(values)} times; give it once")
    return values[0] if values else None


def _format(words: list[str]) -> str | None:
    """SPARQLWrapper repeats the parameter with a word and a list of media types; the first that we know counts."""
    known = [word for word in words if any(form.answers_to(word) for form in _FORMS)]
    return next(iter(known or words), None)


def _graphs(given: dict[str, list[str]], name: str) -> tuple[str, ...]:
    graphs = given.get(name, [])
    if len(graphs) > _MAX_GRAPHS:
        raise Problem("bad-request", f"{name}: at most {_MAX_GRAPHS} are accepted")
    for graph in graphs:
        if not _is_absolute(graph):
            raise Problem("bad-request", f"{name}: not an absolute IRI: {graph[:200]!r}")
    return tuple(graphs)


def _is_absolute(iri: str) -> bool:
    if any(letter <= " " or letter in '<>"{}|\\^`\x7f' for letter in iri):
        return False
    try:
        return bool(urlsplit(iri).scheme)
    except ValueError:
        return False
