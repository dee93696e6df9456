"""The server's handle on one worker process: start it, talk to it, end it, say what it died of."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from ontology.namespaces import PREFIXES
from queries.errors import BackendError, QueryTimeout
from queries.pool import wire
from queries.pool.errors import EngineCrashed, OutOfMemory, WorkerDied
from queries.proof import Proof

# -I and -S: no environment, no site hooks; the worker looks for modules where this process does.
_START: Final = (
    "import importlib,json,sys; sys.path[:]=json.loads(sys.argv[1]); importlib.import_module(sys.argv[2]).main()"
)
_FATE_S: Final = 2.0
_CRASHES: Final = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE})


class Process(Protocol):
    """A process that this one can wait for: what `subprocess.Popen` has of it, and `queries.pool.forked.Forked`."""

    pid: int

    def kill(self) -> None:
        """End it at once; nothing, where it has ended."""

    def poll(self) -> int | None:
        """How it ended (a signal as its negative number), None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The same, waiting so many seconds. Raises subprocess.TimeoutExpired."""


class Source(Protocol):
    """Where workers come from that share one copy of the store in memory (`queries.pool.forked.Nursery`)."""

    def split(self, connection: int, errors: int) -> Process:
        """A new worker on these descriptors. Raises BackendError."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What workers serve: the place of a store, the name of its release, where its copy in memory is, and its columns.

    `proof` tells whether the columns are what they should be; where they are not, nobody uses them any more, and the
    engine answers. `module` is the program of a worker, which speaks `queries.pool.wire`; `environment` is what it gets
    of ours.
    """

    store: Path
    release: str
    source: Source | None = None
    columns: Path | None = None
    proof: Proof | None = None
    module: str = "queries.pool.worker"
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def edition(self) -> str:
        """Decides the bytes of an answer together with the query: without ORDER BY, rows come in the order of the
        store, and that in memory has another one; so have columns (the number goes up with what they answer)."""
        where = "" if self.source is None else "/memory"
        if not self.counts:
            return f"{self.release}{where}"
        return f"{self.release}{where}/columns-2{'' if self.proof is None else self.proof.mark}"

    @property
    def counts(self) -> bool:
        """Whether the columns are used."""
        return self.columns is not None and (self.proof is None or self.proof.sound is not False)


class Worker:
    """A worker process. Its socket does not block; who has the worker on loan reads and writes it."""

    def __init__(self, plan: Plan, *, memory_bytes: int, network: bool, sweep_statements: int = 0) -> None:
        """Start the process, from a thread that outlives it: the kernel ends it with the thread that started it."""
        self.plan = plan
        self.served = 0
        #: Bytes of memory of its own, at most, and since when it has been idle (monotonic clock).
        self.own = 0
        self.idle_since = now()
        #: Whether somebody has it on loan and will read from the socket; it must not be closed then.
        self.read = False
        self.hello: dict[str, Any] = {}
        self.decoder = wire.Decoder()
        self._ending = threading.Lock()
        self._fate: tuple[int, str] | None = None
        ours, theirs = socket.socketpair()
        self._errors, errors_in = os.pipe()
        os.set_blocking(self._errors, False)
        os.set_blocking(errors_in, False)  # a worker that complains a lot loses words, not time
        try:
            if plan.source is None:
                self._process: Process = start(plan.module, theirs.fileno(), errors_in, plan.environment)
            else:
                self._process = plan.source.split(theirs.fileno(), errors_in)
        except (BackendError, OSError) as error:
            ours.close()
            os.close(self._errors)
            raise BackendError(f"no worker process can be started: {error}") from error
        finally:
            theirs.close()
            os.close(errors_in)
        self.socket = ours
        ours.setblocking(False)
        setup = {
            "parent": os.getpid(),
            "store": str(plan.store.absolute()),
            "columns": None if plan.columns is None else str(plan.columns.absolute()),
            "memory_bytes": memory_bytes,
            "network": network,
            "sweep_statements": sweep_statements,
            "prefixes": PREFIXES,
        }
        with contextlib.suppress(OSError):  # ended already, which shows at the first reading
            ours.send(wire.message(wire.SETUP, setup))

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def send(self, data: bytes) -> None:
        """Send all, waiting where needed. Raises OSError when the worker is gone."""
        while data:
            try:
                data = data[self.socket.send(data) :]
            except BlockingIOError:
                waiting = select.poll()
                waiting.register(self.socket, select.POLLOUT)
                waiting.poll()

    def receive(self) -> bytes:
        """What comes next, waiting for it; b"" when the worker is gone."""
        while True:
            try:
                return self.socket.recv(wire.RECEIVE)
            except BlockingIOError:
                waiting = select.poll()
                waiting.register(self.socket, select.POLLIN)
                waiting.poll()
            except OSError:
                return b""

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def dismiss(self) -> None:
        """Let an idle worker end by itself."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            self.kill()

    def fate(self) -> BackendError:
        """What a worker died of, as an error of its query; ends it if it lives. Waits a moment, so not on a loop."""
        with self._ending:
            if self._fate is None:
                self._fate = self._end()
            status, said = self._fate
        if status == -signal.SIGXCPU:
            return QueryTimeout("the query used up its processor time")
        if status < 0 and -status in _CRASHES:
            if "memory allocation of" in said or "bad_alloc" in said:
                return OutOfMemory("the query needs more memory than one query may have; ask for less")
            return EngineCrashed("the query brought the engine down; nest it less deeply, or ask in parts")
        return WorkerDied("the process that ran the query was ended; try again")

    def close(self) -> None:
        """Let go of the socket and of the process, which has ended."""
        self.fate()
        self.socket.close()

    def _end(self) -> tuple[int, str]:
        # The socket closes a moment before the process can be waited for.
        try:
            status = self._process.wait(_FATE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        try:
            said = os.read(self._errors, 65536).decode(errors="replace")
        except OSError:
            said = ""
        os.close(self._errors)
        return status, said


def start(
    module: str, connection: int, errors: int, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Run the `main` of a module of this package as a program, told what to do on its standard input."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", "-c", _START, json.dumps(sys.path), module, "treatygraph query worker"],
        stdin=connection,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        close_fds=True,
        cwd="/",
        env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2", **(environment or {})},
        start_new_session=True,  # a Ctrl-C on the terminal is for the server
    )


def now() -> float:
    """The clock of all limits."""
    return time.monotonic()
