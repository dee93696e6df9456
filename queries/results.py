"""Results of a query: rows, triples or a truth value, read one by one or streamed as bytes."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Final, Literal, TypeAlias, cast

import pyoxigraph as ox

from ontology.namespaces import PREFIXES
from queries.errors import BackendError, QueryError, QuerySyntaxError, QueryTimeout, UnknownFunction, UnsupportedFormat
from queries.streams import ByteStream, Sink
from queries.xmltext import written

Kind: TypeAlias = Literal["select", "ask", "construct"]
Triples: TypeAlias = ox.QueryTriples | Iterator[ox.Triple]
Answer: TypeAlias = ox.QuerySolutions | ox.QueryBoolean | Triples
Row: TypeAlias = ox.QuerySolution | ox.Triple

#: Media types of SELECT and ASK; the first is the default. CSV and TSV of an ASK are the bare word true or false.
TABLE_TYPES: Final[dict[str, ox.QueryResultsFormat]] = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
#: Media types of CONSTRUCT and DESCRIBE; the first is the default.
GRAPH_TYPES: Final[dict[str, ox.RdfFormat]] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
}
#: Those in which names are shortened by prefixes.
SHORTENED: Final = frozenset({"text/turtle", "application/rdf+xml", "application/ld+json", "application/trig"})


class QueryResult:
    """What a query gave. `kind` is known at once; the engine runs when the result is first read.

    An engine's answer may be read only in the thread that asked for it, so each way of reading asks for its own:
    iterate (once), or `serialize`, which may be consumed in any thread. Errors of the engine come up there, as
    `BackendError`; a result past its time limit raises `QueryTimeout`, never ends early as if it were whole.
    """

    def __init__(
        self,
        kind: Kind,
        run: Callable[[], Answer],
        timeout_s: float | None = None,
        translate: Callable[[BaseException], BaseException] | None = None,
    ) -> None:
        self.kind: Kind = kind
        self._run = run
        self._timeout_s = timeout_s
        self._translate = translate or translated
        #: The release that answered, where the back end knows it of each answer; it may change when asked again.
        self.release: str | None = None
        self._opened: Answer | None = None
        self._thread = 0

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the columns of a SELECT, in order; empty for the other kinds."""
        answer = self._here()
        return tuple(v.value for v in answer.variables) if isinstance(answer, ox.QuerySolutions) else ()

    def __bool__(self) -> bool:
        """The truth value of an ASK; TypeError for the other kinds."""
        answer = self._here()
        if not isinstance(answer, ox.QueryBoolean):
            raise TypeError(f"the result of a {self.kind} query has no truth value")
        return bool(answer)

    def __iter__(self) -> Iterator[Row]:
        """The rows of a SELECT (`row["name"]`, None where unbound) or the triples of a CONSTRUCT, once."""
        answer = self._here()
        if isinstance(answer, ox.QueryBoolean):
            raise TypeError("the result of an ASK query has no rows; use bool()")
        self._opened = None
        rows: Iterator[Row] = iter(answer)
        limit = self._deadline()
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except Exception as error:
                raise self._translate(error) from error
            if time.monotonic() > limit:
                raise QueryTimeout(f"the query ran longer than {self._timeout_s} s")
            yield row

    def rows(self) -> Iterator[ox.QuerySolution]:
        """The rows of a SELECT."""
        if self.kind != "select":
            raise TypeError(f"the result of a {self.kind} query has no rows")
        for row in self:
            assert isinstance(row, ox.QuerySolution)
            yield row

    def serialize(self, media_type: str | None = None) -> ByteStream:
        """The result as bytes in a media type of `TABLE_TYPES` or `GRAPH_TYPES`, streamed in bounded memory.

        Waits for the first bytes, so that an error comes up here. Close the stream (or drop it) to stop the query.
        Raises UnsupportedFormat when this kind of result has no such form.
        """
        table = self.kind != "construct"
        offered = list(TABLE_TYPES if table else GRAPH_TYPES)
        chosen = media_type or offered[0]
        if chosen not in offered:
            raise UnsupportedFormat(f"a {self.kind} result is written as {', '.join(offered)}, not as {chosen}")
        limit = self._deadline()

        def write(sink: Sink) -> None:
            sink.check = lambda: self._check(limit)
            output = written(cast("IO[bytes]", sink), chosen)
            answer = self._ask()
            if isinstance(answer, ox.QuerySolutions | ox.QueryBoolean):
                answer.serialize(output, format=TABLE_TYPES[chosen])
            else:
                prefixes = PREFIXES if chosen in SHORTENED else None
                ox.serialize(answer, output, format=GRAPH_TYPES[chosen], prefixes=prefixes)

        return ByteStream(write, self._translate)

    def _ask(self) -> Answer:
        try:
            return self._run()
        except Exception as error:
            raise self._translate(error) from error

    def _here(self) -> Answer:
        if self._opened is None or self._thread != threading.get_ident():
            self._opened = self._ask()
            self._thread = threading.get_ident()
        return self._opened

    def _deadline(self) -> float:
        return float("inf") if self._timeout_s is None else time.monotonic() + self._timeout_s

    def _check(self, limit: float) -> None:
        if time.monotonic() > limit:
            raise QueryTimeout(f"the query ran longer than {self._timeout_s} s")


#: In a message of the engine: a character class such as `['0'..='9' | '\\\\']`, and what stands between the commas.
_CLASSES: Final = re.compile(r"\[(?:_|\^?(?:'(?:\\.[^']*|[^'])'|[\s|.=])+)\]")
_ITEMS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,"](?:[^,"]*[^\s,"])?')
_REASONS: Final = {
    "Prefix not found": "the prefix is not declared",
    "IRI parsing failed": "not an IRI, or a relative one without BASE",
}


def translated(error: BaseException) -> BaseException:
    """An engine's exception as one of ours, by its type, and by its words where these tell what to mend."""
    if isinstance(error, QueryError):
        return error
    if isinstance(error, SyntaxError):
        return syntax_error(error)
    words = " ".join(str(error).split())[:300]
    if isinstance(error, RuntimeError) and words.startswith("The custom function "):
        return UnknownFunction(f"{words.removeprefix('The custom function ').partition('> ')[0]}> is no function here")
    if isinstance(error, OSError) and words.startswith(("JSON-LD ", "RDF/XML ")):
        return UnsupportedFormat(f"the result of this query cannot be written so: {words}")
    if isinstance(error, LookupError):
        return UnsupportedFormat(f"the result of this query cannot be written as {words}")
    if isinstance(error, RuntimeError | OSError | ValueError | MemoryError):
        return BackendError(f"the engine failed: {words}")
    return error


def syntax_error(error: SyntaxError) -> QuerySyntaxError:
    """Oxigraph names the place in its message only: `error at 2:9: expected …`."""
    text = str(error)
    head, _, rest = text.partition(": ")
    numbers = head.removeprefix("error at ").split(":")
    if head.startswith("error at ") and len(numbers) == 2 and all(number.isdigit() for number in numbers):
        return QuerySyntaxError(_shortened(rest), int(numbers[0]), int(numbers[1]))
    return QuerySyntaxError(_shortened(text))


def _shortened(expected: str) -> str:
    """`expected one of "{", WHERE, [_], …` without the character classes that tell a reader nothing; where the engine
    has a reason, such as a prefix that is not declared, that alone."""
    text = " ".join(expected.split())
    if not text.startswith("expected "):
        return text[:300]
    # A class may hold quoted brackets; words and signs stand between commas, and reasons are sentences.
    text = _CLASSES.sub("", text.removeprefix("expected ").removeprefix("one of "))
    found = [item for item in _ITEMS.findall(text) if item != "<unreported>"]
    reasons = [item for item in found if " " in item and not item.startswith('"')]
    if reasons:
        reason: str = reasons[0]
        return _REASONS.get(reason, reason[0].lower() + reason[1:])
    if not found:
        return "this cannot stand here"
    return f"expected {'one of ' if len(found) > 1 else ''}{', '.join(found[:8])}{', …' if len(found) > 8 else ''}"
