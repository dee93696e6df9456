"""The short way of a SPARQL query through the service: past the framework, which would cost more than the query.

What is asked of `/sparql` is read and answered here, by the SPARQL 1.1 Protocol, section 2.1. Only what is shown to a
person (the editor, a result as a page) and the service description go on to the framework, with the request as it was
read, so that there is one reading of it (`asked_of`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import formats
from api.bodies import FORM, QUERY, content_type, form_fields, only_field, read_body, read_text, require_utf8
from api.context import Context
from api.departure import LEFT, ClientLeft
from api.errors import problem_for, problem_response
from api.negotiation import Format, NotAcceptable, negotiate
from api.problems import Problem
from api.protocol import QueryRequest, query_request
from api.replying import Reply, header
from queries.columns.shapes import asked as small_question
from queries.errors import QueryError
from queries.scanner import inspect

__all__ = ["Direct", "asked_of"]

_PARTS: Final = "multipart/form-data"
_UPDATE: Final = "application/sparql-update"
_ASKED: Final = "treatygraph.asked"
_PATHS: Final = ("/sparql", "/sparql/")
_ROWS: Final = (*formats.ROWS, formats.HTML)
_GRAPHS: Final = (*formats.RDF, formats.HTML)

#: Bytes of a query string that is remembered, and how many are.
_SHORT: Final = 4096
_REMEMBERED: Final = 2048
#: Bytes of a posted form for graphs and whatever stands beside the query.
_BESIDE: Final = 200_000
_MOST_PARTS: Final = 1000


class _Route:
    """The name by which these requests are counted, as if the framework had routed them."""

    path = "/sparql"


_ROUTE: Final = _Route()


def asked_of(request: Request) -> QueryRequest:
    """What a request to `/sparql` asks, read before the framework saw it."""
    found: QueryRequest = request.scope[_ASKED]
    return found


class Direct:
    """Wraps the framework.

    Args:
        app: what answers everything else.
        here: gives the context of the application.
        root: the path under which a proxy publishes the service.
    """

    def __init__(self, app: ASGIApp, here: Callable[[], Context], root: str) -> None:
        self._app = app
        self._here = here
        #: Who asks the same again, asks in the same bytes; then nothing has to be read anew.
        self._read = lru_cache(maxsize=_REMEMBERED)(self._read_anew)
        self.read = self._read
        #: The same for the body of a POST that is the query itself.
        self.read_text = lru_cache(maxsize=_REMEMBERED)(self._text_anew)
        self._paths = frozenset(f"{before}{path}" for before in {"", root.rstrip("/")} for path in _PATHS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in self._paths or scope["method"] not in ("GET", "POST"):
            await self._app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        try:
            await self._answer(scope, receive, send)
        except ClientLeft:
            await Response(status_code=LEFT)(scope, receive, send)
        except (Problem, NotAcceptable, QueryError) as error:
            await problem_response(Request(scope), problem_for(error))(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        here = self._here()
        accept = header(scope, b"accept")
        if scope["method"] == "GET":
            query = scope["query_string"]
            if len(query) <= _SHORT:
                asked, form = self._read(query, accept)
            else:
                asked, form = await asyncio.to_thread(
                    lambda: self._chosen(query_request(form_fields(query.decode("latin-1"))), accept)
                )
        else:
            # What cannot hold a query that is accepted need not be read: 12 bytes is the most for a letter in a form.
            most = min(here.settings.max_upload_bytes, 12 * here.settings.max_query_chars + _BESIDE)
            read = await _posted(Request(scope, receive), most)
            if len(read.body) > _SHORT:  # long texts take a tenth of a second, which others would wait
                asked, form = await asyncio.to_thread(lambda: self._chosen(read.request(), accept))
            else:
                asked, form = self._chosen(read.request(), accept)
            if asked.text is None:
                raise Problem("bad-request", "query: there is none")
        if form is formats.HTML:
            scope[_ASKED] = asked
            await self._app(scope, receive, send)
            return
        if here.federating.on:
            asked = await here.federating.ready(asked, here.engine.backend, receive)
        await Reply(here, asked, form)(scope, receive, send)

    def _read_anew(self, query: bytes, accept: str | None) -> tuple[QueryRequest, Format]:
        written = query.decode("latin-1")
        text = only_field(written, "query")
        small = None if text is None else self._small(text)
        if small is not None:
            return small, _table_form(accept)
        return self._chosen(query_request(form_fields(written)), accept)

    def _text_anew(self, body: bytes, accept: str | None) -> tuple[QueryRequest, Format]:
        text = read_text(body, None)
        small = self._small(text)
        return (small, _table_form(accept)) if small else self._chosen(query_request([("query", text)]), accept)

    def _small(self, text: str) -> QueryRequest | None:
        """A look-up, which calls no function and no service: that need not be looked for."""
        small = small_question(text) if len(text) <= self._here().settings.max_query_chars else None
        return None if small is None else QueryRequest(text, small=small)

    def _chosen(self, asked: QueryRequest, accept: str | None) -> tuple[QueryRequest, Format]:
        """A question and the format of its answer; HTML for what is shown to a person or describes the service."""
        text = asked.text
        if text is None:
            return asked, formats.HTML
        most = self._here().settings.max_query_chars
        if len(text) > most:
            raise Problem("too-large", f"query: at most {most} characters are accepted")
        offers = _GRAPHS if inspect(text).kind == "construct" else _ROWS
        return asked, negotiate(accept, offers, wanted=asked.form)


@lru_cache(maxsize=_REMEMBERED)
def _table_form(accept: str | None) -> Format:
    return negotiate(accept, _ROWS)


@dataclass(frozen=True, slots=True)
class _Posted:
    """The body of a POST and what stands in the address."""

    body: bytes
    form: list[tuple[str, str]] | None
    """The fields of a form in parts, which is read already."""
    is_form: bool
    query: bytes

    def request(self) -> QueryRequest:
        """What it asks. Takes time for a long body."""
        if self.form is not None:
            return query_request([*self.form, *form_fields(self.query.decode("latin-1"))])
        text = read_text(self.body, None)
        # What stands in the address counts beside what stands in the body: a query in both is one query too many.
        fields = form_fields(text) if self.is_form else [("query", text)]
        return query_request([*fields, *form_fields(self.query.decode("latin-1"))])


async def _posted(request: Request, most: int) -> _Posted:
    """Read a POST, as far as its headers allow."""
    media_type, parameters = content_type(request)
    if media_type == _UPDATE:
        raise Problem("refused-feature", "updates are refused by this service", {"feature": "update"})
    query = request.scope["query_string"]
    if media_type == _PARTS:  # not in the specification, but what some libraries make of a form
        return _Posted(b"", await _parts(request, most), True, query)
    if media_type not in (FORM, QUERY):
        accepted = {"accept-post": f"{FORM}, {QUERY}"}
        raise Problem("unsupported-media-type", f"send the query as {FORM} or as {QUERY}", headers=accepted)
    require_utf8(parameters.get("charset"))
    return _Posted(await read_body(request, most), None, media_type == FORM, query)


async def _parts(request: Request, most: int) -> list[tuple[str, str]]:
    """The fields of `multipart/form-data`, those that are sent as a file too."""
    body = await read_body(request, most)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        form = Request(request.scope, replay).form(max_files=_MOST_PARTS, max_fields=_MOST_PARTS, max_part_size=most)
        async with form as fields:
            return [
                (name, value if isinstance(value, str) else read_text(await value.read(), None))
                for name, value in fields.multi_items()
            ]
    except HTTPException as error:
        raise Problem("bad-request", f"the form cannot be read: {error.detail}") from None
