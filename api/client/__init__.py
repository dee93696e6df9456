"""A client of a running service, for notebooks and programs: `from api.client import Treatygraph`.

It needs the extra `client` (httpx2) and nothing of the server: no store, no RDF library is imported.
"""

from __future__ import annotations

from api.client.client import Treatygraph
from api.client.errors import (
    AmbiguousName,
    BadRequest,
    BrokenAnswer,
    NotAcceptable,
    NotFound,
    QuerySyntax,
    QueryTimeout,
    Refused,
    ServerError,
    TooLarge,
    TooManyRequests,
    TreatygraphError,
    Unavailable,
    Unreachable,
)
from api.client.tables import Rows, Table

__all__ = [
    "AmbiguousName",
    "BadRequest",
    "BrokenAnswer",
    "NotAcceptable",
    "NotFound",
    "QuerySyntax",
    "QueryTimeout",
    "Refused",
    "Rows",
    "ServerError",
    "Table",
    "TooLarge",
    "TooManyRequests",
    "Treatygraph",
    "TreatygraphError",
    "Unavailable",
    "Unreachable",
]
