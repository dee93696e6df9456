"""The HTTP application: short ways, surroundings, and the framework, which is loaded while the first queries run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api.asking import Asking
from api.cache import AnswerCache
from api.compression import Compression
from api.context import Context
from api.direct import Direct
from api.engine import Engine
from api.express import Express
from api.federating import Federating
from api.metrics import Metrics
from api.middleware import Surroundings
from api.settings import Settings
from api.site import Site
from api.switching import watch_release
from loaders.errors import BuildError
from loaders.release import ReleaseInfo, open_release
from loaders.software import software_version
from queries.backend import Backend

if TYPE_CHECKING:
    from api.rate import RateLimit

__all__ = ["Application", "create_app"]

_LOG: Final = logging.getLogger("treatygraph")
#: A page asks several small queries one after the other; the time between them is not spent in a worker process.
_THREADS_FOR_EACH: Final = 4


def create_app(settings: Settings, backend: Backend) -> Application:
    """Make the application.

    Args:
        settings: limits and defaults; see `api.settings`.
        backend: the graph that is served; the caller closes it.
    """
    software = software_version()
    metrics = Metrics(backend.release, software)
    engine = Engine(backend, workers=_THREADS_FOR_EACH * settings.workers)
    return Application(
        Context(
            settings=settings,
            engine=engine,
            asking=Asking(engine, AnswerCache(settings.cache_mb << 20), metrics),
            federating=Federating(settings, metrics),
            metrics=metrics,
            site=Site(release=backend.release, version=software),
            version=software,
            folder=_folder(settings, backend),
        )
    )


class Application:
    """An ASGI application. Queries are answered from the first moment on; what needs the framework waits for it."""

    def __init__(self, here: Context) -> None:
        settings = here.settings
        rate = _rate(settings)
        direct = Direct(self.framework, lambda: here, settings.root_path)
        way: ASGIApp = Compression(direct) if settings.compress else direct
        self._way = Surroundings(way, settings=settings, metrics=here.metrics, rate=rate, methods=self.methods)
        self._life = Router(lifespan=self._lifespan)
        self._loading: Future[ASGIApp] | None = None
        #: As frameworks have it: what a request finds of its application.
        self.state = SimpleNamespace(context=here)
        #: The way past all of this, for a server that can go it.
        self.express = Express(lambda: here, direct.read, direct.read_text, rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, by ASGI."""
        scope["app"] = self
        await (self._life if scope["type"] == "lifespan" else self._way)(scope, receive, send)

    async def framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The routes."""
        await (await self._loaded())(scope, receive, send)

    async def methods(self, path: str) -> list[str]:
        """The methods that a path answers to."""
        await self._loaded()
        from api.routes import allowed_methods

        return allowed_methods(path)

    async def _loaded(self) -> ASGIApp:
        loading = self.load()
        return loading.result() if loading.done() else await asyncio.shield(asyncio.wrap_future(loading))

    def load(self) -> Future[ASGIApp]:
        """Begin to load the framework, in a thread; what it comes to."""
        if self._loading is None:
            thread = ThreadPoolExecutor(1, "framework")
            self._loading = thread.submit(self._load)
            thread.shutdown(wait=False)
        return self._loading

    def _load(self) -> ASGIApp:
        try:
            from api.framework import make_framework

            framework = make_framework(self.state.context)
            self.state.context.schema.codes("lineage")  # read once, and not on the event loop
            self.express.lineage_ready = True
            return framework
        except BaseException:
            _LOG.exception("the routes cannot be loaded")
            raise

    @asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[None]:
        self.load()
        here: Context = self.state.context
        watch = asyncio.ensure_future(watch_release(here, here.settings.watch_s)) if here.settings.watch_s else None
        yield
        if watch is not None:
            watch.cancel()


def _rate(settings: Settings) -> RateLimit | None:
    if not settings.rate_per_minute:
        return None
    from api.rate import RateLimit  # few set one, and its library takes a while

    return RateLimit(settings.rate_per_minute)


def _folder(settings: Settings, backend: Backend) -> ReleaseInfo | None:
    """The directory of the release that the back end serves, found once: `current` may be swapped meanwhile."""
    if settings.store:
        return None
    try:
        found = open_release(settings.release)
    except BuildError:
        return None
    return found if found.id == backend.release else None
