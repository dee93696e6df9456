"""Timing queries: every engine must answer the same first; then all are asked in turn, within each round, so that noise
of the machine falls on all.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Final

from benchmarks.engines import GUESTS, KEPT, SLOW, Engine, rows_of
from benchmarks.figures import Query, Timing
from benchmarks.workload import Question

#: An engine whose answers to one question took longer than this, in seconds, is not asked that question again.
CAP_S: Final = 5.0
#: Checking answers about many things ends after this many seconds; the first thing is always checked.
_CHECK_S: Final = 8.0
_NUMBERS: Final = itertools.count(1)


class WrongAnswer(Exception):
    """Two engines gave different answers; nothing that is measured then means anything."""


@dataclass
class Times:
    """Milliseconds, one for each round."""

    values: list[float] = field(default_factory=list)
    capped: bool = False

    def timing(self) -> Timing:
        """Median, and the smallest value that 99 % do not exceed (with few rounds the slowest)."""
        ordered = sorted(self.values)
        return Timing(
            median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], len(ordered), self.capped
        )


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that it took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def compare(question: Question, engines: Sequence[Engine], rounds: int) -> Query:
    """Check that all engines agree about what is asked (this warms them too), then measure.

    Raises WrongAnswer where one of ours, or of those that must agree, differs from the first. A guest that refuses or
    differs is left out of this question, with the reason.
    """
    result = Query(question.name, question.kind, 0)
    result.rows, right = _checked(question, engines, result.why_not)
    quick = [engine for engine in right if engine.name not in SLOW]
    times = {engine.name: Times() for engine in right}
    _rounds(question, quick, times, rounds)
    # Afterwards, so that servers do not sit idle for seconds between their turns.
    _rounds(question, [engine for engine in right if engine.name in SLOW], times, rounds)
    result.times = {name: one.timing() for name, one in times.items() if one.values}
    return result


def _checked(question: Question, engines: Sequence[Engine], why_not: dict[str, str]) -> tuple[int, list[Engine]]:
    """Rows of the median answer, and the engines that gave it."""
    counts: list[int] = []
    right = list(engines)
    began = time.monotonic()
    for number, text in enumerate(question.texts):
        if number and time.monotonic() - began > _CHECK_S:
            break
        first: list[object] | None = None
        for engine in list(right):
            if number and engine.name in SLOW:
                continue
            try:
                answer = rows_of(engine.ask(text, question.media_type), question.media_type)
            except (RuntimeError, OSError, ValueError) as error:
                if engine.name not in GUESTS:
                    raise
                why_not[engine.name] = f"refuses or fails: {' '.join(str(error).split())[:160]}"
                right.remove(engine)
                continue
            if first is None:
                first = answer
                counts.append(len(answer))
            elif answer != first:
                said = f"{len(answer)} rows where {right[0].name} gives {len(first)}, and they differ"
                if engine.name not in GUESTS:
                    about = question.things[number] or "everything"
                    raise WrongAnswer(f"{question.name}: {engine.name} gives {said} (asked about {about})")
                why_not[engine.name] = f"answers otherwise: {said}"
                right.remove(engine)
    return round(median(counts)), right


def _rounds(question: Question, engines: Sequence[Engine], times: dict[str, Times], rounds: int) -> None:
    asked_before: set[str] = set()
    for turn in range(rounds):
        text = question.texts[turn % len(question.texts)]
        fresh = question.fresh(text, next(_NUMBERS))
        for at in range(len(engines)):
            engine = engines[(at + turn) % len(engines)]
            record = times[engine.name]
            if not record.capped:
                asked = text if engine.name == KEPT else fresh
                if engine.name == KEPT and text not in asked_before:
                    asked_before.add(text)
                    engine.ask(text, question.media_type)
                record.values.append(timed(partial(engine.ask, asked, question.media_type)))
                record.capped = sum(record.values) > CAP_S * 1000
