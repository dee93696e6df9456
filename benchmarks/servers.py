"""Servers under measurement: processes on the loopback interface, ended by whoever started them."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from benchmarks.engines import ENDPOINT, LOOPBACK, OURS, OXIGRAPH, Http
from benchmarks.memory import memory_mib
from benchmarks.process import ROOT

FLOOR: Final = "starlette, no query"
_PATIENCE_S: Final = 180.0
#: Asked until it is answered; it must not be refused for anything but not being ready.
FIRST: Final = "ASK { ?thing ?property ?value }"
JSON: Final = "application/sparql-results+json"


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
        """Memory of the process and its children in MiB, None where the system does not tell."""
        return memory_mib(self.process.pid)


def ours(release: Path, workers: int | None = None, **settings: str) -> AbstractContextManager[Server]:
    """`treatygraph serve` of this source tree, with settings from the environment."""
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--release", str(release), "--port", str(port)]
    if workers is not None:
        command += ["--workers", str(workers)]
    environ = {f"TREATYGRAPH_{name.upper()}": value for name, value in settings.items()}
    return _settled(running(OURS, command, port, "/sparql", environ=environ))


@contextmanager
def _settled(starting: AbstractContextManager[Server]) -> Iterator[Server]:
    """Ours, when it has copied the release into memory, or has found that it is too large: so it answers for days."""
    with starting as server:
        limit = time.monotonic() + _PATIENCE_S
        while time.monotonic() < limit:
            with urlopen(f"http://{LOOPBACK}:{server.port}/health", timeout=10) as answer:
                if not json.load(answer).get("pool", {}).get("store", "").endswith("soon"):
                    break
            time.sleep(0.2)
        yield server


def oxigraph(store: Path) -> AbstractContextManager[Server]:
    """The server of the `oxigraph` wheel on the same store, read-only."""
    port = free_port()
    command = [_oxigraph() or "oxigraph", "serve-read-only", "--location", str(store), "--bind", f"{LOOPBACK}:{port}"]
    return running(OXIGRAPH, command, port, "/query")


def endpoint(store: Path) -> AbstractContextManager[Server]:
    """rdflib-endpoint on the canonical graph of the store, in memory."""
    port = free_port()
    return running(ENDPOINT, [sys.executable, "-m", "benchmarks.endpoint", str(port), str(store)], port, "/sparql")


def floor(size: int) -> AbstractContextManager[Server]:
    """Starlette that always answers so many bytes."""
    port = free_port()
    return running(FLOOR, [sys.executable, "-m", "benchmarks.floor", str(port), str(size)], port, "/sparql")


def missing_oxigraph() -> str | None:
    """Why the `oxigraph` server cannot take part; None where it can."""
    return None if _oxigraph() else "the command `oxigraph` of the wheel of that name is not installed"


def missing_endpoint() -> str | None:
    """Why rdflib-endpoint cannot take part; None where it can."""
    found = importlib.util.find_spec("rdflib_endpoint")
    return None if found else "not installed (`make bench` installs the group `peers`)"


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    port: int,
    path: str,
    *,
    folder: Path = ROOT,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start a server and wait for its first answer; end it afterwards. Raises RuntimeError where it does not start."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TREATYGRAPH_")}
    environ = {**inherited, **(environ or {}), "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        _await(name, process, port, path)
        yield Server(name, port, path, process, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind((LOOPBACK, 0))
        return int(listening.getsockname()[1])


def _oxigraph() -> str | None:
    beside = Path(sys.executable).with_name("oxigraph")
    return str(beside) if beside.is_file() else shutil.which("oxigraph")


def _await(name: str, process: subprocess.Popen[bytes], port: int, path: str) -> None:
    limit = time.monotonic() + _PATIENCE_S
    while True:
        try:
            Http(name, port, path).ask(FIRST, JSON)
            return
        except (OSError, HTTPException) as error:
            if process.poll() is not None:
                said = process.stderr.read().decode(errors="replace") if process.stderr else ""
                raise RuntimeError(f"{name}: did not start: {said.strip()[-500:]}") from None
            if time.monotonic() > limit:
                raise RuntimeError(f"{name}: no answer after {_PATIENCE_S:.0f} s ({error})") from None
            time.sleep(0.005)
