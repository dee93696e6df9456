"""A repository of one's own, with a copy of the tables."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TABLES = Path(__file__).parents[3] / "data" / "tables"


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "core.hooksPath=/dev/null"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True, env=clean
        )
        return done.stdout

    run("init", "-q", "-b", "main")
    return run


@pytest.fixture
def tables(tmp_path: Path, git: Callable[..., str]) -> Path:
    """The folder `data/tables`, committed; without the roll calls, which are most of its bytes and not edited here."""
    folder = tmp_path / "data" / "tables"
    shutil.copytree(TABLES, folder, ignore=shutil.ignore_patterns("positions.csv*", "treaty_actions.csv*"))
    git("add", ".")
    git("commit", "-q", "-m", "the record")
    return folder
