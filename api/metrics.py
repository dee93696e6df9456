"""Numbers for operators, in the Prometheus text format.

Each application has a registry of its own, so that two of them in one process (as in tests) do not meet. Label values
come from the route table and the status, never from the request, so their number is bounded.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from api.tally import Counts, Times

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counters and timings of one application."""

    def __init__(self, release: str, version: str) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counts(
            "treatygraph_requests_total",
            "Requests answered, by route, method and status.",
            ["route", "method", "status"],
        )
        self._seconds = Times(
            "treatygraph_request_seconds",
            "Seconds from the request to the last byte of the answer, by route.",
            ["route"],
            _SECONDS,
        )
        self.broken = Counter(
            "treatygraph_broken_answers_total",
            "Answers that ended before they were complete, by route.",
            ["route"],
            registry=self.registry,
        )
        self.ended_connections = Counter(
            "treatygraph_ended_connections_total",
            "Connections that the server ended because of their clients, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.running = Gauge(
            "treatygraph_queries_running", "Pieces of work on the graph that run now.", registry=self.registry
        )
        self._queries = Counts(
            "treatygraph_queries_total",
            "Queries of /sparql, by what became of them before their first byte.",
            ["outcome"],
        )
        self._query_seconds = Times(
            "treatygraph_query_seconds",
            "Seconds from a query of /sparql to the first byte of its answer, or to its failure.",
            [],
            _SECONDS,
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
        for tally in (self._requests, self._seconds, self._queries, self._query_seconds):
            self.registry.register(tally)
        self.serve(release)

    def asked(self, outcome: str, seconds: float) -> None:
        """A query of /sparql has come to its first byte, or to its end without one."""
        self._queries.add(outcome)
        self._query_seconds.add(seconds)

    def answered(self, route: str, method: str, status: int, seconds: float, complete: bool) -> None:
        """A request is over. The labels come from small sets."""
        self._requests.add(route, method, str(status))
        self._seconds.add(seconds, route)
        if not complete:
            self.broken.labels(route).inc()

    def serve(self, release: str) -> None:
        """Another release is served from now on."""
        self._info.clear()
        self._info.labels(release, self._version).set(1)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
