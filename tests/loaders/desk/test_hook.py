"""The pre-commit hook in a real clone, with real commits: a bad fact is refused at its place, a good one passes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
MEETINGS = "data/tables/meetings.csv"
WAS = "2022-06-20,2022-06-22"
pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (REPOSITORY / ".git").exists(), reason="not a git checkout: nothing to clone"
)


class Clone:
    """A clone of the repository, in which one can edit and commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        for role in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{role}_NAME": "Ann", f"GIT_{role}_EMAIL": "ann@example.org"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=200, check=False
        )

    def git(self, *arguments: str) -> str:
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def edit(self, old: str, new: str, name: str = MEETINGS) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def commits(self) -> int:
        return int(self.git("rev-list", "--count", "HEAD"))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone with the hook, and of the data the tables that the tests edit and those to which they refer."""
    found = Clone(tmp_path_factory.mktemp("clone") / "treatygraph")
    found.folder.mkdir()
    found.git("clone", "-q", "--no-hardlinks", "--depth", "1", REPOSITORY.as_uri(), ".")
    for name in ("scripts", "data"):  # as they are here, committed or not
        shutil.rmtree(found.folder / name)
        shutil.copytree(REPOSITORY / name, found.folder / name)
    shutil.rmtree(found.folder / "data" / "claims")
    for path in sorted((found.folder / "data" / "tables").iterdir()):
        if path.name.partition(".")[0] not in ("meetings", "places", "series", "states", "treaties"):
            path.unlink()
    found.git("add", "--all")
    found.git("commit", "-q", "-m", "a part of the data")
    assert "installed" in found.run("bash", "scripts/install-hook").stdout
    return found


def test_a_bad_fact_is_refused_with_file_and_line(clone: Clone) -> None:
    before = clone.commits()
    clone.edit(WAS, "2022-06-20,2022-06-31")
    done = clone.run("git", "commit", "-a", "-m", "the last day")
    assert done.returncode != 0
    line = (clone.folder / MEETINGS).read_text(encoding="utf-8").partition("2022-06-31")[0].count("\n") + 1
    assert f"{MEETINGS}:{line}:" in done.stdout + done.stderr
    assert "June 2022 has 30 days" in done.stdout + done.stderr
    assert clone.commits() == before
    # What is staged counts, not what lies there: mended and not staged is still refused, and the file is left alone.
    clone.git("add", MEETINGS)
    clone.edit("2022-06-31", "2022-06-22")
    assert clone.run("git", "commit", "-m", "the last day").returncode != 0
    assert WAS in (clone.folder / MEETINGS).read_text(encoding="utf-8")
    clone.git("checkout", "-q", "HEAD", "--", "data")


def test_a_file_out_of_form_is_refused(clone: Clone) -> None:
    before = clone.commits()
    clone.edit(f",{WAS},", f", {WAS},")
    done = clone.run("git", "commit", "-a", "-m", "a blank")
    assert done.returncode != 0
    assert f"{MEETINGS}: not in canonical form" in done.stdout + done.stderr
    assert clone.commits() == before
    clone.git("checkout", "-q", "HEAD", "--", "data")


def test_a_good_fact_passes(clone: Clone) -> None:
    before = clone.commits()
    clone.edit(WAS, "2022-06-20,2022-06-24")
    # Another file is wrong and not part of the commit.
    clone.edit("Geneva", "", "data/tables/places.csv")
    done = clone.run("git", "commit", "-m", "the last day", "--", MEETINGS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert clone.commits() == before + 1
    assert clone.git("worktree", "list").count("\n") == 1
    clone.git("checkout", "-q", "HEAD", "--", "data")


def test_without_data_nothing_is_checked(clone: Clone) -> None:
    (clone.folder / "note.txt").write_text("a note\n")
    clone.git("add", "note.txt")
    environment = {"TREATYGRAPH": "/bin/false"}
    done = clone.run(
        "env", *(f"{name}={value}" for name, value in environment.items()), "git", "commit", "-m", "a note"
    )
    assert done.returncode == 0, done.stderr


def test_a_hook_of_ones_own_is_left_alone(clone: Clone) -> None:
    hook = clone.folder / ".git" / "hooks" / "pre-commit"
    kept = hook.read_text()
    hook.write_text("#!/bin/sh\nexit 0\n")
    done = clone.run("bash", "scripts/install-hook")
    assert done.returncode == 2
    assert "call scripts/pre-commit from it" in done.stderr
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"
    hook.write_text(kept)
