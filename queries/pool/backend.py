"""The pooled back end: a release asked in worker processes that can be ended.

The first wall is here: a text that calls SERVICE or updates is refused before a worker sees it. The second is in the
workers, which have no network. Limits hold for each query alone: a query that breaks one is ended with its process, and
a spare takes the next.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import pyoxigraph as ox

from queries.adjacency import Adjacency
from queries.backend import Direction, Link, Relation
from queries.columns.file import ColumnFile
from queries.columns.finding import usable
from queries.columns.shapes import Asked, asked
from queries.errors import BackendError, UnsupportedFormat
from queries.indexes import Indexes
from queries.pool.calls import Call, Settle
from queries.pool.found import Finder, Found
from queries.pool.jobs import QueryInfo, Request, time_limit
from queries.pool.keeper import Keeper
from queries.pool.pool import Limits, Pool
from queries.pool.process import Plan
from queries.pool.streams import AsyncStream, Body, PooledStream, open_stream
from queries.proof import Examination, Proof, proof_of
from queries.results import GRAPH_TYPES, TABLE_TYPES, Answer, Kind, QueryResult
from queries.textindex import TextIndex

_ROWS: Final = "application/sparql-results+json"
_TRIPLES: Final = "application/n-triples"
_AHEAD: Final = 8 * 1024 * 1024
_REMEMBERED: Final = 4096
#: Characters; longer texts are read by the first wall in a thread, off the event loop.
LONG_TEXT: Final = 4_000
_START_S: Final = 60.0
#: A store of so many bytes on disk is copied into memory before the first query is answered, if that takes no longer.
_SMALL_BYTES: Final = 64 * 1024 * 1024
_COPY_S: Final = 10.0
_CLOSE_S: Final = 10.0
_NONE: Final = Indexes()


class PooledBackend:
    """See `queries.backend.Backend`; safe to use from threads and from event loops at the same time.

    Args:
        store: the directory of the release's store; only read.
        release: the name of the release.
        workers: how many queries run at the same time; one spare process stands ready beside them.
        deadline_s: the longest that a query may take, reading included, from the moment a worker takes it.
        max_memory_mb: MiB that a query may take beyond what the opened store takes.
        queue_size: how many queries may wait for a worker.
        queue_wait_s: how long one waits before it is sent away with PoolFull.
        network: True leaves workers their network; only the first wall holds then.
        store_memory_mb: MiB that a copy of the store in memory may take, which all workers share and which is made
            while the first queries are answered from disk; 0, or a larger store, stays on disk.
        limits: all of the above and more, instead of them.

    Raises BackendError when no worker can open the store.
    """

    def __init__(
        self,
        store: Path | str,
        *,
        release: str = "unreleased",
        workers: int = 2,
        deadline_s: float = 60.0,
        max_memory_mb: int = 1024,
        queue_size: int = 16,
        queue_wait_s: float = 2.0,
        network: bool = False,
        store_memory_mb: int = 0,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits(
            workers, deadline_s, max_memory_mb, queue_size, queue_wait_s, network, store_memory_mb
        )
        #: By the file of columns. There before a plan serves, since who answers a question must not change meanwhile.
        self._finders: dict[Path, Finder] = {}
        self._pool = Pool(self._plan(Path(store), release), self._limits)
        self._keeper = Keeper(self._pool)
        self._switching = threading.Lock()
        self._letting_go = threading.Lock()
        found = self._found_indexes(Path(store), release)  # while the workers start
        self._examination = Examination(_proofs(self._pool.plan, found))
        #: By the store. There before a plan serves, so that those of one release are never asked for another.
        self._indexes: dict[Path, Indexes] = {self._pool.plan.store: found.sound()}
        self._kinds: OrderedDict[bytes, Kind] = OrderedDict()
        pool = self._pool
        with pool.changed:
            pool.changed.wait_for(lambda: pool.idle or pool.failure, _START_S)
            failure = None if pool.idle else pool.failure or "no worker became ready"
            if failure is None and pool.copying and _size(Path(store)) <= _SMALL_BYTES:
                # It is there in a moment, and then entity tags need not change right after the start.
                pool.changed.wait_for(lambda: not pool.copying, _COPY_S)
        if failure is not None:
            self.close()
            raise BackendError(failure)
        self._examination.begin(self._give_up)

    @property
    def release(self) -> str:
        """The name of the release that new queries are asked of."""
        return self._pool.plan.release

    @property
    def edition(self) -> str:
        """Decides, with a query, the bytes of its answer: the release, and whether it is read from disk or memory."""
        return self._pool.plan.edition

    @property
    def lineage_edition(self) -> str:
        """See `queries.backend.lineage_edition_of`."""
        plan = self._pool.plan
        return f"{plan.release}{self._indexes_of(plan).mark}"

    @property
    def basis(self) -> str:
        """See `queries.backend.basis_of`."""
        plan = self._pool.plan  # a release that was built anew, because an index was damaged, has the same name
        return " without ".join([f"{plan.release} in {plan.store}", *self._indexes_of(plan).given_up])

    @property
    def reads(self) -> str:
        """What new queries read: `memory`, `disk`, or `disk, memory soon` while the first copy is being made."""
        if self._pool.plan.source is not None:
            return "memory"
        return "disk, memory soon" if self._pool.copying else "disk"

    @property
    def adjacency(self) -> Adjacency | None:
        """The lineage index of the release, where it has one."""
        return self._indexes_of(self._pool.plan).adjacency

    @property
    def text_index(self) -> TextIndex | None:
        """The index of names of the release, where it has one."""
        return self._indexes_of(self._pool.plan).names

    def query(
        self,
        text: str,
        *,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
        timeout_s: float | None = None,
    ) -> QueryResult:
        """See `Backend.query`; also raises QueryTooLarge, PoolFull and the errors of `queries.pool.errors`.

        A text not seen before is checked by a worker first. Each way of reading the result then runs in a worker.
        """
        limit_s = time_limit(timeout_s, self._limits.deadline_s)
        graphs: dict[str, Any] = {"default_graphs": default_graphs, "named_graphs": named_graphs, "union": union}
        kind = self._checked(text, limit_s)
        for iri in (*(default_graphs or ()), *(named_graphs or ())):
            _require_iri(iri)

        def ask(media_type: str) -> PooledStream:
            request = self._read(text, table_type=media_type, graph_type=media_type, **graphs)
            return self._open(request, limit_s)

        return _PooledResult(kind, ask)

    async def execute(
        self,
        text: str,
        *,
        table_type: str = _ROWS,
        graph_type: str = "text/turtle",
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
        timeout_s: float | None = None,
    ) -> AsyncStream:
        """Ask from an event loop: the answer as bytes, in the type for its kind, when its first bytes are there.

        Before the first byte: QuerySyntaxError, QueryRefused, QueryTooLarge, PoolFull, QueryTimeout, OutOfMemory,
        EngineCrashed, WorkerDied, QueryCancelled, UnsupportedFormat, BackendError. While reading: StreamBroken. Close
        the stream; a cancelled task stops its query.
        """
        limit_s = time_limit(timeout_s, self._limits.deadline_s)
        if table_type not in TABLE_TYPES or graph_type not in GRAPH_TYPES:
            raise UnsupportedFormat(f"results are written as {', '.join((*TABLE_TYPES, *GRAPH_TYPES))}")
        read = partial(
            self.prepare,
            text,
            table_type=table_type,
            graph_type=graph_type,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            union=union,
        )
        request = read() if len(text) < LONG_TEXT else await asyncio.to_thread(read)
        return await open_stream(self._pool, request, limit_s)

    def prepare(
        self,
        text: str,
        *,
        table_type: str = _ROWS,
        graph_type: str = "text/turtle",
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
    ) -> Request:
        """The first wall: a question that may be asked. Raises QuerySyntaxError, QueryRefused, QueryTooLarge,
        BackendError. For texts of more than `LONG_TEXT` characters use a thread: they hold up an event loop."""
        for iri in (*(default_graphs or ()), *(named_graphs or ())):
            _require_iri(iri)
        return self._read(
            text,
            table_type=table_type,
            graph_type=graph_type,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            union=union,
        )

    def find(self, question: Asked, media_type: str) -> Found | None:
        """The answer to a small question about the default graph, where the columns of the release have it; else None,
        and `call` must be told so. May be called on an event loop: it takes a millisecond or two at most."""
        plan = self._pool.plan
        finder = None if plan.columns is None or self._pool.closed else self._finders.get(plan.columns)
        return None if finder is None else finder.find(question, media_type, plan)

    def call(self, request: Request, settle: Settle, timeout_s: float | None = None) -> Call | Found:
        """Ask on the running loop, without a task; what comes of it, good or bad, is told to `settle` once: at once
        where it could be looked up."""
        question = asked(request.text) if request.small else None
        if question is not None and (found := self.find(question, request.table_type)) is not None:
            settle(found, None)
            return found
        return Call(self._pool, request, time_limit(timeout_s, self._limits.deadline_s), settle)

    def neighbours(
        self, frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
    ) -> Iterator[Link]:
        """See `Backend.neighbours`."""
        return self._indexes_of(self._pool.plan).neighbours(self.query, frontier, relations, direction)

    def running(self) -> list[QueryInfo]:
        """The queries in the workers, the oldest first."""
        return self._pool.listed()

    def cancel(self, identifier: str) -> bool:
        """End a running query by its id; False when none of this id runs."""
        return self._pool.cancel(identifier)

    def counts(self) -> dict[str, int]:
        """`workers` (the most that may be busy), `busy`, `ready` (idle processes), `waiting` (queries in the queue)."""
        return self._pool.counts()

    def sandbox_report(self) -> dict[str, Any]:
        """What holds in the workers: `namespace` and `filter` (the two walls against the network), `memory_cap_bytes`
        (beyond the opened store), `dies_with_parent`, `store` (`disk` or `memory`), and `notes` that say why something
        does not hold."""
        return dict(self._pool.report)

    def switch(self, store: Path | str, release: str) -> None:
        """Serve another release from now on; queries that run end on the old one. No query fails by it.

        Returns when all workers of the new release are ready and new queries go to them. Raises BackendError, and
        changes nothing, when the new store cannot be opened. Waits; from an event loop use a thread.
        """
        pool = self._pool
        plan = self._plan(Path(store), release)
        found = self._found_indexes(Path(store), release)
        examination = Examination(_proofs(plan, found))
        with self._switching:
            with self._letting_go:
                self._indexes = {**self._indexes, plan.store: found.sound()}
            with pool.lock:
                pool.failure = None
                pool.prepare_locked(plan)
            self._keeper.wake()
            with pool.changed:
                pool.changed.wait_for(lambda: pool.next_plan is not plan or pool.closed, _START_S)
                if pool.plan.store == plan.store:
                    self._examination.end()
                    with self._letting_go:
                        self._indexes = {plan.store: self._indexes[plan.store]}
                    self._examination = examination
                    examination.begin(self._give_up)
                    self._finders = {path: found for path, found in self._finders.items() if path == plan.columns}
                    return
                failure = pool.failure or f"{plan.store}: the workers of the new release were not ready in time"
                pool.prepare_locked(None)
                pool.failure = None
                with self._letting_go:
                    self._indexes = {pool.plan.store: self._indexes_of(pool.plan)}
            self._keeper.wake()
            raise BackendError(failure)

    def close(self) -> None:
        """End all workers, the busy ones too; whoever reads gets an error. Waits until they have gone."""
        self._examination.end()
        with self._pool.lock:
            self._pool.close_locked()
            self._pool.changed.notify_all()
        self._keeper.wake()
        self._keeper.join(_CLOSE_S)

    # What back ends with other workers do in their own way.

    def _plan(self, store: Path, release: str) -> Plan:
        columns = usable(store, release)
        if columns is not None:
            try:
                self._finders[columns] = Finder(ColumnFile(columns))
            except BackendError:  # it has gone since
                columns = None
        return Plan(store, release, columns=columns, proof=None if columns is None else proof_of(columns))

    def _found_indexes(self, store: Path, release: str) -> Indexes:
        return Indexes.served(store, release)

    def _give_up(self, proof: Proof) -> None:
        """Something is wrong in an index. That of the columns is asked for its proof by whoever would use it."""
        with self._letting_go:
            self._indexes = {store: indexes.without(proof) for store, indexes in self._indexes.items()}

    def _indexes_of(self, plan: Plan) -> Indexes:
        return self._indexes.get(plan.store, _NONE)

    def _open(self, request: Request, limit_s: float) -> PooledStream:
        return PooledStream(self._pool, request, limit_s)

    def _read(self, text: str, **how: Any) -> Request:
        return Request.read(text, self._limits.max_text_chars, **how)

    def _checked(self, text: str, limit_s: float) -> Kind:
        """The kind of a query; the engine has read it once. Not in this process: reading, too, can crash or hang."""
        request = self._read(text, check=True)
        key = hashlib.sha256(text.encode()).digest()
        known = self._kinds.get(key)
        if known is None:
            known = cast("Kind", self._open(request, limit_s).kind)
            self._kinds[key] = known
            while len(self._kinds) > _REMEMBERED:
                try:
                    self._kinds.popitem(last=False)
                except KeyError:  # another thread was faster
                    break
        return known


class _PooledResult(QueryResult):
    """Rows and triples are read back from what a worker writes; `serialize` is what a worker writes."""

    def __init__(self, kind: Kind, ask: Callable[[str], PooledStream]) -> None:
        self._stream = ask
        # A method of its own would make a circle: a result that is dropped would keep its worker, and what the parser
        # gave would die in whatever thread the collector runs in.
        super().__init__(kind, partial(_read_back, kind, ask))

    def serialize(self, media_type: str | None = None) -> PooledStream:
        """See `QueryResult.serialize`."""
        offered = list(GRAPH_TYPES if self.kind == "construct" else TABLE_TYPES)
        chosen = media_type or offered[0]
        if chosen not in offered:
            raise UnsupportedFormat(f"a {self.kind} result is written as {', '.join(offered)}, not as {chosen}")
        return self._stream(chosen)


def _read_back(kind: Kind, ask: Callable[[str], PooledStream]) -> Answer:
    """What the engine's parsers make of what a worker writes."""
    if kind == "construct":
        body = Body(ask(_TRIPLES), _AHEAD)
        return (quad.triple for quad in ox.parse(body.as_file(), format=ox.RdfFormat.N_TRIPLES))
    body = Body(ask(_ROWS), _AHEAD)
    return ox.parse_query_results(body.as_file(), format=ox.QueryResultsFormat.JSON)


def _proofs(plan: Plan, indexes: Indexes) -> list[Proof]:
    return [*([] if plan.proof is None else [plan.proof]), *indexes.proofs]


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir()) if folder.is_dir() else 0


def _require_iri(iri: str) -> None:
    try:
        ox.NamedNode(iri)
    except ValueError as error:
        raise BackendError(f"not the IRI of a graph: {iri[:200]!r}") from error
