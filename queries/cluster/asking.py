"""Asks the engine, and gives its answers as the embedded store gives them: rows, a truth value, or triples.

Tables come from the engine's core, term by term. Its graphs would come as JSON-LD in which a number has lost its
datatype, so CONSTRUCT and DESCRIBE are asked as tables and made into triples here: the template is read by the embedded
store's library, as W3C SPARQL 1.1 Query, 16.2, says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final, TypeAlias, cast

import pyoxigraph as ox

from queries.cluster import dataset
from queries.cluster.anatomy import Parts, extremes, take_apart, with_order_by_term
from queries.cluster.ledgers import Reader
from queries.cluster.storage import engine, said
from queries.cluster.terms import ResultFile, Row, term
from queries.errors import BackendError, QueryError, QueryRefused

Answer: TypeAlias = ox.QuerySolutions | ox.QueryBoolean | Iterator[ox.Triple]
Node: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal

_EMPTY: Final = ox.Store()
_MARK: Final = "urn:treatygraph:variable:"
_DEEPEST: Final = 30


def ask(
    reader: Reader,
    text: str,
    *,
    default: Sequence[str] | None = None,
    named: Sequence[str] | None = None,
    union: bool = False,
) -> Answer:
    """Ask a query that has passed `queries.backend.guarded`.

    Raises SyntaxError as pyoxigraph does, for what is no SPARQL 1.1; QueryRefused and BackendError. The engine's errors
    may also come up while the answer is read.
    """
    _EMPTY.query(text)
    parts = take_apart(text)
    given = (list(default or ()), list(named or ())) if default is not None or named is not None else None
    graphs = given if given is not None else dataset.stated(parts)
    known = reader.known_graphs() if graphs is not None or union else frozenset()
    union = union and given is None
    question = _Question(reader, parts, dataset.clauses(graphs, union=union, known=known, ledger=reader.current.branch))
    match parts.form:
        case "ask":
            return question.truth()
        case "select":
            return question.table()
        case "construct":
            return question.constructed()
        case _:
            return question.described()


class _Question:
    """A query in parts, with the dataset that it is asked of."""

    def __init__(self, reader: Reader, parts: Parts, graphs: str) -> None:
        self._reader = reader
        self._parts = parts
        self._graphs = graphs
        self._errors = engine().FlureeError

    def truth(self) -> ox.QueryBoolean:
        answer = self._run(self._text("ASK", "", self._parts.body))
        if answer[0] != "ask":
            raise BackendError("the distributed store gave no truth value")
        said = f'{{"head":{{}},"boolean":{str(bool(answer[1])).lower()}}}'
        return cast("ox.QueryBoolean", ox.parse_query_results(said, format=ox.QueryResultsFormat.JSON))

    def table(self) -> ox.QuerySolutions:
        text = self._text("SELECT", self._parts.head, self._parts.body)
        columns, rows = self._rows(text)
        if held := extremes(text):
            rows = _not_of_iris(columns, rows, held)
        return _solutions(columns, rows)

    def constructed(self) -> Iterator[ox.Triple]:
        parts = self._parts
        template = _template(parts)
        # One variable at least is asked for: each solution must show, also where the template uses none.
        asked = parts.variables or ("treatygraph",)
        columns, rows = self._rows(self._text("SELECT", " ".join(f"?{name}" for name in asked), parts.body))
        return _instances(template, columns, rows)

    def described(self) -> Iterator[ox.Triple]:
        """As the embedded store describes: the statements about a thing, and of the blank nodes that these lead to."""
        parts = self._parts
        things: dict[str, None] = {}
        fixed = " ".join(piece for piece in parts.head.split() if not piece.startswith(("?", "$", "*")))
        if fixed:
            named = _EMPTY.query(f"{parts.prologue} SELECT ?thing {{ VALUES ?thing {{ {fixed} }} }}")
            assert isinstance(named, ox.QuerySolutions)
            things |= {row["thing"].value: None for row in named}
        if "{" in parts.body:
            asked = "*" if "*" in parts.head else " ".join(f"?{name}" for name in parts.variables)
            if asked:
                _, rows = self._rows(self._text("SELECT", asked, parts.body))
                things |= {cell[1]: None for row in rows for cell in row if cell is not None and cell[0] == "iri"}
        seen: set[ox.Triple] = set()
        for thing in things:
            yield from (triple for triple in self._about(thing) if triple not in seen and not seen.add(triple))  # type: ignore[func-returns-value]

    def _about(self, thing: str) -> Iterator[ox.Triple]:
        """The engine cannot be asked about a blank node by its label: it is reached from the thing, step by step."""
        for steps in range(_DEEPEST):
            way = "".join(f"?s{n} ?p{n} ?s{n + 1} . FILTER(isBlank(?s{n + 1})) " for n in range(steps))
            way = way.replace("?s0", f"<{thing}>")
            last = f"?s{steps}" if steps else f"<{thing}>"
            shown = f"{last if steps else ''} ?p ?o"
            found = self._rows(f"SELECT DISTINCT {shown} {self._graphs} {{ {way}{last} ?p ?o }}")[1]
            further = False
            for row in found:
                subject, predicate, value = row if steps else (("iri", thing), *row)
                assert subject is not None
                assert predicate is not None
                assert value is not None
                further = further or value[0] == "bnode"
                yield ox.Triple(term(subject), term(predicate), term(value))  # type: ignore[arg-type]
            if not further:
                return
        raise BackendError(f"the description of {thing} leads through more than {_DEEPEST} blank nodes")

    def _text(self, form: str, head: str, body: str) -> str:
        body = with_order_by_term(body)
        text = f"{self._parts.prologue} {form} {head} {self._graphs} {body}".strip()
        try:
            _EMPTY.query(text)
        except SyntaxError as error:
            raise QueryRefused(
                "form", f"this query cannot be put to the distributed store as it is written: {error}"
            ) from error
        return text

    def _run(self, text: str) -> Any:
        try:
            return self._reader.native.query_sparql(self._reader.current.branch, text)
        except self._errors as error:
            raise _failure(error) from error

    def _rows(self, text: str) -> tuple[list[str], Iterator[Row]]:
        """Columns and rows of a SELECT. The engine makes the table as a whole; its memory counts as that of the query.

        It has a way to read row by row; in 4.2.4 that way finds nothing in named graphs, so it is not taken.
        """
        answer = self._run(text)
        if answer[0] != "select":
            raise BackendError("the distributed store gave no table")
        return answer[1], iter(answer[2])


def _not_of_iris(columns: Sequence[str], rows: Iterator[Row], names: frozenset[str]) -> Iterator[Row]:
    """The engine takes the IRI that it met first for the smallest; better no answer than that."""
    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if name in names and cell is not None and cell[0] == "iri":
                raise QueryRefused(
                    "engine",
                    f"?{name}: the distributed store cannot tell the MIN or MAX of IRIs; ask for that of STR(…)",
                )
        yield row


def _failure(error: Exception) -> QueryError:
    """What the engine does not do is refused, by name; all else is a failure of the store."""
    if isinstance(error, engine().InvalidRequestError):
        return QueryRefused("engine", f"the distributed store does not answer this query: {said(error)}")
    return BackendError(f"the distributed store failed: {said(error)}")


def _solutions(columns: Sequence[str], rows: Iterator[Row]) -> ox.QuerySolutions:
    file = cast("IO[bytes]", ResultFile(columns, rows))
    found = ox.parse_query_results(file, format=ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions)
    return found


def _template(parts: Parts) -> list[ox.Triple]:
    """The triples of a template, with an IRI of ours in the place of each variable."""
    names = " ".join(f"?{name}" for name in parts.variables)
    marks = " ".join(f"<{_MARK}{name}>" for name in parts.variables)
    solution = f"VALUES ({names}) {{ ({marks}) }}" if names else ""
    answer = _EMPTY.query(f"{parts.prologue} CONSTRUCT {{ {parts.head} }} WHERE {{ {solution} }}")
    assert isinstance(answer, ox.QueryTriples)
    return list(answer)


def _instances(template: Sequence[ox.Triple], columns: Sequence[str], rows: Iterator[Row]) -> Iterator[ox.Triple]:
    """The triples that the solutions make of the template, each once; blank nodes of the template are new in each."""
    seen: set[ox.Triple] = set()
    for row in rows:
        bound = {f"{_MARK}{name}": term(cell) for name, cell in zip(columns, row, strict=True) if cell is not None}
        fresh: dict[str, ox.BlankNode] = {}
        for triple in template:
            made = _filled(triple, bound, fresh)
            if made is not None and made not in seen:
                seen.add(made)
                yield made


def _filled(triple: ox.Triple, bound: Mapping[str, Node], fresh: dict[str, ox.BlankNode]) -> ox.Triple | None:
    """The triple of one solution; None where something is unbound, or cannot stand where it would."""
    parts: list[Any] = []
    for part in (triple.subject, triple.predicate, triple.object):
        if isinstance(part, ox.NamedNode) and part.value.startswith(_MARK):
            value = bound.get(part.value)
            if value is None:
                return None
            parts.append(value)
        elif isinstance(part, ox.BlankNode):
            parts.append(fresh.setdefault(part.value, ox.BlankNode()))
        else:
            parts.append(part)
    subject, predicate, value = parts
    if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
        return None
    return ox.Triple(subject, predicate, value)
