"""Answers in words, for machines that read text: every line that says something is followed by who says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.links import compact
from api.mcp import models
from ontology.keys import key_of

__all__ = ["written"]


def written(answer: Any) -> str:
    """The text of an answer of a tool; the release and the note come first."""
    head = [f"Release {answer.release}."]
    if note := getattr(answer, "note", None):
        head.append(note)
    return "\n".join([*head, *_lines(answer), *_tail(answer)])


def _lines(answer: Any) -> Iterator[str]:  # noqa: PLR0912 - a table, one block for each kind of answer
    match answer:
        case models.Sheet():
            yield f"{answer.thing.label} ({answer.thing.type}) <{answer.thing.iri}>"
            for fact in answer.facts:
                iri = f" <{fact.value}>" if fact.value.startswith("http") and fact.value_label != fact.value else ""
                other = "" if fact.preferred else " (another value is preferred)"
                yield f"- {fact.label}: {fact.value_label}{iri}{other}"
                yield from _sources(fact.sources, fact.sources_total)
        case models.Hits():
            for hit in answer.results:
                yield f"- {hit.label} ({hit.type}, {hit.key}) <{hit.iri}>"
                yield from _sources(hit.sources, hit.sources_total)
        case models.LineagePage():
            yield f"Lineage of <{answer.thing}>"
            yield from _edges(answer.edges)
        case models.Chains():
            names = {node.iri: node.label for node in answer.nodes}
            for chain in answer.chains:
                yield "Chain: " + " – ".join(f"{names.get(iri, key_of(iri))} <{iri}>" for iri in chain)
            yield from _edges(answer.edges)
        case models.Questions():
            for question in answer.questions:
                given = ", ".join(_parameter(name, one) for name, one in question.parameters.items())
                yield f"- {question.question}: {question.title}" + (f" Parameters: {given}." if given else "")
        case models.Answer() | models.Rows():
            for row in answer.rows:
                yield "- " + "; ".join(f"{name}: {value}" for name, value in row.values.items() if value is not None)
                yield from _statements(row.statements)
        case models.FindingsPage():
            for finding in answer.findings:
                yield f"- {finding.severity}, {finding.rule}, {finding.state}: {finding.message} <{finding.iri}>"
                yield f"  about {', '.join(f'<{iri}>' for iri in finding.about)}; values {' | '.join(finding.values)}"
                yield from _sources(finding.sources, finding.sources_total)


def _tail(answer: Any) -> Iterator[str]:
    if getattr(answer, "cursor", None) is not None:
        yield f"There are {answer.total} in all; the next page has cursor {answer.cursor}."


def _edges(edges: Iterable[models.Edge]) -> Iterator[str]:
    for edge in edges:
        yield f"- {edge.sentence} <{edge.from_}> {edge.relation} <{edge.to}>"
        yield from _sources(edge.sources, edge.sources_total)


def _statements(statements: Iterable[models.Statement]) -> Iterator[str]:
    none = True
    for one in statements:
        none = False
        said = f"<{one.object}>" if one.object.startswith("http") else one.object
        yield f"  states: <{one.subject}> {compact(one.predicate)} {said}"
        yield from _sources(one.sources, one.sources_total)
    if none:
        yield "  no evidence for this row"


def _sources(sources: Iterable[models.Source], total: int) -> Iterator[str]:
    shown = 0
    for source in sources:
        shown += 1
        said = key_of(source.document) + (f" {source.in_}" if source.in_ else "")
        if source.start is not None:
            said += f", characters {source.start} to {source.end}"
        yield f"  source: {said} ({source.confidence or 'confidence unknown'}) <{source.document}>"
    if not total:
        yield "  no evidence"
    elif total > shown:
        yield f"  and {total - shown} more sources"


def _parameter(name: str, said: Mapping[str, Any]) -> str:
    return f"{name} ({said['type']}{', optional' if said.get('optional') else ''}, such as {said['example']})"
