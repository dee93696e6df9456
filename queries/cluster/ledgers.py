"""Which ledger holds the release that is served, and how a process notices that it is another one now.

Each release is a ledger of its own, which never changes once it is complete. One small ledger, the head, names the one
that is served; the publisher moves it in one commit, so readers see the old release or the new one and nothing between.

A handle of the engine shows for ever what its process loaded first. What does read the shared state is `info`; on the
small head ledger that takes a quarter of a millisecond in a directory (on a release it takes a hundred), so it is asked
before every query, and the process connects anew when the head has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from queries.cluster.storage import Storage, engine, said
from queries.errors import BackendError

#: The ledger that names the current release, the thing in it, and its two properties.
HEAD: Final = "treatygraph"
CURRENT: Final = "urn:treatygraph:current"
RELEASE: Final = "urn:treatygraph:release"
LEDGER: Final = "urn:treatygraph:ledger"
_NAMED: Final = f"SELECT ?release ?ledger {{ <{CURRENT}> <{RELEASE}> ?release ; <{LEDGER}> ?ledger }}"
_GRAPHS: Final = "SELECT DISTINCT ?g { GRAPH ?g { } }"


@dataclass(frozen=True)
class Current:
    """The release that is served: its name, the ledger that holds it, and where the head stood when this was read."""

    release: str
    ledger: str
    head: int

    @property
    def branch(self) -> str:
        """The full name of the ledger for the engine."""
        return f"{self.ledger}:main"


class Reader:
    """The current release, as one process sees it. Not for several threads at once.

    Raises BackendError when the storage cannot be reached or holds no published release.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._errors = engine().FlureeError
        self.native: Any = None
        self.graphs: frozenset[str] = frozenset()
        self._connection: Any = None
        self.current = self._open(self._storage.connect())

    def refresh(self) -> Current:
        """Look at the shared head, and go over to another release if it names one."""
        if self.moved():
            connection = self._storage.connect()
            before = self._connection
            self.current = self._open(connection)
            before.close()
        return self.current

    def known_graphs(self) -> frozenset[str]:
        """The named graphs of the release, read at first use."""
        if not self.graphs:
            if is_indexed(self._connection, self.current.branch):
                raise BackendError(
                    f"{self._storage.address}: somebody has indexed the release {self.current.release}, and then the"
                    " engine does not find everything; to mend: publish it again, and let nothing else write there"
                )
            rows = self.native.query_sparql(self.current.branch, _GRAPHS)[2]
            self.graphs = frozenset(row[0][1] for row in rows)
        return self.graphs

    def close(self) -> None:
        """Let go of the storage."""
        self._connection.close()

    def moved(self) -> bool:
        """Whether the shared head names another release than the one that is read here."""
        try:
            return bool(head_of(self._connection) != self.current.head)
        except self._errors as error:
            raise BackendError(f"{self._storage.address}: the storage does not answer ({said(error)})") from error

    def _open(self, connection: Any) -> Current:
        current = read_current(connection)
        if current is None:
            connection.close()
            raise BackendError(
                f"{self._storage.address}: no release is published here; "
                f"to mend: treatygraph publish RELEASE --to {self._storage.address}"
            )
        self._connection, self.native, self.graphs = connection, connection._native, frozenset()
        return current


def is_indexed(connection: Any, branch: str) -> bool:
    """Whether a ledger has an index; see `Storage.connect`. Takes a tenth of a second for a release."""
    return int(connection._native.info(branch)["ledger"]["index-t"] or 0) > 0


def head_of(connection: Any) -> int:
    """Where the shared head stands, seen past everything that this process holds."""
    return int(connection._native.info(f"{HEAD}:main")["ledger"]["t"])


def read_current(connection: Any) -> Current | None:
    """The release that a new connection sees as current; None where none was ever published. Raises BackendError."""
    errors = engine()
    try:
        if HEAD not in connection:
            return None
        # First the place and then the name: if the head moves between the two, the next look sees it.
        head = head_of(connection)
        rows = connection._native.query_sparql(f"{HEAD}:main", _NAMED)[2]
    except errors.FlureeError as error:
        raise BackendError(f"the storage does not answer ({said(error)})") from error
    if not rows:
        return None
    ((_, release, *_), (_, ledger, *_)) = rows[0]
    return Current(release, ledger, head)
