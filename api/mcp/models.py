"""What the tools give: the structured output, whose schemas the tools publish."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Answer",
    "Chains",
    "Edge",
    "Fact",
    "Finding",
    "FindingsPage",
    "Found",
    "Hits",
    "LineagePage",
    "Question",
    "Questions",
    "Quoted",
    "Row",
    "Rows",
    "Sheet",
    "Source",
    "Statement",
    "Thing",
]


class _Model(BaseModel):
    model_config = ConfigDict(populate_by_name=True, frozen=True)


class Source(_Model):
    """Who says so, and where."""

    document: str = Field(description="IRI of the document, or of the bibliographic record of the source.")
    in_: str | None = Field(None, alias="in", description="The paragraph: op10, pp3, p5; null where none is known.")
    start: int | None = Field(None, description="First character of the passage in the normalised text.")
    end: int | None = Field(None, description="The character after the last.")
    confidence: str | None = Field(None, description="sourced-exactly, extracted, curated or sourced-secondary.")


class Thing(_Model):
    """A thing by its IRI."""

    iri: str
    key: str = Field(description="Short name that every tool accepts.")
    type: str
    label: str


class _Sourced(_Model):
    sources: list[Source] = Field(description="The first sources; sources_total says how many there are.")
    sources_total: int


class Statement(_Sourced):
    """A statement of the graph."""

    subject: str
    predicate: str
    object: str = Field(description="An IRI, or a literal as N-Triples writes it.")


class Quoted(_Model):
    """What every answer has."""

    release: str = Field(description="The release of the graph that answered: cite it.")
    evidence: bool = Field(description="Whether at least one source backs this answer.")
    note: str | None = Field(None, description="What must be said with the answer: no evidence, or rows that were cut.")


class _Paged(Quoted):
    total: int = Field(description="How many there are in all.")
    cursor: str | None = Field(None, description="Give it back as cursor for the next page; null at the end.")


class Fact(_Sourced):
    """A value of a property of the thing."""

    property: str
    label: str = Field(description="The property in words.")
    value: str = Field(description="An IRI or a text.")
    value_label: str
    preferred: bool = Field(description="False: a source says so, but the graph prefers another value.")


class Sheet(_Paged):
    """A thing with its facts; total counts the facts."""

    thing: Thing
    facts: list[Fact]


class Found(Thing):
    """A thing that was found, with who says that it exists."""

    sources: list[Source]
    sources_total: int


class Hits(_Paged):
    """What a search found, best first."""

    results: list[Found]


class Edge(_Sourced):
    """A link between two things."""

    from_: str = Field(alias="from")
    to: str
    relation: str
    kind: str
    sentence: str


class LineagePage(_Paged):
    """The links of a lineage; total counts them."""

    thing: str = Field(description="IRI of what was asked about.")
    nodes: list[Thing] = Field(description="The things at the ends of these links.")
    edges: list[Edge]
    truncated: bool = Field(description="True: the graph holds more than was followed.")


class Chains(Quoted):
    """The shortest chains between two things."""

    start: str
    end: str
    chains: list[list[str]] = Field(description="Each a list of IRIs; several are equally short.")
    nodes: list[Thing]
    edges: list[Edge]
    truncated: bool


class Question(_Model):
    """A question of the catalogue."""

    question: str = Field(description="The name to give to ask.")
    title: str
    description: str
    parameters: dict[str, Any] = Field(description="By name: type, class, description, example, optional.")
    columns: dict[str, str] = Field(description="What each column of the answer holds.")


class Questions(_Model):
    """The catalogue, or the part of it that was looked for."""

    release: str
    note: str | None = Field(description="What has to be said with it: that nothing fits.")
    questions: list[Question]
    total: int


class Row(_Model):
    """A row with the statements behind it; none: the graph states nothing about it."""

    values: dict[str, Any]
    statements: list[Statement]


class Answer(_Paged):
    """The rows of a question; total counts all its rows."""

    question: str
    columns: dict[str, str]
    rows: list[Row]
    query: str = Field(description="The SPARQL that ran.")


class Finding(_Model):
    """A contradiction in the sources."""

    iri: str
    rule: str
    severity: str
    state: str
    about: list[str]
    values: list[str] = Field(description="The values that contradict each other.")
    message: str
    sources: list[Source]
    sources_total: int


class FindingsPage(_Paged):
    """Findings of the audit."""

    findings: list[Finding]


class Rows(Quoted):
    """Rows of a query."""

    columns: list[str]
    rows: list[Row]
    cut: bool = Field(description="True: there are more rows; these are a part, not the answer.")
    cut_by: str | None = Field(None, description="rows or bytes: which limit cut them.")
