"""An answer that was looked up here: what a stream of a worker is to its reader, but whole from the beginning."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import IO, Final, cast

import pyoxigraph as ox

from queries.columns.lookups import Lookups
from queries.pool.jobs import Request
from queries.pool.process import Plan
from queries.xmltext import written

__all__ = ["Found", "looked_up"]


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


def looked_up(lookups: Lookups, request: Request, plan: Plan) -> Found | None:
    """The answer to a small question about the default graph; None where a worker must answer.

    Which of them answers depends on the question and the release alone: rows without ORDER BY come in another order
    from each.
    """
    plain = request.default_graphs is None and request.named_graphs is None and not request.union and not request.check
    edition = plan.edition  # first: what is found in columns that are found damaged meanwhile is not the engine's
    if not plain or request.kind != "select" or not plan.counts:
        return None
    try:
        table = lookups.answer(request.text)
        media_type = ox.QueryResultsFormat.from_media_type(request.table_type)
        if table is None or media_type is None:
            return None
        # The engine's own reader and writer of results: what comes out has the form of all its answers.
        rows = ox.parse_query_results(table, format=ox.QueryResultsFormat.TSV)
        body = io.BytesIO()
        assert isinstance(rows, ox.QuerySolutions)
        rows.serialize(written(cast("IO[bytes]", body), request.table_type), format=media_type)
    except Exception:  # a file that is damaged inside, or letters that XML does not have: the worker tells
        return None
    return Found(plan.release, edition, request.table_type, body.getvalue())
