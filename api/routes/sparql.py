"""`/sparql`: the SPARQL 1.1 Protocol for queries, its service description, and the editor for people.

Specification: https://www.w3.org/TR/sparql11-protocol/, section 2.1 (query operation).
"""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import description, formats
from api.bodies import content_type, form_fields, read_body, read_text, require_utf8
from api.context import Context, context
from api.errors import problem_for
from api.negotiation import negotiate
from api.problems import Problem
from api.protocol import QueryRequest, query_request
from api.replying import reply, reply_federated
from api.responses import respond
from api.table import result_table
from queries.errors import QueryError
from queries.federation.clauses import Federated
from queries.scanner import inspect

__all__ = ["router"]

router: Final = APIRouter(tags=["SPARQL"])

_FORM: Final = "application/x-www-form-urlencoded"
_DIRECT: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_STARTER: Final = "SELECT * WHERE { ?thing ?property ?value } LIMIT 20"


@router.get("/sparql", summary="SPARQL query by GET; without a query: service description or editor")
@router.get("/sparql/", include_in_schema=False)
async def sparql_get(request: Request) -> Response:
    """Answer a query given in the address, describe the service, or show the editor."""
    asked = query_request(list(request.query_params.multi_items()))
    if asked.text is None:
        return await _introduce(request, asked)
    return await _answer(request, asked)


@router.post("/sparql", summary="SPARQL query by POST, as a form or directly")
@router.post("/sparql/", include_in_schema=False)
async def sparql_post(request: Request) -> Response:
    """Answer a query given in the body."""
    media_type, parameters = content_type(request)
    if media_type == _UPDATE:
        raise Problem("refused-feature", "updates are refused by this service", {"feature": "update"})
    if media_type not in (_FORM, _DIRECT):
        accepted = {"accept-post": f"{_FORM}, {_DIRECT}"}
        raise Problem("unsupported-media-type", f"send the query as {_FORM} or as {_DIRECT}", headers=accepted)
    require_utf8(parameters.get("charset"))
    text = read_text(await read_body(request, context(request).settings.max_upload_bytes), None)
    # What stands in the address counts beside what stands in the body: a query in both is one query too many.
    fields = form_fields(text) if media_type == _FORM else [("query", text)]
    asked = query_request([*fields, *request.query_params.multi_items()])
    if asked.text is None:
        raise Problem("bad-request", "query: there is none")
    return await _answer(request, asked)


async def _introduce(request: Request, asked: QueryRequest) -> Response:
    chosen = negotiate(request.headers.get("accept"), (*formats.RDF, formats.HTML), wanted=asked.form)
    here = context(request)
    if chosen.name == "html":
        page = here.site.render(
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
    body = await here.engine.call(
        partial(description.service_description, address=address, form=chosen, federated=here.federating.on)
    )
    return respond(request, body, chosen)


async def _answer(request: Request, asked: QueryRequest) -> Response:
    here = context(request)
    text = asked.text or ""
    if len(text) > here.settings.max_query_chars:
        raise Problem("too-large", f"query: at most {here.settings.max_query_chars} characters are accepted")
    offers = formats.RDF if inspect(text).kind == "construct" else formats.ROWS
    form = negotiate(request.headers.get("accept"), (*offers, formats.HTML), wanted=asked.form)
    calls = await here.federating.read(text)
    if form.name == "html":
        return await _result_page(request, asked, calls)
    if calls is not None:
        return await reply_federated(request, asked, calls, form)
    # A release does not change, so its name, the query and the format decide the bytes.
    return await reply(request, asked, form)


async def _result_page(request: Request, asked: QueryRequest, calls: Federated | None) -> Response:
    here = context(request)
    problem = result = None
    query = asked.text
    try:
        if calls is not None:
            limit_s = asked.limit_s(here.settings.timeout_s)
            asked = await here.federating.expand(calls, asked, here.engine.backend, limit_s)
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
    page = here.site.render(
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
