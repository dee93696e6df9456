"""The server's handle on the nursery, and on the workers that it splits off (`queries.pool.nursery`)."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, Final

from queries.errors import BackendError
from queries.pool import sandbox, wire
from queries.pool.process import start

#: The canonical N-Quads of a release, which stand beside its store; read faster than the store.
_DUMP: Final = "dump.nq.gz"
_SPLITTING_S: Final = 10.0


class Nursery:
    """One per release. Started from the thread that may end workers; used from that thread alone."""

    def __init__(self, store: Path, limit_bytes: int, columns: Path | None) -> None:
        """Begin to load. `control` becomes readable when there is something to `hear`. Raises BackendError."""
        if not sandbox.adopt_orphans():
            raise BackendError("this system does not let a process adopt the children of its children")
        dump = store.parent / _DUMP
        self.control, theirs = socket.socketpair()
        self.failure: str | None = None
        self._decoder = wire.Decoder()
        try:
            self._process = start("queries.pool.nursery", theirs.fileno(), subprocess.DEVNULL)
        except OSError as error:
            self.control.close()
            raise BackendError(f"no process can be started: {error}") from error
        finally:
            theirs.close()
        setup = {
            "parent": os.getpid(),
            "store": str(store.absolute()),
            "dump": str(dump.absolute()) if dump.is_file() else None,
            "limit_bytes": limit_bytes,
            "columns": None if columns is None else str(columns.absolute()),
        }
        self.control.sendall(wire.message(wire.SETUP, setup))

    def hear(self) -> bool:
        """Whether it has loaded. Raises BackendError, with the reason, where it has given up or has died."""
        told = self._receive()
        if told is None:
            return False
        return "resident" in told

    def split(self, connection: int, errors: int) -> Forked:
        """A new worker. Raises BackendError."""
        try:
            socket.send_fds(self.control, [b"!"], [connection, errors])
        except OSError as error:
            raise BackendError(f"the copy of the store in memory is gone: {error}") from error
        waiting = select.poll()
        waiting.register(self.control, select.POLLIN)
        while waiting.poll(_SPLITTING_S * 1000):
            told = self._receive()
            if told is not None:
                pid = int(told["pid"])
                if not pid:
                    break
                return Forked(pid)
        raise BackendError("the copy of the store in memory gives no worker")

    def close(self) -> None:
        """Let it end; its workers go on."""
        self.control.close()
        self._process.kill()
        self._process.wait()

    def _receive(self) -> dict[str, Any] | None:
        try:
            data = self.control.recv(wire.RECEIVE)
        except OSError:
            data = b""
        if not data:
            raise BackendError("the process that holds the copy of the store in memory has ended")
        for kind, payload in self._decoder.feed(data):
            told = wire.content(payload)
            if kind == wire.ERROR:
                raise BackendError(str(told.get("text")))
            return told
        return None


class Forked:
    """A process that became a child of this one when its parent ended; see `queries.pool.process.Process`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._waiting = threading.Lock()
        self._status: int | None = None

    def kill(self) -> None:
        """End it at once."""
        with self._waiting:
            if self._status is None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        with self._waiting:
            if self._status is None:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:  # somebody else has waited for it
                    pid, status = self.pid, 0
                if pid:
                    self._status = os.waitstatus_to_exitcode(status)
                    os.close(self._handle)
            return self._status

    def wait(self, timeout: float | None = None) -> int:
        """The same, waiting for it. Raises subprocess.TimeoutExpired."""
        if (status := self.poll()) is not None:
            return status
        ended = select.poll()
        ended.register(self._handle, select.POLLIN)
        ended.poll(None if timeout is None else timeout * 1000)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return status
