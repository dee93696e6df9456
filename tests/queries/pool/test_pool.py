"""The pool itself: kills, replacement, queue, cancel, switch, cage, end of the server."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from queries.errors import BackendError, QueryError, QueryTimeout
from queries.pool.errors import PoolFull, QueryCancelled, StreamBroken, WorkerDied
from queries.pool.pool import Limits
from queries.pool.queueing import ThreadTicket

from ...processes import children, command


def _workers(pid: int | str = "self") -> list[int]:
    return [child for child in children(pid) if b"query worker" in command(child)]


async def _soon(condition: Callable[[], object]) -> None:
    """Wait for something on the loop."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        await asyncio.sleep(0.01)


def test_two_hundred_kills_at_any_moment_give_no_wrong_answer(make: Any, kit: SimpleNamespace) -> None:
    pool = make(workers=3)
    draw = random.Random(7)
    wrong: list[bytes] = []
    outcomes = {"right": 0, "died": 0}
    stop = threading.Event()
    long_text = f"SELECT ?x {{ ?a <{kit.E}value> ?x }} ORDER BY ?x"
    texts = [(kit.GOOD, kit.GOOD_CSV), (long_text, b"".join(pool.query(long_text).serialize("text/csv")))]

    def ask(which: int) -> None:
        while not stop.is_set():
            text, expected = texts[which % 2]
            try:
                got = b"".join(pool.query(text).serialize("text/csv"))
            except (WorkerDied, StreamBroken, PoolFull):
                outcomes["died"] += 1
                continue
            outcomes["right"] += 1
            if got != expected:
                wrong.append(got)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    kills = 0
    limit = time.monotonic() + kit.PATIENT_S
    while kills < 200 or (outcomes["right"] <= 20 and time.monotonic() < limit):
        for victim in _workers()[: draw.randint(1, 3)]:
            with suppress(ProcessLookupError):  # it has just been replaced
                os.kill(victim, signal.SIGKILL)
            kills += 1
        kit.until(lambda: pool.counts()["ready"] + pool.counts()["busy"], 1)
        time.sleep(draw.random() * 0.01)
    stop.set()
    for thread in threads:
        thread.join(kit.PATIENT_S)
    assert not wrong
    assert outcomes["right"] > 20
    assert outcomes["died"] > 0
    assert kit.until(lambda: pool.counts() == {"workers": 3, "busy": 0, "ready": 4, "waiting": 0})
    assert kit.good(pool)
    assert kit.until(lambda: len(_workers()) == 4)


def test_a_kill_before_the_first_byte_and_after_it(make: Any, kit: SimpleNamespace) -> None:
    pool = make()
    burning = pool.query(kit.BURN)  # a worker has checked the text; what runs from now on is the query itself

    def kill_soon() -> None:
        assert kit.until(lambda: pool.running())
        time.sleep(0.1)
        os.kill(pool.running()[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_soon)
    killer.start()
    with pytest.raises(WorkerDied):
        list(burning.rows())
    killer.join()
    stream = pool.query(kit.FLOOD).serialize("text/csv")
    next(stream)
    os.kill(pool.running()[0].pid, signal.SIGKILL)
    with pytest.raises(StreamBroken) as caught:
        for _ in stream:
            pass
    assert isinstance(caught.value.reason, WorkerDied)
    assert kit.good(pool)


def test_idle_workers_that_were_killed_are_replaced(make: Any, kit: SimpleNamespace) -> None:
    pool = make()
    assert kit.until(lambda: pool.counts()["ready"] == 3)
    old = _workers()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    assert kit.until(lambda: len(set(_workers()) - set(old)) == 3 and pool.counts()["ready"] == 3)
    assert kit.good(pool)


def test_the_queue_is_short_and_fair(make: Any, kit: SimpleNamespace) -> None:
    pool = make(workers=1, queue_size=2)
    order: list[str] = []
    retries: list[int] = []

    async def ask(name: str, text: str) -> None:
        try:
            async for _ in await pool.execute(text):
                pass
        except (QueryCancelled, PoolFull) as error:
            order.append(f"{name} {type(error).__name__}")
            retries.extend([error.retry_after_s] if isinstance(error, PoolFull) else [])
        else:
            order.append(name)

    async def all_of_them() -> None:
        tasks = []
        for name, text, waiting in (("burn", kit.BURN, 0), ("a", kit.GOOD, 1), ("b", kit.GOOD, 2), ("c", kit.GOOD, 2)):
            tasks.append(asyncio.ensure_future(ask(name, text)))
            await asyncio.sleep(0.05)
            await _soon(lambda waiting=waiting: pool.running() and pool.counts()["waiting"] == waiting)  # type: ignore[misc]
        assert pool.counts() | {"ready": 0} == {"workers": 1, "busy": 1, "ready": 0, "waiting": 2}
        assert pool.cancel(pool.running()[0].id)
        await asyncio.gather(*tasks)

    asyncio.run(all_of_them())
    assert order[0] == "c PoolFull"
    assert [seconds for seconds in retries if not 1 <= seconds <= 60] == []
    assert [name for name in order if name in ("a", "b")] == ["a", "b"]
    assert "burn QueryCancelled" in order


def test_a_wait_that_is_too_long_or_given_up_leaves_nothing_behind(make: Any, kit: SimpleNamespace) -> None:
    pool = make(workers=1, queue_wait_s=0.2)

    async def go() -> None:
        burning = asyncio.ensure_future(pool.execute(kit.BURN))
        await _soon(pool.running)
        with pytest.raises(PoolFull):
            await pool.execute(kit.GOOD)
        waiting = asyncio.ensure_future(pool.execute(kit.GOOD))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert pool.counts()["waiting"] == 0
        with pytest.raises(PoolFull):
            await asyncio.to_thread(kit.good, pool)
        assert pool.cancel(pool.running()[0].id)
        with pytest.raises(QueryCancelled):
            await burning

    asyncio.run(go())
    assert kit.recovers(pool)
    assert kit.until(lambda: pool.counts()["busy"] == 0)


def test_a_storm_of_askers_who_come_and_go(make: Any, kit: SimpleNamespace) -> None:
    pool = make(workers=2, queue_size=4, queue_wait_s=0.3, deadline_s=0.4)
    draw = random.Random(3)

    async def ask() -> None:
        text = draw.choice([kit.GOOD, kit.GOOD, kit.FLOOD, kit.BURN])
        try:
            async with asyncio.timeout(draw.choice([0.01, 0.1, 5])):
                stream = await pool.execute(text, table_type="text/csv")
                async for chunk in stream:
                    if text == kit.GOOD:
                        assert chunk == kit.GOOD_CSV
                    if draw.random() < 0.1:
                        stream.close()
                        break
        except (PoolFull, QueryTimeout, StreamBroken, TimeoutError):
            return

    async def storm() -> None:
        running = []
        for _ in range(150):
            running.append(asyncio.ensure_future(ask()))
            await asyncio.sleep(draw.random() * 0.03)
        await asyncio.gather(*running)

    asyncio.run(storm())
    assert kit.until(lambda: pool.counts() == {"workers": 2, "busy": 0, "ready": 3, "waiting": 0}), pool.counts()
    assert pool.running() == []
    assert kit.recovers(pool)


def test_running_queries_are_listed_and_cancelled_by_their_secret(make: Any, kit: SimpleNamespace) -> None:
    pool = make()
    pool.query(kit.BURN)  # checks the text, which is a query of its own in a worker; from now on it is known
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(lambda: list(pool.query(kit.BURN).rows()))
        assert kit.until(pool.running)
        second = threads.submit(lambda: list(pool.query(kit.BURN, timeout_s=50).rows()))
        assert kit.until(lambda: len(pool.running()) == 2)
        infos = pool.running()
        assert len({info.id for info in infos}) == 2
        assert all(len(info.id) >= 24 for info in infos), "144 bits nobody guesses"
        assert infos[0].text_hash == infos[1].text_hash
        assert all(info.seconds < 50 and info.bytes == 0 for info in infos)
        assert not pool.cancel("nobody")
        assert pool.cancel(infos[0].id)
        with pytest.raises(QueryCancelled):
            first.result(kit.PATIENT_S)
        assert not pool.cancel(infos[0].id)
        assert [info.id for info in pool.running()] == [infos[1].id]
        assert pool.cancel(infos[1].id)
        with pytest.raises(QueryCancelled):
            second.result(kit.PATIENT_S)
    assert kit.good(pool)


def test_a_switch_fails_no_query_and_ends_running_ones_on_the_old_release(
    make: Any, store: Path, other_store: Path, kit: SimpleNamespace
) -> None:
    pool = make(release="one", workers=2, deadline_s=200.0, queue_size=50)
    text = f"SELECT ?n {{ <{kit.E}release> <{kit.E}called> ?n }}"
    seen: list[tuple[str, str]] = []
    failed: list[Exception] = []
    stop = threading.Event()

    async def ask() -> None:
        while not stop.is_set():
            try:
                stream = await pool.execute(text, table_type="text/csv")
                body = b"".join([chunk async for chunk in stream])
                seen.append((stream.release, body.decode().split()[1]))
            except Exception as error:
                failed.append(error)

    async def askers() -> None:
        await asyncio.gather(*(ask() for _ in range(4)))

    thread = threading.Thread(target=lambda: asyncio.run(askers()))
    old = pool.query(f"SELECT * {{ ?a ?p ?b . ?c <{kit.E}called> ?n }} LIMIT 6000").serialize("text/csv")
    rows = next(old).count(b"\n")
    thread.start()
    assert kit.until(lambda: seen or failed)
    for release, path in (("two", other_store), ("one", store), ("two", other_store)):
        pool.switch(path, release)
        assert pool.release == release
        assert b"".join(pool.query(text).serialize("text/csv")).split() == [b"n", release.encode()]
    with pytest.raises(BackendError, match="not a store"):
        pool.switch(store / "nothing", "three")
    assert pool.release == "two"
    assert kit.until(lambda: ("two", "two") in seen or failed)
    stop.set()
    thread.join(kit.PATIENT_S)
    assert not failed
    assert {release for release, _ in seen} == {"one", "two"}
    assert all(release == said for release, said in seen)
    assert rows + sum(chunk.count(b"\n") for chunk in old) == 6001
    assert old.release == "one"
    assert kit.until(lambda: len(_workers()) == 3)


def test_workers_are_replaced_after_their_share(store: Path, make: Any, kit: SimpleNamespace) -> None:
    pool = make(limits=Limits(workers=1, recycle_after=5, max_memory_mb=400, queue_wait_s=60))
    pids = set()
    for _ in range(20):
        stream = pool.query(kit.FLOOD + " LIMIT 20000").serialize("text/csv")
        pids.update(info.pid for info in pool.running())
        assert sum(chunk.count(b"\n") for chunk in stream) == 20_001
    assert len(pids) >= 3


def test_the_cage(make: Any, kit: SimpleNamespace) -> None:
    marker = Path("/proc/self/fd")
    inherited = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    os.environ["TREATYGRAPH_TEST_SECRET"] = "not for workers"
    try:
        pool = make(max_memory_mb=200)
    finally:
        os.close(inherited)
        del os.environ["TREATYGRAPH_TEST_SECRET"]
    report = pool.sandbox_report()
    assert report["memory_cap_bytes"] == 200 << 20
    assert report["dies_with_parent"]
    assert report["namespace"] or report["filter"] or report["notes"], "what does not hold is said"
    assert marker.exists()
    for pid in _workers():
        proc = Path("/proc") / str(pid)
        try:
            environment = (proc / "environ").read_bytes()
            files = [str(file.readlink()) for file in (proc / "fd").iterdir()]
        except PermissionError:
            pytest.skip("only a privileged user may look into a worker")
        assert b"SECRET" not in environment
        assert b"HOME" not in environment
        assert not [file for file in files if "hostname" in file]
        sockets = [file for file in files if file.startswith("socket")]
        assert len(set(sockets)) == 1, "the line to the server and nothing else"
        limits = (proc / "limits").read_text()
        assert next(line for line in limits.splitlines() if line.startswith("Max core file size")).split()[4] == "0"


def test_no_worker_outlives_a_server_that_is_killed(store: Path, kit: SimpleNamespace) -> None:
    program = f"""
import sys; sys.path[:] = {sys.path!r}
import threading, time
from queries.pool.backend import PooledBackend
pool = PooledBackend({str(store)!r}, workers=2)
threading.Thread(target=lambda: list(pool.query({kit.BURN!r}).rows()), daemon=True).start()
while not (pool.running() and pool.counts()["ready"] == 2): time.sleep(0.01)
print("burning", flush=True)
time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline() == b"burning\n"
        workers = _workers(server.pid)
        assert len(workers) == 3
        server.kill()
        server.wait()
    assert kit.until(lambda: not any(command(pid) for pid in workers))


def test_closing_ends_everything_and_says_so(make: Any, kit: SimpleNamespace) -> None:
    pool = make()
    before = _workers()
    with ThreadPoolExecutor(1) as threads:
        burning = threads.submit(lambda: list(pool.query(kit.BURN).rows()))
        assert kit.until(pool.running)
        started = time.monotonic()
        pool.close()
        assert time.monotonic() - started < kit.BUSY_S
        with pytest.raises(QueryError):
            burning.result(kit.PATIENT_S)
    with pytest.raises(BackendError, match="closed"):
        pool.query(kit.GOOD)
    assert not [pid for pid in before if command(pid)]


def test_nothing_is_left_open(store: Path, make: Any, kit: SimpleNamespace) -> None:
    pool = make(deadline_s=0.2)
    for _ in range(3):  # what is made once stays
        with pytest.raises(QueryTimeout):
            list(pool.query(kit.BURN).rows())
    assert kit.until(lambda: pool.counts()["ready"] == 3)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        with pytest.raises(QueryTimeout):
            list(pool.query(kit.BURN).rows())
    assert kit.until(lambda: pool.counts()["ready"] == 3 and len(list(Path("/proc/self/fd").iterdir())) <= before)


def test_who_waits_is_told_when_the_worker_dies_on_the_way_to_it(make: Any, kit: SimpleNamespace) -> None:
    """A free worker may die between being promised and being taken; its socket stays until then."""
    pool = make(workers=1)
    told: list[tuple[object, BaseException | None]] = []

    async def run() -> None:
        lent = pool._pool.ask(ThreadTicket())
        assert lent is not None
        pool.call(pool.prepare(kit.GOOD), lambda stream, error: told.append((stream, error)))
        os.kill(lent.pid, signal.SIGKILL)
        assert kit.until(lambda: not lent.alive())
        await asyncio.sleep(0.6)  # the keeper looks around twice
        pool._pool.give_back(lent)
        limit = time.monotonic() + kit.PATIENT_S
        while not told and time.monotonic() < limit:
            await asyncio.sleep(0.01)

    asyncio.run(run())
    ((stream, error),) = told
    assert stream is None
    assert isinstance(error, WorkerDied)
    assert kit.until(lambda: pool.counts()["busy"] == 0)
    assert kit.good(pool)
