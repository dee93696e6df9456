"""Processes as the kernel shows them in /proc. Any of them, and any thread, may end while one looks."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_LISTENS = "0A"  # proc(5), /proc/net/tcp


def command(pid: int) -> bytes:
    """The command line, b"" for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def children(pid: int | str = "self") -> list[int]:
    """The processes that a process has started and not yet waited for; none, where it has ended."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # a thread that has ended meanwhile; its children have another one now
                found += map(int, (task / "children").read_text().split())
    return found


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def ports(pid: int) -> set[int]:
    """The ports at which a process listens over TCP."""
    held = set()
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                held.add(str(file.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                if state == _LISTENS and f"socket:[{inode}]" in held:
                    found.add(int(local.rpartition(":")[2], 16))
    return found
