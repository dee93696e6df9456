"""The copies of the indexes in the shared storage: those of the release that is current, examined while they are used.

The publisher puts the manifest of the release beside them. A copy that is not what it says is used no longer, as in a
release on this machine (`queries.proof`); where an older publisher has put no manifest,
there is nothing to compare.
"""

from __future__ import annotations

import threading

from queries.cluster.storage import Storage, indexes_of
from queries.indexes import Indexes
from queries.proof import Examination, Proof

__all__ = ["Copies"]


class Copies:
    """Safe for several threads. What belongs to a release that is current no longer is let go of."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._held = ("", Indexes())
        self._examination = Examination()

    def of(self, release: str) -> Indexes:
        """Those in which nothing wrong was found yet. Opens them with the first question about a release."""
        held, found = self._held
        return found if held == release else self._open(release)

    def close(self) -> None:
        """Nothing more is examined."""
        with self._lock:
            self._examination.end()

    def _open(self, release: str) -> Indexes:
        with self._lock:
            held, found = self._held
            if held == release:  # another thread was faster
                return found
            self._examination.end()
            found = Indexes.served(indexes_of(self._storage, release) / "store", release)
            examination = self._examination = Examination(found.proofs)
            found = found.sound()
            self._held = (release, found)
        examination.begin(self._give_up)
        return found

    def _give_up(self, proof: Proof) -> None:
        with self._lock:
            held, found = self._held
            self._held = (held, found.without(proof))
