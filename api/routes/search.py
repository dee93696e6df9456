"""`/search`: things by any spelling of a name or symbol."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.context import context
from api.lists import next_link, positive, text_of
from api.negotiation import negotiate
from api.problems import Problem
from api.responses import json_bytes, respond
from queries.search import Page, search

__all__ = ["router"]

router: Final = APIRouter(tags=["Things"])

_MOST: Final = 100


@router.get("/search", summary="Find things by name or symbol")
async def search_route(request: Request) -> Response:
    """Ranked: the thing that is meant exactly, then names that begin so, then names with all the words."""
    form = negotiate(
        request.headers.get("accept"), (formats.JSON, formats.HTML), wanted=request.query_params.get("format")
    )
    here = context(request)
    q = text_of(request, "q")
    limit = positive(request, "limit", 20, _MOST)
    cursor = text_of(request, "cursor")
    if q is None and form.name == "json":
        raise Problem("bad-request", "q: missing; give the beginning of a name or a symbol")
    found = Page((), 0, None) if q is None else await here.engine.call(partial(search, q=q, limit=limit, cursor=cursor))
    links = next_link(request, found.cursor)
    if form.name == "json":
        return respond(request, json_bytes({"query": q, **found.to_json()}), form, headers=links)
    page = await here.site.page(
        request,
        "search.html",
        title=f"Search: {q}" if q else "Search",
        q=q or "",
        found=found,
        following=_following(links),
    )
    return respond(request, page, form, headers=links)


def _following(links: dict[str, str]) -> str | None:
    return links["link"].split(">")[0].removeprefix("<") if links else None
