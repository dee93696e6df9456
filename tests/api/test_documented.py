"""What users can use has a heading in the documentation: routes, commands and their options, settings, problems."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from api.cli import treatygraph
from api.problems import KINDS
from api.routes import ROUTERS
from api.settings import PREFIX, Settings

DOCS = Path(__file__).parents[2] / "docs"
HTTP = (DOCS / "http.md").read_text(encoding="utf-8")
COMMAND_LINE = (DOCS / "command-line.md").read_text(encoding="utf-8")


def headings(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.startswith("#"))


def sections(text: str) -> dict[str, str]:
    """Heading (without marks) to the text below it."""
    found = re.split(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


PATHS = sorted(
    {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
    }
)
COMMANDS = {name: treatygraph.get_command(None, name) for name in treatygraph.list_commands(None)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", PATHS)
def test_every_route_has_a_heading(path: str) -> None:
    shown = path.replace("{path:path}", "…")
    assert f"`{shown}`" in headings(HTTP), f"add to docs/http.md: ### `{shown}`"


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_of_problem_is_told(name: str) -> None:
    assert f"| `{name}` | {KINDS[name].status} |" in HTTP, f"add to the table of problems in docs/http.md: {name}"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_heading_and_tells_its_options(name: str) -> None:
    section = sections(COMMAND_LINE).get(f"`treatygraph {name}`")
    assert section is not None, f"add to docs/command-line.md: ## `treatygraph {name}`"
    for parameter in COMMANDS[name].params:
        for option in parameter.opts if parameter.param_type_name == "option" else ():
            assert option in section, f"docs/command-line.md: {name} lacks {option}"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_has_a_heading_with_its_sentence(name: str) -> None:
    section = sections(COMMAND_LINE).get(f"`{PREFIX}{name.upper()}`")
    assert section is not None, f"add to docs/command-line.md: ### `{PREFIX}{name.upper()}`"
    field = Settings.model_fields[name]
    assert field.description in section, f"docs/command-line.md: write of {name}: {field.description}"
    default = field.default
    assert f"`{default}`" in section or default in ("", False, None), (
        f"docs/command-line.md: tell the default of {name}"
    )


def test_nothing_is_documented_that_does_not_exist() -> None:
    told = set(re.findall(r"^##+ `(/[^`]*)`", HTTP, flags=re.MULTILINE))
    assert told <= {path.replace("{path:path}", "…") for path in PATHS} | {"/openapi.json"}
    assert set(re.findall(r"^## `treatygraph ([a-z]+)`", COMMAND_LINE, flags=re.MULTILINE)) == set(COMMANDS)
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"^### `(TREATYGRAPH_\w+)`", COMMAND_LINE, flags=re.MULTILINE)) == settings
