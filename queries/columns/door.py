"""What a worker asks before it asks the engine: an answer from the columns, where the question is one for them.

numpy is imported with the first such question, or before a nursery splits; a process that gets none does without.
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from queries.errors import BackendError

if TYPE_CHECKING:
    from queries.columns.joins import Columns
    from queries.columns.question import Question

_EMPTY: Final = ox.Store()
#: Characters; a longer text is no question of a person.
LONGEST: Final = 20_000
#: Memory that a row of an intermediate table may take while it is made.
_ROW_BYTES: Final = 128


class Door:
    """The columns of a release in one process. `path` None: there are none, and every question is the engine's.

    Whether columns answer depends on the release, the question and the memory that a query may take, which are the same
    in all workers, so that the same question has the same bytes from each. The exception is `apart`: this process
    cannot open what the others can. Then the engine answers everything, under the name of another edition.

    Only the map is made at once, before the memory of the process is capped; it takes a fraction of a millisecond.
    """

    def __init__(self, path: str | None, memory_bytes: int = 1 << 30) -> None:
        #: What a query may take.
        self.memory_bytes = memory_bytes
        self.apart = False
        self._path = path
        self._mapped: mmap.mmap | None = None
        self._columns: Columns | None = None
        if path is not None:
            try:
                file = os.open(path, os.O_RDONLY)
                try:
                    self._mapped = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
                finally:
                    os.close(file)
            except (OSError, ValueError):  # it is gone, or empty
                self.apart = True

    def prepare(self) -> None:
        """Import what is needed, so that the processes that are split off from this one need not."""
        if self._path is None or self._mapped is None or self._columns is not None:
            return
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = "1"  # a process that splits has one thread; and nothing here multiplies matrices
        try:
            from pathlib import Path

            from queries.columns import counting, reader  # noqa: F401 - for the processes that are split off
            from queries.columns.file import ColumnFile
            from queries.columns.joins import Columns

            self._columns = Columns(ColumnFile(Path(self._path), self._mapped))
        except (ImportError, MemoryError, BackendError):  # no numpy, no room, or damaged since the server looked
            self._mapped = None
            self.apart = True

    def answer(self, text: str) -> ox.QuerySolutions | None:
        """The answer to a question about the default graph; None where the engine must answer. Raises MemoryError."""
        if self._mapped is None or len(text) > LONGEST or "count" not in text.lower():
            return None
        from queries.columns.reader import read

        try:
            question = read(text)
            if question is None:
                return None
            self.prepare()
            if self._columns is None:
                return None
            return _answered(self._columns, question, text, self.memory_bytes // _ROW_BYTES)
        except MemoryError:
            raise
        except Exception:
            # A question for the engine after all (a syntax error, too many rows), or a file that is damaged inside:
            # that is so in every worker.
            return None


def _answered(columns: Columns, question: Question, text: str, most_rows: int) -> ox.QuerySolutions | None:
    from queries.columns.counting import answer

    # The engine has the last word on what is a query, and on what its columns are called.
    shape: Any = _EMPTY.query(text)
    names = [column.name for column in question.columns]
    if not isinstance(shape, ox.QuerySolutions) or [variable.value for variable in shape.variables] != names:
        return None
    cells = answer(columns, question, _terms(question), most_rows).cells
    written: list[list[str]] = []
    for column, found in zip(question.columns, cells, strict=True):
        terms = columns.file.terms
        written.append([str(number) if column.way else terms[number] for number in found])
    lines = ["\t".join(f"?{name}" for name in names), *map("\t".join, zip(*written, strict=True)), ""]
    # The engine's own reader and writer of results: what comes out has the form of all its answers.
    found_rows = ox.parse_query_results("\n".join(lines), format=ox.QueryResultsFormat.TSV)
    return found_rows if isinstance(found_rows, ox.QuerySolutions) else None


def _terms(question: Question) -> list[str]:
    """The constants of a question as the engine reads and writes them."""
    if not question.constants:
        return []
    variables = " ".join(f"?c{at}" for at in range(len(question.constants)))
    constants = " ".join(question.constants)
    found: Any = _EMPTY.query(f"{question.prologue} SELECT * {{ VALUES ({variables}) {{ ({constants}) }} }}")
    row = next(iter(found))
    return [str(row[f"c{at}"]) for at in range(len(question.constants))]
