"""Killed at any moment, nothing gives a wrong answer and nothing needs a hand: a few of the kills of `kills.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "kills.py"


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("what", "count"), [("workers", 24), ("server", 2), ("builds", 6)])
def test_kills(what: str, count: int) -> None:
    """By hand: `python tests/kills.py builds 200`."""
    done = subprocess.run([sys.executable, SCRIPT, what, str(count)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
