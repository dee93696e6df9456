"""From a method that asks the graph to a tool: one release for all of an answer, two forms, failures in one line."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final, ParamSpec, TypeVar

from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel

from api.client.errors import QuerySyntax, TreatygraphError
from api.client.errors import QueryTimeout as RemoteTimeout
from api.errors import problem_for
from api.mcp.graph import Graph
from api.mcp.writing import written
from queries.errors import BackendError, QueryError, QueryTimeout, UnknownThing

__all__ = ["steady", "tool"]

P = ParamSpec("P")
T = TypeVar("T")

_TOO_LONG: Final = "the query was stopped because it took too long; nothing of its answer is given"
_TRIES: Final = 4


def tool(work: Callable[P, BaseModel]) -> Callable[P, CallToolResult]:
    """Structured output and text from one model; failures as tool errors of one line."""

    @functools.wraps(work)
    def answered(*arguments: P.args, **named: P.kwargs) -> CallToolResult:
        graph: Graph = arguments[0].graph  # type: ignore[attr-defined]
        try:
            answer = steady(graph, lambda: work(*arguments, **named))
        except (QueryError, TreatygraphError) as error:
            raise ToolError(_said(error, graph)) from None
        document = answer.model_dump(mode="json", by_alias=True)
        return CallToolResult(content=[TextContent(type="text", text=written(answer))], structured_content=document)

    # The SDK reads the schemas off the signature: the arguments are those of the method, the output is its model.
    signature = inspect.signature(work, eval_str=True)
    output: Any = Annotated[CallToolResult, signature.return_annotation]
    answered.__signature__ = signature.replace(return_annotation=output)  # type: ignore[attr-defined]
    return answered


def steady(graph: Graph, work: Callable[[], T]) -> T:
    """What is worked out by several questions to a graph, all of one release: where another one goes live meanwhile it
    is done again, also where it failed. Raises BackendError where that does not end, and what the work raises.
    """
    for _ in range(_TRIES):
        release = graph.release()
        try:
            found = work()
        except (QueryError, TreatygraphError, ToolError):
            if graph.release() == release:
                raise
        else:
            if graph.release() == release:
                return found
    raise BackendError("one release after the other goes live; ask again")


def _said(error: Exception, graph: Graph) -> str:
    if isinstance(error, UnknownThing) or getattr(error, "kind", "") == "not-found":
        detail = getattr(error, "detail", "") or str(error)
        return f"no evidence in release {graph.release()}: {' '.join(detail.split())}"
    if isinstance(error, QueryTimeout):
        return _TOO_LONG
    if isinstance(error, QueryError):
        problem = problem_for(error)
        return " ".join(f"{problem.kind.title}: {str(error) if problem.status < 500 else problem.detail}".split())
    if isinstance(error, RemoteTimeout):
        return _TOO_LONG
    place = f" (line {error.line}, column {error.column})" if isinstance(error, QuerySyntax) and error.line else ""
    return " ".join(f"{error}{place}".split())
