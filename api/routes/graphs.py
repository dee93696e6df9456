"""`/graph-store`: whole graphs by the Graph Store HTTP Protocol, for reading.

Specification: https://www.w3.org/TR/sparql11-http-rdf-update/, 4.2 (indirect identification), 5.2 and 5.6. The
methods that write are 405: a release never changes.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import formats
from api.context import context
from api.negotiation import negotiate
from api.problems import Problem
from api.protocol import QueryRequest, is_absolute
from api.replying import Reply
from queries.backend import Backend

__all__ = ["router"]

router: Final = APIRouter(tags=["SPARQL"])

_ALL: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_ANY: Final = "ASK { GRAPH ?g { ?s ?p ?o } }"


@router.get("/graph-store", summary="A whole graph: default, or graph=IRI")
async def graph_store(request: Request) -> Response:
    """The triples of the default graph (`?default`) or of a named graph (`?graph=IRI`)."""
    given = request.query_params
    names = given.getlist("graph")
    if len(names) + ("default" in given) != 1:
        raise Problem("bad-request", "name one graph: ?default or ?graph=IRI")
    form = negotiate(request.headers.get("accept"), formats.RDF, wanted=given.get("format"))
    if not names:
        return Reply(context(request), QueryRequest(_ALL), form)
    if not is_absolute(names[0]):
        raise Problem("bad-request", f"graph: not an absolute IRI: {names[0][:200]!r}")
    if not await context(request).engine.call(partial(_exists, name=names[0])):
        raise Problem("not-found", "there is no graph of this name")
    return Reply(context(request), QueryRequest(_ALL, default_graphs=(names[0],)), form)


def _exists(backend: Backend, name: str) -> bool:
    return bool(backend.query(_ANY, named_graphs=[name]))
