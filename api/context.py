"""What every route shares: settings, the door to the graph, the stored questions, pages and counters."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from starlette.requests import Request

from api.asking import Asking
from api.engine import Engine
from api.federating import Federating
from api.lineages import Lineages
from api.metrics import Metrics
from api.settings import Settings
from api.site import Site
from loaders.release import ReleaseInfo
from queries.backend import Backend
from queries.following import Prompt

if TYPE_CHECKING:
    from api.findings import Finding
    from ontology.schema import Schema
    from queries.catalogue import Catalogue

__all__ = ["Context", "context"]

T = TypeVar("T")


@dataclass
class Context:
    """One per application."""

    settings: Settings
    engine: Engine
    metrics: Metrics
    site: Site
    version: str
    asking: Asking
    federating: Federating
    folder: ReleaseInfo | None = None
    #: One dump at a time is made from a store: it reads all of it.
    dumping: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1))
    _validating: anyio.CapacityLimiter | None = None
    _findings: tuple[str, tuple[Finding, ...]] | None = None
    _making: dict[str, asyncio.Future[bytes]] = field(default_factory=dict)
    _once: dict[Callable[[Backend], Any], tuple[str, Any]] = field(default_factory=dict)

    def renew(self, release: str, folder: ReleaseInfo | None) -> None:
        """Another release is served from now on: forget what was kept of the last one."""
        self.folder = folder
        self._findings = None
        self._once.clear()
        self.asking.cache.clear()
        self.site.serve(release)
        self.metrics.serve(release)

    @cached_property
    def prompt(self) -> Prompt | None:
        """The store, if it is to be asked before each answer. Kept: looking takes as long as reading a request."""
        backend = self.engine.backend
        return backend if isinstance(backend, Prompt) else None

    async def current(self) -> None:
        """Before an answer: see which release is live, where the store is quick to tell. Raises BackendError."""
        if self.prompt is not None:
            release = await asyncio.to_thread(self.prompt.refresh)
            if release != self.site.release:
                self.renew(release, None)

    async def findings(self) -> tuple[Finding, ...]:
        """All findings of the release, read at first use: a release does not change."""
        from api.findings import read_findings

        basis = self.engine.basis
        if self._findings is not None and self._findings[0] == basis:
            return self._findings[1]
        found = await self.engine.call(read_findings)
        if basis == self.engine.basis:  # else it was switched meanwhile, and these may be those of the last one
            self._findings = (basis, found)
        return found

    async def once(self, work: Callable[[Backend], T]) -> T:
        """What a function of the back end gives, worked out once for each release."""
        basis = self.engine.basis
        known = self._once.get(work)
        if known is not None and known[0] == basis:
            kept: T = known[1]
            return kept
        found = await self.engine.call(work)
        if basis == self.engine.basis:  # else it may be about the one or the other
            self._once[work] = (basis, found)
        return found

    async def kept(self, name: str, work: Callable[[Backend], bytes]) -> bytes:
        """An answer that is the same for the whole release, such as a description, made in a thread and kept with the
        answers to queries under a name that no entity tag has."""
        basis = self.engine.basis
        key = f"{name} {basis}"
        body = self.asking.cache.get(key)
        if body is None:
            making = self._making.get(key)
            if making is None:  # else someone waits for the same
                making = self._making[key] = asyncio.ensure_future(self.engine.call(work))
                making.add_done_callback(lambda _: self._making.pop(key, None))
            body = await asyncio.shield(making)
            if basis == self.engine.basis:  # else it may be about the one or the other
                self.asking.cache.put(key, body)
        return body

    def validating(self, most: int) -> anyio.CapacityLimiter:
        """The places for checks of uploaded data."""
        if self._validating is None:
            self._validating = anyio.CapacityLimiter(most)
        return self._validating

    @cached_property
    def lineages(self) -> Lineages:
        """The answers of `/lineage`."""
        return Lineages(self)

    @property
    def tables(self) -> Path | None:
        """The known tables, by whose columns an uploaded table is read."""
        folder = self.settings.data / "tables"
        return folder if folder.is_dir() else None

    @cached_property
    def questions(self) -> Catalogue:
        """The catalogue of questions."""
        from queries.catalogue import Catalogue

        return Catalogue.load("questions")

    @cached_property
    def schema(self) -> Schema:
        """The ontology and the code lists."""
        from ontology.schema import load_schema

        return load_schema()


def context(request: Request) -> Context:
    """The context of the application that answers a request."""
    found: Context = request.app.state.context
    return found
