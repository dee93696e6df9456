"""The tools. Each asks the graph, puts the sources beside what it says, and says so when there are none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from api.mcp import models
from api.mcp.answering import tool
from api.mcp.entries import cut_sources, distinct, edge_of, ends, fact, finding, only, page_of, statement, uri
from api.mcp.graph import Graph, TermRow
from api.mcp.notes import cut_note, no_evidence, row_note, unknown
from api.terms import from_json, plain
from queries.scanner import inspect as shape_of

__all__ = ["ROWS_BYTES", "Tools"]

#: JSON of the rows of one answer of `sparql`, in bytes.
ROWS_BYTES: Final = 200_000
_EVIDENCE_ROWS: Final = 200
_COLUMNS: Final = 40
_SPELLINGS: Final = "http://www.w3.org/2004/02/skos/core#hiddenLabel"
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


class Tools:
    """The tools over one graph; each method is one, its docstring is what a host tells the model."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @tool
    def resolve(self, name: Name, limit: Limit = 40, cursor: Cursor = None) -> models.Sheet:
        """The one thing that a name, symbol or key means, and everything the graph says about it: each value with the
        documents that state it, by paragraph and characters. Values that the graph does not prefer are marked.
        """
        release = self.graph.release()
        sheet = self.graph.facts(name)
        # Spellings that the build made for searching are no statement of any document.
        groups = [group for group in sheet["facts"] if group["property"] != _SPELLINGS]
        facts = [fact(group, value) for group in groups for value in group["values"]]
        shown, following = page_of(facts, limit, cursor)
        backed = any(fact.sources for fact in shown)
        note = None if backed else no_evidence(release, f"no source is recorded for {sheet['thing']['iri']}")
        return models.Sheet(
            release=release,
            evidence=backed,
            note=note,
            total=len(facts),
            cursor=following,
            thing=models.Thing(**sheet["thing"]),
            facts=shown,
        )

    @tool
    def search(
        self,
        q: Annotated[str, Field(description="The beginning of a name, or any spelling.", min_length=1, max_length=200)],
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> models.Hits:
        """Things by the beginning of a name or any spelling of a symbol, best first; slips of the pen are forgiven."""
        release = self.graph.release()
        found = self.graph.search(q)
        shown, following = page_of(found, limit, cursor)
        hits = [
            models.Found(**hit, **cut_sources(distinct(one["sources"] for one in statements)))
            for hit, statements in zip(shown, self._evidence([[uri(hit["iri"])] for hit in shown]), strict=True)
        ]
        backed = any(hit.sources for hit in hits)
        note = None if backed else no_evidence(release, "nothing has such a name" if not found else "")
        return models.Hits(
            release=release, evidence=backed, note=note, total=len(found), cursor=following, results=hits
        )

    @tool
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
        edges = [edge_of(edge) for edge in answer["edges"]]
        shown, following = page_of(edges, limit, cursor)
        backed = any(edge.sources for edge in shown)
        cut = bool(answer.get("truncated"))
        words = f"no lineage {direction} from {answer['thing']} is stated" + (f" of the kinds {kinds}" if kinds else "")
        return models.LineagePage(
            release=release,
            evidence=backed,
            note=cut_note(cut) if backed else no_evidence(release, words),
            total=len(edges),
            cursor=following,
            thing=answer["thing"],
            nodes=ends(answer["nodes"], shown),
            edges=shown,
            truncated=cut,
        )

    @tool
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
        edges = [edge_of(edge) for edge in answer["edges"]]
        chains = [chain for chain in answer["chains"] if len(chain) > 1]
        backed = any(edge.sources for edge in edges)
        cut = bool(answer.get("truncated"))
        words = f"no chain of at most {hops} hops joins {answer['thing']} and {answer['to']}"
        if answer["thing"] == answer["to"]:
            words = f"both names mean {answer['thing']}, and no chain leads from a thing to itself"
        return models.Chains(
            release=release,
            evidence=backed,
            note=cut_note(cut) if backed else no_evidence(release, words),
            start=answer["thing"],
            end=answer["to"],
            chains=chains,
            nodes=[models.Thing(**node) for node in answer["nodes"]],
            edges=edges,
            truncated=cut,
        )

    @tool
    def questions(
        self, about: Annotated[str, Field(description="A word to look for; none: all questions.", max_length=100)] = ""
    ) -> models.Questions:
        """The questions of the catalogue, with their parameters and columns: what can be given to ask."""
        word = about.casefold().strip()
        every = [models.Question(**only(one, models.Question)) for one in self.graph.questions()]
        fitting = [one for one in every if word in " ".join((one.question, one.title, one.description)).casefold()]
        note = None if fitting else f"None of the {len(every)} questions speaks of {about.strip()!r}."
        return models.Questions(release=self.graph.release(), note=note, questions=fitting, total=len(every))

    @tool
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
            raise ToolError(unknown(question, known))
        answer = self.graph.ask(question, {name: str(value) for name, value in parameters.items()})
        shown, following = page_of(answer.rows, limit, cursor)
        rows = self._rows(answer.columns, shown, answer.about)
        words = "the question has no rows" if not answer.rows else "no statement stands behind these rows"
        return models.Answer(
            release=release,
            evidence=any(row.statements for row in rows),
            note=row_note(rows, release, words),
            total=len(answer.rows),
            cursor=following,
            question=question,
            columns=known[question]["columns"],
            rows=rows,
            query=answer.query,
        )

    @tool
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
        shown, following = page_of(found, limit, cursor)
        entries = [finding(one, sources) for one, sources in zip(shown, self._witnesses(shown), strict=True)]
        backed = any(one.sources for one in entries)
        return models.FindingsPage(
            release=release,
            evidence=backed,
            note=None if backed else no_evidence(release, "the audit found nothing of this kind" if not found else ""),
            total=len(found),
            cursor=following,
            findings=entries,
        )

    @tool
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
        note = " ".join(filter(None, (cut, row_note(told, release, words))))
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
                statements=[statement(one) for one in statements],
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
        passages = self._evidence([[uri(one["iri"])] for one in findings])
        subjects = self._evidence([[uri(iri) for iri in one["about"][:_COLUMNS]] for one in findings])
        return [
            distinct(statement["sources"] for statement in own)
            or [{"document": iri} for iri in one["documents"]]
            or distinct(statement["sources"] for statement in theirs)
            for one, own, theirs in zip(findings, passages, subjects, strict=True)
        ]
