"""The remote back end that follows what is published into its store: see `queries.record`."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from typing import Any, Final

from queries.engines import GENERIC, Engine
from queries.errors import BackendError
from queries.record import Record, is_internal, read_graphs, read_record
from queries.remote import Asked, RemoteBackend
from queries.rewriting import NOWHERE, located, shown

#: The name of the release while none is known.
UNKNOWN: Final = "none"
_RECORD_S: Final = 10.0


class PublishedBackend(RemoteBackend):
    """Answers from the release that is live in a store. Every answer is that of one release, and says which.

    After the engine has read the data of a query, the record is read again; where another release went live meanwhile
    the query is asked once more. So each query costs one small request beside its own. `refresh` looks between queries.
    A store that cannot be reached is asked again at the next query.
    """

    def __init__(self, query_url: str, *, engine: Engine = GENERIC, **how: Any) -> None:
        super().__init__(query_url, release=UNKNOWN, engine=engine, **how)
        self._plain = RemoteBackend(query_url, engine=engine, timeout_s=_RECORD_S, login=how.get("login"))
        self._record: Record | None = None
        self._lock = threading.Lock()
        self._looks = itertools.count(1)
        self._last = 0

    @property
    def release(self) -> str:
        """The release that was live when the store was last asked; `none` before the first answer."""
        record = self._record
        return record.release if record else UNKNOWN

    def refresh(self) -> str:
        """See `queries.following.Following`."""
        return self._read_record().release

    def _read_record(self) -> Record:
        look = next(self._looks)
        found = read_record(self._plain.query)
        if found is None:
            raise BackendError(f"{self._endpoint.url}: no release was published there; to mend: treatygraph publish")
        if found.layout == "direct" and not self._engine.default_graph:
            raise BackendError(f"{self._endpoint.url}: the release there was published as for another engine")
        known = self._record
        if known is not None and known.same(found):
            found = replace(found, graphs=known.graphs)
        elif found.layout == "versioned":
            found = replace(found, graphs=read_graphs(self._plain.query, found.listing))
        with self._lock:
            if look > self._last:  # a slow look must not bring an older release back
                self._last, self._record = look, found
        return found

    def _prepared(
        self, text: str, default_graphs: tuple[str, ...], named_graphs: tuple[str, ...], union: bool
    ) -> Asked:
        record = self._record or self._read_record()
        if record.layout == "versioned":
            found = located(
                text,
                record.listing,
                record.graphs,
                default_graphs=default_graphs,
                named_graphs=named_graphs,
                union=union,
            )
            return Asked(found.text, found.default_graphs, release=record.release, state=record)
        if union and record.staging:
            raise BackendError("another release is being published; until it is live no union of all graphs is given")
        asked = super()._prepared(shown(text), _visible(default_graphs), _visible(named_graphs), union)
        return replace(asked, release=record.release, state=record)

    def _holds(self, asked: Asked) -> bool:
        now, then = self._read_record(), asked.state
        assert isinstance(then, Record)
        return now.same(then) and not (asked.union and now.staging)


def _visible(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(NOWHERE if is_internal(name) else name for name in names)
