"""Two ways to take the network from a process, for itself and for every thread that it starts afterwards.

A network namespace of its own has no interface at all, not even a working loopback. A seccomp filter refuses to make
sockets; it needs no privilege, so it holds in containers that forbid namespaces. Sources: unshare(2), seccomp(2).
Only the standard library is imported here: the workers load this module.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import Final

_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_MODE_FILTER: Final = 2

_LOAD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0000 | errno.EACCES
_X32: Final = 0x4000_0000

#: AUDIT_ARCH and the numbers of: socket, connect, bind, listen, accept, accept4, io_uring_setup (which makes sockets
#: behind the filter's back), execve, execveat, ptrace, process_vm_readv, process_vm_writev.
_CALLS: Final[dict[str, tuple[int, tuple[int, ...]]]] = {
    "x86_64": (0xC000_003E, (41, 42, 49, 50, 43, 288, 425, 59, 322, 101, 310, 311)),
    "aarch64": (0xC000_00B7, (198, 203, 200, 201, 202, 242, 425, 221, 281, 117, 270, 271)),
}


def libc() -> ctypes.CDLL:
    """The C library, with errno kept."""
    return ctypes.CDLL(None, use_errno=True)


def leave_network(c: ctypes.CDLL) -> str | None:
    """Move this process into an empty network namespace; None when done, else why not.

    With privileges alone; without, together with a user namespace. Must be called while there is one thread.
    """
    # A user namespace would take away root's right to read the files of others, so it is the second choice.
    for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET):
        if c.unshare(flags) == 0:
            return None
    return f"no network namespace: {os.strerror(ctypes.get_errno())}"


def refuse_sockets(c: ctypes.CDLL) -> str | None:
    """Let the kernel refuse new sockets and new programs with EACCES; None when done, else why not."""
    machine = platform.machine()
    if machine not in _CALLS:
        return f"no seccomp filter for {machine}"
    audit, numbers = _CALLS[machine]
    refusal = 4 + len(numbers) + 1  # the place of the last step
    program = [
        _step(_LOAD, 4),
        _step(_JUMP_EQUAL, audit, 0, refusal - 2),  # another architecture's numbers mean other calls
        _step(_LOAD, 0),
        _step(_JUMP_AT_LEAST, _X32, refusal - 4, 0),
        *(_step(_JUMP_EQUAL, number, refusal - 5 - at, 0) for at, number in enumerate(numbers)),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(program))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    if c.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return f"no seccomp filter: {os.strerror(ctypes.get_errno())}"
    if c.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.c_void_p(ctypes.addressof(head)), 0, 0) != 0:
        return f"no seccomp filter: {os.strerror(ctypes.get_errno())}"
    return None


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One `struct sock_filter`; a jump counts the steps that it passes over."""
    return struct.pack("@HBBI", code, if_true, if_false, value)
