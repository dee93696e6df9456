"""Machines that quote, on a store elsewhere: each answer is of the release that it names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp.types import CallToolResult

from api.mcp.local import LocalGraph
from api.mcp.server import make_server
from api.settings import Settings
from api.stores import open_backend
from loaders.publishing.publish import Published
from loaders.release import ReleaseInfo

BASE = "https://w3id.org/treatygraph/"
MARKS = f"SELECT ?x WHERE {{ GRAPH ?g {{ <{BASE}id/treaty/mark> <{BASE}def#abbreviation> ?x }} }}"
Send = Callable[..., Published]


def test_what_is_published_answers_from_then_on(
    engine: Any, first: ReleaseInfo, second: ReleaseInfo, send: Send
) -> None:
    """Publishes go on while it is asked: never a mixture, never the name of the one over the data of the other."""
    send(first, engine.address)
    marks = {first.id: {"one"}, second.id: {"two"}}
    graph = LocalGraph(open_backend(Settings(**engine.address.settings())))
    stop = threading.Event()

    def publish_to_and_fro() -> None:
        while not stop.is_set():
            for release in (second, first):
                send(release, engine.address)

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(make_server(graph))) as client:

        def ask() -> dict[str, Any]:
            answer = portal.call(partial(client.call_tool, "sparql", {"query": MARKS}))
            assert isinstance(answer, CallToolResult)
            assert not answer.is_error, answer.content
            assert answer.structured_content is not None
            return answer.structured_content

        assert ask()["release"] == first.id
        publisher = threading.Thread(target=publish_to_and_fro)
        publisher.start()
        seen = set()
        try:
            for _ in range(25):
                answer = ask()
                assert {row["values"]["x"] for row in answer["rows"]} == marks[answer["release"]]
                assert len(answer["rows"]) == 4
                seen.add(answer["release"])
        finally:
            stop.set()
            publisher.join()
        assert seen == set(marks)
        send(second, engine.address)
        assert ask()["release"] == second.id, "at once, not after a while"
    graph.close()
