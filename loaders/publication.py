"""Publication: a release is built beside the old one and swapped in at once, so that no reader meets half of one.

Whatever happens before the swap (a crash, a full disk, `kill -9`) leaves `current` as it was; the remains are cleared
by the next build. One build at a time writes to a folder of releases.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from loaders.errors import BuildError
from loaders.release import CURRENT, MANIFEST, ReleaseInfo, open_release

#: Releases that are kept besides the current one.
KEPT: Final = 2

_LOCK: Final = ".lock"
_TEMPORARY: Final = ".building-"
_RELEASE: Final = re.compile(r"[0-9a-f]{12}(\.[0-9]+)?\Z")


@contextmanager
def building(out: Path) -> Iterator[Path]:
    """A fresh folder inside `out` to build in, under a lock; what is left in it afterwards is removed.

    Raises BuildError where another build holds the lock or the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / _LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise BuildError(
            f"{out}: no release can be written here ({error.strerror}); to mend: choose another folder with --out"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read(20).strip() or "unknown"
            raise BuildError(
                f"{out}: another build (process {holder}) is writing here; to mend: wait for it, or use --out"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        for leftover in out.glob(f"{_TEMPORARY}*"):
            _remove(leftover)
        folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=out))
        # mkdtemp makes a private folder; a release is for whoever serves it.
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, out: Path, identifier: str) -> ReleaseInfo:
    """Make a finished folder the current release. Each step is on disk before the next begins.

    An equal release that is there already and sound is used again. Raises OSError.
    """
    target = _place(folder, out, identifier)
    if not target.exists():
        _sync_tree(folder)
        folder.rename(target)
        _sync(out)
    # The time of the folder tells the order of publication; nothing inside the release does.
    os.utime(target)
    link = out / f"{_TEMPORARY}{CURRENT}"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    link.replace(out / CURRENT)
    _sync(out)
    _prune(out)
    return open_release(target)


def _place(folder: Path, out: Path, identifier: str) -> Path:
    """Where the release goes: the folder of an equal sound release, else the first free name."""
    manifest = (folder / MANIFEST).read_bytes()
    number = 0
    while True:
        target = out / (f"{identifier}.{number}" if number else identifier)
        if not target.exists():
            return target
        known = target / MANIFEST
        if known.is_file() and known.read_bytes() == manifest and not open_release(target).damage():
            return target
        number += 1


def _prune(out: Path) -> None:
    """Remove old releases but the last few, and never one that a link in the folder points to."""
    pointed = {path.resolve() for path in out.iterdir() if path.is_symlink()}
    releases = [path for path in out.iterdir() if _RELEASE.match(path.name) and path.is_dir() and not path.is_symlink()]
    others = sorted((path for path in releases if path.resolve() not in pointed), key=_published, reverse=True)
    for path in others[KEPT:]:
        # Killed in the middle, half of it must not stand there under its name.
        doomed = out / f"{_TEMPORARY}{path.name}"
        with suppress(OSError):  # the new release is in its place whatever becomes of an old one
            path.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)


def _published(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    """Write a file or a folder's entries through to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
