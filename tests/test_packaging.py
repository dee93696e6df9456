"""The wheel, built through the sdist as an index would: nothing missing, nothing extra, and it runs from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("api", "loaders", "ontology", "queries")
#: What is shipped beside the Python files.
RESOURCES = {".ttl", ".rq", ".html", ".css", ".jsonld", ".svg", ".xml"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(out.glob("*.tar.gz"))) == 1
    return next(out.glob("*.whl"))


def test_the_wheel_has_the_four_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


def test_every_resource_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in RESOURCES or path.name == "py.typed"
    }
    assert wanted, "the checkout has no resources at all"
    assert wanted <= shipped


def test_the_command_runs_from_the_unpacked_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import api, sys; print(api.__file__); import api.cli; sys.exit(api.cli.main(['--help']))",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout.splitlines()[0]
    assert "lineage" in done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_the_names_resolve_to_this_project(package: str) -> None:
    # `queries` is also a distribution on the public index: a stray install must not shadow ours.
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)


def test_data_holds_no_code() -> None:
    assert list((ROOT / "data").rglob("*.py")) == []


def test_nothing_tracked_names_a_path_of_a_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if tracked.returncode != 0:
        pytest.skip("not a git checkout")
    words = [b"/wo" + b"rk/", b"/ho" + b"me/", b"/ro" + b"ot/"]
    for name in filter(None, tracked.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png"}:
            content = path.read_bytes()
            assert not [word for word in words if word in content], name
