"""The embedded back end: an Oxigraph store in this process, opened read-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from queries.adjacency import Adjacency
from queries.backend import Direction, Link, Relation, guarded
from queries.errors import BackendError
from queries.indexes import Indexes
from queries.results import Answer, Kind, QueryResult, translated
from queries.textindex import TextIndex

_EMPTY = ox.Store()  # texts are checked against it, so that a syntax error comes up before any work is done
_REMEMBERED_LENGTH = 10_000


class EmbeddedBackend:
    """Answers from a store directory, or from an open store.

    A time limit is looked at between rows and between writes; the engine cannot be stopped inside one step (an
    aggregate, a sort), so a hard limit needs a process around this back end. Lineage and names come
    from the indexes of the release where they stand beside the store directory and `release` names them; else it is
    asked of the store.
    """

    #: The indexes of the release, where it has them.
    adjacency: Adjacency | None = None
    text_index: TextIndex | None = None

    def __init__(self, store: Path | str | ox.Store, release: str = "unreleased") -> None:
        if isinstance(store, ox.Store):
            self._store: ox.Store | None = store
        else:
            try:
                self._store = ox.Store.read_only(str(store))
            except (OSError, ValueError, RuntimeError) as error:
                raise BackendError(f"{store}: not a store that can be opened ({error})") from error
            found = Indexes.beside(store, release)
            self.adjacency, self.text_index = found.adjacency, found.names
        self._release = release

    @property
    def release(self) -> str:
        """The name of the release, as given."""
        return self._release

    def query(
        self,
        text: str,
        *,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
        timeout_s: float | None = None,
    ) -> QueryResult:
        """See `Backend.query`."""
        kind = _remembered(text) if len(text) <= _REMEMBERED_LENGTH else _checked(text)
        store = self._store
        if store is None:
            raise BackendError("the store is closed")
        default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] | None = None
        named: list[ox.NamedNode | ox.BlankNode] | None = None
        if default_graphs or named_graphs:  # a dataset that names some graphs holds no others
            default = [_graph(iri) for iri in default_graphs or ()]
            named = [_graph(iri) for iri in named_graphs or ()]

        def run() -> Answer:
            return store.query(
                text,
                use_default_graph_as_union=union and default is None,
                default_graph=default,
                named_graphs=named,
            )

        return QueryResult(kind, run, timeout_s)

    def neighbours(
        self, frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
    ) -> Iterator[Link]:
        """See `Backend.neighbours`."""
        return Indexes(self.adjacency).neighbours(self.query, frontier, relations, direction)

    def close(self) -> None:
        """Let go of the store; its files are closed when the last running query ends."""
        self._store = None


def _graph(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise BackendError(f"not the IRI of a graph: {iri[:200]!r}") from error


def _checked(text: str) -> Kind:
    guarded(text)
    try:
        answer = _EMPTY.query(text)
    except Exception as error:
        raise translated(error) from error
    if isinstance(answer, ox.QuerySolutions):
        return "select"
    return "ask" if isinstance(answer, ox.QueryBoolean) else "construct"


_remembered = lru_cache(maxsize=2048)(_checked)
