"""The server: the tools and resources of one graph, over standard input and output or over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError, UnexpectedToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError
from starlette.applications import Starlette

from api.client.errors import NotFound, TreatygraphError
from api.mcp.answering import steady
from api.mcp.graph import Graph
from api.mcp.tools import Tools
from loaders.software import software_version
from ontology.namespaces import BASE
from queries.errors import QueryError, UnknownThing

__all__ = ["LOOPBACK", "PATH", "http_application", "make_server"]

PATH: Final = "/mcp"
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_INSTRUCTIONS: Final = (
    "Treatygraph knows by what authority meetings under disarmament treaties are held, which resolutions recall which, "
    "who voted how, and where the official documents contradict each other. Begin with search or resolve, or with "
    "questions and ask. Quote the sources that stand in the answers (document, paragraph, characters) and the release. "
    "Where an answer says that there is no evidence, say so too; do not fill the gap."
)
_READ_ONLY: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_TITLES: Final = {
    "resolve": "What a name means, with every fact and its sources",
    "search": "Find things by name or symbol",
    "lineage": "By what authority: the lineage of a thing",
    "path": "How two things hang together",
    "questions": "The questions that can be asked",
    "ask": "Ask a question of the catalogue",
    "findings": "Where the sources contradict themselves",
    "sparql": "Ask a SPARQL query, with limits",
}
_MAX_BODY: Final = 1_000_000


class QuotingServer(MCPServer[Any]):
    """The server of the SDK, whose errors are one line and which takes no argument that a tool does not have."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """See `MCPServer.call_tool`."""
        for tool in await self.list_tools():
            known = tool.input_schema.get("properties", {})
            if tool.name == name and (unknown := sorted(set(arguments) - set(known))):
                raise ToolError(f"{name} has no argument {unknown[0][:100]!r}; it has {', '.join(known)}")
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            raise ToolError(_one_line(error, name)) from None


def make_server(graph: Graph) -> QuotingServer:
    """The server of a graph."""
    server = QuotingServer(
        "treatygraph",
        title="Treatygraph",
        instructions=_INSTRUCTIONS,
        version=software_version(),
        website_url=BASE,
        log_level="WARNING",
    )
    tools = Tools(graph)
    for name, title in _TITLES.items():
        work = getattr(tools, name)
        server.add_tool(
            work,
            name=name,
            title=title,
            description=" ".join((work.__doc__ or "").split()),
            annotations=_READ_ONLY,
            structured_output=True,
        )
    _add_resources(server, graph)
    return server


def http_application(server: QuotingServer, hosts: Sequence[str]) -> Starlette:
    """The server over streamable HTTP at `/mcp`, without sessions.

    Only requests whose `Host` is one of `hosts` or this machine are answered, and of pages in a browser only those from
    there: another page must not reach it through the reader's browser (DNS rebinding). There is no authentication.
    """
    names = [*LOOPBACK, *hosts]
    allowed = [one for name in names for one in (name, f"{name}:*")]
    origins = [f"{scheme}://{name}" for scheme in ("http", "https") for name in allowed]
    security = TransportSecuritySettings(allowed_hosts=allowed, allowed_origins=origins)
    return server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=_MAX_BODY,
        transport_security=security,
    )


def _add_resources(server: QuotingServer, graph: Graph) -> None:
    @server.resource(
        f"{BASE}query/",
        name="questions",
        title="The questions of the catalogue",
        description="All questions with parameters and columns, as JSON.",
        mime_type="application/json",
    )
    def questions() -> str:
        return _read(graph, lambda: {"release": graph.release(), "questions": graph.questions()})

    @server.resource(
        f"{BASE}query/{{name}}",
        name="question",
        title="A question of the catalogue",
        description="One question with parameters and columns, as JSON.",
        mime_type="application/json",
    )
    def question(name: str) -> str:
        found = [one for one in graph.questions() if one["question"] == name]
        if not found:
            raise ResourceNotFoundError(f"there is no question {name[:100]!r}")
        return _read(graph, lambda: {"release": graph.release(), **found[0]})

    @server.resource(
        f"{BASE}id/{{+key}}",
        name="thing",
        title="A thing",
        description="Everything that the graph says about a thing, with its sources, as JSON; its URI is its IRI.",
        mime_type="application/json",
    )
    def thing(key: str) -> str:
        return _read(graph, lambda: {"release": graph.release(), **graph.facts(f"{BASE}id/{key}")})


def _read(graph: Graph, work: Callable[[], dict[str, Any]]) -> str:
    try:
        return json.dumps(steady(graph, work), ensure_ascii=False, indent=1)
    except (UnknownThing, NotFound) as error:
        raise ResourceNotFoundError(f"no evidence in this release: {' '.join(str(error).split())}") from None
    except (QueryError, TreatygraphError) as error:
        raise ResourceError(" ".join(str(error).split())) from None


def _one_line(error: ToolError, name: str) -> str:
    """Of wrong arguments the first, by name, with what is expected; else what the tool said."""
    if isinstance(error.__cause__, ValidationError):
        first = error.__cause__.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return " ".join(f"{where}: {first['msg']} (given: {str(first['input'])[:60]!r})".split())
    text = re.sub(rf"^Error executing tool {re.escape(name)}: ", "", str(error))
    return " ".join(text.split())
