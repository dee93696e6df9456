"""Numbers for operators, in the Prometheus text format.

Each application has a registry of its own, so that two of them in one process (as in tests) do not meet. Label values
come from the route table and the status, never from the request, so their number is bounded.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counters and timings of one application."""

    def __init__(self, release: str, version: str) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "treatygraph_requests_total",
            "Requests answered, by route, method and status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "treatygraph_request_seconds",
            "Seconds from the request to the last byte of the answer, by route.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.broken = Counter(
            "treatygraph_broken_answers_total",
            "Answers that ended before they were complete, by route.",
            ["route"],
            registry=self.registry,
        )
        self.running = Gauge(
            "treatygraph_queries_running", "Pieces of work on the graph that run now.", registry=self.registry
        )
        info = Gauge(
            "treatygraph_release_info",
            "The release served; the value is 1.",
            ["release", "version"],
            registry=self.registry,
        )
        info.labels(release, version).set(1)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
