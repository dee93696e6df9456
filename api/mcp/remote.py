"""A running service, asked through the client."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.client import Treatygraph
from api.mcp.graph import Asked, Reading, things_in

__all__ = ["RemoteGraph"]

_AGENT: Final = "treatygraph-mcp"


class RemoteGraph:
    """See `api.mcp.graph.Graph`; one client for each thread.

    Raises Unreachable, or what else the service says, when it cannot be asked for its release.
    """

    def __init__(self, address: str, timeout_s: float = 90.0) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._here = threading.local()
        self._lock = threading.Lock()
        self._clients: list[Treatygraph] = []
        self.release()

    def release(self) -> str:
        return self._client.release

    def facts(self, thing: str) -> dict[str, Any]:
        return self._client.thing(thing)

    def search(self, q: str) -> list[dict[str, str]]:
        return list(self._client.search(q))

    def lineage(self, thing: str, direction: str, kinds: Sequence[str], depth: int) -> dict[str, Any]:
        way: Any = direction
        return self._client.lineage(thing, direction=way, kinds=kinds, depth=depth)

    def path(self, start: str, end: str, kinds: Sequence[str], hops: int) -> dict[str, Any]:
        return self._client.path(start, end, kinds=kinds, hops=hops)

    def questions(self) -> list[dict[str, Any]]:
        return list(self._client.questions())

    def ask(self, question: str, given: Mapping[str, str]) -> Asked:
        # The text first: it also says which things the names meant.
        text = self._client.query_of(question, **given)
        with self._client.rows(question, **given) as rows:
            return Asked(rows.columns, list(rows.terms()), text, things_in(text, list(given)))

    def findings(
        self, *, rule: str | None, severity: str | None, state: str | None, document: str | None
    ) -> list[dict[str, Any]]:
        return list(self._client.findings(rule=rule, severity=severity, state=state, document=document))

    def sparql(self, query: str, seconds: float) -> Reading:
        rows = self._client.sparql(query, timeout_s=seconds)
        return Reading(rows.columns, rows.terms(), rows.close)

    def evidence(self, rows: Sequence[Sequence[Any]], about: Sequence[str]) -> list[list[dict[str, Any]]]:
        return self._client.evidence(rows, about=about)

    def close(self) -> None:
        with self._lock:
            for client in self._clients:
                client.close()

    @property
    def _client(self) -> Treatygraph:
        client: Treatygraph | None = getattr(self._here, "client", None)
        if client is None:
            client = self._here.client = Treatygraph(self._address, timeout_s=self._timeout_s, agent=_AGENT)
            with self._lock:
                self._clients.append(client)
        return client
