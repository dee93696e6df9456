"""The HTTP application: routes, errors and surroundings put together. Nothing is built at import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors
from api.asking import Asking
from api.cache import AnswerCache
from api.compression import Compression
from api.context import Context, context
from api.direct import Direct
from api.engine import Engine
from api.express import Express
from api.federating import Federating
from api.metrics import Metrics
from api.middleware import Surroundings
from api.rate import RateLimit
from api.routes import ROUTERS, allowed_methods, health
from api.settings import Settings
from api.site import Site
from api.switching import watch_release
from loaders.errors import BuildError
from loaders.release import ReleaseInfo, open_release
from loaders.software import software_version
from queries.backend import Backend
from queries.following import Prompt

__all__ = ["Application", "create_app"]

#: A page asks several small queries one after the other; the time between them is not spent in a worker process.
_THREADS_FOR_EACH: Final = 4
_DESCRIPTION: Final = (
    "By what authority? The mandates of disarmament meetings and resolutions as a graph, down to the paragraph. "
    "Errors are problem documents (RFC 9457)."
)


def create_app(settings: Settings, backend: Backend) -> Application:
    """Make the application.

    Args:
        settings: limits and defaults; see `api.settings`.
        backend: the graph that is served; the caller closes it.
    """
    software = software_version()
    metrics = Metrics(backend.release, software)
    engine = Engine(backend, workers=_THREADS_FOR_EACH * settings.workers)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        watch = asyncio.ensure_future(watch_release(app.state.context, settings.watch_s)) if settings.watch_s else None
        yield
        if watch is not None:
            watch.cancel()

    app = Application(
        lifespan=lifespan,
        title="Treatygraph",
        version=software,
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0"},
        # The ready-made documentation pages load scripts from other hosts; ours stand in docs/ and on the pages.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = Context(
        settings=settings,
        engine=engine,
        asking=Asking(engine, AnswerCache(settings.cache_mb << 20), metrics),
        federating=Federating(settings, metrics),
        metrics=metrics,
        site=Site(release=backend.release, version=software),
        version=software,
        folder=_folder(settings, backend),
    )
    app.add_exception_handler(Exception, _pass_on)
    errors.install(app, allowed_methods)
    prompt = [Depends(_current)] if isinstance(backend, Prompt) else []
    for router in ROUTERS:
        app.include_router(router, dependencies=prompt if router is not health.router else [])
    rate = RateLimit(settings.rate_per_minute) if settings.rate_per_minute else None
    direct = Direct(app.framework, lambda: app.state.context, settings.root_path)
    app.express = Express(lambda: app.state.context, direct.read, rate)
    way: ASGIApp = direct
    if settings.compress:
        way = Compression(way)
    app.way = Surroundings(way, settings=settings, metrics=metrics, rate=rate)
    return app


class Application(FastAPI):
    """The framework with our ways around it, where nothing of the framework stands before them."""

    way: ASGIApp
    express: Express

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.way(scope, receive, send)

    async def framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The routes."""
        await super().__call__(scope, receive, send)


async def _current(request: Request) -> None:
    """Before a request is answered, but for those that ask how the service is doing."""
    await context(request).current()


async def _pass_on(_: Request, error: Exception) -> Response:
    """Failures that nobody foresaw are told by our surroundings, not by those of the framework."""
    raise error


def _folder(settings: Settings, backend: Backend) -> ReleaseInfo | None:
    """The directory of the release that the back end serves, found once: `current` may be swapped meanwhile."""
    if settings.store:
        return None
    try:
        found = open_release(settings.release)
    except BuildError:
        return None
    return found if found.id == backend.release else None
