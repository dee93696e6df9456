"""How tests start `treatygraph mcp`, and what they read in an answer of a tool."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from mcp import StdioServerParameters
from mcp.types import CallToolResult

ID = "https://w3id.org/treatygraph/id/"
RESOLUTION = f"{ID}doc/a/res/91/7"
COMMAND = [sys.executable, "-m", "api.cli", "mcp"]
Call = Callable[..., CallToolResult]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TREATYGRAPH_")}


@contextmanager
def listening(*arguments: str, **settings: str) -> Iterator[str]:
    """`treatygraph mcp --http` on a free port, with settings of the environment; its address."""
    command = [*COMMAND, *arguments, "--http", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment() | settings)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+/mcp", process.stdout.readline())
        assert found
        yield found.group()
    finally:
        process.terminate()
        assert process.wait(60) == 0


def spawned(*arguments: str) -> StdioServerParameters:
    return StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], *arguments], env=environment())


def said(result: CallToolResult) -> dict[str, Any]:
    """The structured content of a good answer."""
    assert not result.is_error, text(result)
    assert result.structured_content is not None
    return result.structured_content


def text(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


def places(sources: list[dict[str, Any]]) -> set[tuple[str, str | None, int | None]]:
    return {(one["document"], one["in"], one["start"]) for one in sources}
