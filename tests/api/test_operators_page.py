"""What docs/service.md tells an operator to write is understood by the programs that read it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.settings import PREFIX, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_a_unit(tmp_path: Path) -> None:
    (text,) = re.findall(r"```ini\n(.*?)```", PAGE, flags=re.DOTALL)
    unit = tmp_path / "treatygraph.service"
    unit.write_text(re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", text))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60)
    assert "treatygraph.service" not in done.stderr, done.stderr


def test_the_settings_it_names_exist() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", PAGE)) <= known
    options = set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", PAGE)) - {"out"}
    assert {option.replace("-", "_") for option in options} <= set(Settings.model_fields)
