"""What can go wrong when the graph is asked. Every message is one line that a user can act on."""

from __future__ import annotations


class QueryError(Exception):
    """Base of all errors of this package."""


class QuerySyntaxError(QueryError):
    """The text is not a SPARQL query; `line` and `column` count from 1, None where the engine names no place."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f" (line {line}, column {column})"
        super().__init__(f"{message}{place}")
        self.message = message
        self.line = line
        self.column = column


class QueryRefused(QueryError):
    """The text asks for something that is never done here: `feature` is `service`, `update` or `union`."""

    def __init__(self, feature: str, reason: str) -> None:
        super().__init__(reason)
        self.feature = feature


class UnknownFunction(QueryError):
    """The query calls a function by an IRI that the engine does not know."""


class UnsupportedFormat(QueryError):
    """This kind of result cannot be written in this media type."""


class BackendError(QueryError):
    """The engine failed: unreachable, out of memory, a function that it does not know."""


class QueryTimeout(BackendError):
    """The query ran past its time limit; nothing that it gave may be taken for the whole answer."""


class ParameterError(QueryError):
    """A parameter of a stored query is missing, unknown, or not of its type."""


class CatalogueError(QueryError):
    """A stored query is badly written; the message names file and line."""


class UnknownThing(QueryError):
    """Nothing has this name; `suggestions` are keys of things with a similar one."""

    def __init__(self, text: str, suggestions: tuple[str, ...] = ()) -> None:
        near = f"; did you mean {', '.join(suggestions)}?" if suggestions else ""
        super().__init__(f"nothing is called {text[:200]!r}{near}")
        self.text = text
        self.suggestions = suggestions


class AmbiguousThing(QueryError):
    """Several things have this name; `candidates` are their keys."""

    def __init__(self, text: str, candidates: tuple[str, ...]) -> None:
        super().__init__(f"{text[:200]!r} could be {', '.join(candidates)}: give one of these keys")
        self.text = text
        self.candidates = candidates
