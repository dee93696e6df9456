"""An answer that was looked up here: what a stream of a worker is to its reader, but whole from the beginning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from queries.columns.file import ColumnFile
from queries.columns.lookups import Lookups
from queries.columns.shapes import Asked
from queries.columns.writing import Writer
from queries.pool.process import Plan

__all__ = ["Finder", "Found"]


class Found:
    """See `queries.pool.streams.AsyncStream`. Nothing runs, so there is no id to cancel it by, and no deadline."""

    id: Final = None
    deadline: Final = None
    kind: Final = "select"

    def __init__(self, release: str, edition: str, media_type: str, whole: bytes) -> None:
        self.release = release
        self.edition = edition
        self.media_type = media_type
        self.whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.whole

    def close(self) -> None:
        """There is nothing to stop."""


class Finder:
    """Looks up what can be looked up in the columns of a release."""

    def __init__(self, file: ColumnFile) -> None:
        self._lookups = Lookups(file)
        self._writer = Writer(file.terms)

    def find(self, question: Asked, media_type: str, plan: Plan) -> Found | None:
        """The answer to a small question about the default graph; None where a worker must answer.

        Which of them answers depends on the question and the release alone: rows without ORDER BY come in another order
        from each.
        """
        edition = plan.edition  # first: what is found in columns that are found damaged meanwhile is not the engine's
        if not plan.counts:
            return None
        try:
            rows = self._lookups.rows(question)
            if rows is None:
                return None
            return Found(plan.release, edition, media_type, self._writer.table(question.names, rows, media_type))
        except Exception:  # a file that is damaged inside, or letters that XML does not have: the worker tells
            return None
