"""`/coverage` and `/gaps`: how complete the record is, and what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.completeness import coverage_csv, gaps_csv
from api.context import Context, context
from api.lists import next_link, one_of, text_of, window
from api.negotiation import negotiate
from api.responses import json_bytes, respond
from ontology.namespaces import ID
from queries.completeness import Coverage, Gap, GapsOfKind, read_coverage, read_gaps
from queries.resolve import resolve
from queries.things import describe

__all__ = ["router"]

router: Final = APIRouter(tags=["Completeness"])

_OFFERS: Final = (formats.JSON, formats.CSV, formats.HTML)
_PARTS: Final = ("meetings", "resolutions", "participation")


@router.get("/coverage", summary="How complete the record is")
async def coverage(request: Request) -> Response:
    """Expected, present, sourced exactly, secondary and missing, by treaty: `treaty` (any spelling), `part`."""
    form = negotiate(request.headers.get("accept"), _OFFERS, wanted=request.query_params.get("format"))
    here = context(request)
    treaty, part = await _treaty(request, here), one_of(request, "part", _PARTS)
    every = await here.once(read_coverage)
    lines = [line for line in every if treaty in (None, line.treaty) and part in (None, line.part)]
    if form.name == "json":
        return respond(
            request, json_bytes({"coverage": [line.to_json() for line in lines], "release": here.engine.release}), form
        )
    if form.name == "csv":
        return respond(request, coverage_csv(lines), form)
    page = await here.site.page(
        request,
        "coverage.html",
        title="Coverage",
        lines=lines,
        parts=_PARTS,
        sums={name: {one: _sum(lines, name, one) for one in _PARTS} for name in _treaties(lines)},
        names=await _names(here, _treaties(every)),
        asked={"treaty": treaty, "part": part},
    )
    return respond(request, page, form)


@router.get("/gaps", summary="What the record lacks")
async def gaps(request: Request) -> Response:
    """The gaps by kind: `kind`, `treaty` (any spelling); pages with `limit` and `cursor`."""
    form = negotiate(request.headers.get("accept"), _OFFERS, wanted=request.query_params.get("format"))
    here = context(request)
    every = await here.once(read_gaps)
    treaty, kind = await _treaty(request, here), one_of(request, "kind", tuple(one.kind for one in every))
    start, limit = window(request, here.settings)
    fitting = [
        (one, gap) for one in every if kind in (None, one.kind) for gap in one.gaps if treaty in (None, gap.treaty)
    ]
    shown = fitting[start : start + limit]
    links = next_link(request, str(start + limit) if start + limit < len(fitting) else None)
    counts = [(one, sum(treaty in (None, gap.treaty) for gap in one.gaps)) for one in every]
    if form.name == "json":
        return respond(request, json_bytes(_gaps_json(shown, counts, len(fitting), here)), form, headers=links)
    groups = _grouped(shown)
    if form.name == "csv":
        return respond(request, gaps_csv(groups), form, headers=links)
    page = await here.site.page(
        request,
        "gaps.html",
        title="Gaps",
        groups=groups,
        counts=counts,
        total=len(fitting),
        names=await _names(here, sorted({gap.treaty for one in every for gap in one.gaps} - {""})),
        asked={"treaty": treaty, "kind": kind},
        following=links["link"].split(">")[0].removeprefix("<") if links else None,
    )
    return respond(request, page, form, headers=links)


async def _treaty(request: Request, here: Context) -> str | None:
    """The key of the treaty that is asked for; None for all."""
    text = text_of(request, "treaty")
    if text is None:
        return None
    thing = await here.engine.call(partial(resolve, text=text, cls="Treaty"))
    return thing.iri.removeprefix(f"{ID}treaty/")


async def _names(here: Context, treaties: Sequence[str]) -> dict[str, str]:
    """The names of treaties, by their keys, in the order of the names."""
    iris = {f"{ID}treaty/{key}": key for key in treaties}
    found = await here.engine.call(partial(describe, iris=sorted(iris)))
    return dict(sorted(((key, found[iri].label) for iri, key in iris.items()), key=lambda one: one[1].casefold()))


def _treaties(lines: Sequence[Coverage]) -> list[str]:
    return list(dict.fromkeys(line.treaty for line in lines))


def _sum(lines: Sequence[Coverage], treaty: str, part: str) -> dict[str, Any]:
    """The lines of one part of one treaty, added up; `until` is that of the only line of participation."""
    fitting = [line for line in lines if (line.treaty, line.part) == (treaty, part)]
    counted = ("things", "expected", "present", "exactly", "secondary", "undated", "missing")
    sums: dict[str, Any] = {name: sum(getattr(line, name) or 0 for line in fitting) for name in counted}
    return {**sums, "lines": fitting, "until": max((line.until for line in fitting), default="")}


def _grouped(shown: Sequence[tuple[GapsOfKind, Gap]]) -> list[GapsOfKind]:
    """The gaps of a page, by kind again."""
    return [
        GapsOfKind(one.kind, one.title, one.description, tuple(gap for other, gap in shown if other is one))
        for one in dict.fromkeys(kind for kind, _ in shown)
    ]


def _gaps_json(
    shown: Sequence[tuple[GapsOfKind, Gap]], counts: Sequence[tuple[GapsOfKind, int]], total: int, here: Context
) -> dict[str, Any]:
    return {
        "kinds": [{"kind": one.kind, "title": one.title, "total": number} for one, number in counts],
        "gaps": [{"kind": one.kind, **gap.to_json()} for one, gap in shown],
        "total": total,
        "release": here.engine.release,
    }
