"""`/validate`: RDF or a table in, what is wrong in it out, each mistake with its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from api import formats
from api.bodies import content_type, form_fields, read_body, read_text
from api.context import Context, context
from api.negotiation import negotiate
from api.problems import Problem
from api.responses import respond
from loaders.diagnose import Diagnosis, Malformed, TooLarge, UnknownKind
from loaders.reports import REPORTS, summary
from loaders.validate import validate_bytes

__all__ = ["router"]

router: Final = APIRouter(tags=["Validation"])

T = TypeVar("T")

_OFFERS: Final = (formats.JSON, formats.TURTLE, formats.SARIF, formats.HTML)
#: What people may choose in the form, and what the end of a file name says.
_KINDS: Final = {
    "text/turtle": ".ttl",
    "application/trig": ".trig",
    "application/n-triples": ".nt",
    "application/n-quads": ".nq",
    "application/ld+json": ".jsonld",
    "text/csv": ".csv",
}
#: Checks that run at the same time: each keeps a processor busy.
_AT_ONCE: Final = 2


@dataclass(frozen=True)
class _Upload:
    data: bytes
    media_type: str
    name: str
    typed: bool = False


@router.get("/validate", summary="The form for checking data")
async def form_page(request: Request) -> Response:
    """A page with a form; the check itself is a POST."""
    negotiate(request.headers.get("accept"), (formats.HTML,), wanted=request.query_params.get("format"))
    return respond(request, _page(request, _Upload(b"", "text/turtle", ""), None, None), formats.HTML)


@router.post("/validate", summary="Check data against the ontology and the shapes")
async def validate_route(request: Request) -> Response:
    """Send the data as the body with its media type, or by the form. Nothing is fetched."""
    form = negotiate(request.headers.get("accept"), _OFFERS, wanted=request.query_params.get("format"))
    upload = await _upload(request, context(request))
    try:
        found = await _check(context(request), upload)
    except Malformed as error:
        problem = _problem(error)
        if form.name != "html":
            raise problem from None
        page = await _aside(_page, request, upload, None, problem)
        return respond(request, page, form, status=problem.status)
    if form.name == "html":
        return respond(request, await _aside(_page, request, upload, found, None), form)
    return respond(request, await _aside(REPORTS[form.name], found), form)


async def _aside(work: Callable[..., T], *given: Any) -> T:
    """Reports and pages of large uploads would hold up the event loop."""
    return await anyio.to_thread.run_sync(work, *given)


async def _check(here: Context, upload: _Upload) -> list[Diagnosis]:
    work = partial(
        validate_bytes,
        upload.data,
        upload.media_type,
        upload.name,
        limit=here.settings.max_upload_bytes,
        tables=here.tables,
    )
    return await anyio.to_thread.run_sync(work, limiter=here.validating(_AT_ONCE))


def _problem(error: Malformed) -> Problem:
    match error:
        case TooLarge():
            name = "too-large"
        case UnknownKind():
            name = "unsupported-media-type"
        case _:
            name = "malformed-data"
    place = {"line": error.line, "column": error.column}
    return Problem(name, f"{error.expected} {error.mend}".strip(), place if name == "malformed-data" else {})


async def _upload(request: Request, here: Context) -> _Upload:
    media_type, parameters = content_type(request)
    if media_type == "multipart/form-data":
        return await _from_multipart(request, here)
    body = await read_body(request, here.settings.max_upload_bytes)
    if media_type == "application/x-www-form-urlencoded":
        fields = dict(form_fields(read_text(body, parameters.get("charset"))))
        return _typed(fields.get("data", ""), fields.get("kind", "text/turtle"))
    if not media_type:
        raise Problem("unsupported-media-type", f"name the media type of the data: {', '.join(_KINDS)}")
    charset = parameters.get("charset", "utf-8").casefold()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        body = read_text(body, charset).encode()
    return _Upload(body, media_type, f"upload{_KINDS.get(media_type, '')}")


async def _from_multipart(request: Request, here: Context) -> _Upload:
    body = await read_body(request, here.settings.max_upload_bytes)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        most = here.settings.max_upload_bytes
        async with Request(request.scope, replay).form(max_files=2, max_fields=20, max_part_size=most) as form:
            kind, text, file = form.get("kind"), form.get("data"), form.get("file")
            kind = kind if isinstance(kind, str) else "text/turtle"
            if isinstance(file, UploadFile) and file.filename:
                return _Upload(await file.read(), _by_name(file.filename, kind), _plain(file.filename))
            return _typed(text if isinstance(text, str) else "", kind)
    except HTTPException as error:
        raise Problem("bad-request", f"the form cannot be read: {error.detail}") from None


def _typed(text: str, kind: str) -> _Upload:
    return _Upload(text.encode("utf-8", "replace"), kind, f"text{_KINDS.get(kind, '')}", typed=True)


def _by_name(name: str, chosen: str) -> str:
    return next((kind for kind, ending in _KINDS.items() if name.casefold().endswith(ending)), chosen)


def _plain(name: str) -> str:
    """The last part of a file name, without what does not belong into a report."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:100] or "upload"


def _page(request: Request, upload: _Upload, found: Sequence[Diagnosis] | None, problem: Problem | None) -> str:
    here = context(request)
    text = upload.data.decode("utf-8", "replace") if upload.typed else ""
    return here.site.render(
        request,
        "validate.html",
        title="Validate",
        text=text,
        lines=upload.data.decode("utf-8", "replace").splitlines(),
        kinds=list(_KINDS),
        kind=upload.media_type,
        name=upload.name,
        found=found,
        summary=None if found is None else summary(found),
        problem=problem,
    )
