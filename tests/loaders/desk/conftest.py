"""A repository of one's own, with a copy of the tables."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

TABLES = Path(__file__).parents[3] / "data" / "tables"


Git = Callable[..., str]


def _git(folder: Path) -> Git:
    """Runs git in a new repository."""

    def run(*arguments: str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "core.hooksPath=/dev/null"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True, env=clean
        )
        return done.stdout

    run("init", "-q", "-b", "main")
    return run


def _tables(folder: Path, git: Git) -> Path:
    tables = folder / "data" / "tables"
    shutil.copytree(TABLES, tables, ignore=shutil.ignore_patterns("positions.csv*", "treaty_actions.csv*"))
    git("add", ".")
    git("commit", "-q", "-m", "the record")
    return tables


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return _git(tmp_path)


@pytest.fixture
def tables(tmp_path: Path, git: Git) -> Path:
    """The folder `data/tables`, committed; without the roll calls, which are most of its bytes and not edited here."""
    return _tables(tmp_path, git)


@pytest.fixture(scope="module")
def shared_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for a whole module, for tests that leave it as they find it."""
    folder = tmp_path_factory.mktemp("shared")
    return _tables(folder, _git(folder))
