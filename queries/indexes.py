"""The indexes of a release, which stand beside its store: lineage, and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from queries.adjacency import FILE as LINEAGE
from queries.adjacency import Adjacency
from queries.backend import Direction, Link, Relation
from queries.frontier import neighbours_by_query
from queries.results import QueryResult
from queries.textindex import FILE as NAMES
from queries.textindex import TextIndex, available

_Index = TypeVar("_Index", Adjacency, TextIndex)


@dataclass(frozen=True)
class Indexes:
    """What a release has of them; what it lacks is asked of the store."""

    adjacency: Adjacency | None = None
    names: TextIndex | None = None

    @classmethod
    def beside(cls, store: Path | str, release: str) -> Indexes:
        """Open those that belong to this very release. Raises BackendError where one is damaged."""
        folder = Path(store).parent
        return cls(
            _opened(Adjacency, folder / LINEAGE, release),
            _opened(TextIndex, folder / NAMES, release) if available() else None,
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
