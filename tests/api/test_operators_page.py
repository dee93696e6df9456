"""What the pages tell an operator to write is understood by the programs that read it, and stands in deploy/ too."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OPERATORS, SERVICE = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("operators.md", "service.md"))
QUOTED = dict(re.findall(r"^<!-- deploy/(\S+) -->\n```\w+\n(.*?)^```$", OPERATORS, flags=re.DOTALL | re.MULTILINE))
UNIT = DEPLOY / "treatygraph.service"


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-path.conf", "treatygraph.service"])
def test_the_page_shows_the_file(name: str) -> None:
    assert QUOTED.get(name) == (DEPLOY / name).read_text(encoding="utf-8"), f"docs/operators.md: quote deploy/{name}"


def test_there_is_one_place_for_each_file() -> None:
    for path in DEPLOY.iterdir():
        assert f"(../deploy/{path.name})" in OPERATORS, f"docs/operators.md does not name deploy/{path.name}"
    for word in ("```ini", "```nginx", "ExecStart=", "proxy_pass"):
        assert word not in SERVICE, f"docs/service.md: {word} belongs to deploy/ and docs/operators.md"
    blocks = re.findall(r"^```(?:ini|nginx)$", OPERATORS, flags=re.MULTILINE)
    assert len(blocks) == len(QUOTED), "a configuration in docs/operators.md that is not a file of deploy/"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_a_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", text), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60)
    assert "treatygraph.service" not in done.stderr, done.stderr
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "--offline" in rated.stderr:
        pytest.skip("this systemd rates running services only")
    assert rated.returncode == 0, rated.stdout


def test_the_settings_that_are_named_exist() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for text in (OPERATORS, SERVICE, *(path.read_text(encoding="utf-8") for path in DEPLOY.iterdir())):
        named = set(re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", text))
        wrong = {"TREATYGRAPH_TIMEOUT"} if "did you mean" in text else set()
        assert named - wrong <= known
    options = set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", SERVICE)) - {"out"}
    for text in (UNIT.read_text(encoding="utf-8"),):
        options |= set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", text))
    assert {option.replace("-", "_") for option in options} <= set(Settings.model_fields)
