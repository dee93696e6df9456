"""`/facts` and `/evidence`: who says so, and where, for programs that quote."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.bodies import content_type, read_body, read_text
from api.context import context
from api.evidence import ABOUT, COLUMNS, ROWS, evidence_of_rows
from api.factsheet import fact_sheet
from api.lists import text_of
from api.negotiation import negotiate
from api.problems import Problem
from api.responses import json_bytes, respond
from api.terms import Term, from_json
from queries.backend import Backend

__all__ = ["router"]

router: Final = APIRouter(tags=["Evidence"])

_MAX_BYTES: Final = 1_000_000


@router.get("/facts", summary="The facts about a thing, each with its sources")
async def facts(request: Request) -> Response:
    """`thing` by IRI, key, symbol or name. JSON."""
    form = negotiate(request.headers.get("accept"), (formats.JSON,), wanted=request.query_params.get("format"))
    thing = text_of(request, "thing")
    if thing is None:
        raise Problem("bad-request", "thing: missing; give an IRI, a key, a symbol or a name")
    return respond(request, json_bytes(await context(request).engine.call(partial(fact_sheet, thing=thing))), form)


@router.post("/evidence", summary="The statements and sources behind rows of an answer")
async def evidence(request: Request) -> Response:
    """Rows of terms in, for each row the statements that join them, with their sources. Nothing is stored."""
    form = negotiate(request.headers.get("accept"), (formats.JSON,), wanted=request.query_params.get("format"))
    if content_type(request)[0] != "application/json":
        raise Problem("unsupported-media-type", "send the rows as application/json")
    rows, about = _asked(read_text(await read_body(request, _MAX_BYTES), None))
    return respond(
        request, json_bytes(await context(request).engine.call(partial(_told, rows=rows, about=about))), form
    )


def _told(backend: Backend, *, rows: list[list[Term | None]], about: list[str]) -> dict[str, Any]:
    release = backend.release
    found = evidence_of_rows(backend, rows, about)
    return {"release": release, "evidence": [[one.to_json() for one in statements] for statements in found]}


def _asked(text: str) -> tuple[list[list[Term | None]], list[str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Problem("malformed-data", "the body is not JSON") from None
    rows = document.get("rows") if isinstance(document, dict) else None
    about = document.get("about", []) if isinstance(document, dict) else None
    if not isinstance(rows, list) or len(rows) > ROWS:
        raise Problem("bad-request", f"rows: expected a list of at most {ROWS} rows")
    if any(not isinstance(row, list) or len(row) > COLUMNS for row in rows):
        raise Problem("bad-request", f"rows: each is a list of at most {COLUMNS} terms or null")
    if not isinstance(about, list) or len(about) > ABOUT or not all(isinstance(one, str) for one in about):
        raise Problem("bad-request", f"about: expected a list of at most {ABOUT} IRIs")
    return [[from_json(term, f"rows: row {at + 1}") for term in row] for at, row in enumerate(rows)], about
