"""The cage of a worker: what it may use, and what ends it. Called by the worker, on itself.

Only the standard library is imported here: the workers load this module.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from queries.pool.network import leave_network, libc, refuse_sockets

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36
STACK_BYTES: Final = 64 * 1024 * 1024  # deeply nested queries recurse in the engine
_CPU_MARGIN_S: Final = 2


@dataclass
class Report:
    """What holds in a worker. `namespace` and `filter` are the two walls against the network."""

    namespace: bool = False
    filter: bool = False
    memory_cap_bytes: int = 0
    dies_with_parent: bool = False
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the greeting to the server."""
        return dict(vars(self))


def enter(parent: int, *, network: bool) -> Report:
    """Everything that must hold before the store is opened. Exits when the parent (its pid) is gone already."""
    report = Report()
    c = libc()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    c.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # a core pattern that is a program ignores the limit
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        size = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (size, hard))
    if network:
        report.notes.append("the network is open, as asked")
    else:
        reasons = [leave_network(c), refuse_sockets(c)]
        report.namespace, report.filter = (reason is None for reason in reasons)
        report.notes += [reason for reason in reasons if reason is not None]
    # Last, because a change of credentials clears it.
    report.dies_with_parent = die_with_parent(parent)
    return report


def die_with_parent(parent: int) -> bool:
    """Let the kernel end this process when its parent (a pid) ends; False where it cannot. Exits when that has gone."""
    done = libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0
    if os.getppid() != parent:
        os._exit(0)
    return bool(done)


def adopt_orphans() -> bool:
    """Become the parent of processes below this one whose own parent ends; False where the system has no such thing."""
    try:
        return bool(libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (AttributeError, OSError):
        return False


def cap_memory(report: Report, extra_bytes: int) -> None:
    """Let the address space grow by so much beyond what the opened store takes; and write no file from now on."""
    used = address_space_bytes()
    report.memory_cap_bytes = extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (used + extra_bytes, used + extra_bytes))
    write_nothing()


def cap_memory_again(report: Report, extra_bytes: int) -> None:
    """The same for a process that may open other data: `uncapped` takes the cap away for that while."""
    used = address_space_bytes()
    report.memory_cap_bytes = extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (used + extra_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))


@contextlib.contextmanager
def uncapped(extra_bytes: int) -> Iterator[None]:
    """Open other data, whose size does not count; only where the cap was set by `cap_memory_again`."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        cap_memory_again(Report(), extra_bytes)


def write_nothing() -> None:
    """No file grows from now on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def allow_cpu(seconds: float) -> None:
    """Processor time from now on; past it the kernel ends the process, should the server no longer watch."""
    allowed = math.ceil(time.process_time() + seconds) + _CPU_MARGIN_S
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


def address_space_bytes() -> int:
    """The size of this process's address space."""
    return _statm()[0]


def resident_bytes() -> int:
    """The memory that this process holds; mapped files are the system's and do not count."""
    return _statm()[1]


def faulted_bytes() -> int:
    """Memory that the system has had to give this process so far, page by page: for a process that was split off, an
    upper bound of what it no longer shares with its parent."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt * resource.getpagesize()


def give_back_memory() -> int:
    """Let the system have what the allocator keeps for later; the memory that this process holds then.

    Each worker would keep the most that one of its queries has ever needed.
    """
    with contextlib.suppress(AttributeError):  # another C library
        libc().malloc_trim(0)
    return resident_bytes()


def _statm() -> tuple[int, int]:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib would slow the start
        pages = file.read().split()
    return int(pages[0]) * resource.getpagesize(), (int(pages[1]) - int(pages[2])) * resource.getpagesize()


__all__ = [
    "STACK_BYTES",
    "Report",
    "address_space_bytes",
    "adopt_orphans",
    "allow_cpu",
    "cap_memory",
    "cap_memory_again",
    "die_with_parent",
    "enter",
    "faulted_bytes",
    "give_back_memory",
    "resident_bytes",
    "uncapped",
    "write_nothing",
]
