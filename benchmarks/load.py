"""Load over HTTP on the loopback interface: requests a second, p50 and p99, with several connections that stay open.

wrk (Debian: wrk) asks, from one thread, which is far from being the bottleneck; where it is missing, our own generator
asks (`benchmarks.generator`), a process of its own that does little else. Paths may hold NUMBER: it is another in each
request, so that none has been asked before. What stands behind the question mark of a path that begins with POST is
sent as a form. p50 and p99 are those of the requests that were sent (`load.lua` says what wrk would add).
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmarks.engines import LOOPBACK, POST
from benchmarks.figures import Rate
from benchmarks.process import ROOT
from benchmarks.servers import Server

CONNECTIONS: Final = 8
#: At most so many different things are asked about in one run of load.
NUMBER_OF_PATHS: Final = 500
_SCRIPT: Final = Path(__file__).with_name("load.lua")
_WARM_S: Final = 0.5
#: After so many seconds the bodies that were looked at are enough.
_LOOK_S: Final = 2.0
#: Where the numbers of a run begin: no two runs share any, and each number has the same number of digits.
_NUMBERS: Final = itertools.count(100_000_000, 5_000_000)


def generator() -> str:
    """Which load generator this machine has."""
    return "wrk" if shutil.which("wrk") else "own generator (wrk is not installed)"


def load(
    what: str, server: Server, paths: Sequence[str], accept: str, *, seconds: float, connections: int = CONNECTIONS
) -> Rate:
    """Ask the paths in turn for so many seconds, after a moment of warming up. Raises RuntimeError.

    What is asked again and again should have been asked once before. The bodies of one round are looked at first: a
    server that answers something else than 200 is no server to measure.
    """
    connection = server.connect()
    began = time.monotonic()
    bodies: list[int] = []
    for path in paths[:20]:
        bodies.append(len(connection.send(path.removeprefix(POST).replace("NUMBER", "1"), accept)))
        if time.monotonic() > began + _LOOK_S:
            break
    slow = time.monotonic() - began > _WARM_S * len(bodies)
    connection.close()
    with tempfile.NamedTemporaryFile("w", suffix=".paths", encoding="utf-8") as file:
        file.write("\n".join(paths) + "\n")
        file.flush()
        if seconds > _WARM_S and not slow:
            with suppress(RuntimeError):  # nothing is measured yet; it may be slower with company than alone
                _run(server, file.name, accept, _WARM_S, connections)
        found = _run(server, file.name, accept, seconds, connections)
    return Rate(
        what,
        server.name,
        found["requests"] / found["seconds"],
        found["p50"],
        found["p99"],
        int(found["failures"]),
        connections,
        sorted(bodies)[len(bodies) // 2],
    )


def _run(server: Server, paths: str, accept: str, seconds: float, connections: int) -> dict[str, float]:
    first = str(next(_NUMBERS))
    if shutil.which("wrk"):
        # wrk knows whole seconds only; a shorter run is ended from here.
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += ["--timeout", f"{round(seconds) + 30}s"]
        command += ["-H", f"Accept: {accept}", "-s", str(_SCRIPT), f"http://{LOOPBACK}:{server.port}/"]
        command += ["--", paths, first]
    else:
        command = [sys.executable, "-m", "benchmarks.generator", str(server.port), paths, first, accept]
        command += [str(seconds), str(connections)]
    environ = {**os.environ, "CONNECTIONS": str(connections)}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=seconds + 120, check=False
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("FIGURES ")), None)
    if done.returncode or line is None:
        raise RuntimeError(f"load generator: exit status {done.returncode}: {(done.stdout + done.stderr)[-400:]}")
    figures: dict[str, float] = json.loads(line.removeprefix("FIGURES "))
    if figures.get("measured", figures["requests"]) != figures["requests"]:  # another wrk, which adds in another way
        raise RuntimeError(f"load generator: {figures['measured']:.0f} latencies of {figures['requests']:.0f} requests")
    if not figures["requests"]:
        raise RuntimeError(f"{server.name}: no answer within {seconds:.0f} s under load")
    time.sleep(0.1)
    return figures
