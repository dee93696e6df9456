"""Tools that stand on a release which is replaced while they run."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from .speaking import COMMAND, ID, environment, said, spawned, text  # isort: skip - it skips what needs the extra

from anyio.from_thread import BlockingPortal
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

from loaders.release import ReleaseInfo


def test_a_new_release_answers_from_then_on(
    portal: BlockingPortal, publisher: Callable[..., ReleaseInfo], tmp_path: Path, start: Any
) -> None:
    """Built while it runs: the link moves to and fro, and each answer is of the release that it names, whole.

    On a release directory, and on a service that serves it.
    """
    kind = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    title, number = "http://www.w3.org/2004/02/skos/core#prefLabel", "http://purl.org/dc/terms/identifier"
    more = (
        f"<{ID}doc/a/res/92/9> <{kind}> <https://w3id.org/treatygraph/def#Resolution> .",
        f'<{ID}doc/a/res/92/9> <{title}> "A/RES/92/9"@en .',
        f'<{ID}doc/a/res/92/9> <{number}> "A/RES/92/9" .',
    )
    releases = publisher(tmp_path / "0"), publisher(tmp_path / "1", *more)
    current = tmp_path / "current"
    current.symlink_to("0")
    query = f"SELECT ?x WHERE {{ <{ID}doc/a/res/92/9> <{number}> ?x }}"
    environ = {"TREATYGRAPH_WATCH_S": "0.1", **environment()}
    found = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], "--release", str(tmp_path)], env=environ)
    with ExitStack() as stack:
        service = stack.enter_context(start(tmp_path, watch_s="0.1", workers="2"))
        clients = [
            stack.enter_context(portal.wrap_async_context_manager(Client(way)))
            for way in (found, spawned("--url", service.address))
        ]

        def ask(client: Client, name: str, /, **arguments: Any) -> CallToolResult:
            answer = portal.call(partial(client.call_tool, name, arguments))
            assert isinstance(answer, CallToolResult)
            return answer

        for turn in (1, 0):
            (tmp_path / "next").symlink_to(str(turn))
            (tmp_path / "next").replace(current)
            limit = time.monotonic() + 90
            for client in clients:
                while True:
                    rows = said(ask(client, "sparql", query=query))
                    assert [row["values"] for row in rows["rows"]] == (
                        [{"x": "A/RES/92/9"}] if rows["release"] == releases[1].id else []
                    )
                    named = ask(client, "resolve", name="A/RES/92/9", limit=1)
                    if named.is_error:
                        assert f"no evidence in release {releases[0].id}" in text(named)
                    else:
                        assert said(named)["release"] == releases[1].id
                    if rows["release"] == releases[turn].id and named.is_error is (turn == 0):
                        break
                    assert time.monotonic() < limit, "the release was never noticed"
