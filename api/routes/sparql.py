"""`/sparql` for people: the editor, and results as pages; and the service description.

What programs ask is answered before it comes here (`api.direct`).
"""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import description, formats
from api.context import Context, context
from api.direct import asked_of
from api.errors import problem_for
from api.holding import held
from api.negotiation import negotiate
from api.protocol import QueryRequest
from api.responses import respond
from api.table import result_table
from queries.errors import QueryError
from queries.scanner import inspect

__all__ = ["router"]

router: Final = APIRouter(tags=["SPARQL"])

_STARTER: Final = "SELECT * WHERE { ?thing ?property ?value } LIMIT 20"


@router.get("/sparql", summary="SPARQL query by GET; without a query: service description or editor")
@router.get("/sparql/", include_in_schema=False)
async def sparql_get(request: Request) -> Response:
    """Describe the service, show the editor, or the result of a query given in the address as a page."""
    asked = asked_of(request)
    return await (_introduce(request, asked) if asked.text is None else _result_page(request, asked))


@router.post("/sparql", summary="SPARQL query by POST, as a form or directly")
@router.post("/sparql/", include_in_schema=False)
async def sparql_post(request: Request) -> Response:
    """Show the result of a query given in the body."""
    return await _result_page(request, asked_of(request))


async def _introduce(request: Request, asked: QueryRequest) -> Response:
    chosen = negotiate(request.headers.get("accept"), (*formats.RDF, formats.HTML), wanted=asked.form)
    here = context(request)
    if chosen.name == "html":
        page = await here.site.page(
            request,
            "sparql.html",
            title="SPARQL",
            query="",
            starter=_STARTER,
            result=None,
            graph=False,
            questions=_examples(here),
            problem=None,
        )
        return respond(request, page, chosen)
    address = str(request.url.replace(query="", fragment=""))
    counted = await here.once(held)
    body = await here.kept(
        f"service {address} {chosen.media_type}",
        lambda _: description.service_description(counted, address=address, form=chosen, federated=here.federating.on),
    )
    return respond(request, body, chosen)


async def _result_page(request: Request, asked: QueryRequest) -> Response:
    here = context(request)
    problem = result = None
    query = asked.text
    try:
        asked = await here.federating.ready(asked, here.engine.backend)
        result = await here.engine.call(
            partial(
                result_table,
                asked=asked,
                rows=here.settings.max_table_rows,
                timeout_s=asked.limit_s(here.settings.timeout_s),
            )
        )
    except QueryError as error:
        problem = problem_for(error)
    page = await here.site.page(
        request,
        "sparql.html",
        title="SPARQL",
        query=query,
        starter="",
        result=result,
        graph=inspect(query or "").kind == "construct",
        questions=_examples(here),
        problem=problem,
    )
    return respond(request, page, formats.HTML, status=problem.status if problem else 200)


def _examples(here: Context) -> list[tuple[str, str, str]]:
    """Name, title and text of the stored questions, as the editor offers them."""
    return [(question.name, question.title, question.text) for question in here.questions.values()]
