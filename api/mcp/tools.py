"""The tools. Each asks the graph, puts the sources beside what it says, and says so when there are none."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, ParamSpec, TypeAlias

from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from api.client.errors import QuerySyntax, TreatygraphError
from api.client.errors import QueryTimeout as RemoteTimeout
from api.errors import problem_for
from api.mcp import models
from api.mcp.graph import Graph, TermRow
from api.mcp.writing import written
from api.terms import from_json, plain
from queries.errors import QueryError, QueryTimeout, UnknownThing
from queries.scanner import inspect as shape_of

__all__ = ["ROWS_BYTES", "Tools"]

P = ParamSpec("P")

#: JSON of the rows of one answer of `sparql`, in bytes.
ROWS_BYTES: Final = 200_000
_SOURCES: Final = 5
_EVIDENCE_ROWS: Final = 200
_COLUMNS: Final = 40
_SPELLINGS: Final = "http://www.w3.org/2004/02/skos/core#hiddenLabel"
_TOO_LONG: Final = "the query was stopped because it took too long; nothing of its answer is given"
_NAME = "An IRI, a key (aplc-msp-21, a/res/77/63~op10, aplc~art11.1), a symbol in any spelling, or a name."

Name: TypeAlias = Annotated[str, Field(description=_NAME, min_length=1, max_length=500)]
Limit: TypeAlias = Annotated[int, Field(description="Entries on one page.", ge=1, le=100)]
Cursor: TypeAlias = Annotated[
    str | None, Field(description="What the page before gave as cursor; none for the first.", max_length=20)
]
Kind: TypeAlias = Literal["mandate", "recall", "succession", "outcome", "amendment"]
Kinds: TypeAlias = Annotated[
    list[Kind], Field(description="Only these kinds of lineage; none: all of them.", max_length=5)
]


def _tool(work: Callable[P, BaseModel]) -> Callable[P, CallToolResult]:
    """Structured output and text from one model; failures as tool errors of one line."""

    @functools.wraps(work)
    def tool(*arguments: P.args, **named: P.kwargs) -> CallToolResult:
        try:
            answer = work(*arguments, **named)
        except (QueryError, TreatygraphError) as error:
            graph: Graph = arguments[0].graph  # type: ignore[attr-defined]
            raise ToolError(_said(error, graph)) from None
        document = answer.model_dump(mode="json", by_alias=True)
        return CallToolResult(content=[TextContent(type="text", text=written(answer))], structured_content=document)

    # The SDK reads the schemas off the signature: the arguments are those of the method, the output is its model.
    signature = inspect.signature(work, eval_str=True)
    output: Any = Annotated[CallToolResult, signature.return_annotation]
    tool.__signature__ = signature.replace(return_annotation=output)  # type: ignore[attr-defined]
    return tool


def _said(error: Exception, graph: Graph) -> str:
    if isinstance(error, UnknownThing) or getattr(error, "kind", "") == "not-found":
        detail = getattr(error, "detail", "") or str(error)
        return f"no evidence in release {graph.release()}: {' '.join(detail.split())}"
    if isinstance(error, QueryTimeout):
        return _TOO_LONG
    if isinstance(error, QueryError):
        problem = problem_for(error)
        return " ".join(f"{problem.kind.title}: {str(error) if problem.status < 500 else problem.detail}".split())
    if isinstance(error, RemoteTimeout):
        return _TOO_LONG
    place = f" (line {error.line}, column {error.column})" if isinstance(error, QuerySyntax) and error.line else ""
    return " ".join(f"{error}{place}".split())


class Tools:
    """The tools over one graph; each method is one, its docstring is what a host tells the model."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @_tool
    def resolve(self, name: Name, limit: Limit = 40, cursor: Cursor = None) -> models.Sheet:
        """The one thing that a name, symbol or key means, and everything the graph says about it: each value with the
        documents that state it, by paragraph and characters. Values that the graph does not prefer are marked.
        """
        release = self.graph.release()
        sheet = self.graph.facts(name)
        # Spellings that the build made for searching are no statement of any document.
        groups = [group for group in sheet["facts"] if group["property"] != _SPELLINGS]
        facts = [_fact(group, value) for group in groups for value in group["values"]]
        shown, following = _page(facts, limit, cursor)
        backed = any(fact.sources for fact in shown)
        note = None if backed else _no_evidence(release, f"no source is recorded for {sheet['thing']['iri']}")
        return models.Sheet(
            release=release,
            evidence=backed,
            note=note,
            total=len(facts),
            cursor=following,
            thing=models.Thing(**sheet["thing"]),
            facts=shown,
        )

    @_tool
    def search(
        self,
        q: Annotated[str, Field(description="The beginning of a name, or any spelling.", min_length=1, max_length=200)],
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> models.Hits:
        """Things by the beginning of a name or any spelling of a symbol, best first; slips of the pen are forgiven."""
        release = self.graph.release()
        found = self.graph.search(q)
        shown, following = _page(found, limit, cursor)
        hits = [
            models.Found(**hit, **_cut_sources(_distinct(one["sources"] for one in statements)))
            for hit, statements in zip(shown, self._evidence([[_uri(hit["iri"])] for hit in shown]), strict=True)
        ]
        backed = any(hit.sources for hit in hits)
        note = None if backed else _no_evidence(release, "nothing has such a name" if not found else "")
        return models.Hits(
            release=release, evidence=backed, note=note, total=len(found), cursor=following, results=hits
        )

    @_tool
    def lineage(
        self,
        thing: Name,
        *,
        direction: Annotated[
            Literal["up", "down", "both"], Field(description="up: on what it rests; down: what rests on it.")
        ] = "up",
        kinds: Kinds = [],  # noqa: B006 - never changed
        depth: Annotated[int, Field(description="Steps to follow.", ge=1, le=30)] = 6,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> models.LineagePage:
        """By what authority? The chain of mandates, recalls, successions, outcomes and amendments of a meeting,
        resolution, paragraph, article or decision; each link as a sentence, with the passage that states it.
        """
        release = self.graph.release()
        answer = self.graph.lineage(thing, direction, kinds, depth)
        edges = [_edge(edge) for edge in answer["edges"]]
        shown, following = _page(edges, limit, cursor)
        backed = any(edge.sources for edge in shown)
        cut = bool(answer.get("truncated"))
        words = f"no lineage {direction} from {answer['thing']} is stated" + (f" of the kinds {kinds}" if kinds else "")
        return models.LineagePage(
            release=release,
            evidence=backed,
            note=_cut_note(cut) if backed else _no_evidence(release, words),
            total=len(edges),
            cursor=following,
            thing=answer["thing"],
            nodes=_ends(answer["nodes"], shown),
            edges=shown,
            truncated=cut,
        )

    @_tool
    def path(
        self,
        start: Name,
        end: Name,
        kinds: Kinds = [],  # noqa: B006 - never changed
        hops: Annotated[int, Field(description="The longest chain.", ge=1, le=30)] = 8,
    ) -> models.Chains:
        """The shortest chains of statements between two things, such as a person and a resolution, every hop explained
        and sourced. With kinds, only lineage of these kinds is followed.
        """
        release = self.graph.release()
        answer = self.graph.path(start, end, kinds, hops)
        edges = [_edge(edge) for edge in answer["edges"]]
        chains = [chain for chain in answer["chains"] if len(chain) > 1]
        backed = any(edge.sources for edge in edges)
        cut = bool(answer.get("truncated"))
        words = f"no chain of at most {hops} hops joins {answer['thing']} and {answer['to']}"
        if answer["thing"] == answer["to"]:
            words = f"both names mean {answer['thing']}, and no chain leads from a thing to itself"
        return models.Chains(
            release=release,
            evidence=backed,
            note=_cut_note(cut) if backed else _no_evidence(release, words),
            start=answer["thing"],
            end=answer["to"],
            chains=chains,
            nodes=[models.Thing(**node) for node in answer["nodes"]],
            edges=edges,
            truncated=cut,
        )

    @_tool
    def questions(
        self, about: Annotated[str, Field(description="A word to look for; none: all questions.", max_length=100)] = ""
    ) -> models.Questions:
        """The questions of the catalogue, with their parameters and columns: what can be given to ask."""
        word = about.casefold().strip()
        every = [models.Question(**_only(one, models.Question)) for one in self.graph.questions()]
        fitting = [one for one in every if word in " ".join((one.question, one.title, one.description)).casefold()]
        note = None if fitting else f"None of the {len(every)} questions speaks of {about.strip()!r}."
        return models.Questions(release=self.graph.release(), note=note, questions=fitting, total=len(every))

    @_tool
    def ask(
        self,
        question: Annotated[str, Field(description="A name that questions lists.", min_length=1, max_length=100)],
        parameters: Annotated[
            dict[str, str | int], Field(description="Its parameters by name; things by any name.", max_length=20)
        ] = {},  # noqa: B006 - never changed
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> models.Answer:
        """Ask a question of the catalogue: who convened, who presided, what recalls what, who voted how, who is party
        on a date, what contradicts what. Each row comes with the statements behind it and their sources.
        """
        release = self.graph.release()
        known = {one["question"]: one for one in self.graph.questions()}
        if question not in known:
            raise ToolError(_unknown(question, known))
        answer = self.graph.ask(question, {name: str(value) for name, value in parameters.items()})
        shown, following = _page(answer.rows, limit, cursor)
        rows = self._rows(answer.columns, shown, answer.about)
        words = "the question has no rows" if not answer.rows else "no statement stands behind these rows"
        return models.Answer(
            release=release,
            evidence=any(row.statements for row in rows),
            note=_row_note(rows, release, words),
            total=len(answer.rows),
            cursor=following,
            question=question,
            columns=known[question]["columns"],
            rows=rows,
            query=answer.query,
        )

    @_tool
    def findings(
        self,
        *,
        document: Annotated[str | None, Field(description=f"Only about this. {_NAME}", max_length=500)] = None,
        rule: Annotated[str | None, Field(description="Only of this rule.", max_length=100)] = None,
        severity: Annotated[Literal["violation", "warning", "info"] | None, Field(description="Only these.")] = None,
        state: Annotated[Literal["open", "confirmed", "refuted"] | None, Field(description="Only these.")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> models.FindingsPage:
        """Where the official paper trail contradicts itself: both values, the documents and the passages."""
        release = self.graph.release()
        found = self.graph.findings(document=document or None, rule=rule or None, severity=severity, state=state)
        shown, following = _page(found, limit, cursor)
        entries = [_finding(one, sources) for one, sources in zip(shown, self._witnesses(shown), strict=True)]
        backed = any(one.sources for one in entries)
        return models.FindingsPage(
            release=release,
            evidence=backed,
            note=None if backed else _no_evidence(release, "the audit found nothing of this kind" if not found else ""),
            total=len(found),
            cursor=following,
            findings=entries,
        )

    @_tool
    def sparql(
        self,
        query: Annotated[str, Field(description="A SELECT or an ASK.", min_length=1, max_length=20_000)],
        rows: Annotated[int, Field(description="Rows to give at most; when cut, it is said.", ge=1, le=200)] = 50,
        seconds: Annotated[int, Field(description="The query is stopped after so many.", ge=1, le=30)] = 10,
    ) -> models.Rows:
        """A query of one's own, for what no other tool answers. The default graph is the canonical one; GRAPH sees what
        each source says. SERVICE and updates are refused. When rows were cut, cut is true: they are a part then.
        """
        release = self.graph.release()
        if shape_of(query).kind == "construct":
            raise ToolError("this tool answers SELECT and ASK; write the CONSTRUCT or DESCRIBE as a SELECT")
        reading = self.graph.sparql(query, float(seconds))
        found: list[TermRow] = []
        size, cut_by = 0, None
        try:
            for row in reading.rows:
                size += len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
                cut_by = "rows" if len(found) >= rows else "bytes" if size > ROWS_BYTES else None
                if cut_by:
                    break
                found.append(row)
        finally:
            reading.close()
        told = self._rows(reading.columns, found, ())
        cut = (
            f"CUT: these are the first {len(told)} rows, cut by the limit of {cut_by}; there are more."
            if cut_by
            else ""
        )
        words = "the query has no rows" if not found else "no statement of the graph stands behind these rows"
        note = " ".join(filter(None, (cut, _row_note(told, release, words))))
        return models.Rows(
            release=release,
            evidence=any(row.statements for row in told),
            note=note or None,
            columns=list(reading.columns),
            rows=told,
            cut=cut_by is not None,
            cut_by=cut_by,
        )

    def _rows(self, columns: Sequence[str], rows: Sequence[TermRow], about: Sequence[str]) -> list[models.Row]:
        terms = [[row[name] for name in columns][:_COLUMNS] for row in rows]
        return [
            models.Row(
                values={name: plain(from_json(row[name], name)) for name in columns},
                statements=[_statement(one) for one in statements],
            )
            for row, statements in zip(rows, self._evidence(terms, about), strict=True)
        ]

    def _evidence(self, rows: Sequence[Sequence[Any]], about: Sequence[str] = ()) -> list[list[dict[str, Any]]]:
        found: list[list[dict[str, Any]]] = []
        for at in range(0, len(rows), _EVIDENCE_ROWS):
            found += self.graph.evidence(rows[at : at + _EVIDENCE_ROWS], list(about)[:10])
        return found

    def _witnesses(self, findings: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
        """The passages of each finding; where it has none its documents; else who says that its subject exists."""
        passages = self._evidence([[_uri(one["iri"])] for one in findings])
        subjects = self._evidence([[_uri(iri) for iri in one["about"][:_COLUMNS]] for one in findings])
        return [
            _distinct(statement["sources"] for statement in own)
            or [{"document": iri} for iri in one["documents"]]
            or _distinct(statement["sources"] for statement in theirs)
            for one, own, theirs in zip(findings, passages, subjects, strict=True)
        ]


def _page(items: Sequence[Any], limit: int, cursor: str | None) -> tuple[list[Any], str | None]:
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise ToolError("cursor: give what the page before gave as cursor")
    start = int(cursor or 0)
    if start and start >= len(items):
        raise ToolError(f"cursor: there is no page that begins at {start}; there are {len(items)} entries")
    end = start + limit
    return list(items[start:end]), str(end) if end < len(items) else None


def _fact(group: Mapping[str, Any], value: Mapping[str, Any]) -> models.Fact:
    return models.Fact(
        property=group["property"],
        label=group["label"],
        value=value["value"]["value"],
        value_label=value["label"],
        preferred=value["preferred"],
        **_cut_sources(value["sources"]),
    )


def _edge(edge: Mapping[str, Any]) -> models.Edge:
    return models.Edge(**{**edge, **_cut_sources(edge["sources"])})


def _finding(one: Mapping[str, Any], sources: list[dict[str, Any]]) -> models.Finding:
    return models.Finding(**_only({**one, **_cut_sources(sources)}, models.Finding))


def _statement(one: Mapping[str, Any]) -> models.Statement:
    return models.Statement(**{**one, **_cut_sources(one["sources"])})


def _cut_sources(sources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Passages before documents: who quotes wants the place."""
    ordered = sorted(sources, key=lambda source: source.get("start") is None)
    return {"sources": [models.Source(**source) for source in ordered[:_SOURCES]], "sources_total": len(sources)}


def _distinct(lists: Iterable[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    return list({json.dumps(source, sort_keys=True): source for sources in lists for source in sources}.values())


def _ends(nodes: Iterable[Mapping[str, Any]], edges: Iterable[models.Edge]) -> list[models.Thing]:
    wanted = {iri for edge in edges for iri in (edge.from_, edge.to)}
    return [models.Thing(**node) for node in nodes if node["iri"] in wanted]


def _only(document: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name in model.model_fields}


def _uri(iri: str) -> dict[str, str]:
    return {"type": "uri", "value": iri}


def _no_evidence(release: str, words: str) -> str:
    return f"No evidence in release {release}{': ' + words if words else ''}."


def _cut_note(cut: bool) -> str | None:
    return "CUT: the graph holds more than was followed; ask for a smaller depth or fewer kinds." if cut else None


def _row_note(rows: Sequence[models.Row], release: str, words: str) -> str | None:
    bare = sum(not row.statements for row in rows)
    if bare == len(rows):
        return _no_evidence(release, words)
    return f"No evidence in release {release} for {bare} of these {len(rows)} rows." if bare else None


def _unknown(question: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(question, list(known), n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "the tool questions lists them"
    return f"there is no question {question[:100]!r}; {hint}"
