"""Work that several wait for: once, as long as anybody waits, and dropped when nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from api.cache import AnswerCache
from api.flights import Flights, Settle


class Work:
    """Work that is begun by a flight and told by the test."""

    def __init__(self) -> None:
        self.tellers: list[Settle[str]] = []
        self.ended = 0

    def begin(self, settle: Settle[str]) -> Callable[[], None]:
        self.tellers.append(settle)
        return self.end

    def end(self) -> None:
        self.ended += 1


def test_it_is_done_once_and_everyone_gets_it() -> None:
    async def scene() -> None:
        work, flights = Work(), Flights[str](lambda _: None)
        joined = [flights.join("key", work.begin) for _ in range(5)]
        assert [first for _, first in joined] == [True, False, False, False, False]
        work.tellers[0]("answer", None)
        assert [await future for future, _ in joined] == ["answer"] * 5
        assert flights.join("key", work.begin)[1], "who comes later begins anew"
        assert (len(work.tellers), work.ended) == (2, 0)

    asyncio.run(scene())


def test_who_leaves_takes_nothing_from_the_others_and_the_last_one_ends_it() -> None:
    async def scene() -> None:
        work, dropped = Work(), list[str]()
        flights = Flights[str](dropped.append)
        (one, _), (two, _) = (flights.join("key", work.begin) for _ in range(2))
        flights.leave("key", one)
        flights.leave("key", one)
        assert work.ended == 0
        flights.leave("key", two)
        assert work.ended == 1
        assert flights.join("key", work.begin)[1], "who comes now does not wait for what is being ended"
        work.tellers[0]("late", None)
        assert dropped == ["late"]
        assert not one.done()
        assert not two.done()

    asyncio.run(scene())


def test_a_failure_is_everyones() -> None:
    async def scene() -> list[object]:
        work, flights = Work(), Flights[str](lambda _: None)
        futures = [flights.join("key", work.begin)[0] for _ in range(3)]
        work.tellers[0](None, ValueError("no"))
        return await asyncio.gather(*futures, return_exceptions=True)

    assert [type(one) for one in asyncio.run(scene())] == [ValueError] * 3


def test_work_that_cannot_begin_leaves_no_flight_behind() -> None:
    async def scene() -> None:
        def refuse(_: Settle[str]) -> Callable[[], None]:
            raise ValueError("no")

        work, flights = Work(), Flights[str](lambda _: None)
        with pytest.raises(ValueError, match="no"):
            flights.join("key", refuse)
        assert flights.join("key", work.begin)[1]

    asyncio.run(scene())


def test_work_that_fails_at_once_is_told_like_any_other() -> None:
    async def scene() -> None:
        def fail(settle: Settle[str]) -> Callable[[], None]:
            settle(None, ValueError("at once"))
            return lambda: None

        future, _ = Flights[str](lambda _: None).join("key", fail)
        with pytest.raises(ValueError, match="at once"):
            await future

    asyncio.run(scene())


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
