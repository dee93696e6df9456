"""From a failure to a response: a problem document, or for a browser a page that says the same.

Every error of the packages below is named here once, by type and never by its text.
"""

from __future__ import annotations

import json
import logging
import traceback
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.context import context
from api.negotiation import Format, NotAcceptable, negotiate
from api.problems import PROBLEM_JSON, Problem, problem_for_status
from queries.errors import (
    AmbiguousThing,
    BackendError,
    ParameterError,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    UnknownFunction,
    UnknownThing,
    UnsupportedFormat,
)
from queries.federation.errors import RemoteFailed, RemoteTimeout
from queries.pool.errors import EngineCrashed, OutOfMemory, PoolFull, QueryCancelled, QueryTooLarge, WorkerDied

__all__ = ["masked", "problem_for", "problem_response"]

_LOG: Final = logging.getLogger("treatygraph")
_OFFERS: Final = (
    Format("problem", PROBLEM_JSON, ("application/json", "json")),
    Format("html", "text/html", ("application/xhtml+xml",), charset="utf-8"),
)


def problem_for(error: Exception) -> Problem:  # noqa: PLR0912 - a table, one line for each kind
    """The problem that a failure is, for the client. Unknown failures are masked."""
    match error:
        case Problem():
            return error
        case NotAcceptable():
            names = [offer.name for offer in error.offers]
            types = ", ".join(offer.media_type for offer in error.offers)
            return Problem("not-acceptable", f"on offer here: {types}", {"formats": names}, {"vary": "Accept"})
        case QuerySyntaxError():
            place = {"line": error.line, "column": error.column}
            known = {name: value for name, value in place.items() if value is not None}
            return Problem("query-syntax", error.message, known)
        case QueryRefused():
            return Problem("refused-feature", str(error), {"feature": error.feature})
        case UnknownThing():
            return Problem("not-found", str(error), {"suggestions": list(error.suggestions)})
        case AmbiguousThing():
            return Problem("ambiguous-name", str(error), {"candidates": list(error.candidates)})
        case ParameterError() | UnknownFunction():
            return Problem("bad-request", str(error))
        case UnsupportedFormat():
            return Problem("not-acceptable", str(error), headers={"vary": "Accept"})
        case QueryTooLarge():
            return Problem("too-large", str(error))
        case PoolFull():
            return Problem("busy", str(error), headers={"retry-after": str(error.retry_after_s)})
        case OutOfMemory():
            return Problem("out-of-memory", str(error))
        case QueryCancelled():
            return Problem("cancelled", str(error))
        case EngineCrashed():
            return Problem("unavailable", str(error))
        case WorkerDied():
            return Problem("unavailable", str(error), headers={"retry-after": "1"})
        case RemoteTimeout():
            return Problem("timeout", str(error))
        case RemoteFailed():
            return Problem("remote-failed", str(error))
        case QueryTimeout():
            return Problem("timeout", "the query was stopped because it took too long")
        case BackendError():
            return Problem("unavailable", "the store did not answer", headers={"retry-after": "5"})
        case HTTPException():
            return problem_for_status(error.status_code, str(error.detail), dict(error.headers or {}))
        case _:
            return Problem("internal", "the request could not be answered")


def problem_response(request: Request, problem: Problem) -> Response:
    """The response for a problem, as the client likes to read it."""
    document = problem.document(quote(request.url.path, safe="/~@:!$&'()*+,;=-._"))
    headers = {"vary": "Accept", "cache-control": "no-store", **problem.headers}
    try:
        chosen = negotiate(request.headers.get("accept"), _OFFERS)
    except NotAcceptable:
        # Better an answer in a form not asked for than an error about the error (RFC 9110, 15.5.7).
        chosen = _OFFERS[0]
    if chosen.name == "html":
        site = context(request).site if "app" in request.scope else None
        if site is not None:
            page = site.render(request, "problem.html", problem=problem, document=document, title=problem.kind.title)
            return Response(page, problem.status, headers, chosen.content_type)
    body = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return Response(body, problem.status, headers, PROBLEM_JSON)


def masked(request: Request, error: Exception) -> Response:
    """The response to a failure that nobody foresaw: the log gets the traceback, the client a plain sentence."""
    trace = "".join(traceback.format_exception(error))
    _LOG.error("%s %s failed: %s", request.method, request.url.path, trace)
    return problem_response(request, Problem("internal", "the request could not be answered"))
