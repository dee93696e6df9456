"""Real engines beside the service: the server of the `oxigraph` wheel, and Virtuoso 7 where Debian's is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from loaders.publishing.publish import Published, publish
from loaders.release import ReleaseInfo, open_release, write_release
from tests.patience import PATIENT_S

from ...endpoints import free_port, listens, started_on_a_free_port

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cluster: needs an engine that is not on every machine; skipped without it")


BASE = "https://w3id.org/treatygraph/"
MARK = f"<{BASE}id/treaty/mark> <{BASE}def#abbreviation>"
NAMES = [f"{BASE}graph/mark-{number}" for number in range(3)]


def _load() -> Any:
    """The module beside this file, under a name that processes started here know as well."""
    name = "requests_of_engine"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


Address = _load().Address


class Oxigraph:
    """A server process of the wheel over a directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process, self.port = started_on_a_free_port(self._command)
        self.address = Address("oxigraph", f"http://127.0.0.1:{self.port}/query")

    def start(self) -> None:
        """Again, after `kill`, where it was."""
        self.process = _again(lambda: _silent(self._command(self.port)), self.port)

    def _command(self, port: int) -> list[str]:
        program = str(Path(sys.executable).with_name("oxigraph"))
        return [program, "serve", "--location", str(self.folder), "--bind", f"127.0.0.1:{port}"]

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENT_S)

    def clear(self) -> None:
        """Nothing in it."""
        _updates(self.address).run("DROP ALL")


_SETTINGS = """[Database]
DatabaseFile=db/virtuoso.db
ErrorLogFile=db/virtuoso.log
LockFile=db/virtuoso.lck
TransactionFile=db/virtuoso.trx
xa_persistent_file=db/virtuoso.pxa
TempStorage=TempDatabase
[TempDatabase]
DatabaseFile=db/virtuoso-temp.db
TransactionFile=db/virtuoso-temp.trx
[Parameters]
ServerPort=127.0.0.1:{sql}
DisableUnixSocket=1
DirsAllowed=., load
NumberOfBuffers=20000
MaxDirtyBuffers=15000
CheckpointInterval=60
MaxSortedTopRows=1000000
[HTTPServer]
ServerPort=127.0.0.1:{http}
ServerRoot=vsp
ServerThreads=10
EnabledDavVSP=0
[URIQA]
DefaultHost=127.0.0.1:{http}
[SPARQL]
ResultSetMaxRows=2000
MaxQueryExecutionTime=20
"""


class Virtuoso:
    """A Virtuoso of Debian's package, in the foreground, on the loopback interface alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("db", "load", "vsp"):
            (folder / name).mkdir()
        for _ in range(5):  # other ports, where somebody took one of them
            self.http = free_port()
            (folder / "virtuoso.ini").write_text(_SETTINGS.format(sql=free_port(), http=self.http), encoding="ascii")
            if not (folder / "db" / "virtuoso.db").exists():
                self._run("+pwdold", "dba", "+pwddba", "lantern").wait(PATIENT_S)
            self.process = self._run()
            if listens(self.process, self.http):
                break
            self._unlock()
        else:
            raise AssertionError("the engine ended five times")
        self.address = Address("virtuoso", f"http://127.0.0.1:{self.http}/sparql", "dba", "lantern")

    def start(self) -> None:
        """Again, after `kill`, where it was."""
        self._unlock()
        self.process = _again(self._run, self.http)

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENT_S)

    def clear(self) -> None:
        """Nothing of ours in it."""
        target = self.address.target()
        target._look()
        for name in [name for name in target._sizes if name.startswith((BASE, "urn:"))]:
            target._remove(name)

    def _unlock(self) -> None:
        (self.folder / "db" / "virtuoso.lck").unlink(missing_ok=True)  # left behind by one that did not end well

    def _run(self, *more: str) -> subprocess.Popen[bytes]:
        return _silent(["virtuoso-t", "+configfile", "virtuoso.ini", "+wait", "+foreground", *more], self.folder)


def _silent(command: list[str], folder: Path | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _again(start: Callable[[], subprocess.Popen[bytes]], port: int) -> subprocess.Popen[bytes]:
    """A server at the port that it had; somebody may hold it for a moment."""
    for _ in range(20):
        process = start()
        if listens(process, port):
            return process
        time.sleep(0.5)
    raise AssertionError(f"the engine does not come back to port {port}")


def _updates(address: Any) -> Any:
    return address.target()._updates


def _started(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if kind == "virtuoso":
        if shutil.which("virtuoso-t") is None:
            pytest.skip("Virtuoso is not installed (Debian: virtuoso-opensource-7)")
        engine: Any = Virtuoso(tmp_path_factory.mktemp("virtuoso"))
    else:
        if not Path(sys.executable).with_name("oxigraph").exists():
            pytest.skip("the oxigraph server is not installed (wheel `oxigraph`)")
        engine = Oxigraph(tmp_path_factory.mktemp("oxigraph"))
    return engine


@pytest.fixture(scope="session", params=["oxigraph", pytest.param("virtuoso", marks=pytest.mark.cluster)])
def engines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    engine = _started(request.param, tmp_path_factory)
    yield engine
    engine.kill()


@pytest.fixture
def engine(engines: Any) -> Any:
    """An engine that runs, with nothing in it."""
    engines.clear()
    return engines


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> ReleaseInfo:
    """A small release: marks in the canonical graph and in three named ones, blank nodes, a graph that stays."""
    return _release(tmp_path_factory.mktemp("first"), "one")


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> ReleaseInfo:
    """Another: other marks, a graph less and a graph more, the rest as it was."""
    return _release(tmp_path_factory.mktemp("second"), "two")


def _release(folder: Path, text: str) -> ReleaseInfo:
    """`text` marks what differs. Large enough for several batches."""
    other = {"one": "first-alone", "two": "second-alone"}[text]
    own = [*NAMES, f"{BASE}graph/{other}"]
    lines = [f'{MARK} "{text}" {graph}.' for graph in ("", *(f"<{name}> " for name in own))]
    name = f"<{BASE}def#abbreviation>"
    lines += [f'<{BASE}id/treaty/filling-{n}> {name} "{text}-{n}" .' for n in range(120)]
    lines += [f'<{BASE}id/treaty/lasting-{n}> {name} "{n}"@en-GB <{BASE}graph/lasting> .' for n in range(80)]
    lines += [f'_:c14n{n} <{BASE}def#ordinal> "{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .' for n in range(3)]
    lines += [f"_:c14n{n} {name} _:c14n{(n + 1) % 3} <{BASE}graph/lasting> ." for n in range(3)]
    write_release(folder, sorted(lines), description="", counts={"statements": len(lines)}, inputs=[])
    return open_release(folder)


@pytest.fixture(scope="session")
def send() -> Callable[..., Published]:
    """`send(release, address, batch=…)`: publishes."""

    def run(release: ReleaseInfo, address: Any, batch: int = 100) -> Published:
        with closing(address.target(batch)) as target:
            return publish(release, target, lambda *_: None)

    return run


class Publisher:
    """Publishes in processes of its own, one after the other, that can be killed."""

    def __init__(self, address: Any) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[2])])}
        command = [sys.executable, str(HERE / "publisher.py"), address.text(), "60"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, bufsize=1
        )
        assert self._line() == "ready"

    def __call__(self, release: ReleaseInfo, seconds: float | None) -> int:
        """Publish a release, killed after so long; the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{release.path}\n")
        self.process.stdin.flush()
        child = int(self._line())
        if seconds is not None:
            time.sleep(seconds)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(self._line())

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(PATIENT_S)
        self.process.stdout.close()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def killable(engine: Any) -> Iterator[Callable[[ReleaseInfo, float | None], int]]:
    """`killable(release, seconds)`: publishes in a process that is killed after so long; its exit status."""
    with closing(Publisher(engine.address)) as publisher:
        yield publisher


@pytest.fixture
def rivals(engine: Any) -> Iterator[list[Callable[[ReleaseInfo, float | None], int]]]:
    """Three of them, for publishes at the same time."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Publisher(engine.address))) for _ in range(3)]
