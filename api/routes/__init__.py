"""The routes, one module for each noun."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

from api.routes import (
    ask,
    coverage,
    dumps,
    evidence,
    findings,
    graphs,
    health,
    lineage,
    pages,
    queries,
    search,
    sparql,
    things,
    validate,
)

__all__ = ["ROUTERS", "allowed_methods", "health"]

ROUTERS: Final[tuple[APIRouter, ...]] = (
    pages.router,
    sparql.router,
    graphs.router,
    lineage.router,
    ask.router,
    search.router,
    evidence.router,
    validate.router,
    findings.router,
    coverage.router,
    health.router,
    queries.router,
    dumps.router,
    things.router,
)


def allowed_methods(path: str) -> list[str]:
    """The methods that a path answers to, sorted; HEAD goes with GET, and OPTIONS is answered everywhere."""
    found = {"OPTIONS"}
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.path_regex.match(path):
                found |= set(route.methods or ())
    return sorted(found | {"HEAD"} if "GET" in found else found)
