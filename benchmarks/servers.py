"""Servers under measurement: processes on the loopback interface, ended by whoever started them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.engines import LOOPBACK, OUR_SERVER, PEER_SERVER, Http

_PATIENCE_S: Final = 120.0
_FIRST: Final = "ASK { <https://w3id.org/treatygraph/id/treaty/t0001> ?property ?value }"
_JSON: Final = "application/sparql-results+json"


@dataclass(frozen=True)
class Server:
    """A running server: its engine, its process and the seconds from start to the first answer of a query."""

    name: str
    port: int
    path: str
    process: subprocess.Popen[bytes]
    started_s: float

    def connect(self) -> Http:
        """A new connection."""
        return Http(self.name, self.port, self.path)

    def memory_mib(self) -> float | None:
        """Resident memory of the process and its children in MiB, None where the system does not tell."""
        return memory_mib(self.process.pid)


def make_release(folder: Path, store: Path) -> Path:
    """A folder that `treatygraph serve` takes for a release of the store."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "store").symlink_to(store.resolve(), target_is_directory=True)
    (folder / "manifest.json").write_text(
        json.dumps({"release": "benchmark000", "counts": {}, "inputs": [], "files": []}), encoding="utf-8"
    )
    (folder / "void.ttl").write_text("", encoding="utf-8")
    return folder


@contextmanager
def our_server(release: Path) -> Iterator[Server]:
    """`treatygraph serve` of this source tree."""
    port = _free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--release", str(release), "--port", str(port)]
    with _running(OUR_SERVER, command, port, "/sparql") as server:
        yield server


@contextmanager
def peer_server(store: Path) -> Iterator[Server]:
    """The server of the `oxigraph` wheel, read-only."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("oxigraph")), "serve-read-only", "--location", str(store)]
    with _running(PEER_SERVER, [*command, "--bind", f"{LOOPBACK}:{port}"], port, "/query") as server:
        yield server


def memory_mib(pid: int) -> float | None:
    """Resident memory of a process and its children in MiB (Linux only). Pages that they share count for each."""
    pids, total = [pid], 0
    with suppress(OSError, ValueError):
        for parent in pids:
            for task in Path(f"/proc/{parent}/task").iterdir():
                pids += [int(child) for child in (task / "children").read_text().split()]
            status = Path(f"/proc/{parent}/status").read_text()
            total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
    return total / 1024 if total else None


@contextmanager
def _running(name: str, command: Sequence[str], port: int, path: str) -> Iterator[Server]:
    root = Path(__file__).resolve().parent.parent
    environ = {key: value for key, value in os.environ.items() if not key.startswith("TREATYGRAPH_")}
    environ["PYTHONPATH"] = str(root)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=root, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        _await(name, process, port, path)
        yield Server(name, port, path, process, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _await(name: str, process: subprocess.Popen[bytes], port: int, path: str) -> None:
    limit = time.monotonic() + _PATIENCE_S
    while True:
        try:
            Http(name, port, path).ask(_FIRST, _JSON)
            return
        except OSError:
            if process.poll() is not None:
                said = process.stderr.read().decode(errors="replace") if process.stderr else ""
                raise RuntimeError(f"{name}: did not start: {said.strip()[-500:]}") from None
            if time.monotonic() > limit:
                raise RuntimeError(f"{name}: no answer after {_PATIENCE_S:.0f} s") from None
            time.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind((LOOPBACK, 0))
        return int(listening.getsockname()[1])
