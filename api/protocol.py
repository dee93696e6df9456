"""What a client asks by the SPARQL 1.1 Protocol: the query, the dataset, the format."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from api import formats
from api.cache import ONCE
from api.problems import Problem
from api.responses import etag
from queries.columns.shapes import Asked
from queries.scanner import volatile

__all__ = ["QueryRequest", "is_absolute", "query_request"]

_MAX_GRAPHS: Final = 1000
_SECONDS: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20}")
_FORMS: Final = (*formats.ROWS, *formats.RDF, formats.HTML)


@dataclass(slots=True)
class QueryRequest:
    """One query operation. `text` is None when there is no query; the graphs are absolute IRIs.

    `union` widens the default graph by all named graphs; `timeout_s` is the client's own limit in seconds.
    A query that is `volatile` has another answer each time.
    """

    text: str | None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    form: str | None = None
    union: bool = False
    timeout_s: float | None = None
    volatile: bool = False
    small: Asked | None = None
    """What it asks, where it is of the kind that can be looked up in columns; left out where nobody looked."""
    _tagged: tuple[str, str, str] = ("", "", "")

    def tag(self, edition: str, media_type: str) -> str:
        """The entity tag of the answer: an edition of a release does not change, so its name, the query, the dataset
        and the format decide its bytes. Kept, because the same question comes again. Where the query asks for the time
        or for chance, no two answers are the same, and neither are their tags."""
        if self.volatile:
            return f'{ONCE}{secrets.token_hex(16)}"'
        if self._tagged[:2] != (edition, media_type):
            self._tagged = (edition, media_type, self._tag(edition, media_type))
        return self._tagged[2]

    def _tag(self, edition: str, media_type: str) -> str:
        if self.default_graphs or self.named_graphs:
            dataset = (*self.default_graphs, "named", *self.named_graphs)
            return etag(edition, self.text or "", *dataset, media_type)
        digest = _plain_dataset(edition, self.union, media_type).copy()
        digest.update((self.text or "").encode("utf-8", "surrogatepass"))
        return f'"{digest.hexdigest()[:32]}"'

    def limit_s(self, operators: float) -> float:
        """The limit in seconds that holds: the operator's, or the client's where that is lower."""
        return operators if self.timeout_s is None else min(self.timeout_s, operators)


@lru_cache(maxsize=64)
def _plain_dataset(edition: str, union: bool, media_type: str) -> hashlib._Hash:
    """The digest of all that decides an answer but for the text of the query, which comes last."""
    return hashlib.sha256(json.dumps([edition, union, media_type]).encode())


def query_request(fields: Sequence[tuple[str, str]]) -> QueryRequest:
    """Read the fields of an address or of a form.

    Raises:
        Problem: `bad-request` for two queries, a graph that is not an absolute IRI, a limit that is no time, or a
            union of a dataset that the request names; `refused-feature` for an update.
    """
    given: dict[str, list[str]] = {}
    for name, value in fields:
        given.setdefault(name, []).append(value)
    if "update" in given:
        raise Problem("refused-feature", "updates are refused by this service", {"feature": "update"})
    text = _one(given, "query")
    asked = QueryRequest(
        text=text,
        default_graphs=_graphs(given, "default-graph-uri"),
        named_graphs=_graphs(given, "named-graph-uri"),
        form=_format(given.get("format", []) + given.get("output", [])),
        union=_truth(given, "union"),
        timeout_s=_seconds(given, "timeout"),
        volatile=text is not None and volatile(text),
    )
    if asked.union and (asked.default_graphs or asked.named_graphs):
        raise Problem("bad-request", "union: it widens the whole default graph; leave out the graph parameters")
    return asked


def _one(given: dict[str, list[str]], name: str) -> str | None:
    values = given.get(name, [])
    if len(values) > 1:
        raise Problem("bad-request", f"{name}: given {len(values)} times; give it once")
    return values[0] if values else None


def _truth(given: dict[str, list[str]], name: str) -> bool:
    word = (_one(given, name) or "false").strip().casefold()
    if word not in ("true", "false", "1", "0"):
        raise Problem("bad-request", f"{name}: expected true or false, not {word[:40]!r}")
    return word in ("true", "1")


def _seconds(given: dict[str, list[str]], name: str) -> float | None:
    text = _one(given, name)
    if text is None or not text.strip():
        return None
    if not _SECONDS.fullmatch(text.strip()) or float(text) <= 0:
        raise Problem("bad-request", f"{name}: expected a number of seconds above 0, not {text[:40]!r}")
    return float(text)


def _format(words: list[str]) -> str | None:
    """SPARQLWrapper repeats the parameter with a word and a list of media types; the first that we know counts."""
    known = [word for word in words if any(form.answers_to(word) for form in _FORMS)]
    return next(iter(known or words), None)


def _graphs(given: dict[str, list[str]], name: str) -> tuple[str, ...]:
    graphs = [graph for graph in given.get(name, []) if graph]  # forms send their empty fields as well
    if len(graphs) > _MAX_GRAPHS:
        raise Problem("bad-request", f"{name}: at most {_MAX_GRAPHS} are accepted")
    for graph in graphs:
        if not is_absolute(graph):
            raise Problem("bad-request", f"{name}: not an absolute IRI: {graph[:200]!r}")
    return tuple(graphs)


def is_absolute(iri: str) -> bool:
    """Whether a text is an IRI with a scheme, as the engine sees it, which would fail over any other later."""
    try:
        ox.NamedNode(iri)
    except ValueError:
        return False
    return True
