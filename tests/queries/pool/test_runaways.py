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

from ...processes import children

E = "http://example.org/"
LIMIT_S = 0.6
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
    pool = PooledBackend(store, workers=2, deadline_s=LIMIT_S, max_memory_mb=150)
    yield pool
    pool.close()


async def _read(pool: PooledBackend, text: str) -> int:
    stream = await pool.execute(text, table_type="text/csv")
    return sum([len(chunk) async for chunk in stream])


@pytest.mark.parametrize("name", RUNAWAYS)
def test_it_ends_in_time_with_the_honest_error_and_the_next_query_answers(
    pool: PooledBackend, kit: SimpleNamespace, name: str
) -> None:
    text, expected = RUNAWAYS[name]
    started = time.monotonic()
    if expected:
        with pytest.raises(expected):
            asyncio.run(_read(pool, text))
    else:
        assert asyncio.run(_read(pool, text)) > 0
    assert time.monotonic() - started < LIMIT_S + 1.0, "the machine of the tests may be busy; the limit is not"
    started = time.monotonic()
    assert kit.good(pool)
    assert time.monotonic() - started < 0.5
    assert kit.until(lambda: pool.counts()["busy"] == 0)


def test_eight_at_a_time_leave_the_event_loop_free(store: Path, kit: SimpleNamespace) -> None:
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
        assert kit.until(lambda: pool.counts()["ready"] == 9, 10)
        assert asyncio.run(all_at_once()) == [QueryTimeout] * 8
        assert slowest < 0.25, "eight burning processes share two cores with this loop"
        assert kit.good(pool)
    finally:
        pool.close()


def test_a_client_may_lower_the_deadline_but_not_raise_it(pool: PooledBackend, kit: SimpleNamespace) -> None:
    for asked, limit in ((0.2, 0.2), (100.0, LIMIT_S)):
        started = time.monotonic()
        with pytest.raises(QueryTimeout, match=f"{limit:g} s"):
            list(pool.query(kit.BURN, timeout_s=asked).rows())
        assert limit <= time.monotonic() - started < limit + 0.5


def test_a_slow_reader_is_cut_off_at_the_deadline(pool: PooledBackend, kit: SimpleNamespace) -> None:
    stream = pool.query(kit.FLOOD).serialize("text/csv")
    assert next(stream)
    assert kit.until(lambda: pool.counts()["busy"] == 0, LIMIT_S + 1), "it holds no worker for longer than the limit"
    with pytest.raises(StreamBroken) as caught:
        for _ in stream:
            pass
    assert isinstance(caught.value.reason, QueryTimeout)
    assert kit.good(pool)


def test_rows_that_come_too_slowly_are_a_timeout_not_a_short_result(pool: PooledBackend, kit: SimpleNamespace) -> None:
    with pytest.raises(QueryTimeout):
        for _ in pool.query(kit.FLOOD).rows():
            pass


@pytest.mark.parametrize("leave", ["close", "drop", "cancel the task"])
def test_a_reader_who_leaves_frees_the_worker_within_a_second(make: Any, kit: SimpleNamespace, leave: str) -> None:
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
        assert time.monotonic() - started < 1
        assert kit.until(lambda: not pool.running() and _quiet(), 1)


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
    pool = make(workers=1)
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

    async def read() -> tuple[int, int, float]:
        started = time.monotonic()
        stream = await pool.execute(text, table_type="text/csv")
        first = time.monotonic() - started
        before = _resident()
        rows = most = 0
        async for chunk in stream:
            rows += chunk.count(b"\n")
            most = max(most, _resident())
        return rows, most - before, first

    rows, growth, first = asyncio.run(read())
    assert rows == 1_000_001
    assert growth < 8 << 20
    assert first < 0.5


def test_the_worker_waits_for_a_slow_reader(make: Any, kit: SimpleNamespace) -> None:
    pool = make()
    stream = pool.query(kit.FLOOD).serialize("text/csv")
    info = pool.running()[0]
    time.sleep(0.3)
    before = Path(f"/proc/{info.pid}/stat").read_text().rpartition(")")[2].split()[11]
    time.sleep(0.3)
    assert int(Path(f"/proc/{info.pid}/stat").read_text().rpartition(")")[2].split()[11]) - int(before) <= 3
    stream.close()


def test_an_error_that_shows_while_the_engine_reads_is_told_before_the_first_bytes(pool: PooledBackend) -> None:
    with pytest.raises(UnknownFunction):
        asyncio.run(_read(pool, "SELECT ?x { BIND(<http://example.org/f>(1) AS ?x) }"))


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
