"""Workers that share one copy of the store in memory: the same answers, the same cage, nothing left behind."""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyoxigraph as ox
import pytest

from queries.errors import QueryTimeout
from queries.pool.backend import PooledBackend
from queries.pool.errors import PoolFull, StreamBroken, WorkerDied
from queries.pool.pool import Limits

from ...processes import children, command

_MB = 300
_FAMILY = (b"queries.pool.worker", b"queries.pool.nursery")


def _family(pid: int | str = "self", kind: tuple[bytes, ...] = _FAMILY) -> list[int]:
    """The processes of pools below a process; a worker that was split off is called like the nursery."""
    return [child for child in children(pid) if any(name in command(child) for name in kind)]


def _besides(*pools: PooledBackend) -> set[int]:
    """Those that do not belong to these pools, which may replace their own at any moment."""
    found = set(_family())
    for pool in pools:
        found -= {*(worker.pid for worker in list(pool._keeper._workers)), *_nurseries(pool)}
    return found


def _in_memory(pool: PooledBackend) -> bool:
    return pool.edition.endswith("/memory") and pool.counts()["ready"] == 3


def _nurseries(pool: PooledBackend) -> list[int]:
    """The one that holds the copy, if there is one."""
    nursery = pool._keeper._nurse._nursery
    return [] if nursery is None else [nursery._process.pid]


@pytest.fixture(scope="module")
def remembering(store: Path, kit: SimpleNamespace) -> Iterator[PooledBackend]:
    limits = Limits(workers=2, deadline_s=60, max_memory_mb=400, store_memory_mb=_MB, queue_wait_s=60)
    pool = PooledBackend(store, release="r1", limits=limits)
    assert kit.until(lambda: _in_memory(pool))
    yield pool
    pool.close()


@pytest.mark.parametrize("media_type", ["application/sparql-results+json", "text/csv"])
def test_ordered_answers_are_byte_for_byte_those_from_disk(
    remembering: PooledBackend, shared_pool: PooledBackend, kit: SimpleNamespace, media_type: str
) -> None:
    for text in (
        kit.GOOD,
        f"SELECT * {{ ?a <{kit.E}value> ?x }} ORDER BY ?x LIMIT 500",
        "SELECT ?g ?v { GRAPH ?g { ?s ?p ?v } }",
        f"SELECT (COUNT(*) AS ?n) {{ ?a <{kit.E}next>/<{kit.E}next> ?b }}",
        f"ASK {{ <{kit.E}s1> <{kit.E}next>+ <{kit.E}s9> }}",
    ):
        here, there = (b"".join(pool.query(text).serialize(media_type)) for pool in (remembering, shared_pool))
        assert here == there


def test_the_edition_tells_them_apart(remembering: PooledBackend, shared_pool: PooledBackend) -> None:
    assert remembering.release == shared_pool.release == "r1"
    assert (remembering.edition, shared_pool.edition) == ("r1/memory", "r1")
    assert remembering.sandbox_report()["store"] == "memory"
    assert shared_pool.sandbox_report()["store"] == "disk"


def test_the_cage_is_as_tight(remembering: PooledBackend, shared_pool: PooledBackend, kit: SimpleNamespace) -> None:
    kept = {"namespace", "filter", "memory_cap_bytes", "dies_with_parent"}
    here, there = ({k: pool.sandbox_report()[k] for k in kept} for pool in (remembering, shared_pool))
    assert here == there
    assert kit.until(lambda: _in_memory(remembering))  # one may have been replaced just now
    workers = [worker.pid for worker in remembering._keeper._workers]
    for pid in workers:
        files = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
        assert len({file for file in files if file.startswith("socket:")}) == 1, files
        assert os.getpgid(pid) == pid, "a Ctrl-C on the terminal is for the server"


def test_a_query_past_its_limits_is_ended_and_the_next_one_answers(
    remembering: PooledBackend, kit: SimpleNamespace
) -> None:
    for _ in range(3):
        began = time.monotonic()
        with pytest.raises(QueryTimeout):
            list(remembering.query(kit.BURN, timeout_s=0.3).rows())
        assert time.monotonic() - began < 0.3 + kit.BUSY_S
        assert kit.good(remembering)
    assert kit.until(lambda: _in_memory(remembering))


def test_killed_workers_and_nurseries_give_no_wrong_answer(make: Any, kit: SimpleNamespace) -> None:
    pool = make(workers=2, store_memory_mb=_MB)
    draw, stop = random.Random(5), threading.Event()
    wrong: list[bytes] = []
    right = [0]
    text = f"SELECT ?x {{ ?a <{kit.E}value> ?x }} ORDER BY ?x"
    expected = b"".join(pool.query(text).serialize("text/csv"))

    def ask() -> None:
        while not stop.is_set():
            try:
                got = b"".join(pool.query(text).serialize("text/csv"))
            except (WorkerDied, StreamBroken, PoolFull):
                continue
            right[0] += 1
            if got != expected:
                wrong.append(got)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        limit, round_ = time.monotonic() + kit.PATIENT_S, 0
        while round_ < 30 or (right[0] <= 3 and time.monotonic() < limit):
            time.sleep(draw.random() / 15)
            mine = [worker.pid for worker in list(pool._keeper._workers)]
            for pid in _nurseries(pool) if round_ % 10 == 9 else draw.sample(mine, min(1, len(mine))):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            round_ += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong
    assert right[0] > 3
    assert kit.recovers(pool)


def test_when_the_copy_is_lost_the_disk_answers_and_a_new_copy_is_made(make: Any, kit: SimpleNamespace) -> None:
    pool = make(store_memory_mb=_MB)
    assert kit.until(lambda: _in_memory(pool))
    pool._keeper._nurse._pause_s = 3600.0  # so that the disk is seen, whatever the machine does meanwhile
    for pid in _nurseries(pool):
        os.kill(pid, signal.SIGKILL)
    assert kit.until(lambda: not pool.edition.endswith("/memory"))
    assert kit.good(pool)
    pool._keeper._nurse._not_before = 0.0
    assert kit.until(lambda: _in_memory(pool))
    assert kit.good(pool)


def test_a_store_without_room_stays_on_disk(store: Path, kit: SimpleNamespace, caplog: Any) -> None:
    pool = PooledBackend(store, workers=1, store_memory_mb=1, queue_wait_s=60)
    try:
        assert kit.until(lambda: "more than 1 MiB" in caplog.text)
        assert kit.good(pool)
        assert not pool.edition.endswith("/memory")
        time.sleep(0.5)
        assert caplog.text.count("read from disk") == 1, "said once, tried once"
    finally:
        pool.close()


def test_a_damaged_dump_stays_on_disk(tmp_path: Path, kit: SimpleNamespace, caplog: Any) -> None:
    store = kit.fill(tmp_path / "store", 50)
    (tmp_path / "dump.nq.gz").write_bytes(gzip.compress(b"<http://e/a> <http://e/b> <http://e/c> .\n" * 9)[:-6])
    pool = PooledBackend(store, workers=1, store_memory_mb=_MB, queue_wait_s=60)
    try:
        assert kit.until(lambda: "cannot be read into memory" in caplog.text)
        assert kit.good(pool)
    finally:
        pool.close()


def test_the_dump_of_a_release_is_what_is_read_and_blank_nodes_keep_their_names(tmp_path: Path, kit: Any) -> None:
    quads = [ox.Quad(ox.BlankNode(f"c14n{n}"), ox.NamedNode("http://e/p"), ox.Literal(n)) for n in range(20)]
    store = ox.Store(tmp_path / "store")
    store.bulk_extend(quads)
    store.flush()
    with gzip.open(tmp_path / "dump.nq.gz", "wb") as file:
        ox.serialize(quads, file, format=ox.RdfFormat.N_QUADS)
    del store
    pool = PooledBackend(tmp_path / "store", workers=2, store_memory_mb=_MB, queue_wait_s=60)
    try:
        text = "SELECT ?s ?n { ?s <http://e/p> ?n } ORDER BY ?n"
        assert kit.until(lambda: _in_memory(pool))
        copied = b"".join(pool.query(text).serialize("text/csv"))
        for pid in _nurseries(pool):
            os.kill(pid, signal.SIGKILL)
        assert kit.until(lambda: not pool.edition.endswith("/memory"))
        assert b"".join(pool.query(text).serialize("text/csv")) == copied
        assert b"_:c14n7,7" in copied
    finally:
        pool.close()


def test_a_switch_goes_over_disk_to_memory_and_fails_no_query(
    make: Any, remembering: PooledBackend, shared_pool: PooledBackend, other_store: Path, kit: SimpleNamespace
) -> None:
    assert kit.until(lambda: not _besides(remembering, shared_pool))
    pool = make(store_memory_mb=_MB)
    text = f"SELECT ?m {{ <{kit.E}release> <{kit.E}called> ?m }}"
    seen: list[bytes] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            seen.append(b"".join(pool.query(text).serialize("text/csv")).split()[1])

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        pool.switch(other_store, "r2")
        assert kit.until(lambda: pool.edition == "r2/memory")
        pool.switch(other_store, "r3")
        assert kit.until(lambda: pool.edition == "r3/memory")
    finally:
        stop.set()
        thread.join()
    assert set(seen) <= {b"one", b"two"}
    assert seen == sorted(seen), "never back to the old one"
    assert kit.until(lambda: len(_besides(remembering, shared_pool)) == 4), "no copy but the last"


def test_the_workers_share_one_copy(tmp_path: Path, kit: SimpleNamespace) -> None:
    limits = Limits(workers=3, store_memory_mb=_MB, max_memory_mb=400, queue_wait_s=60)
    pool = PooledBackend(kit.fill(tmp_path / "store", 60_000), limits=limits)
    try:
        assert kit.until(lambda: pool.edition.endswith("/memory") and pool.counts()["ready"] == 4)
        assert kit.good(pool)
        (holder,) = _nurseries(pool)
        alone = _kib(holder, "Rss")
        shared = sum(_kib(pid, "Pss") for pid in [holder, *(worker.pid for worker in pool._pool.idle)])
        assert alone > 60_000
        assert shared < 1.6 * alone, "five processes, one copy"
    finally:
        pool.close()


def _kib(pid: int, what: str) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{what}:"))


def test_closing_ends_them_all(
    store: Path, remembering: PooledBackend, shared_pool: PooledBackend, kit: SimpleNamespace
) -> None:
    assert kit.until(lambda: not _besides(remembering, shared_pool))
    pool = PooledBackend(store, workers=2, store_memory_mb=_MB)
    assert kit.until(lambda: _in_memory(pool))
    assert kit.until(lambda: len(_besides(remembering, shared_pool)) == 4)
    pool.close()
    assert kit.until(lambda: not _besides(remembering, shared_pool))


def test_none_outlives_a_server_that_is_killed(store: Path, kit: SimpleNamespace) -> None:
    program = f"""
import sys; sys.path[:] = {sys.path!r}
import threading, time
from queries.pool.backend import PooledBackend
pool = PooledBackend({str(store)!r}, workers=2, store_memory_mb={_MB})
while not pool.edition.endswith("/memory"): time.sleep(0.01)
threading.Thread(target=lambda: list(pool.query({kit.BURN!r}).rows()), daemon=True).start()
while not (pool.running() and pool.counts()["ready"] == 2): time.sleep(0.01)
print("burning", flush=True)
time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline() == b"burning\n"
        family = _family(server.pid)
        assert len(family) >= 4
        server.kill()
        server.wait()
    assert kit.until(lambda: not any(command(pid) for pid in family))


def test_workers_that_rest_share_the_copy_again(store: Path, kit: SimpleNamespace) -> None:
    """Reading the whole graph writes to the pages that it reads; a worker that has done so is replaced when it rests,
    and not before: the one that works goes on."""
    limits = Limits(workers=2, max_memory_mb=400, store_memory_mb=_MB, share_again_mb=1, rest_s=3.0, queue_wait_s=60)
    pool = PooledBackend(store, release="r1", limits=limits)
    try:
        assert kit.until(lambda: _in_memory(pool))
        used: set[int] = set()
        for number in range(2000):  # short ones are looked at now and then only
            assert list(pool.query(f"SELECT (COUNT(*) AS ?n{number}) {{ ?s ?p ?o . ?o ?q ?r }}"))
            used = {worker.pid for worker in pool._keeper._workers if worker.own > limits.share_again_mb << 20}
            if used:
                break
        assert used  # the scans have made pages a worker's own, else nothing is shown here
        assert kit.until(lambda: not {worker.pid for worker in pool._keeper._workers} & used)
        assert kit.until(lambda: pool.counts()["ready"] == 3)
        assert kit.good(pool)
    finally:
        pool.close()
