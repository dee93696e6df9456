"""Data files as a revision of git has them, and what has changed since.

Only `git` itself is run, without a shell, in the repository that holds the files.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from loaders.errors import BuildError


class Revision:
    """A revision of the repository that holds the paths. Raises BuildError where there is no such, or no repository."""

    def __init__(self, revision: str, paths: Sequence[Path]) -> None:
        self.top = _top(paths)
        _known(self.top, revision)
        self._revision = revision

    def changed(self, paths: Sequence[Path]) -> set[Path]:
        """The files at or below the paths that differ from it, new and deleted ones among them."""
        below = [str(path.resolve()) for path in paths]
        changed = _git(self.top, "diff", "--name-only", "--no-renames", "-z", self._revision, "--", *below)
        fresh = _git(self.top, "ls-files", "--others", "--exclude-standard", "-z", "--", *below)
        return {self.top / name for name in (changed + fresh).decode().split("\0") if name}

    def contents(self, paths: Sequence[Path]) -> dict[Path, str]:
        """The files at or below the paths that it has, each with the name that git gives its content."""
        below = [path.resolve().relative_to(self.top).as_posix() for path in paths]
        listed = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", self._revision, "--", *below).decode()
        found: dict[Path, str] = {}
        for line in filter(None, listed.split("\0")):
            about, _, name = line.partition("\t")
            mode, kind, content = about.split(" ")
            if kind == "blob" and mode != "120000":  # What a link leads to, git does not say.
                found[self.top / name] = content
        return found

    def read(self, content: str) -> bytes:
        """The bytes that git has under this name."""
        return _git(self.top, "cat-file", "blob", content)


def content_name(data: bytes) -> str:
    """The name that git gives these bytes as the content of a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@contextmanager
def checked_out(revision: str, path: Path) -> Iterator[Path]:
    """The path as it was at a revision, in a temporary folder; a path that does not exist where it was not there.

    Raises BuildError where there is no such revision, or no repository.
    """
    top = _top([path])
    _known(top, revision)
    inside = path.resolve().relative_to(top).as_posix()
    with TemporaryDirectory(prefix="treatygraph-") as folder:
        if inside == "." or _git(top, "ls-tree", revision, "--", inside):
            archive = _git(top, "archive", "--format=tar", revision, "--", inside)
            with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
                packed.extractall(folder, filter="data")
        yield Path(folder) / inside


def is_revision(revision: str, path: Path) -> bool:
    """Whether the repository that holds the path knows this revision."""
    try:
        _known(_top([path]), revision)
    except BuildError:
        return False
    return True


def _top(paths: Sequence[Path]) -> Path:
    first = paths[0].resolve()
    folder = first if first.is_dir() else first.parent
    return Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip()).resolve()


def _known(top: Path, revision: str) -> None:
    if revision.startswith("-"):
        raise BuildError(f"{revision}: not a revision; to mend: name a commit, a branch or a tag")
    try:
        _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except BuildError:
        raise BuildError(f"{revision}: no such revision here; to mend: name a commit, a branch or a tag") from None


def _git(folder: Path, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise BuildError("git is not installed; to mend: install it, or leave the revision out")
    done = subprocess.run([git, "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise BuildError(f"{folder}: git cannot answer ({said[:200]}); to mend: run it in the repository of the data")
    return done.stdout
