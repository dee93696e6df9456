"""Everything that a back end holds, as N-Quads: graph by graph, in pages, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from queries.backend import Backend
from queries.errors import BackendError
from queries.remote import AnswerCut

#: Statements that are held in memory at a time.
PAGE: Final = 20_000
_SIZE: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
_NAMES: Final = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"


def nquads(backend: Backend, page: int = PAGE) -> Iterator[bytes]:
    """The canonical graph, then each named graph by its name; the statements of a graph in the order of the engine.

    Ends only when every graph came whole, by the numbers that the store gives, and all of them of one release. Raises
    BackendError otherwise, at whatever place it is then.
    """
    return _Dumping(backend, page).run()


class _Dumping:
    def __init__(self, backend: Backend, page: int) -> None:
        self._backend = backend
        self._page = page
        self._release: str | None = None

    def run(self) -> Iterator[bytes]:
        names = [row[0].value for row in self._rows(_NAMES)]
        for name in (None, *names):
            expected = int(self._rows(_SIZE, name)[0][0].value)
            done = 0
            while done < expected:
                rows = self._part(name, done)
                if not rows:
                    break
                done += len(rows)
                tail = f" <{name}> .\n" if name else " .\n"
                yield "".join(f"{row[0]} {row[1]} {row[2]}{tail}" for row in rows).encode()
            if done != expected:
                raise BackendError(f"{name or 'the canonical graph'}: {done} statements of {expected} came")

    def _part(self, name: str | None, offset: int) -> list[tuple[Any, ...]]:
        while True:
            text = f"SELECT ?s ?p ?o WHERE {{ ?s ?p ?o }} LIMIT {self._page} OFFSET {offset}"
            try:
                return self._rows(text, name)
            except AnswerCut as error:
                if error.most < 2 or self._page < error.most:
                    raise
                self._page = error.most - 1

    def _rows(self, text: str, name: str | None = None) -> list[tuple[Any, ...]]:
        result = self._backend.query(text, default_graphs=[name] if name else None)
        rows = [tuple(row) for row in result.rows()]
        release = result.release or self._backend.release
        if self._release not in (None, release):
            raise BackendError(f"release {release} was published meanwhile, the dump is one of {self._release}")
        self._release = release
        return rows
