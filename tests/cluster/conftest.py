"""Releases in Fluree over a shared directory, the command line as operators use it, real processes that can be killed.

Everything here is skipped, with a reason, where the extra `cluster` is not installed: `make test-cluster` installs it.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from loaders.publishing.fluree import FlureeTarget
from loaders.publishing.publish import Published
from loaders.publishing.publish import publish as publish_release
from loaders.release import ReleaseInfo
from queries.cluster.backend import ClusterBackend
from queries.cluster.storage import Storage, installed
from queries.pool.pool import Limits

_HERE = Path(__file__).parent
LICENCE = {"TREATYGRAPH_ACCEPT_LICENCE": "BUSL-1.1"}
MARK = "https://w3id.org/treatygraph/id/cluster-test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == _HERE and item.get_closest_marker("cluster") and not installed():
            item.add_marker(pytest.mark.skip(reason="the extra `cluster` (Fluree) is not installed: make test-cluster"))


def _service() -> ModuleType:
    """`tests/api/conftest.py`: its record, its releases, its servers."""
    name = "treatygraph_service_fixtures"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, _HERE.parent / "api" / "conftest.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def command(*arguments: str | Path, **environment: str) -> list[str]:
    """The command line, in a process."""
    return [sys.executable, "-m", "api.cli", *map(str, arguments)]


def clean_environment(**more: str) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.startswith("TREATYGRAPH_")}
    return {**found, **more}


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line with an environment of its own; what it said, and its exit status."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, env=clean_environment(**environment), timeout=230
    )


def publish(release: ReleaseInfo, store: Path) -> Published:
    """Publish, as the command does, in this process."""
    target = FlureeTarget(Storage(store))
    try:
        report = publish_release(release, target, lambda *_: None)
    finally:
        target.close()
    assert report.exact == report.graphs
    return report


@pytest.fixture(scope="session")
def service() -> ModuleType:
    """The fixtures of the service's tests, as a module."""
    return _service()


@pytest.fixture(scope="session")
def releases(service: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], ReleaseInfo]:
    """`releases(n)`: the release number n of the invented record; it says its number, and is larger than the last."""
    made: dict[int, ReleaseInfo] = {}

    def release(number: int) -> ReleaseInfo:
        if number not in made:
            more = [f'<{MARK}> <{MARK}/number> "{number}" .']
            more += [
                f'<{MARK}/{n}> <{MARK}/weight> "{n:04}" <https://w3id.org/treatygraph/graph/cluster-test-{n % 7}> .'
                for n in range(300 * number)
            ]
            made[number] = service.publish(tmp_path_factory.mktemp("release"), *more)
        return made[number]

    return release


@pytest.fixture(scope="session")
def published(releases: Callable[[int], ReleaseInfo], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared directory with release 1; tests that publish more make their own."""
    store = tmp_path_factory.mktemp("cluster") / "shared"
    done = run("publish", releases(1).path, "--to", f"fluree:{store}", **LICENCE)
    assert done.returncode == 0, done.stderr
    assert f"release {releases(1).id} is live" in done.stdout
    return store


@pytest.fixture
def make() -> Iterator[Callable[..., ClusterBackend]]:
    """Opens clustered back ends, and closes them."""
    opened: list[ClusterBackend] = []

    def backend(store: Path, **limits: Any) -> ClusterBackend:
        limits = {"workers": 3, "deadline_s": 60.0, "queue_wait_s": 60.0, **limits}
        opened.append(ClusterBackend(Storage(store), Limits(**limits)))
        return opened[-1]

    yield backend
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The helpers of this file; test modules cannot import it."""
    return SimpleNamespace(
        MARK=MARK,
        LICENCE=LICENCE,
        clean_environment=clean_environment,
        command=command,
        publish=publish,
        run=run,
    )
