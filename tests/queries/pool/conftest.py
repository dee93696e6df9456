"""A store on disk, pools that are always closed, and a port that counts who knocks. Real processes, loopback only."""

from __future__ import annotations

import importlib.util
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyoxigraph as ox
import pytest

from queries.errors import QueryTimeout
from queries.pool.backend import PooledBackend
from queries.pool.errors import PoolFull, StreamBroken, WorkerDied
from tests.patience import BUSY_S, PATIENT_S

E = "http://example.org/"
THINGS = 3000

#: A good query and its whole answer as CSV: whatever happened before, this must come at once.
GOOD = f"SELECT ?v {{ <{E}s17> <{E}value> ?v }}"
GOOD_CSV = b"v\r\n17\r\n"

#: Never ends within a test, gives no row before its end, needs little memory.
BURN = f"""SELECT (COUNT(*) AS ?n) {{ ?a <{E}value> ?x . ?b <{E}value> ?y . ?c <{E}value> ?z
           FILTER(?x + ?y + ?z < 0) }}"""
#: Gives rows at once and for ever (27 thousand million of them).
FLOOD = f"SELECT * {{ ?a <{E}value> ?x . ?b <{E}value> ?y . ?c <{E}value> ?z }}"


def fill(path: Path, things: int = THINGS, mark: str = "one") -> Path:
    """A store: a chain of things with a number each."""
    value, following = ox.NamedNode(E + "value"), ox.NamedNode(E + "next")
    store = ox.Store(path)
    nodes = [ox.NamedNode(f"{E}s{n}") for n in range(things)]
    store.bulk_extend(ox.Quad(node, value, ox.Literal(n)) for n, node in enumerate(nodes))
    store.bulk_extend(ox.Quad(node, following, nodes[(n + 1) % things]) for n, node in enumerate(nodes))
    store.add(ox.Quad(ox.NamedNode(E + "release"), ox.NamedNode(E + "called"), ox.Literal(mark)))
    store.add(ox.Quad(nodes[0], value, ox.Literal("named"), ox.NamedNode(E + "graph")))
    store.flush()
    return path


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small store on disk."""
    return fill(tmp_path_factory.mktemp("pool") / "store")


@pytest.fixture(scope="session")
def other_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another release of it."""
    return fill(tmp_path_factory.mktemp("pool") / "other", mark="two")


Make = Callable[..., PooledBackend]


@pytest.fixture
def make(store: Path) -> Iterator[Make]:
    """Makes pools, and closes them."""
    made: list[PooledBackend] = []

    def pool(path: Path = store, **settings: Any) -> PooledBackend:
        settings = {"workers": 2, "deadline_s": 60.0, "max_memory_mb": 400, "queue_wait_s": PATIENT_S, **settings}
        made.append(PooledBackend(path, **settings))
        return made[-1]

    yield pool
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def shared_pool(store: Path) -> Iterator[PooledBackend]:
    """One pool for tests that leave it as they found it."""
    pool = PooledBackend(store, release="r1", workers=2, deadline_s=60, max_memory_mb=400, queue_wait_s=PATIENT_S)
    yield pool
    pool.close()


def good(pool: PooledBackend) -> bool:
    """Whether the good query gives its answer."""
    return b"".join(pool.query(GOOD).serialize("text/csv")) == GOOD_CSV


def recovers(pool: PooledBackend) -> bool:
    """Whether the good query gives its answer, soon. It may meet the tight limits of the pool before that."""

    def now() -> bool:
        try:
            return good(pool)
        except (PoolFull, QueryTimeout, WorkerDied, StreamBroken):
            return False

    return until(now)


def until(condition: Callable[[], object], seconds: float = PATIENT_S) -> bool:
    """Wait for something."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


@pytest.fixture(scope="session")
def listener() -> Iterator[tuple[int, list[int]]]:
    """A loopback port, and a list that grows by one with each connection."""
    hits: list[int] = []
    server = socket.create_server(("127.0.0.1", 0), backlog=100)
    stop = threading.Event()
    server.settimeout(0.1)

    def listen() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                continue
            hits.append(1)
            connection.close()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield server.getsockname()[1], hits
    stop.set()
    thread.join(2)
    server.close()


def _variants() -> Callable[..., Iterator[str]]:
    place = Path(__file__).parents[1] / "fixtures" / "calls.py"
    spec = importlib.util.spec_from_file_location("treatygraph_test_calls", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Iterator[str]] = module.variants
    return found


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """The queries and helpers of this file; test modules cannot import it."""
    return SimpleNamespace(
        E=E,
        THINGS=THINGS,
        BUSY_S=BUSY_S,
        PATIENT_S=PATIENT_S,
        GOOD=GOOD,
        GOOD_CSV=GOOD_CSV,
        BURN=BURN,
        FLOOD=FLOOD,
        fill=fill,
        good=good,
        recovers=recovers,
        until=until,
        variants=_variants(),
    )
