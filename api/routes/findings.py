"""`/findings`: where the paper trail contradicts itself."""

from __future__ import annotations

import asyncio
from functools import cache, partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.context import context
from api.findings import chosen, findings_csv
from api.lists import next_link, one_of, text_of, window
from api.negotiation import negotiate
from api.responses import json_bytes, respond
from queries.catalogue import Catalogue, StoredQuery
from queries.resolve import resolve
from queries.things import describe

__all__ = ["router"]

router: Final = APIRouter(tags=["Findings"])


@router.get("/findings", summary="Contradictions in the sources")
async def findings_route(request: Request) -> Response:
    """Filter by `rule`, `severity`, `state`, `document` (any spelling); page with `limit` and `cursor`."""
    offers = (formats.JSON, formats.CSV, formats.HTML)
    form = negotiate(request.headers.get("accept"), offers, wanted=request.query_params.get("format"))
    here = context(request)
    asked = {
        "rule": text_of(request, "rule"),
        "severity": one_of(request, "severity", tuple(here.schema.codes("severity"))),
        "state": one_of(request, "state", tuple(here.schema.codes("finding-state"))),
    }
    document = text_of(request, "document")
    start, limit = window(request, here.settings)
    iri = None if document is None else (await here.engine.call(partial(resolve, text=document))).iri
    every = await here.findings()
    fitting = chosen(every, **asked, document=iri)
    shown = fitting[start : start + limit]
    links = next_link(request, str(start + limit) if start + limit < len(fitting) else None)
    if form.name == "json":
        document_json = {
            "findings": [one.to_json() for one in shown],
            "total": len(fitting),
            "release": here.engine.release,
        }
        return respond(request, await asyncio.to_thread(json_bytes, document_json), form, headers=links)
    if form.name == "csv":
        return respond(request, await asyncio.to_thread(findings_csv, shown), form, headers=links)
    iris = {iri for one in shown for iri in (*one.about, *one.documents)}
    labels = await here.engine.call(partial(describe, iris=sorted(iris)))
    page = await here.site.page(
        request,
        "findings.html",
        title="Findings",
        findings=shown,
        total=len(fitting),
        every=len(every),
        asked={**asked, "document": document},
        rules=sorted({one.rule for one in every}),
        why=await asyncio.to_thread(_reasons),
        severities=sorted(here.schema.codes("severity")),
        states=sorted(here.schema.codes("finding-state")),
        labels={iri: thing.label for iri, thing in labels.items()},
        following=links["link"].split(">")[0].removeprefix("<") if links else None,
    )
    return respond(request, page, form, headers=links)


@cache
def _reasons() -> dict[str, StoredQuery]:
    """The checks by rule; to read them takes a tenth of a second."""
    return {check.rule: check for check in Catalogue.load("audit").values()}
