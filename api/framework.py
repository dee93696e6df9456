"""The framework with all routes, for everything but the short ways. Importing it takes as long as all the rest."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.context import Context, context
from api.departure import LEFT
from api.errors import problem_for, problem_response
from api.negotiation import NotAcceptable
from api.problems import Problem
from api.routes import ROUTERS, allowed_methods, health
from queries.errors import QueryError

__all__ = ["make_framework"]

_DESCRIPTION = (
    "By what authority? The mandates of disarmament meetings and resolutions as a graph, down to the paragraph. "
    "Errors are problem documents (RFC 9457)."
)


def make_framework(here: Context) -> FastAPI:
    """All routes over one context."""
    app = FastAPI(
        title="Treatygraph",
        version=here.version,
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0"},
        # The ready-made documentation pages load scripts from other hosts; ours stand in docs/ and on the pages.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = here
    app.add_exception_handler(Exception, _pass_on)
    app.add_exception_handler(ClientDisconnect, _left)
    for kind in (Problem, NotAcceptable, QueryError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _problem)
    prompt = [] if here.prompt is None else [Depends(_current)]
    for router in ROUTERS:
        app.include_router(router, dependencies=prompt if router is not health.router else [])
    return app


async def _current(request: Request) -> None:
    """Before a request is answered, but for those that ask how the service is doing."""
    await context(request).current()


async def _problem(request: Request, error: Exception) -> Response:
    problem = Problem("bad-request", _first_complaint(error)) if _unread(error) else problem_for(error)
    if problem.status == 405:
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        problem.headers = {"allow": ", ".join(allowed_methods(path))}  # the framework names only those of one route
        problem.detail = f"allowed here: {problem.headers['allow']}"
    return problem_response(request, problem)


async def _left(_: Request, __: Exception) -> Response:
    return Response(status_code=LEFT)


async def _pass_on(_: Request, error: Exception) -> Response:
    """Failures that nobody foresaw are told by our surroundings, not by those of the framework."""
    raise error


def _unread(error: Exception) -> bool:
    return isinstance(error, RequestValidationError)


def _first_complaint(error: Any) -> str:
    first: dict[str, Any] = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return f"{where}: {first['msg']}"
