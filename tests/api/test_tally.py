"""Our counts and times look to Prometheus as those of its library."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from api.tally import Counts, Times

BOUNDS = (0.005, 0.1, 1, 60)
seconds = st.floats(0, 100) | st.sampled_from([*map(float, BOUNDS), 0.0])
words = st.sampled_from(["GET", 'a"b\\c\n', "é", ""])


def lines(registry: CollectorRegistry) -> list[str]:
    """Without the moments at which the library began to count."""
    return sorted(line for line in generate_latest(registry).decode().splitlines() if "_created" not in line)


@given(st.lists(st.tuples(words, words, seconds)))
def test_the_exposition_is_that_of_the_library(happened: list[tuple[str, str, float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counts, times = Counts("a_total", "A.", ["one", "two"]), Times("b_seconds", "B.", ["one"], BOUNDS)
    all_times = Times("c_seconds", "C.", [], BOUNDS)
    for collector in (counts, times, all_times):
        ours.register(collector)
    counter = Counter("a_total", "A.", ["one", "two"], registry=theirs)
    histogram = Histogram("b_seconds", "B.", ["one"], buckets=BOUNDS, registry=theirs)
    whole = Histogram("c_seconds", "C.", buckets=BOUNDS, registry=theirs)
    for one, two, taken in happened:
        counts.add(one, two)
        times.add(taken, one)
        all_times.add(taken)
        counter.labels(one, two).inc()
        histogram.labels(one).observe(taken)
        whole.observe(taken)
    assert lines(ours) == lines(theirs)
