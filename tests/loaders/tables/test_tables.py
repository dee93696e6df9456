"""Tables read as statements with their places, and tables that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import RDF, SKOS, XSD, Literal

from loaders.diagnose import Malformed
from loaders.positions import Position
from loaders.tables import canonical_csv, check_references, read_table
from ontology.namespaces import CODE, ID, TG

from .conftest import MEETINGS

Write = Callable[..., Path]


def places_of(path: Path) -> dict[tuple[str, str, str], Position]:
    return {(str(p.quad[0]), str(p.quad[1]), str(p.quad[2])): p.position for p in read_table(path).quads}


def test_cells_become_statements(tables: Write) -> None:
    result = read_table(tables())
    assert result.problems == []
    assert result.rows == 2
    triples = {positioned.quad[:3] for positioned in result.quads}
    first, second = ID["meeting/ctl-msp-1"], ID["meeting/ctl-msp-2"]
    assert triples == {
        (first, RDF.type, TG.MeetingOfStatesParties),
        (first, TG.meetingType, CODE["meeting-type/msp"]),
        (first, TG.startDate, Literal("2031-05-05", datatype=XSD.date)),
        (first, SKOS.related, ID["place/port-amity"]),
        (first, TG.ofTreaty, ID["treaty/ctl"]),
        (second, RDF.type, TG.MeetingOfStatesParties),
        (second, TG.meetingType, CODE["meeting-type/msp"]),
        (second, TG.startDate, Literal("2032-05-03", datatype=XSD.date)),
        (second, SKOS.related, ID["place/low-harbour"]),
        (second, SKOS.related, ID["place/port-amity"]),
        (second, TG.ofTreaty, ID["treaty/ctl"]),
    }


def test_language_tags_come_from_the_mapping(tables: Write) -> None:
    result = read_table(tables().with_name("places.csv"))
    assert (ID["place/port-amity"], SKOS.prefLabel, Literal("Port Amity", lang="en")) in {
        positioned.quad[:3] for positioned in result.quads
    }


def test_each_statement_knows_line_column_and_cell(tables: Write) -> None:
    places = places_of(tables())
    start = places[(str(ID["meeting/ctl-msp-2"]), str(TG.startDate), "2032-05-03")]
    line = MEETINGS.splitlines()[start.line - 1]
    assert (start.line, start.cell) == (3, "start")
    assert line[start.column - 1 :].startswith("2032-05-03")
    virtual = places[(str(ID["meeting/ctl-msp-2"]), str(TG.ofTreaty), str(ID["treaty/ctl"]))]
    assert (virtual.line, virtual.column, virtual.cell) == (3, 1, "meeting")


def test_a_cell_may_have_a_source_of_its_own(tables: Write) -> None:
    result = read_table(tables())
    graphs = {positioned.quad[1]: positioned.quad[3] for positioned in result.quads if "msp-2" in positioned.quad[0]}
    assert graphs[TG.startDate] != graphs[SKOS.related]
    named = {citation.graph: citation for citation in result.citations}
    assert named[graphs[TG.startDate]].confidence == "sourced-secondary"
    assert named[graphs[SKOS.related]].documents == (ID["doc/a/res/99/7"],)
    assert len(result.citations) == 3


def test_rows_of_one_citation_share_a_graph(tables: Write) -> None:
    path = tables()
    graphs = {p.quad[3] for p in read_table(path).quads if "msp-1" in p.quad[0]}
    graphs |= {p.quad[3] for p in read_table(path.with_name("places.csv")).quads if "port-amity" in p.quad[0]}
    assert len(graphs) == 1


def test_a_template_that_needs_an_empty_cell_says_nothing(tables: Write) -> None:
    result = read_table(tables(MEETINGS.replace("2031-05-05", "").replace(",port-amity,", ",,")))
    assert result.problems == []
    assert not any(
        positioned.quad[1] in (TG.startDate, SKOS.related)
        for positioned in result.quads
        if "msp-1" in positioned.quad[0]
    )


@pytest.mark.parametrize(
    ("old", "new", "rule", "line", "cell", "word"),
    [
        ("2031-05-05", "5 May 2031", "bad-value", 2, "start", "Write 2031-05-05"),
        ("2031-05-05", "2031-13-45", "bad-value", 2, "start", "Months go from 01 to 12"),
        ("2031-05-05", "2031-02-30", "bad-value", 2, "start", "February 2031 has 28 days"),
        (",msp,2031", ",MSP!,2031", "bad-value", 2, "kind", "must match"),
        ("ctl-msp-1,MeetingOfStatesParties", "ctl-msp-1,", "missing-value", 2, "class", "Fill it in"),
        ("1,sourced-exactly", "1,sourced-exaclty", "unknown-code", 2, "confidence", "sourced-exactly"),
        ("1,sourced-exactly", "1,from-memory-unverified", "unverified", 2, "confidence", "Find a source"),
        (
            "sourced-secondary",
            "from-memory-unverified",
            "unverified",
            3,
            "start_confidence",
            "Find a source",
        ),
        ("https://lanterns.example/1,", ",", "missing-source", 2, "source", "Say where"),
        ("doc:a/res/99/7", "doc:A/RES/99/7", "bad-source", 3, "source", "doc:a/res/77/63"),
        ("ctl-msp-2,", "ctl-msp-1,", "repeated-key", 3, "meeting", "Make one row"),
    ],
)
def test_each_mistake_is_found_at_its_place(
    tables: Write, old: str, new: str, rule: str, line: int, cell: str, word: str
) -> None:
    text = MEETINGS.replace(old, new)
    if rule == "repeated-key":
        text = text.replace("https://lanterns.example/2 ; doc:a/res/99/7 (para. 3)", "https://lanterns.example/1")
    path = tables(text)
    problems = [problem for problem in read_table(path).problems if problem.rule == rule]
    assert len(problems) == 1
    problem = problems[0]
    assert (problem.file, problem.line, problem.cell, problem.severity) == (str(path), line, cell, "violation")
    assert word in problem.message + problem.hint
    row = text.splitlines()[line - 1]
    assert row[problem.column - 1 :].startswith((problem.value, f'"{problem.value}'))


def test_what_nobody_verified_stays_out(tables: Write) -> None:
    row = read_table(tables(MEETINGS.replace("1,sourced-exactly", "1,from-memory-unverified")))
    assert not any("msp-1" in positioned.quad[0] for positioned in row.quads)
    cell = read_table(tables(MEETINGS.replace("sourced-secondary", "from-memory-unverified")))
    said = {positioned.quad[1] for positioned in cell.quads if "msp-2" in positioned.quad[0]}
    assert TG.startDate not in said
    assert SKOS.related in said


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("", 1, 1, "empty"),
        (MEETINGS.replace("start,", "strat,", 1), 1, 20, "Did you mean “start”"),
        (MEETINGS.replace("kind,start,", "start,kind,", 1), 1, 1, "order"),
        (MEETINGS.replace(",places,", ",", 1), 1, 1, "“places” is missing"),
        (MEETINGS.replace("2031-05-05,,,", "2031-05-05,,"), 2, 93, "8 cells; 9 were expected"),
    ],
)
def test_what_is_not_this_table_is_refused(tables: Write, text: str, line: int, column: int, word: str) -> None:
    with pytest.raises(Malformed, match=word) as caught:
        read_table(tables(text))
    assert caught.value.line == line
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{caught.value.file}:{line}:")
    if line == 1 and column > 1:
        assert caught.value.column == MEETINGS.index("start,") + 1


def test_references_to_other_tables_are_checked(tables: Write) -> None:
    assert check_references(tables()) == []
    path = tables(MEETINGS.replace("low-harbour", "low-habour"))
    (found,) = check_references(path)
    assert (found.line, found.cell, found.value, found.rule) == (3, "places", "low-habour", "unknown-reference")
    assert "Did you mean “low-harbour”?" in found.hint


def test_the_one_form_is_sorted_by_number(tables: Write) -> None:
    header, first, second = MEETINGS.splitlines()
    tenth = first.replace("ctl-msp-1", "ctl-msp-10").replace("\n", "")
    path = tables("\r\n".join([header, tenth, second, first]) + "\r\n")
    text = canonical_csv(path)
    assert [line.partition(",")[0] for line in text.splitlines()] == ["meeting", "ctl-msp-1", "ctl-msp-2", "ctl-msp-10"]
    assert "\r" not in text
    path.write_text(text, newline="\n")
    assert canonical_csv(path) == text


def test_published_quads_carry_their_records(tables: Write) -> None:
    result = read_table(tables())
    published = list(result.published())
    assert len(published) == len(result.quads) + len(result.records())
    named = {str(quad.graph_name.value) for quad in published}
    for quad in published:
        if not quad.graph_name.value.endswith("graph/provenance"):
            assert any(other.subject == quad.graph_name for other in published)
    assert any(name.endswith("graph/provenance") for name in named)
