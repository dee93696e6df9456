"""No query reaches the network: the first wall alone holds, and so does the second."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyoxigraph as ox
import pytest

from queries.errors import QueryError, QueryRefused
from queries.pool import jobs
from queries.pool.backend import PooledBackend
from queries.pool.errors import WorkerDied

VARIANTS = 1500


@pytest.fixture(autouse=True)
def _nobody_has_called(listener: tuple[int, list[int]]) -> None:
    listener[1].clear()


@pytest.fixture(scope="module")
def open_pool(store: Path) -> Iterator[PooledBackend]:
    """Workers with their network: only the first wall."""
    pool = PooledBackend(store, workers=2, max_memory_mb=400, network=True, queue_wait_s=60)
    yield pool
    pool.close()


@pytest.fixture
def no_first_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "guarded", lambda text: None)


def _call(port: int) -> str:
    return f"SELECT * {{ SERVICE SILENT <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}"


def test_the_listener_hears_an_unguarded_call(listener: tuple[int, list[int]], kit: SimpleNamespace) -> None:
    port, hits = listener
    list(ox.Store().query(_call(port)))
    assert kit.until(lambda: hits), "without this the other tests prove nothing"
    hits.clear()


@pytest.mark.usefixtures("no_first_wall")
def test_an_open_worker_without_the_first_wall_does_call(
    listener: tuple[int, list[int]], open_pool: PooledBackend, kit: SimpleNamespace
) -> None:
    port, hits = listener
    list(open_pool.query(_call(port)).rows())
    assert kit.until(lambda: hits), "without this the next test proves nothing about the second wall"
    hits.clear()


@pytest.mark.usefixtures("no_first_wall")
def test_the_second_wall_holds_alone(
    listener: tuple[int, list[int]], shared_pool: PooledBackend, kit: SimpleNamespace
) -> None:
    report = shared_pool.sandbox_report()
    if not (report["namespace"] or report["filter"]):
        pytest.skip(f"this kernel offers no second wall: {report['notes']}")
    port, hits = listener
    for target in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"):
        text = f"SELECT * {{ SERVICE <http://{target}/> {{ ?s ?p ?o }} }}"
        with pytest.raises(QueryError):
            list(shared_pool.query(text).rows())
    assert kit.good(shared_pool)
    assert not kit.until(lambda: hits, 0.3)


@pytest.mark.parametrize("wall", ["leave_network", "refuse_sockets"])
def test_each_half_of_the_second_wall_holds_alone(listener: tuple[int, list[int]], wall: str, kit: Any) -> None:
    """In a process of its own, because neither can be undone."""
    import subprocess
    import sys

    port, hits = listener
    program = f"""
import socket, sys
sys.path[:] = {sys.path!r}
from queries.pool import network
reason = network.{wall}(network.libc())
if reason:
    print("skip", reason); raise SystemExit
try:
    socket.create_connection(("127.0.0.1", {port}), 1)
    print("connected")
except OSError as error:
    print("refused", error.errno)
a, b = socket.socketpair(); a.send(b"x"); assert b.recv(1) == b"x"
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120).stdout
    if said.startswith("skip"):
        pytest.skip(said)
    assert said.startswith("refused")
    assert not kit.until(lambda: hits, 0.2)


def test_many_spellings_reach_nothing_with_the_first_wall_alone(
    listener: tuple[int, list[int]], open_pool: PooledBackend, kit: SimpleNamespace
) -> None:
    port, hits = listener
    refused = 0

    async def ask(text: str) -> None:
        nonlocal refused
        try:
            async for _ in await open_pool.execute(text, timeout_s=2):
                pass
        except QueryRefused:
            refused += 1
        except WorkerDied:
            raise
        except QueryError:
            pass

    async def all_of_them() -> None:
        for text in kit.variants(port, VARIANTS):
            await ask(text)
            assert not hits, text

    asyncio.run(all_of_them())
    assert not kit.until(lambda: hits, 0.3)
    assert refused > VARIANTS // 2, "most of the variants must be calls, or nothing is shown"
    assert kit.good(open_pool)


@pytest.mark.parametrize("letter", ["\ufeff", "\u200d", "\u2c00", "\\uFEFF", "\\U0000200d"])
def test_a_letter_that_is_none_to_python_hides_no_call(shared_pool: PooledBackend, letter: str) -> None:
    for text in (f"SERVICEe:a{letter}{{ }}", f"SERVICEe{letter}:{{ }}", f"SERVICE e:{letter}a {{ }}"):
        with pytest.raises(QueryRefused):
            shared_pool.query(f"PREFIX e: <http://127.0.0.1:9/> SELECT * {{ {text} }}")


@pytest.mark.usefixtures("no_first_wall")
def test_the_variants_are_calls_when_nobody_refuses_them(
    listener: tuple[int, list[int]], open_pool: PooledBackend, kit: SimpleNamespace
) -> None:
    port, hits = listener
    for text in itertools.islice(kit.variants(port, 400), 400):
        try:
            list(open_pool.query(text, timeout_s=2).serialize())
        except QueryError:
            continue
    assert kit.until(lambda: len(hits) > 10)
    hits.clear()


@pytest.mark.usefixtures("no_first_wall")
def test_the_same_variants_reach_nothing_with_the_second_wall_alone(
    listener: tuple[int, list[int]], shared_pool: PooledBackend, kit: SimpleNamespace
) -> None:
    report = shared_pool.sandbox_report()
    if not (report["namespace"] or report["filter"]):
        pytest.skip(f"this kernel offers no second wall: {report['notes']}")
    port, hits = listener
    for text in kit.variants(port, 600):
        try:
            list(shared_pool.query(text, timeout_s=2).serialize())
        except QueryError:
            continue
    assert not kit.until(lambda: hits, 0.3)
