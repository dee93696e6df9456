"""`/lineage` and `/lineage/path`: what a thing rests on, and how two things hang together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.context import Context, context
from api.lineages import OFFERS, Wanted, kinds_of, wanted
from api.lists import positive, text_of
from api.negotiation import Format, negotiate
from api.picture import Picture, draw
from api.problems import Problem
from api.responses import etag, respond
from queries.backend import Backend, lineage_edition_of
from queries.export import export
from queries.lineage import Lineage
from queries.paths import HOPS, Paths, path
from queries.resolve import resolve

__all__ = ["router"]

router: Final = APIRouter(tags=["Lineage"])

#: A drawing of more things than this is a tangle; the list says the same.
_DRAWN: Final = 120


@router.get("/lineage", summary="On what a thing rests, or what rests on it")
async def lineage_route(request: Request) -> Response:
    """Nodes and edges; each edge with its relation, a sentence, the source documents and the passage."""
    here = context(request)
    fields, form = wanted(request, here)
    if fields["thing"] is None:
        return await _page(request, here, fields, None)
    asked = Wanted(**fields)
    if form.name != "html":
        body, tag = await here.lineages.body(asked, form)
        return respond(request, body, form, tag=tag)
    return await _page(request, here, fields, await here.engine.call(lambda b: here.lineages.lineage(b, asked)))


@router.get("/lineage/path", summary="The shortest chains between two things")
async def path_route(request: Request) -> Response:
    """The chains, every hop explained; `from` and `to` are IRIs, keys or names."""
    form = _form(request)
    here = context(request)
    asked: dict[str, Any] = {
        "start": text_of(request, "from"),
        "end": text_of(request, "to"),
        "kinds": kinds_of(request, here),
        "hops": positive(request, "hops", HOPS, here.settings.max_lineage_depth),
    }
    if asked["start"] is None or asked["end"] is None:
        if form.name != "html":
            raise Problem("bad-request", f"{'from' if asked['start'] is None else 'to'}: missing")
        return await _path_page(request, here, asked, None)
    find = partial(_path, **asked)
    if form.name != "html":
        return await _written(request, here, find, form, asked)
    return await _path_page(request, here, asked, await here.engine.call(find))


def _path(backend: Backend, *, start: str, end: str, kinds: Sequence[str], hops: int) -> Paths:
    return path(backend, resolve(backend, start).iri, resolve(backend, end).iri, kinds=kinds, hops=hops)


def _form(request: Request) -> Format:
    return negotiate(request.headers.get("accept"), OFFERS, wanted=request.query_params.get("format"))


async def _written(
    request: Request, here: Context, find: Callable[[Backend], Lineage], form: Format, asked: dict[str, Any]
) -> Response:
    """The answer in a format for programs; kept, since nothing but the release and the question decides it."""
    release = here.engine.release
    tag = etag(lineage_edition_of(here.engine.backend), "path", json.dumps(asked), form.name)
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
    text = await here.site.page(
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
    text = await here.site.page(
        request,
        "path.html",
        title="Path between two things",
        asked=asked,
        answer=answer,
        picture=None if answer is None else await _picture(request, here, answer),
        names={node.iri: node for node in answer.nodes} if answer else {},
    )
    return respond(request, text, formats.HTML)
