"""Counts and times by labels that cost next to nothing to add to: a collector of `prometheus_client`.

The library's own counters lock and check with each step, which takes a tenth of the time of a short answer. These are
added to by the event loop alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

__all__ = ["Counts", "Times"]

Labels: TypeAlias = tuple[str, ...]


class Counts(Collector):
    """How often something happened, by labels."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str]) -> None:
        self._family = name, documentation, tuple(labels)
        self._counts: dict[Labels, int] = {}

    def add(self, *labels: str) -> None:
        """Once more."""
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """For the exposition."""
        name, documentation, labels = self._family
        family = CounterMetricFamily(name, documentation, labels=labels)
        for values, count in list(self._counts.items()):
            family.add_metric(values, count)
        yield family


class Times(Collector):
    """How many seconds something took, by labels: a histogram."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._family = name, documentation, tuple(labels)
        self._bounds = tuple(bounds)
        #: For each combination of labels the sum, and how many there were up to each bound, and beyond the last.
        self._times: dict[Labels, tuple[list[float], list[int]]] = {}
        if not labels:
            self._row(())

    def add(self, seconds: float, *labels: str) -> None:
        """One more."""
        total, counts = self._times.get(labels) or self._row(labels)
        total[0] += seconds
        counts[bisect_left(self._bounds, seconds)] += 1

    def _row(self, labels: Labels) -> tuple[list[float], list[int]]:
        return self._times.setdefault(labels, ([0.0], [0] * (len(self._bounds) + 1)))

    def collect(self) -> Iterator[Metric]:
        """For the exposition."""
        name, documentation, labels = self._family
        family = HistogramMetricFamily(name, documentation, labels=labels)
        ends = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for values, (total, counts) in list(self._times.items()):
            family.add_metric(values, list(zip(ends, accumulate(counts), strict=True)), total[0])
        yield family
