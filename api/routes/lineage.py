"""`/lineage` and `/lineage/path`: what a thing rests on, and how two things hang together."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.context import Context, context
from api.lists import one_of, positive, text_of
from api.negotiation import Format, negotiate
from api.picture import Picture, draw
from api.problems import Problem
from api.responses import etag, respond
from queries.backend import Backend
from queries.export import export
from queries.lineage import Lineage, lineage
from queries.paths import HOPS, Paths, path
from queries.resolve import resolve

__all__ = ["router"]

router: Final = APIRouter(tags=["Lineage"])

_TEXT: Final = Format("text", "text/plain", ("txt",), charset="utf-8")
_OFFERS: Final = (
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
#: A drawing of more things than this is a tangle; the list says the same.
_DRAWN: Final = 120


@router.get("/lineage", summary="On what a thing rests, or what rests on it")
async def lineage_route(request: Request) -> Response:
    """Nodes and edges; each edge with its relation, a sentence, the source documents and the passage."""
    form = _form(request)
    here = context(request)
    asked: dict[str, Any] = {
        "thing": text_of(request, "thing"),
        "direction": one_of(request, "direction", _DIRECTIONS, "up"),
        "kinds": _kinds(request, here),
        "depth": positive(request, "depth", here.settings.lineage_depth, here.settings.max_lineage_depth),
    }
    if asked["thing"] is None:
        if form.name != "html":
            raise Problem("bad-request", "thing: missing; give an IRI, a key, a symbol or a name")
        return await _page(request, here, asked, None)
    find = partial(_lineage, **asked, limit=here.settings.max_lineage_nodes)
    if form.name != "html":
        return await _written(request, here, find, form, ("lineage", asked))
    return await _page(request, here, asked, await here.engine.call(find))


@router.get("/lineage/path", summary="The shortest chains between two things")
async def path_route(request: Request) -> Response:
    """The chains, every hop explained; `from` and `to` are IRIs, keys or names."""
    form = _form(request)
    here = context(request)
    asked: dict[str, Any] = {
        "start": text_of(request, "from"),
        "end": text_of(request, "to"),
        "kinds": _kinds(request, here),
        "hops": positive(request, "hops", HOPS, here.settings.max_lineage_depth),
    }
    if asked["start"] is None or asked["end"] is None:
        if form.name != "html":
            raise Problem("bad-request", f"{'from' if asked['start'] is None else 'to'}: missing")
        return await _path_page(request, here, asked, None)
    find = partial(_path, **asked)
    if form.name != "html":
        return await _written(request, here, find, form, ("path", asked))
    return await _path_page(request, here, asked, await here.engine.call(find))


def _lineage(backend: Backend, *, thing: str, direction: Any, kinds: list[str], depth: int, limit: int) -> Lineage:
    start = resolve(backend, thing).iri
    return lineage(backend, start, direction=direction, kinds=kinds, depth=depth, limit=limit)


def _path(backend: Backend, *, start: str, end: str, kinds: list[str], hops: int) -> Paths:
    return path(backend, resolve(backend, start).iri, resolve(backend, end).iri, kinds=kinds, hops=hops)


def _form(request: Request) -> Format:
    return negotiate(request.headers.get("accept"), _OFFERS, wanted=request.query_params.get("format"))


def _kinds(request: Request, here: Context) -> list[str]:
    known = tuple(here.schema.codes("lineage"))
    given = [
        kind.strip() for value in request.query_params.getlist("kind") for kind in value.split(",") if kind.strip()
    ]
    for kind in given:
        if kind not in known:
            raise Problem("bad-request", f"kind: expected one of {', '.join(known)}, not {kind[:40]!r}")
    return sorted(set(given))


async def _written(
    request: Request, here: Context, find: Callable[[Backend], Lineage], form: Format, key: tuple[str, dict[str, Any]]
) -> Response:
    """The answer in a format for programs; kept, since nothing but the release and the question decides it."""
    release = here.engine.release
    tag = etag(release, key[0], json.dumps(key[1]), form.name)
    body = here.asking.cache.get(tag)
    if body is None:
        body = await here.engine.call(lambda backend: _bytes(find(backend), form.name))
        if release == here.engine.release:
            here.asking.cache.put(tag, body)
    return respond(request, body, form)


def _bytes(answer: Lineage, form: str) -> bytes:
    return export(answer, form).encode()


async def _picture(request: Request, here: Context, answer: Lineage) -> Picture:
    root = str(request.scope.get("root_path", "")).rstrip("/")
    return await here.engine.call(lambda backend: draw(answer, most=_DRAWN, root=root).named(backend))


async def _page(request: Request, here: Context, asked: dict[str, Any], answer: Lineage | None) -> Response:
    label = None if answer is None else next(node.label for node in answer.nodes if node.iri == answer.thing)
    text = here.site.render(
        request,
        "lineage.html",
        title=f"Lineage of {label}" if label else "Lineage",
        label=label,
        asked=asked,
        kinds=sorted(here.schema.codes("lineage")),
        answer=answer,
        picture=None if answer is None else await _picture(request, here, answer),
        names={node.iri: node for node in answer.nodes} if answer else {},
        problem=None,
    )
    return respond(request, text, formats.HTML)


async def _path_page(request: Request, here: Context, asked: dict[str, Any], answer: Paths | None) -> Response:
    text = here.site.render(
        request,
        "path.html",
        title="Path between two things",
        asked=asked,
        answer=answer,
        picture=None if answer is None else await _picture(request, here, answer),
        names={node.iri: node for node in answer.nodes} if answer else {},
    )
    return respond(request, text, formats.HTML)
