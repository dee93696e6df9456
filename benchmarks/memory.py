"""How much memory a server takes: all its processes, pages that they share counted once (Linux only)."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        with suppress(OSError, ValueError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def memory_mib(pid: int) -> float | None:
    """Proportional memory (PSS) of a process and its descendants in MiB; None where the system does not tell.

    A page that several of them share counts once in all, and pages of files that are mapped count as memory.
    """
    total = 0
    for one in tree(pid):
        with suppress(OSError, ValueError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total / 1024 if total else None


class Watched:
    """Looks at the memory of a server from time to time, in a thread, while a `with` block runs."""

    def __init__(self, pid: int, every_s: float = 0.1) -> None:
        self.before = memory_mib(pid)
        self.seen: list[float] = []
        self._pid = pid
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def early(self) -> float | None:
        """The highest in the first tenth of the time."""
        return max(self.seen[: max(1, len(self.seen) // 10)], default=None)

    @property
    def most(self) -> float | None:
        """The highest of all."""
        return max(self.seen, default=None)

    def _look(self) -> None:
        while not self._done.wait(self._every_s):
            if (now := memory_mib(self._pid)) is not None:
                self.seen.append(now)
