"""Which process on which machine, so that another one there can tell whether it still runs."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_MOST_NAME: Final = 60
#: How long a server may take to accept a connection, and between two looks.
_ACCEPTED_S: Final = 1.0
_PAUSE_S: Final = 0.005
#: How the kernel writes the beginning of an IPv4 address as one of IPv6, and the length of all of it, with the port.
_MAPPED: Final = "0000000000000000FFFF0000"
_LONG: Final = 37


def this_process() -> str:
    """This process, in a form that `has_ended` understands on the same machine; the machine is told by a hash."""
    return _said(os.getpid())


def _said(pid: int) -> str:
    return f"{_machine()}:{pid}:{_started(pid)}"


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


def serving(connection: socket.socket, program: str) -> str:
    """The process of this machine at the other end of a connection, as `this_process` says it; "" where that is on
    another machine, hidden from us, or no process of this program, but somebody who passes on what comes."""
    tcp = "tcp6" if connection.family == socket.AF_INET6 else "tcp"
    theirs, ours = _written(connection.getpeername()), _written(connection.getsockname())
    limit = time.monotonic() + _ACCEPTED_S
    while time.monotonic() < limit:
        number = _socket(tcp, theirs, ours)
        if number is None:
            return ""
        if number != "0":  # it has been accepted
            return next((_said(pid) for pid in _named(program) if _holds(pid, f"socket:[{number}]")), "")
        time.sleep(_PAUSE_S)
    return ""


def _socket(table: str, local: str, remote: str) -> str | None:
    """The number of the socket with these ends (proc(5), /proc/net/tcp)."""
    for name in (table, "tcp6"):  # a server may listen for both kinds with one socket
        try:
            lines = Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if _ends_alike(fields[1], local) and _ends_alike(fields[2], remote):
                return fields[9]
    return None


def _written(address: tuple[Any, ...]) -> str:
    """An address as the kernel writes it there: each word of four bytes as a number of this machine."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    packed = socket.inet_pton(family, address[0])
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"


def _ends_alike(found: str, wanted: str) -> bool:
    """An IPv4 address also stands at the end of one of IPv6 (`::ffff:127.0.0.1`)."""
    return found == wanted or (
        len(found) == _LONG and found.startswith(_MAPPED) and found.removeprefix(_MAPPED) == wanted
    )


def _named(program: str) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "comm").read_text(encoding="utf-8", errors="replace").strip() == program:
                yield int(folder.name)


def _holds(pid: int, target: str) -> bool:
    try:
        return any(str(link.readlink()) == target for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


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
