"""The indexes of a release, which stand beside its store: lineage, and names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from queries.adjacency import FILE as LINEAGE
from queries.adjacency import Adjacency
from queries.backend import Direction, Link, Relation
from queries.errors import BackendError
from queries.frontier import neighbours_by_query
from queries.proof import Proof, proof_of
from queries.results import QueryResult
from queries.textindex import FILE as NAMES
from queries.textindex import TextIndex, available

_LOG: Final = logging.getLogger("treatygraph")
_Index = TypeVar("_Index", Adjacency, TextIndex)


@dataclass(frozen=True)
class Indexes:
    """What a release has of them; what it lacks is asked of the store.

    `proofs` tell whether they are what they should be, for whoever has them examined; `given_up` names those that are
    not.
    """

    adjacency: Adjacency | None = None
    names: TextIndex | None = None
    proofs: tuple[Proof, ...] = ()
    given_up: tuple[str, ...] = ()

    @classmethod
    def beside(cls, store: Path | str, release: str) -> Indexes:
        """Open those that belong to this very release. Raises BackendError where one is damaged."""
        folder = Path(store).parent
        return cls(
            _opened(Adjacency, folder / LINEAGE, release),
            _opened(TextIndex, folder / NAMES, release) if available() else None,
        )

    @classmethod
    def served(cls, store: Path | str, release: str) -> Indexes:
        """The same for a server: what is damaged is left alone, with a line in the log, and the rest can be proved."""
        folder = Path(store).parent
        adjacency = _lenient(Adjacency, folder / LINEAGE, release, "lineage is asked of the store")
        names = _lenient(TextIndex, folder / NAMES, release, "names are read from the store") if available() else None
        paths = [folder / file for file, index in ((LINEAGE, adjacency), (NAMES, names)) if index is not None]
        return cls(adjacency, names, tuple(map(proof_of, paths)))

    @cached_property
    def _lineage(self) -> Proof | None:
        return next((proof for proof in self.proofs if proof.path.name == LINEAGE), None)

    @property
    def mark(self) -> str:
        """What the edition of an answer from the lineage index has at its end; see `queries.proof`."""
        return "" if self._lineage is None else self._lineage.mark

    def sound(self) -> Indexes:
        """Those in which nothing wrong was found yet."""
        found = self
        for proof in self.proofs:
            found = found.without(proof) if proof.sound is False else found
        return found

    def without(self, proof: Proof) -> Indexes:
        """Those that are left where one is not what it should be."""
        if proof not in self.proofs:
            return self
        return replace(
            self,
            adjacency=None if proof.path.name == LINEAGE else self.adjacency,
            names=None if proof.path.name == NAMES else self.names,
            proofs=tuple(other for other in self.proofs if other is not proof),
            given_up=(*self.given_up, proof.path.name),
        )

    def neighbours(
        self,
        ask: Callable[[str], QueryResult],
        frontier: Sequence[str],
        relations: Sequence[Relation],
        direction: Direction,
    ) -> Iterator[Link]:
        """See `Backend.neighbours`; `ask` asks the store for the relations that no index covers."""
        index = self.adjacency
        covered = [] if index is None else [relation for relation in relations if index.covers(relation)]
        if index is not None and covered:
            yield from index.neighbours(frontier, covered, direction)
        others = [relation for relation in relations if relation not in covered]
        yield from neighbours_by_query(ask, frontier, others, direction)


def _opened(kind: Callable[[Path], _Index], path: Path, release: str) -> _Index | None:
    if not path.is_file():
        return None
    index = kind(path)
    return index if index.release == release else None


def _lenient(kind: Callable[[Path], _Index], path: Path, release: str, instead: str) -> _Index | None:
    try:
        return _opened(kind, path, release)
    except BackendError as error:
        _LOG.warning("%s: %s", instead, error)
        return None
