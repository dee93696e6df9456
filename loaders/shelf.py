"""The shelf: where snapshots and finished reports are kept between two runs.

Everything on it can be made again, so it may be deleted at any time. An item is written under a name of its own, then
renamed, and is never changed afterwards: two processes cannot disturb each other, the later one wins. Beside each item
lies a seal with its size, time and checksum. An item that does not fit its seal is thrown away and made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

#: Items that are kept for one set of data files and one version of the software.
KEPT: Final = 3
#: Bytes that all items may have together, by default.
LIMIT: Final = 4 * 2**30
_SEAL: Final = ".seal"
_LEFTOVER_S: Final = 86_400


class Shelf:
    """A directory of items. An item's name is `group-state.kind`; those of one group replace each other."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit

    def items(self, group: str, kind: str) -> Iterator[Path]:
        """The sound items of a group, the latest first. Those that are not sound are removed."""
        for path in sorted(self._folder.glob(f"{group}-*.{kind}"), key=_age, reverse=True):
            if _sound(path):
                yield path
            else:
                self.remove(path)

    def get(self, name: str) -> Path | None:
        """One item, if it is there and sound."""
        path = self._folder / name
        if path.is_file() and not _sound(path):
            self.remove(path)
        return path if path.is_file() else None

    def keep(self, name: str, write: Callable[[Path], object]) -> Path:
        """Write an item and put it on the shelf. Raises OSError where the directory cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._folder / f".{token_hex(8)}.new"
        path, seal = self._folder / name, self._folder / f"{name}{_SEAL}"
        try:
            write(fresh)
            # The seal first: an item without one is taken for damaged by others.
            seal_file = fresh.with_name(f"{fresh.name}.new")
            seal_file.write_text(json.dumps([*_stat(fresh), _digest(fresh)]), encoding="utf-8")
            seal_file.replace(seal)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        self._prune(name)
        return path

    @staticmethod
    def remove(path: Path) -> None:
        """Take an item off the shelf."""
        for one in (path.with_name(path.name + _SEAL), path):
            with suppress(OSError):
                one.unlink()

    def _prune(self, newest: str) -> None:
        """Remove what is too much: of the group of the newest item, then of all, the oldest first."""
        items = sorted((path for path in self._folder.glob("*-*.*") if path.suffix != _SEAL), key=_age, reverse=True)
        group, kind = newest.rpartition("-")[0], newest.rpartition(".")[2]
        same = [path for path in items if path.name.rpartition("-")[0] == group and path.suffix == f".{kind}"]
        gone = same[KEPT:]
        size = 0
        for path in items:
            with suppress(OSError):
                size += path.stat().st_size
            if size > self._limit and path.name != newest:
                gone.append(path)
        for path in gone:
            self.remove(path)
        for path in self._folder.glob(".*.new"):
            # What a process left that was killed.
            if _age(path) < _age(self._folder / newest) - _LEFTOVER_S:
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _stat(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _sound(path: Path) -> bool:
    """Whether an item is what was written: by size and time, and where these differ, by its checksum."""
    try:
        size, time, digest = json.loads(path.with_name(path.name + _SEAL).read_text(encoding="utf-8"))
        now = _stat(path)
        return now == [size, time] or (now[0] == size and _digest(path) == digest)
    except (OSError, ValueError, TypeError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
