"""What can go wrong, as exceptions of its kind; each has what the service said in its problem document (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["TreatygraphError", "error_for"]


class TreatygraphError(Exception):
    """Base of all errors of this client; the text is one line.

    `status` is that of HTTP (0: there was no answer), `title` and `detail` are those of the problem document, `problem`
    is the whole document, with further members such as `line`, `suggestions` or `candidates`.
    """

    def __init__(
        self, title: str, detail: str = "", *, status: int = 0, problem: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(" ".join(f"{title}: {detail}".split()) if detail else title)
        self.title = title
        self.detail = detail
        self.status = status
        self.problem: Mapping[str, Any] = problem or {}

    @property
    def kind(self) -> str:
        """The name of the problem (`not-found`, `timeout`), "" where the service gave none."""
        return str(self.problem.get("type", "")).rpartition("/problem/")[2]


class BadRequest(TreatygraphError):
    """400, 414, 415: a parameter is missing or impossible; `detail` names it."""


class QuerySyntax(BadRequest):
    """400: the query is not valid SPARQL."""

    @property
    def line(self) -> int | None:
        """The line of the query, from 1."""
        return self.problem.get("line")

    @property
    def column(self) -> int | None:
        """The column, from 1."""
        return self.problem.get("column")


class AmbiguousName(BadRequest):
    """400: a name fits several things."""

    @property
    def candidates(self) -> list[str]:
        """Their keys: ask again with one of them."""
        return list(self.problem.get("candidates", ()))


class Refused(TreatygraphError):
    """401, 403: SERVICE, updates, what only the operator may do."""


class NotFound(TreatygraphError):
    """404: no such thing or question."""

    @property
    def suggestions(self) -> list[str]:
        """Keys of things with a similar name."""
        return list(self.problem.get("suggestions", ()))


class NotAcceptable(TreatygraphError):
    """406: the answer has no such form; `detail` tells those it has."""


class TooLarge(TreatygraphError):
    """413: the query or the body is over the limit of the service."""


class TooManyRequests(TreatygraphError):
    """429: more requests than the service takes from one address, also after waiting and asking again."""


class ServerError(TreatygraphError):
    """500, or an answer that is none of this service's: its fault, not yours."""


class Unavailable(TreatygraphError):
    """503: all workers are busy, the query needed too much memory or was cancelled; `kind` tells which."""


class QueryTimeout(TreatygraphError):
    """504, or nothing came within `timeout_s`: ask for less, name the things, add a LIMIT."""


class Unreachable(TreatygraphError):
    """No connection: wrong address, or nothing listens there."""


class BrokenAnswer(TreatygraphError):
    """The answer broke off before its end. What came is a part, and is not to be taken for the whole."""


_BY_KIND: Final[Mapping[str, type[TreatygraphError]]] = {"query-syntax": QuerySyntax, "ambiguous-name": AmbiguousName}
_BY_STATUS: Final[Mapping[int, type[TreatygraphError]]] = {
    400: BadRequest,
    401: Refused,
    403: Refused,
    404: NotFound,
    406: NotAcceptable,
    413: TooLarge,
    414: BadRequest,
    415: BadRequest,
    429: TooManyRequests,
    503: Unavailable,
    504: QueryTimeout,
}


def error_for(status: int, problem: Mapping[str, Any], fallback: str) -> TreatygraphError:
    """The exception for a status and its problem document; `fallback` is the title where there is none."""
    title = str(problem.get("title") or fallback)
    kind = str(problem.get("type", "")).rpartition("/problem/")[2]
    made = _BY_KIND.get(kind) or _BY_STATUS.get(status) or (BadRequest if 400 <= status < 500 else ServerError)
    return made(title, str(problem.get("detail") or ""), status=status, problem=problem)
