"""Publishing into Fluree over shared storage (`queries.cluster`): a ledger for each release, a head that names one.

A release is written into a ledger that no reader knows, verified over a connection of its own, and shown by one commit
to the head. Small graphs go together into one commit. What was committed is never sent again: how far a publish had
come is seen from the sizes of the graphs, since commits are whole or not there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import pyoxigraph as ox

from loaders.publishing.target import Content, PublishError
from loaders.release import MANIFEST, ReleaseInfo
from queries.adjacency import FILE as LINEAGE
from queries.cluster.ledgers import CURRENT, HEAD, LEDGER, RELEASE, is_indexed, read_current
from queries.cluster.storage import Storage, engine, indexes_of, said
from queries.cluster.terms import term
from queries.errors import QueryError
from queries.textindex import FILE as NAMES

_PREFIX: Final = "release-"
_STATEMENTS: Final = 20_000
#: Graphs in one commit; the engine takes 256 at most, with its own.
_GRAPHS: Final = 200
_TRIES: Final = 8
#: How many releases stay beside the one that is shown: queries that began before may still read one.
_KEPT: Final = 1
_LOCK: Final = "publish.lock"


class FlureeTarget:
    """See `loaders.publishing.target.Target`. One publisher at a time; it holds a lock beside the data.

    Raises PublishError where another publish is running, QueryError where the storage cannot be opened.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._errors: type[Exception] = engine().FlureeError
        self._lock = _locked(storage)
        self._connection: Any = None
        try:
            self._connection = storage.connect()
            with self._explained():
                self._current = read_current(self._connection)
        except BaseException:
            self.close()
            raise
        self._ledger = ""
        self._sizes: dict[str, int] = {}
        self._waiting: list[ox.Quad] = []
        self._graphs: set[str] = set()
        self._sent: Callable[[int], None] = lambda _: None
        self._reading: Any = None
        self._indexes: list[Path] = []

    @property
    def label(self) -> str:
        """See `Target.label`."""
        return self._storage.address

    def live(self) -> str | None:
        """See `Target.live`."""
        return self._current.release if self._current else None

    def begin(self, release: str, contents: Sequence[Content]) -> None:
        """See `Target.begin`. What an abandoned publish of another release left is dropped."""
        with self._explained():
            held = self._releases()
            mine = [name for name in held if name.partition(".")[0] == f"{_PREFIX}{release}"]
            shown = self._current.ledger if self._current else None
            # The newest of its name: a copy that was found damaged has a younger one beside it.
            self._ledger = max(mine, key=lambda name: (name.count("."), len(name), name), default=f"{_PREFIX}{release}")
            if self._ledger not in held:
                self._connection.create(self._ledger)
            for name in held:
                if name not in (self._ledger, shown) and self._unfinished(name):
                    self._connection.drop(name)
            self._sizes = self._counted()
            if is_indexed(self._connection, f"{self._ledger}:main"):
                self._ledger, self._sizes = self._another(), {}
            if self._ledger == shown and self._sizes != {
                one.name: one.exact.count for one in contents if one.exact.count
            }:
                # What readers see is damaged. It is never changed under them: another copy takes its place.
                self._ledger, self._sizes = self._another(), {}

    def held(self, release: str, contents: Sequence[Content]) -> Mapping[str, int]:  # noqa: ARG002
        """See `Target.held`."""
        return {
            one.name: self._sizes.get(one.name, 0) for one in contents if one.name in self._sizes or not one.exact.count
        }

    def write(self, release: str, content: Content, sent: Callable[[int], None]) -> None:  # noqa: ARG002
        """See `Target.write`. Commits hold beginnings of the graph, so it goes on where the last one ended."""
        done = self._sizes.get(content.name, 0)
        if done > content.exact.count:
            self._clear(content.name)
            done = 0
        self._sent = sent
        name = ox.NamedNode(content.name) if content.name else ox.DefaultGraph()
        if content.name not in self._graphs and len(self._graphs) >= _GRAPHS:
            self._commit()
        for triple in islice(content.triples(), done, None):
            self._waiting.append(ox.Quad(triple.subject, triple.predicate, triple.object, name))
            self._graphs.add(content.name)
            blank = isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)
            # Blank nodes come first and all together: two commits would make two nodes of one.
            if len(self._waiting) >= _STATEMENTS and not blank:
                self._commit()

    def read_back(self, release: str, content: Content) -> Iterable[ox.Triple]:  # noqa: ARG002
        """See `Target.read_back`; over another connection, which sees what every reader would see."""
        self._commit()
        with self._explained():
            if self._reading is None:
                self._reading = self._storage.connect()
            body = f"GRAPH <{content.name}> {{ ?s ?p ?o }}" if content.name else "?s ?p ?o"
            answer = self._reading._native.query_sparql(f"{self._ledger}:main", f"SELECT ?s ?p ?o {{ {body} }}")
            return [ox.Triple(term(s), term(p), term(o)) for s, p, o in answer[2]]  # type: ignore[arg-type]

    def drop(self, release: str, content: Content) -> None:
        """See `Target.drop`. A copy that readers see is never changed: the next publish sends another one."""
        if self._current is not None and self._ledger == self._current.ledger:
            with self._explained():
                self._another()
            raise PublishError(
                f"{self.label}: the copy of {release} that readers see is damaged; to mend: publish again, which sends"
                " all of it anew"
            )
        self._clear(content.name)

    def keep(self, release: ReleaseInfo) -> None:
        """Remember the indexes of a release, and its manifest, by which readers examine them: they are put beside the
        data when it is shown."""
        self._indexes = [path for name in (MANIFEST, LINEAGE, NAMES) if (path := release.path / name).is_file()]

    def swap(self, release: str, contents: Sequence[Content]) -> None:  # noqa: ARG002
        """See `Target.swap`: one commit to the head."""
        self._put_indexes(release)
        with self._explained():
            if self._current is not None and (self._current.release, self._current.ledger) == (release, self._ledger):
                return
            statement = f'<{CURRENT}> <{RELEASE}> "{release}" ; <{LEDGER}> "{self._ledger}" .'
            head = self._connection.ledger(HEAD) if HEAD in self._connection else self._connection.create(HEAD)
            self._again(lambda: head.upsert(statement, format="turtle"))
            looking = self._storage.connect()
            self._current = read_current(looking)
            looking.close()
        if self.live() != release:
            raise PublishError(f"{self.label}: the store took the release and does not show it")

    def clean(self) -> int:
        """See `Target.clean`. The release before stays, for queries that began with it."""
        assert self._current is not None
        removed = 0
        with self._explained():
            older = [name for name in self._releases() if name != self._current.ledger]
            older.sort(key=self._born, reverse=True)
            for name in older[_KEPT:]:
                removed += len(self._graph_names(name))
                self._connection.drop(name)
            kept = {self._current.release, *(name.removeprefix(_PREFIX).partition(".")[0] for name in older[:_KEPT])}
        for folder in self._storage.own.iterdir():
            if folder.is_dir() and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        return removed

    def close(self) -> None:
        """Let go of the storage and of the lock."""
        for connection in (getattr(self, "_reading", None), self._connection):
            if connection is not None:
                connection.close()
        self._lock.close()

    def _commit(self) -> None:
        if not self._waiting:
            return
        text = (ox.serialize(self._waiting, format=ox.RdfFormat.TRIG) or b"").decode()
        with self._explained():
            ledger = self._connection.ledger(self._ledger)
            self._again(lambda: ledger.insert(text, format="trig"))
        for quad in self._waiting:
            name = "" if isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name.value
            self._sizes[name] = self._sizes.get(name, 0) + 1
        self._sent(len(self._waiting))
        self._waiting, self._graphs = [], set()
        self._forget()

    def _clear(self, name: str) -> None:
        with self._explained():
            ledger = self._connection.ledger(self._ledger)
            if name:
                ledger.drop_graph(name)
            else:
                ledger.update("DELETE WHERE { ?s ?p ?o }")
        self._sizes.pop(name, None)
        self._forget()

    def _forget(self) -> None:
        """What was read back is old now."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _put_indexes(self, release: str) -> None:
        """Whole or not at all, since readers may look for them at any time."""
        folder = indexes_of(self._storage, release)
        try:
            for path in self._indexes:
                folder.mkdir(parents=True, exist_ok=True)
                made = folder / f".{path.name}.{os.getpid()}"
                shutil.copyfile(path, made)
                made.replace(folder / path.name)
        except OSError as error:
            raise PublishError(f"{folder}: the indexes cannot be written: {error.strerror or error}") from error

    def _releases(self) -> list[str]:
        names = [name.removesuffix(":main") for name in self._connection.ledgers()]
        return sorted(name for name in names if name.startswith(_PREFIX))

    def _another(self) -> str:
        """A new ledger for the same release."""
        name = f"{self._ledger.partition('.')[0]}.{int(time.time())}"
        self._connection.create(name)
        return name

    def _unfinished(self, name: str) -> bool:
        """Whether a ledger was never shown: its indexes, which are put there before, are not there."""
        return not indexes_of(self._storage, name.removeprefix(_PREFIX).partition(".")[0]).is_dir()

    def _born(self, name: str) -> Any:
        commits = self._connection.ledger(name).log()
        return max((commit.time.timestamp() for commit in commits if commit.time is not None), default=0.0)

    def _counted(self) -> dict[str, int]:
        run = self._connection._native.query_sparql
        branch = f"{self._ledger}:main"
        rows = run(branch, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")[2]
        sizes = {graph[1]: int(count[1]) for graph, count in rows}
        sizes[""] = int(run(branch, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[2][0][0][1])
        return {name: size for name, size in sizes.items() if size}

    def _graph_names(self, name: str) -> list[str]:
        rows = self._connection._native.query_sparql(f"{name}:main", "SELECT DISTINCT ?g { GRAPH ?g { } }")[2]
        return [row[0][1] for row in rows]

    def _again(self, commit: Callable[[], Any]) -> None:
        """Somebody else's commit came first: ours is made on top of it."""
        for left in reversed(range(_TRIES)):
            try:
                commit()
                return
            except engine().ConflictError:
                if not left:
                    raise
                time.sleep(0.05)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (self._errors, QueryError) as error:
            mend = "to mend: publish again, which goes on where this one ended"
            raise PublishError(f"{self.label}: {said(error)}; {mend}") from error


def _locked(storage: Storage) -> IO[bytes]:
    """The lock of publishers; the system lets go of it when a publisher ends, whatever ended it."""
    try:
        if not storage.remote:
            storage.path.mkdir(parents=True, exist_ok=True)
        storage.own.mkdir(exist_ok=True)
        lock = (storage.own / _LOCK).open("ab")
    except OSError as error:
        raise PublishError(f"{error.filename or storage.path}: {error.strerror or error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise PublishError(
            f"{storage.address}: another publish is running; to mend: wait until it has ended"
        ) from error
    return lock
