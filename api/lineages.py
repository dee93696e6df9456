"""What `/lineage` is asked, and its answers for programs: kept, or written from the index of the release."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.requests import Request

from api import formats
from api.lists import one_of, positive, text_of
from api.negotiation import Format, negotiate
from api.problems import Problem
from api.responses import etag
from queries.backend import Backend, Direction, adjacency_of, lineage_edition_of

if TYPE_CHECKING:
    from api.context import Context
    from queries.lineage import Lineage
    from queries.scribe import Scribe

__all__ = ["OFFERS", "Lineages", "Wanted", "kinds_of", "wanted"]

_TEXT: Final = Format("text", "text/plain", ("txt",), charset="utf-8")
OFFERS: Final = (
    formats.JSON,
    formats.HTML,
    Format("jsonld", "application/ld+json", ("json-ld",)),
    formats.SVG,
    formats.MERMAID,
    formats.DOT,
    formats.GRAPHML,
    _TEXT,
    Format("node-link", "application/vnd.networkx.node-link+json", ("nodelink",)),
)
_DIRECTIONS: Final = ("up", "down", "both")
#: Statements that are written without holding up others who wait.
_AT_ONCE: Final = 500
_ANY: Final = 1_000_000
_TAGS: Final = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question about lineage. `kinds` are sorted, none for all."""

    thing: str
    direction: Direction
    kinds: tuple[str, ...]
    depth: int

    @property
    def key(self) -> str:
        """All of it as one text."""
        return json.dumps([self.thing, self.direction, self.kinds, self.depth])


def wanted(request: Request, here: Context) -> tuple[dict[str, Any], Format]:
    """What a request asks, as the fields of `Wanted` (`thing` may be None), and the format of the answer.

    Raises Problem (`bad-request`), NotAcceptable.
    """
    form = negotiate(request.headers.get("accept"), OFFERS, wanted=request.query_params.get("format"))
    asked: dict[str, Any] = {
        "thing": text_of(request, "thing"),
        "direction": one_of(request, "direction", _DIRECTIONS, "up"),
        "kinds": kinds_of(request, here),
        "depth": positive(request, "depth", here.settings.lineage_depth, here.settings.max_lineage_depth),
    }
    if asked["thing"] is None and form.name != "html":
        raise Problem("bad-request", "thing: missing; give an IRI, a key, a symbol or a name")
    return asked, form


def kinds_of(request: Request, here: Context) -> tuple[str, ...]:
    """The kinds of lineage that are followed; none given are all. Raises Problem (`bad-request`)."""
    known = tuple(here.schema.codes("lineage"))
    given = [
        kind.strip() for value in request.query_params.getlist("kind") for kind in value.split(",") if kind.strip()
    ]
    for kind in given:
        if kind not in known:
            raise Problem("bad-request", f"kind: expected one of {', '.join(known)}, not {kind[:40]!r}")
    return tuple(sorted(set(given)))


class Lineages:
    """One per application."""

    def __init__(self, here: Context) -> None:
        self._here = here
        self._scribe: Scribe | None = None
        self._tag = lru_cache(maxsize=_TAGS)(self._tag_of)

    def at_once(self, asked: Wanted, form: Format) -> tuple[bytes, str] | None:
        """The answer and its entity tag, where it is kept or short; None where it takes a while. May be called on the
        event loop."""
        here = self._here
        backend = here.engine.backend
        edition = lineage_edition_of(backend)
        tag = self._tag(edition, asked, form)
        body = here.asking.cache.get(tag)
        if body is None:
            index = adjacency_of(backend)
            if form.name != "json" or index is None or not index.exists(asked.thing):
                return None
            body = self._written(backend, asked.thing, asked, _AT_ONCE)
            if body is None or edition != lineage_edition_of(backend):  # another release is served by now
                return None
            here.asking.cache.put(tag, body)
        return body, tag

    async def body(self, asked: Wanted, form: Format) -> tuple[bytes, str]:
        """The answer, kept where it may be, and its entity tag. Raises QueryError."""
        here = self._here
        release = here.engine.release
        tag = self._tag(lineage_edition_of(here.engine.backend), asked, form)
        found = here.asking.cache.get(tag)
        if found is None:
            found = await here.engine.call(lambda backend: self._found(backend, asked, form))
            if release != here.engine.release:  # switched on the way: whose answer this is, nobody can tell
                return found, etag(form.media_type, found)
            here.asking.cache.put(tag, found)
        return found, tag

    def _tag_of(self, edition: str, asked: Wanted, form: Format) -> str:
        """Made of all that decides the answer, so that the answer need not be read for it."""
        most = str(self._here.settings.max_lineage_nodes)
        return etag(edition, "lineage", asked.key, most, form.media_type, self._here.version)

    def lineage(self, backend: Backend, asked: Wanted) -> Lineage:
        """The answer, asked of a back end. Raises QueryError."""
        from queries.lineage import lineage
        from queries.resolve import resolve

        most, start = self._here.settings.max_lineage_nodes, resolve(backend, asked.thing).iri
        return lineage(backend, start, direction=asked.direction, kinds=asked.kinds, depth=asked.depth, limit=most)

    def _found(self, backend: Backend, asked: Wanted, form: Format) -> bytes:
        from queries.export import export
        from queries.resolve import resolve

        if form.name == "json":
            body = self._written(backend, resolve(backend, asked.thing).iri, asked, _ANY)
            if body is not None:
                return body
        return export(self.lineage(backend, asked), form.name).encode()

    def _written(self, backend: Backend, thing: str, asked: Wanted, most: int) -> bytes | None:
        """The JSON of an answer of at most so many statements, from the index; None where that does not give it."""
        index = adjacency_of(backend)
        if index is None:
            return None
        scribe = self._scribe
        if scribe is None or scribe.index is not index:  # another release is served by now
            from queries.scribe import Scribe

            scribe = self._scribe = Scribe(index)
        kinds, limit = cast("Sequence[str]", asked.kinds), self._here.settings.max_lineage_nodes
        return scribe.written(thing, direction=asked.direction, kinds=kinds, depth=asked.depth, limit=limit, most=most)
