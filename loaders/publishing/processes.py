"""Which process on which machine, so that another one there can tell whether it still runs."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import Final

_MOST_NAME: Final = 60


def this_process() -> str:
    """This process, in a form that `has_ended` understands on the same machine; the machine is told by a hash."""
    return f"{_machine()}:{os.getpid()}:{_started(os.getpid())}"


def spoken() -> str:
    """This process for people: `process 12 on host`."""
    host = "".join(letter for letter in socket.gethostname() if letter.isprintable() and letter not in '"\\')
    return f"process {os.getpid()} on {host[:_MOST_NAME] or 'a machine without name'}"


def has_ended(process: str) -> bool | None:
    """Whether a process has ended. None where that cannot be seen from here: it is one of another machine."""
    machine, _, rest = process.partition(":")
    number, _, started = rest.partition(":")
    if not machine or machine != _machine() or not number.isdigit():
        return None
    # A number is given again; the second that has it started at another time.
    return _started(int(number)) != started


def _machine() -> str:
    """This boot of this machine, and the namespace in which its processes are numbered; "" where that is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbered = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return ""
    return hashlib.blake2b(f"{boot} {numbered}".encode(), digest_size=8).hexdigest()


def _started(number: int) -> str:
    """When a process started, in ticks since the boot; "" where there is none, or it has ended and is not collected."""
    try:
        said = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = said.rpartition(")")[2].split()  # the name of a program may hold anything, brackets too
    return "" if fields[0] in "ZX" else fields[19]
