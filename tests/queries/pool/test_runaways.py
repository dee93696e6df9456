"""Queries that would run for ever, or eat everything: each ends within its limit with the honest error."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from queries.errors import QueryError, QueryTimeout, UnknownFunction
from queries.pool.backend import PooledBackend
from queries.pool.errors import EngineCrashed, OutOfMemory, QueryTooLarge, StreamBroken
from queries.pool.pool import Limits

from ...processes import children

E = "http://example.org/"
LIMIT_S = 0.6
#: On a busy machine a query may need more, until its first bytes are there.
LIMITS_S = (LIMIT_S, 4 * LIMIT_S, 16 * LIMIT_S)
BURN = f"SELECT (COUNT(*) AS ?n) {{ ?a <{E}value> ?x . ?b <{E}value> ?y . ?c <{E}value> ?z FILTER(?x+?y+?z < 0) }}"

RUNAWAYS: dict[str, tuple[str, tuple[type[QueryError], ...]]] = {
    "cross join": (BURN, (QueryTimeout,)),
    "unbounded path": (
        f"SELECT (COUNT(*) AS ?n) {{ ?a (<{E}next>|<{E}value>)* ?b . ?b (<{E}next>|<{E}value>)* ?c }}",
        (QueryTimeout, OutOfMemory),
    ),
    "catastrophic regex": (
        f"""SELECT (COUNT(*) AS ?n) {{ ?a <{E}value> ?x . ?b <{E}value> ?y
            FILTER REGEX(CONCAT(STR(?a), STR(?b), '{"a" * 200}'), '^(([a-z:/.])+.)+[A-Z]([a-z])+$') }}""",
        (QueryTimeout,),
    ),
    "nested aggregates": (
        f"""SELECT (MAX(?n) AS ?m) {{ SELECT ?x (COUNT(*) AS ?n) {{ SELECT ?x (SUM(?y+?z) AS ?t) {{
            ?a <{E}value> ?x . ?b <{E}value> ?y . ?c <{E}value> ?z }} GROUP BY ?x ?y }} GROUP BY ?x }}""",
        (QueryTimeout, OutOfMemory),
    ),
    "result flood": (f"SELECT * {{ ?a ?p ?x . ?b ?q ?y . ?c ?r ?z }}", (StreamBroken,)),  # noqa: F541
    "sort of a flood": (f"SELECT * {{ ?a ?p ?x . ?b ?q ?y . ?c ?r ?z }} ORDER BY ?z", (OutOfMemory, QueryTimeout)),  # noqa: F541
    "deep nesting": ("SELECT * " + "{" * 5000 + "}" * 5000, (QueryTooLarge,)),
    "deep nesting without brackets": ("SELECT * { FILTER(" + "!" * 400_000 + "1) }", (EngineCrashed, QueryTimeout)),
    "10 MB of text": ("SELECT * { ?s ?p '" + "x" * 10_000_000 + "' }", (QueryTooLarge,)),
    "thousand prefixes": (
        "".join(f"PREFIX p{n}: <{E}{n}/>\n" for n in range(1000)) + "SELECT * { ?a p999:x/p998:x ?b } LIMIT 1",
        (),
    ),
}


@pytest.fixture(scope="module")
def pool(store: Path) -> Any:
    """Its own limits are long, so that good queries meet none."""
    pool = PooledBackend(store, workers=2, deadline_s=60, max_memory_mb=150, queue_wait_s=60)
    yield pool
    pool.close()


async def _read(pool: PooledBackend, text: str, limit_s: float | None = None) -> int:
    stream = await pool.execute(text, table_type="text/csv", timeout_s=limit_s)
    return sum([len(chunk) async for chunk in stream])


@pytest.mark.parametrize("name", RUNAWAYS)
def test_it_ends_in_time_with_the_honest_error_and_the_next_query_answers(
    pool: PooledBackend, kit: SimpleNamespace, name: str
) -> None:
    text, expected = RUNAWAYS[name]
    for limit_s in LIMITS_S if expected else (None,):
        started = time.monotonic()
        try:
            assert asyncio.run(_read(pool, text, limit_s)) > 0
        except (*expected, QueryTimeout) as error:
            assert time.monotonic() - started < (limit_s or 0) + kit.BUSY_S
            if isinstance(error, expected):
                break  # else the time was over before its first bytes: it may have more
        else:
            assert not expected, "it ended"
            break
    else:
        raise AssertionError("it never came to the end that was expected")
    started = time.monotonic()
    assert kit.good(pool)
    assert time.monotonic() - started < kit.BUSY_S
    assert kit.until(lambda: pool.counts()["busy"] == 0)


def test_eight_at_a_time_leave_the_event_loop_free(store: Path, kit: SimpleNamespace) -> None:
    """The best of some attempts counts: a loop that is held up by queries is so each time, until their limit."""
    pool = PooledBackend(store, workers=8, deadline_s=1.5, max_memory_mb=150)
    slowest = 0.0

    async def tick(stop: asyncio.Event) -> None:
        nonlocal slowest
        while not stop.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.01)
            slowest = max(slowest, time.monotonic() - before - 0.01)

    async def burn() -> type[BaseException] | None:
        try:
            await _read(pool, kit.BURN)
        except QueryTimeout as error:
            return type(error)
        return None

    async def all_at_once() -> list[type[BaseException] | None]:
        stop = asyncio.Event()
        ticking = asyncio.ensure_future(tick(stop))
        ends = await asyncio.gather(*(burn() for _ in range(8)))
        stop.set()
        await ticking
        return ends

    try:
        for _ in range(8):
            slowest = 0.0
            assert kit.until(lambda: pool.counts()["ready"] == 9)
            assert asyncio.run(all_at_once()) == [QueryTimeout] * 8
            if slowest < 0.25:
                break
        assert slowest < 0.25, "eight burning processes share two cores with this loop"
        assert kit.recovers(pool)
    finally:
        pool.close()


def test_a_client_may_lower_the_deadline_but_not_raise_it(make: Any, kit: SimpleNamespace) -> None:
    for asked, own, limit in ((0.2, 60.0, 0.2), (100.0, LIMIT_S, LIMIT_S)):
        pool = make(deadline_s=own)
        started = time.monotonic()
        with pytest.raises(QueryTimeout, match=f"{limit:g} s"):
            list(pool.query(kit.BURN, timeout_s=asked).rows())
        assert limit <= time.monotonic() - started < limit + kit.BUSY_S


def test_a_slow_reader_is_cut_off_at_the_deadline(pool: PooledBackend, kit: SimpleNamespace) -> None:
    for limit_s in LIMITS_S:
        with suppress(QueryTimeout):  # the time was over before its first bytes: it may have more
            stream = pool.query(kit.FLOOD, timeout_s=limit_s).serialize("text/csv")
            break
    assert next(stream)
    assert kit.until(lambda: pool.counts()["busy"] == 0, limit_s + kit.BUSY_S), "no worker is held beyond the limit"
    with pytest.raises(StreamBroken) as caught:
        for _ in stream:
            pass
    assert isinstance(caught.value.reason, QueryTimeout)
    assert kit.good(pool)


def test_rows_that_come_too_slowly_are_a_timeout_not_a_short_result(pool: PooledBackend, kit: SimpleNamespace) -> None:
    with pytest.raises(QueryTimeout):
        for _ in pool.query(kit.FLOOD, timeout_s=LIMIT_S).rows():
            pass


@pytest.mark.parametrize("leave", ["close", "drop", "cancel the task"])
def test_a_reader_who_leaves_frees_the_worker(make: Any, kit: SimpleNamespace, leave: str) -> None:
    pool = make(workers=1)
    for text in (kit.FLOOD, kit.BURN):

        async def go(text: str = text) -> None:
            task = asyncio.ensure_future(pool.execute(text))
            await asyncio.sleep(0.3)
            if text == kit.BURN or leave == "cancel the task":
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                return
            stream = await task
            await anext(stream)
            if leave == "close":
                stream.close()
            del stream

        before = [info.pid for info in pool.running()]
        assert before == []
        asyncio.run(go())
        started = time.monotonic()
        assert kit.good(pool)
        assert time.monotonic() - started < kit.BUSY_S, "long before the limit of the query"
        assert kit.until(lambda: not pool.running() and _quiet(), 4 * kit.BUSY_S)


def _quiet() -> bool:
    """No child of this process burns processor time."""

    def ticks() -> int:
        total = 0
        for child in children():
            with suppress(OSError):
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        return total

    before = ticks()
    time.sleep(0.2)
    return abs(ticks() - before) <= 5


def test_a_worker_stopped_by_its_reader_is_used_again(make: Any, kit: SimpleNamespace) -> None:
    pool = make(limits=Limits(workers=1, max_memory_mb=400, queue_wait_s=60, grace_s=60))
    stream = pool.query(kit.FLOOD).serialize("text/csv")
    pid = pool.running()[0].pid
    next(stream)
    stream.close()
    assert kit.until(lambda: pool.counts()["ready"] == 2)
    os.kill(pid, 0)  # a flood notices at its next write; nobody had to be ended
    assert kit.good(pool)


def test_memory_of_the_server_stays_flat_for_a_million_rows(make: Any, kit: SimpleNamespace) -> None:
    pool = make(deadline_s=60.0)
    text = f"SELECT * {{ ?a <{E}value> ?x . ?b <{E}value> ?y }} LIMIT 1000000"

    async def first_bytes() -> float:
        started = time.monotonic()
        (await pool.execute(text, table_type="text/csv")).close()
        return time.monotonic() - started

    async def read() -> tuple[int, int]:
        stream = await pool.execute(text, table_type="text/csv")
        before = _resident()
        rows = most = 0
        async for chunk in stream:
            rows += chunk.count(b"\n")
            most = max(most, _resident())
        return rows, most - before

    rows, growth = asyncio.run(read())
    assert rows == 1_000_001
    assert growth < 8 << 20
    assert any(asyncio.run(first_bytes()) < 0.5 for _ in range(8)), "they never come before the others are ready"


def test_the_worker_waits_for_a_slow_reader(make: Any, kit: SimpleNamespace) -> None:
    pool = make()
    stream = pool.query(kit.FLOOD).serialize("text/csv")
    info = pool.running()[0]

    def state() -> tuple[str, int]:
        fields = Path(f"/proc/{info.pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], int(fields[11])

    def waits() -> bool:
        (kind, ticks), _ = state(), time.sleep(0.3)
        return kind == "S" and state() == ("S", ticks)

    assert kit.until(waits, 20), "it goes on with what nobody reads"
    stream.close()


def test_an_error_that_shows_while_the_engine_reads_is_told_before_the_first_bytes(pool: PooledBackend) -> None:
    with pytest.raises(UnknownFunction):
        asyncio.run(_read(pool, "SELECT ?x { BIND(<http://example.org/f>(1) AS ?x) }"))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
