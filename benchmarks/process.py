"""What other processes cost: starting an engine in a fresh Python, building a release, validating the data."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.engines import DISK, EMBEDDED

ROOT: Final = Path(__file__).resolve().parent.parent
_OPEN: Final = {
    EMBEDDED: "from queries.embedded import EmbeddedBackend; bool(EmbeddedBackend(path).query(ask))",
    DISK: "import pyoxigraph; bool(pyoxigraph.Store.read_only(path).query(ask))",
}
_ASK: Final = "import sys; path, ask = sys.argv[1], 'ASK { ?s ?p ?o }'; "


@dataclass(frozen=True)
class Cost:
    """Wall seconds, seconds of processor, and the largest resident memory in MiB (None where unknown)."""

    name: str
    seconds: float
    cpu_s: float
    memory_mib: float | None


def first_answers(store: Path) -> list[Cost]:
    """Each embedded engine in its own process: start Python, open the store, answer one query, end."""
    return [run(name, [sys.executable, "-c", _ASK + line, str(store)]) for name, line in _OPEN.items()]


def treatygraph(*arguments: str) -> None:
    """Run a command of this source tree. Raises RuntimeError where it fails."""
    run(f"treatygraph {arguments[0]}", [sys.executable, "-m", "api.cli", *arguments])


def data_costs(folder: Path, data: Path) -> list[Cost]:
    """Build a release from the data of this source tree, and validate that data."""
    own = [sys.executable, "-m", "api.cli"]
    return [
        run("`treatygraph build`", [*own, "build", "--out", str(folder / "built")]),
        run("`treatygraph validate data`", [*own, "validate", str(data)], allowed=(0, 1)),
    ]


def run(name: str, command: Sequence[str], allowed: Sequence[int] = (0,)) -> Cost:
    """Run to the end. Raises RuntimeError for another exit status than those allowed."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("TREATYGRAPH_")}
    environ["PYTHONPATH"] = str(ROOT)
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    # The largest resident memory that wait4 gives counts this process too, as it was before the new program ran.
    largest, ended, status, usage = 0.0, 0, 0, None
    while not ended:
        largest = max(largest, _high_water_mib(process.pid))
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        time.sleep(0 if ended else 0.005)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        raise RuntimeError(f"{name}: exit status {process.returncode}")
    assert usage is not None
    return Cost(name, seconds, usage.ru_utime + usage.ru_stime, largest or None)


def _high_water_mib(pid: int) -> float:
    """The largest resident memory of a running process so far in MiB; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
