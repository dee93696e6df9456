"""Kills processes in a loop with SIGKILL, and looks whether anybody was given a wrong answer or has to mend something.

    python tests/kills.py workers 200    a process behind a running server, while clients ask
    python tests/kills.py server 200     the server itself, in the middle of answers; then it is started again
    python tests/kills.py builds 200     a build, at any moment of it; the next one must mend everything by itself

Exit status 0 and a line of counts when nothing went wrong, else 1 and what did. The test suite runs a few of each.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from loaders.build import build
from loaders.publication import KEPT
from loaders.release import open_release
from queries.embedded import EmbeddedBackend
from tests.patience import PATIENT_S

TABLES = Path(__file__).parents[1] / "data" / "tables"
#: Short, long enough to be streamed, and in between. Ordered, so that their bytes are known.
QUERIES = (
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?s { ?s a ?class } ORDER BY ?s LIMIT 200",
    "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o",
    """SELECT * { { SELECT ?a { ?a a ?x } ORDER BY ?a LIMIT 90 }
       { SELECT ?b { ?b a ?y } ORDER BY ?b LIMIT 90 } } ORDER BY ?a ?b""",
)
HONEST = {503, 504}


class Wrong(Exception):
    """What must never happen."""


# Processes


def below(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    with suppress(OSError):  # it has ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # a thread that has ended
                for child in map(int, (task / "children").read_text().split()):
                    found += [child, *below(child)]
    return found


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise Wrong(f"after {seconds:g} s still not: {what}")
        time.sleep(0.02)


def in_child(work: Callable[[], None], killed_after_s: float | None = None) -> int:
    """Do work in a process of its own, killed after a while; its exit status, negative for a signal.

    The engine has threads that a copy of a process does not have, so this process never opens a store itself.
    """
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    if killed_after_s is not None:
        time.sleep(killed_after_s)
        kill(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def sources(place: Path) -> list[Path]:
    """Two small sources, which give two releases."""
    found = []
    for names in (("states",), ("states", "places")):
        folder = place / "-".join(names) / "tables"
        folder.mkdir(parents=True)
        for name in names:
            for file in TABLES.glob(f"{name}.csv*"):
                shutil.copy(file, folder)
        found.append(folder.parent)
    return found


# Asking


class Askers:
    """Threads that ask a server and compare every answer that looks whole with the truth."""

    def __init__(self, truths: dict[str, bytes], threads: int = 4) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.address = ""
        self._truths = list(truths.items())
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(100)

    def _run(self, seed: int) -> None:
        draw = random.Random(seed)
        while not self._stop.is_set():
            text, truth = draw.choice(self._truths)
            self.counts[self.ask(f"{text} # {draw.random()}", truth)] += 1

    def ask(self, text: str, truth: bytes) -> str:
        if not self.address:
            time.sleep(0.01)
            return "waited"
        connection = http.client.HTTPConnection(self.address, timeout=90)
        try:
            connection.request("GET", f"/sparql?query={quote(text)}", headers={"accept": "text/csv"})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return "broken"
        finally:
            connection.close()
        if answer.status == 200 and body == truth:
            return "right"
        if answer.status in HONEST and answer.headers["content-type"] == "application/problem+json":
            return "refused"
        self.wrong.append(f"{answer.status}, {len(body)} bytes instead of {len(truth)} for: {text}")
        return "wrong"


def truths(release: Path) -> dict[str, bytes]:
    info = open_release(release)
    backend = EmbeddedBackend(info.store, info.id)
    return {text: b"".join(backend.query(text).serialize("text/csv")) for text in QUERIES}


def serve(release: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "api.cli", "serve", "--release", str(release), "--port", "0", "--workers", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    found = re.search(r"http://([^/\s]+)", process.stdout.readline())
    if found is None:
        raise Wrong("the server does not start")
    return process, found[1]


# The three loops


def kill_workers(count: int, place: Path, draw: random.Random) -> str:
    release = _released(place)
    known = truths(release)
    process, address = serve(release)
    askers = Askers(known)
    kills = 0
    try:
        askers.address = address
        until(lambda: askers.counts["right"] > 3, PATIENT_S, "answers")
        while kills < count:
            alive = below(process.pid)  # none, for a moment, where all were killed at once
            for victim in draw.sample(alive, min(1, len(alive))):
                kill(victim)
                kills += 1
            time.sleep(draw.random() * 0.1)
            if kills % 10 == 0:  # now and then they may recover
                before = askers.counts["right"]
                until(lambda before=before: askers.counts["right"] > before, PATIENT_S, "an answer after a kill")  # type: ignore[misc]
        if process.poll() is not None:
            raise Wrong("the server has ended with its workers")
        before = askers.counts["right"]
        until(lambda: askers.counts["right"] > before + 10, PATIENT_S, "answers after all kills")
    finally:
        askers.stop()
        process.terminate()
        process.wait(PATIENT_S)
    return _result(askers, kills)


def kill_server(count: int, place: Path, draw: random.Random) -> str:
    release = _released(place)
    askers = Askers(truths(release))
    process: subprocess.Popen[str] | None = None
    try:
        for _ in range(count):
            process, askers.address = serve(release)
            before = askers.counts["right"]
            until(lambda before=before: askers.counts["right"] > before + 2, PATIENT_S, "answers of a new server")  # type: ignore[misc]
            time.sleep(draw.random() * 0.3)
            left = below(process.pid)
            kill(process.pid)
            process.wait()
            askers.address = ""
            until(lambda left=left: not any(_runs(pid) for pid in left), PATIENT_S, "the end of its workers")  # type: ignore[misc]
    finally:
        askers.stop()
        if process is not None:
            process.kill()
    return _result(askers, count)


def kill_builds(count: int, place: Path, draw: random.Random) -> str:
    both = sources(place)
    known, seconds = [], 0.0
    for number, source in enumerate(both):
        out = place / f"truth-{number}"
        started = time.monotonic()
        if in_child(lambda source=source, out=out: build([source], out) and None):  # type: ignore[misc]
            raise Wrong("a build that nobody killed failed")
        seconds = max(seconds, time.monotonic() - started)
        known.append(open_release(out).id)
    out, ends = place / "out", Counter[str]()
    for number in range(3 * count):
        if ends["killed"] == count:
            break
        # Half of the kills come near the end, where the release is moved to its place.
        share = draw.random() if number % 2 else 0.75 + draw.random() * 0.4
        source = both[draw.randrange(2)]
        started = time.monotonic()
        status = in_child(lambda source=source: build([source], out) and None, seconds * share)  # type: ignore[misc]
        if not status:  # how long one takes changes with what else the machine does
            seconds = time.monotonic() - started
        if status > 0:
            raise Wrong(f"build {number} failed by itself")
        ends["killed" if status < 0 else "finished"] += 1
        if not (out / "current").exists():
            if ends["finished"]:
                raise Wrong("there was a release, and there is none")
            continue
        info = open_release(out)
        if info.id not in known or info.damage():
            raise Wrong(f"half a release is current: {info.path} {info.damage()}")
        if in_child(lambda: truths(out) and None):  # type: ignore[func-returns-value]
            raise Wrong(f"the current release cannot be asked: {info.path}")
    for source, identifier in zip(both, known, strict=True):
        if in_child(lambda source=source: build([source], out) and None):  # type: ignore[misc]
            raise Wrong("the build after the kills failed")
        if open_release(out).id != identifier or open_release(out).damage():
            raise Wrong("the build after the kills gave another release")
    names = sorted(path.name for path in out.iterdir())
    if [name for name in names if name.startswith(".building")] or len(names) > KEPT + 3:
        raise Wrong(f"something is left over: {names}")
    return f"{sum(ends.values())} builds: {dict(ends)}; nothing left over"


def _released(place: Path) -> Path:
    out = place / "release"
    if in_child(lambda: build([sources(place)[1]], out) and None):  # type: ignore[func-returns-value]
        raise Wrong("there is no release to serve")
    return out


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _result(askers: Askers, kills: int) -> str:
    if askers.wrong:
        raise Wrong("\n".join(askers.wrong[:5]))
    return f"{kills} kills; answers: {dict(askers.counts)}"


LOOPS = {"workers": kill_workers, "server": kill_server, "builds": kill_builds}


def main() -> int:
    """Run one loop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=LOOPS)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(LOOPS[given.what](given.count, Path(folder), random.Random(given.seed)))
        except Wrong as wrong:
            print(f"WRONG: {wrong}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
