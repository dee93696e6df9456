"""Settings for all tests.

A busy machine must not turn a property test red: how long one example takes says nothing about what it tests, and a
check script gives the same verdict for the same commit, so its examples are not drawn by chance.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from loaders.build import build
from loaders.release import ReleaseInfo, open_release

# The tests start some hundreds of processes. On a machine that forbids to keep what was compiled each of them would
# compile all modules that it reads, which takes longer than what most of them do (git ignores `__pycache__`).
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What commands keep between two runs is kept for the tests alone.
os.environ["TREATYGRAPH_CACHE_DIR"] = tempfile.mkdtemp(prefix="treatygraph-tests-")
atexit.register(shutil.rmtree, os.environ["TREATYGRAPH_CACHE_DIR"], ignore_errors=True)

_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("here", _PATIENT)
settings.register_profile("check", _PATIENT, derandomize=True)
settings.load_profile("check" if os.environ.get("CI") else "here")

ROOT = Path(__file__).resolve().parents[1]

#: The files that take longest, to begin with: else one process is busy with one of them while the others have nothing
#: left to do. The record is built by whoever needs it first, meanwhile the others are given files that do not need it.
FIRST = (
    "queries/conformance/test_conformance.py",
    "queries/questions/test_answers.py",
    "loaders/desk/test_difference.py",
    "api/test_commands.py",
    "test_docs.py",
    "api/remote/test_publishing.py",
    "queries/lineage/test_record.py",
    "loaders/desk/test_since.py",
    "api/test_browser.py",
    "api/tools/test_tools.py",
    "api/test_service.py",
    "test_kills.py",
    "test_first_hour.py",
    "queries/audit/test_audit.py",
    "queries/audit/test_record_audit.py",
    "loaders/since/test_work.py",
    "loaders/since/test_differential.py",
    "queries/pool/test_pool.py",
    "api/remote/test_serving.py",
    "loaders/desk/test_kinds.py",
    "api/test_foreign_clients.py",
    "api/test_loop.py",
    "loaders/desk/test_hook.py",
    "queries/pool/test_runaways.py",
    "api/test_connections.py",
    "api/test_runaways.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a run of several processes the long files come first: `make test` has xdist keep the order of the files."""
    if getattr(config, "workerinput", None) is not None:
        rank = {ROOT / "tests" / name: number for number, name in enumerate(FIRST)}
        items.sort(key=lambda item: rank.get(item.path, len(rank)))


def _files(info: ReleaseInfo) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file of a release, those of its store too."""
    found = {path: path.stat() for path in info.path.rglob("*")}
    return {str(path): (state.st_size, state.st_mtime_ns) for path, state in found.items()}


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[ReleaseInfo]:
    """The release of `data/`, built once for all processes of a test run. Nobody may change it; a copy, anybody."""
    here = tmp_path_factory.getbasetemp()
    shared = here if getattr(request.config, "workerinput", None) is None else here.parent
    with (shared / "record.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "record" / "current").exists():
            build([ROOT / "data"], shared / "record")
    found = open_release(shared / "record")
    before = _files(found)
    yield found
    assert not found.damage()
    assert _files(found) == before, "a test changed the release that all share; let it copy what it changes"
