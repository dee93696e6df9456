"""Work that several wait for: once, as long as anybody waits, and dropped when nobody does."""

from __future__ import annotations

import asyncio

import pytest

from api.cache import AnswerCache
from api.flights import Flights


def test_it_is_done_once_and_everyone_gets_it() -> None:
    async def scene() -> tuple[list[tuple[str, bool]], int]:
        flights: Flights[str] = Flights(lambda _: None)
        begun = 0

        async def work() -> str:
            nonlocal begun
            begun += 1
            await asyncio.sleep(0.01)
            return "answer"

        got = await asyncio.gather(*(flights.join("key", work) for _ in range(5)))
        await flights.join("key", work)
        return got, begun

    got, begun = asyncio.run(scene())
    assert got == [("answer", True)] + [("answer", False)] * 4
    assert begun == 2, "one for the five at the same time, one for who came later"


def test_who_leaves_takes_nothing_from_the_others_and_the_last_one_ends_it() -> None:
    async def scene() -> None:
        flights: Flights[str] = Flights(lambda _: None)
        ended = asyncio.Event()

        async def work() -> str:
            try:
                await asyncio.sleep(10)
            finally:
                ended.set()
            return "never"

        first, second = (asyncio.ensure_future(flights.join("key", work)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0.01)
        assert not ended.is_set()
        second.cancel()
        await asyncio.wait_for(ended.wait(), 1)

    asyncio.run(scene())


def test_a_result_that_comes_when_nobody_waits_is_dropped() -> None:
    async def scene() -> list[str]:
        dropped: list[str] = []
        flights: Flights[str] = Flights(dropped.append)
        gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def work() -> str:
            return await gate

        waiting = asyncio.ensure_future(flights.join("key", work))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gate.set_result("late")
        await asyncio.sleep(0)  # the work has its result, who waits for it does not know yet
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return dropped

    assert asyncio.run(scene()) == ["late"]


def test_a_failure_is_everyones() -> None:
    async def scene() -> list[object]:
        flights: Flights[str] = Flights(lambda _: None)

        async def work() -> str:
            await asyncio.sleep(0.01)
            raise ValueError("no")

        return await asyncio.gather(*(flights.join("key", work) for _ in range(3)), return_exceptions=True)

    assert [type(one) for one in asyncio.run(scene())] == [ValueError] * 3


def test_kept_answers_stay_within_their_bytes_and_the_one_unused_longest_goes() -> None:
    cache = AnswerCache(100_000)
    for number in range(30):
        cache.put(f"{number}", b"x" * 10_000)
        cache.get("0")
        assert cache.size <= 100_000
    assert cache.get("0") is not None
    assert cache.get("1") is None
    cache.put("large", b"x" * 50_000)
    assert cache.get("large") is None
    cache.clear()
    assert (cache.size, cache.get("0")) == (0, None)
