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
        self.queries = Counter(
            "treatygraph_queries_total",
            "Queries of /sparql, by what became of them before their first byte.",
            ["outcome"],
            registry=self.registry,
        )
        self.query_seconds = Histogram(
            "treatygraph_query_seconds",
            "Seconds from a query of /sparql to the first byte of its answer, or to its failure.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.remote_calls = Counter(
            "treatygraph_remote_calls_total",
            "Calls of SERVICE to listed endpoints, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.pool = Gauge(
            "treatygraph_pool",
            "The worker processes: `workers` that may be busy, `busy`, `ready`, and queries `waiting` for one.",
            ["state"],
            registry=self.registry,
        )
        self.kept_bytes = Gauge(
            "treatygraph_kept_answers_bytes", "Memory of the answers that are kept.", registry=self.registry
        )
        self._info = Gauge(
            "treatygraph_release_info",
            "The release served; the value is 1.",
            ["release", "version"],
            registry=self.registry,
        )
        self._version = version
        self._outcomes: dict[str, Counter] = {}
        self._routes: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.serve(release)

    def asked(self, outcome: str, seconds: float) -> None:
        """A query of /sparql has come to its first byte, or to its end without one."""
        counter = self._outcomes.get(outcome)
        if counter is None:
            counter = self._outcomes[outcome] = self.queries.labels(outcome)
        counter.inc()
        self.query_seconds.observe(seconds)

    def answered(self, route: str, method: str, status: int, seconds: float, complete: bool) -> None:
        """A request is over. The labels come from small sets, so what is looked up for them is kept."""
        found = self._routes.get((route, method, status))
        if found is None:
            counter = self.requests.labels(route, method, str(status))
            found = self._routes[route, method, status] = (counter, self.seconds.labels(route))
        counter, histogram = found
        counter.inc()
        histogram.observe(seconds)
        if not complete:
            self.broken.labels(route).inc()

    def serve(self, release: str) -> None:
        """Another release is served from now on."""
        self._info.clear()
        self._info.labels(release, self._version).set(1)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
