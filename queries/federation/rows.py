"""Rows of another endpoint as a VALUES block."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import pyoxigraph as ox

from queries.federation.errors import RemoteFailed, RemoteUnusable

_UNREADABLE: Final = "its answer cannot be read as SPARQL results in JSON"


def values_block(endpoint: str, body: bytes, variables: Collection[str], longest: int) -> str:
    """SPARQL results in JSON as `VALUES (…) { … }`.

    Args:
        endpoint: whose answer it is, for messages.
        body: the answer.
        variables: the names that the call may bind; columns of other names are no answer to it.
        longest: characters that the block may have.

    Raises RemoteFailed (no such results) and RemoteUnusable: blank nodes, which have no name outside their endpoint,
    triple terms, which VALUES does not take, and more rows than fit.
    """
    block = _block(endpoint, body, variables, longest)
    if isinstance(block, RemoteFailed):
        raise block
    return block


def _block(endpoint: str, body: bytes, variables: Collection[str], longest: int) -> str | RemoteFailed:
    # Errors are given back without their trace: it would carry the engine's objects, which belong to this thread, to
    # the thread that answers.
    try:
        found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
        if not isinstance(found, ox.QuerySolutions):
            return RemoteFailed(endpoint, _UNREADABLE)
        names = [variable.value for variable in found.variables]
        if not set(names) <= set(variables):
            return RemoteFailed(endpoint, "its answer has columns that were not asked for")
        lines = [f"VALUES ({' '.join(f'?{name}' for name in names)}) {{"]
        size = len(lines[0])
        for row in found:
            terms = [_term(endpoint, name, term) for name, term in zip(names, row, strict=True)]
            lines.append(f"({' '.join(terms)})")
            size += len(lines[-1]) + 1
            if size > longest:
                rows = len(lines) - 1
                return RemoteUnusable(endpoint, f"its {rows} rows and more are too many to join; ask it for less")
    except RemoteUnusable as error:
        return error.with_traceback(None)
    except (SyntaxError, ValueError, OSError):
        return RemoteFailed(endpoint, _UNREADABLE)
    return "\n".join((*lines, "}"))


def _term(endpoint: str, name: str, term: object) -> str:
    match term:
        case None:
            return "UNDEF"
        case ox.NamedNode() | ox.Literal():
            return str(term)
        case ox.BlankNode():
            raise RemoteUnusable(endpoint, f"?{name} is a blank node, which has no name outside; ask it for others")
        case _:
            raise RemoteUnusable(endpoint, f"?{name} is a triple, which cannot be joined")
