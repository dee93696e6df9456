"""Problems: what a client is told when a request cannot be answered (RFC 9457).

Each kind of failure has a stable name, a status and a sentence. One place turns it into `application/problem+json` or,
for a browser, into a page with the same content. What the engine or the system said about an unexpected failure never
reaches the client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ontology.namespaces import BASE

__all__ = ["KINDS", "PROBLEM_JSON", "Kind", "Problem"]

PROBLEM_JSON: Final = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its name in the type IRI, the HTTP status, its title, and what a client can do about it."""

    name: str
    status: int
    title: str
    remedy: str

    @property
    def iri(self) -> str:
        """The `type` member of the problem document; it resolves to a page about this kind."""
        return f"{BASE}problem/{self.name}"


_KINDS: Final = (
    Kind("bad-request", 400, "The request cannot be understood", "Mend the parameter that the detail names."),
    Kind("query-syntax", 400, "The query is not valid SPARQL 1.1", "Mend the query at the line and column given."),
    Kind("malformed-data", 400, "The data cannot be parsed", "Mend the data at the line given."),
    Kind("ambiguous-name", 400, "The name fits more than one thing", "Ask again with one of the candidates."),
    Kind("unauthorized", 401, "Only the operator may do this", "Send the operator's token."),
    Kind(
        "refused-feature",
        403,
        "The feature is switched off",
        "LOAD, updates, and SERVICE to endpoints that the operator does not list are not served here.",
    ),
    Kind("not-found", 404, "There is no such thing", "Check the spelling, or use /search?q=."),
    Kind("method-not-allowed", 405, "The method is not allowed here", "Use one of the methods in the Allow header."),
    Kind("not-acceptable", 406, "No representation is acceptable", "Ask for one of the offers in the detail."),
    Kind("too-large", 413, "The request is too large", "Send less, or run the command line on your own machine."),
    Kind("uri-too-long", 414, "The address is too long", "Send the query by POST."),
    Kind("unsupported-media-type", 415, "The body has an unsupported media type", "Use a media type of the detail."),
    Kind("too-many-requests", 429, "Too many requests from your address", "Wait as long as Retry-After says."),
    Kind("internal", 500, "Something went wrong here", "It is our fault; please report it with the request."),
    Kind(
        "remote-failed",
        502,
        "Another endpoint gave no usable answer",
        "Mend the SERVICE, write SERVICE SILENT, or wait.",
    ),
    Kind("unavailable", 503, "The graph cannot be reached at present", "Try again later."),
    Kind("busy", 503, "All workers are busy", "Wait as long as Retry-After says."),
    Kind("out-of-memory", 503, "The query needs too much memory", "Ask for less; the same query would fail again."),
    Kind("cancelled", 503, "The query was cancelled", "It was stopped by the operator or by someone with its id."),
    Kind("timeout", 504, "The query took too long", "Ask for less: name the things, or add a LIMIT."),
)
KINDS: Final = {kind.name: kind for kind in _KINDS}


@dataclass
class Problem(Exception):
    """A failure that a client is told about.

    `extra` holds further members of the problem document, such as `line`, `column` or `candidates`; `headers` are added
    to the response.
    """

    name: str
    detail: str
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0

    def __post_init__(self) -> None:
        self.status = self.status or self.kind.status
        super().__init__(self.detail)

    @property
    def kind(self) -> Kind:
        """What kind of problem this is."""
        return KINDS[self.name]

    def document(self, instance: str) -> dict[str, Any]:
        """The problem document; `instance` is the path of the request."""
        return {
            "type": self.kind.iri,
            "title": self.kind.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            **self.extra,
        }


def problem_for_status(status: int, detail: str, headers: dict[str, str] | None = None) -> Problem:
    """The problem for a status that the framework raised (an unknown route, a wrong method)."""
    for kind in _KINDS:
        if kind.status == status:
            return Problem(kind.name, detail, headers=headers or {})
    fallback = "bad-request" if status < 500 else "internal"
    return Problem(fallback, detail, headers=headers or {}, status=status)
