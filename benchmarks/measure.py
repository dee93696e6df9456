"""Timing: every engine is asked the same in turn, within each round, so that noise of the machine falls on all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Final

from benchmarks.engines import RDFLIB, Engine, rows_of
from benchmarks.workload import Question

#: An engine whose answers to one question took longer than this is not asked that question again.
CAP_S: Final = 5.0


class WrongAnswer(Exception):
    """Two engines gave different answers; nothing that is measured then means anything."""


@dataclass
class Times:
    """Milliseconds, one for each round."""

    values: list[float] = field(default_factory=list)
    capped: bool = False

    @property
    def median(self) -> float:
        """The median in milliseconds."""
        return median(self.values)

    @property
    def p99(self) -> float:
        """The smallest value that 99 % do not exceed; with few rounds the slowest."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


@dataclass
class Measured:
    """One question: how many rows the median answer has, and the times of each engine."""

    question: Question
    rows: int
    times: dict[str, Times]


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that it took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def compare(question: Question, engines: Sequence[Engine], rounds: int) -> Measured:
    """Check that all engines agree about every thing that is asked about (this warms them too), then measure.

    Raises WrongAnswer. rdflib, which is slower by orders of magnitude, is checked about the first thing only.
    """
    counts = []
    times: dict[str, Times] = {engine.name: Times() for engine in engines}
    for number, text in enumerate(question.texts):
        answers = {}
        for engine in engines:
            if number and engine.name == RDFLIB:
                continue
            answers[engine.name] = rows_of(engine.ask(text, question.media_type), question.media_type)
        first, *others = answers
        for other in others:
            if answers[other] != answers[first]:
                raise WrongAnswer(
                    f"{question.name}: {first} gives {len(answers[first])} rows, {other} gives {len(answers[other])},"
                    f" and they differ (asked about {question.things[number] or 'everything'})"
                )
        counts.append(len(answers[first]))
    quick = [engine for engine in engines if engine.name != RDFLIB]
    _rounds(question, quick, times, rounds)
    # Afterwards, so that servers do not sit idle for seconds between their turns.
    _rounds(question, [engine for engine in engines if engine.name == RDFLIB], times, rounds)
    return Measured(question, round(median(counts)), times)


def _rounds(question: Question, engines: Sequence[Engine], times: dict[str, Times], rounds: int) -> None:
    for turn in range(rounds):
        text = question.texts[turn % len(question.texts)]
        for at in range(len(engines)):
            engine = engines[(at + turn) % len(engines)]
            record = times[engine.name]
            if not record.capped:
                record.values.append(timed(partial(engine.ask, text, question.media_type)))
                record.capped = sum(record.values) > CAP_S * 1000
