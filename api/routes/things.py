"""Things: `/id/…` and the other parts of the name space, their pages (`/page/…`) and their data (`/data/…`).

An IRI of ours names a thing, not a document about it, so it is answered with 303 and the address of one
(https://www.w3.org/TR/cooluris/). Other spellings of a name lead to the IRI with 301.
"""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.context import Context, context
from api.facts import thing_facts
from api.findings import about
from api.links import AREAS, data_path, id_path, iri_of, is_iri_path, page_path
from api.negotiation import negotiate
from api.panel import run_panel
from api.picture import thing_picture
from api.problems import Problem
from api.responses import StreamResponse, etag, matches, respond
from api.serialise import rdf_stream
from ontology.keys import FOLDERS
from queries.backend import Backend
from queries.errors import AmbiguousThing, ParameterError, UnknownThing
from queries.resolve import resolve

__all__ = ["router"]

router: Final = APIRouter(tags=["Things"])


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


async def _redirect(request: Request, area: str, path: str) -> Response:
    iri = await _named(request, area, path)
    here = _root(request)
    query = f"?{request.url.query}" if request.url.query else ""
    if iri != iri_of(area, path):
        return Response(status_code=301, headers={"location": f"{here}{id_path(iri)}{query}"})
    chosen = negotiate(
        request.headers.get("accept"), (*formats.RDF, formats.HTML), wanted=request.query_params.get("format")
    )
    target = page_path(iri) if chosen.name == "html" else data_path(iri)
    return Response(status_code=303, headers={"location": f"{here}{target}{query}", "vary": "Accept"})


async def _named(request: Request, area: str, path: str) -> str:
    """The IRI that an address means.

    Raises:
        Problem: `bad-request` for what can be no IRI, `not-found` with suggestions, `ambiguous-name` with candidates.
    """
    if area not in AREAS or not is_iri_path(path):
        raise Problem(
            "bad-request", "not an address of a thing: control characters, brackets and quotes are not allowed"
        )
    return await context(request).engine.call(partial(_find, area=area, path=path))


def _find(backend: Backend, *, area: str, path: str) -> str:
    iri = iri_of(area, path)
    if " " not in path and run_panel(backend, "known", iri):
        return iri
    if area != "id":
        lower = iri_of(area, path.casefold())
        if " " not in path and run_panel(backend, "known", lower):
            return lower
        raise Problem("not-found", f"there is nothing at {area}/{path[:200]}")
    folder, _, rest = path.partition("/")
    if rest and run_panel(backend, "known", quoted := iri_of(area, quote(path.casefold(), safe="/~@:!$&'()*+,;=-._"))):
        return quoted
    try:
        if folder.casefold() in FOLDERS and rest:
            found = resolve(backend, rest).iri
            # `/id/doc/21MSP` is no spelling of a meeting.
            if found.startswith(iri_of("id", f"{folder.casefold()}/")):
                return found
            raise UnknownThing(path)
        return resolve(backend, path).iri
    except AmbiguousThing:
        raise
    except (UnknownThing, ParameterError) as error:
        near = list(getattr(error, "suggestions", ()))
        raise Problem("not-found", f"there is nothing at id/{path[:200]}", {"suggestions": near}) from None


@router.get("/page/{area}/{path:path}", summary="The page about a thing")
async def page(request: Request, area: str, path: str) -> Response:
    """Facts, each with its sources; parts; lineage; what points here."""
    iri = await _named(request, area, path)
    here = context(request)
    if iri != iri_of(area, path):
        return Response(status_code=301, headers={"location": f"{_root(request)}{page_path(iri)}"})
    chosen = negotiate(
        request.headers.get("accept"), (formats.HTML, *formats.RDF), wanted=request.query_params.get("format")
    )
    if chosen.name != "html":
        return await _data(request, here, iri)
    facts = await here.engine.call(partial(thing_facts, iri=iri))
    picture = await here.engine.call(partial(thing_picture, thing=facts.thing, root=_root(request)))
    findings = about(await here.findings(), iri)
    text = await here.site.page(
        request,
        "thing.html",
        title=facts.thing.label,
        facts=facts,
        picture=picture,
        findings=findings,
        data=data_path(iri),
        area=area,
    )
    return respond(request, text, formats.HTML, headers=_alternates(request, iri))


@router.get("/data/{area}/{path:path}", summary="The data about a thing")
async def data(request: Request, area: str, path: str) -> Response:
    """What is said of the thing, of its parts, and what points to it, in any format of RDF that the endpoint has."""
    iri = await _named(request, area, path)
    if iri != iri_of(area, path):
        return Response(status_code=301, headers={"location": f"{_root(request)}{data_path(iri)}"})
    return await _data(request, context(request), iri)


async def _data(request: Request, here: Context, iri: str) -> Response:
    form = negotiate(request.headers.get("accept"), formats.RDF, wanted=request.query_params.get("format"))
    tag = etag(here.engine.release, "data", iri, form.media_type)
    headers = {"etag": tag, **_alternates(request, iri)}
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={**headers, "vary": "Accept"})
    stream = await here.engine.stream(partial(rdf_stream, thing=iri, form=form))
    return StreamResponse(stream, form, headers)


def _alternates(request: Request, iri: str) -> dict[str, str]:
    """The `Link` header: the thing itself, its page, and its data in each format."""
    root = _root(request)
    links = [f'<{root}{id_path(iri)}>; rel="describes"', f'<{root}{page_path(iri)}>; rel="alternate"; type="text/html"']
    links += [f'<{root}{data_path(iri)}?format={f.name}>; rel="alternate"; type="{f.media_type}"' for f in formats.RDF]
    return {"link": ", ".join(links)}


def _area_route(area: str) -> None:
    async def redirect(request: Request, path: str) -> Response:
        return await _redirect(request, area, path)

    redirect.__doc__ = "303 to the page or to the data, by `Accept`; 301 for other spellings."
    shown = area in ("id", "code", "graph", "finding")
    router.add_api_route(
        f"/{area}/{{path:path}}",
        redirect,
        methods=["GET"],
        summary=f"An IRI under {area}/",
        name=f"redirect-{area}",
        include_in_schema=shown,
        status_code=303,
        response_class=Response,
    )


for _area in AREAS:
    _area_route(_area)
