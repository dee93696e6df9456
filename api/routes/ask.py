"""`/ask`: the questions of the catalogue, with parameters, as JSON, CSV or a page."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.answers import Answer, answer_question, bound_text, described
from api.context import Context, context
from api.errors import problem_for
from api.negotiation import Format, negotiate
from api.problems import Problem
from api.responses import StreamResponse, json_bytes, respond
from queries.backend import Backend
from queries.catalogue import StoredQuery
from queries.errors import QueryError
from queries.streams import ByteStream

__all__ = ["router"]

router: Final = APIRouter(tags=["Questions"])

_LIST: Final = (formats.JSON, formats.HTML)
_RESULTS: Final = Format("sparql-json", "application/sparql-results+json", ("srj",))
_QUERY: Final = Format("query", "application/sparql-query", ("rq", "sparql"), charset="utf-8")
_OFFERS: Final = (formats.JSON, formats.CSV, formats.TSV, formats.HTML, _RESULTS, _QUERY)


@router.get("/ask", summary="The questions")
async def questions(request: Request) -> Response:
    """Every question of the catalogue with its parameters."""
    form = negotiate(request.headers.get("accept"), _LIST, wanted=request.query_params.get("format"))
    here = context(request)
    if form.name == "json":
        return respond(request, json_bytes({"questions": [described(one) for one in here.questions.values()]}), form)
    page = here.site.render(request, "questions.html", title="Questions", questions=list(here.questions.values()))
    return respond(request, page, form)


@router.get("/ask/{question}", summary="Ask a question")
async def ask(request: Request, question: str) -> Response:
    """The rows, and the query that gave them. Parameters of the question are parameters of the address."""
    here = context(request)
    stored = here.questions.get(question)
    if stored is None:
        raise Problem("not-found", f"there is no question {question[:100]!r}; /ask lists them")
    form = negotiate(request.headers.get("accept"), _OFFERS, wanted=request.query_params.get("format"))
    given = _given(request, stored)
    if form.name == "html":
        return await _page(request, here, stored, given)
    if form.name == "query":
        return respond(request, await here.engine.call(partial(bound_text, question=stored, given=given)), form)
    if form.name == "json":
        return respond(request, json_bytes(await _document(here, stored, given)), form)
    stream = await here.engine.stream(
        partial(_stream, question=stored, given=given, form=form, timeout_s=here.settings.timeout_s)
    )
    return StreamResponse(stream, form, {})


def _given(request: Request, question: StoredQuery) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name == "format":
            continue
        if name not in question.parameters:
            known = ", ".join(question.parameters) or "none"
            raise Problem("bad-request", f"{name[:100]}: not a parameter of {question.name}; it has {known}")
        if name in given:
            raise Problem("bad-request", f"{name}: given twice")
        given[name] = value
    return given


def _stream(
    backend: Backend, *, question: StoredQuery, given: dict[str, str], form: Format, timeout_s: float
) -> tuple[Format, ByteStream]:
    return form, backend.query(bound_text(backend, question, given), timeout_s=timeout_s).serialize(form.media_type)


async def _document(here: Context, question: StoredQuery, given: dict[str, str]) -> dict[str, Any]:
    answer = await here.engine.call(
        partial(answer_question, question=question, given=given, most=None, timeout_s=here.settings.timeout_s)
    )
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.values]
    result: dict[str, Any] = {"rows": rows} if answer.boolean is None else {"answer": answer.boolean}
    return {**described(question), "given": given, "release": here.engine.release, "query": answer.text, **result}


async def _page(request: Request, here: Context, question: StoredQuery, given: dict[str, str]) -> Response:
    # A question that is opened without parameters shows the answer for its example.
    example = not given and bool(question.parameters)
    values = question.example() if example else given
    answer: Answer | None = None
    problem: Problem | None = None
    try:
        answer = await here.engine.call(
            partial(
                answer_question,
                question=question,
                given=values,
                most=here.settings.max_table_rows,
                timeout_s=here.settings.timeout_s,
            )
        )
    except QueryError as error:
        problem = problem_for(error)
    page = here.site.render(
        request,
        "question.html",
        title=question.title,
        question=question,
        given=values,
        example=example,
        answer=answer,
        problem=problem,
    )
    return respond(request, page, formats.HTML, status=problem.status if problem else 200)
