"""Validation: each kind of curator's mistake is found in its file, at its line and column, by the rule meant for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.diagnose import Diagnosis, Malformed, TooLarge, UnknownKind
from loaders.validate import compact, exit_status, validate_bytes, validate_paths

from .conftest import MEETINGS

Write = Callable[..., Path]

HEAD = """\
BASE <https://w3id.org/treatygraph/id/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
PREFIX meeting-type: <https://w3id.org/treatygraph/code/meeting-type/>
PREFIX document-type: <https://w3id.org/treatygraph/code/document-type/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
GRAPH <../graph/provenance> { <../graph/lanterns> dcterms:source <https://lanterns.example/> . }
"""
GOOD = (
    HEAD
    + """\
GRAPH <../graph/lanterns> {
  <meeting/ctl-msp-1> a tg:MeetingOfStatesParties ;
    tg:meetingType meeting-type:msp ; tg:ofTreaty <treaty/ctl> ;
    tg:inSeries <series/ctl-msp> ; tg:ordinal 1 ;
    tg:startDate "2031-05-05"^^xsd:date ;
    tg:endDate "2031-05-09"^^xsd:date .
  <doc/a/res/99/7> a tg:Resolution ; tg:documentType document-type:resolution ;
    dcterms:identifier "A/RES/99/7" ; tg:adoptionDate "2030-12-02"^^xsd:date .
}
"""
)


def found_in(tmp_path: Path, text: str, name: str = "curated.trig") -> list[Diagnosis]:
    (tmp_path / name).write_text(text)
    return validate_paths([tmp_path / name])


def test_good_data_give_nothing(tmp_path: Path) -> None:
    assert found_in(tmp_path, GOOD) == []
    assert exit_status([]) == 0


@pytest.mark.parametrize(
    ("old", "new", "rule", "at", "word"),
    [
        ('"2031-05-05"^^xsd:date', '"2031-13-45"^^xsd:date', "bad-value", '"2031-13-45"', "Months go from 01 to 12"),
        ('"2031-05-05"^^xsd:date', '"5 May 2031"^^xsd:date', "bad-value", '"5 May 2031"', "Write 2031-05-05"),
        ("tg:ordinal 1", 'tg:ordinal "one"^^xsd:integer', "bad-value", '"one"', "Write digits only"),
        ('"2031-05-05"^^xsd:date', '"2031-05-05"', "start-date", '"2031-05-05"', "xsd:date"),
        ("tg:ordinal 1", "tg:ordinal 0", "ordinal", "0 ;", "1 or more"),
        (
            "tg:MeetingOfStatesParties",
            "tg:MeetingOfStateParties",
            "unknown-term",
            "tg:MeetingOfStateP",
            "Did you mean tg:MeetingOfStatesParties?",
        ),
        ("tg:startDate", "tg:startdate", "unknown-term", "tg:startdate", "Did you mean tg:startDate?"),
        ("tg:ofTreaty", "tg:oftreatie", "unknown-term", "tg:oftreatie", "Did you mean tg:ofTreaty?"),
        ("meeting-type:msp", "meeting-type:mps", "unknown-term", "meeting-type:mps", "Did you mean meeting-type:msp?"),
        ("tg:ordinal 1", "tg:xyzzy 1", "unknown-term", "tg:xyzzy", "Use a declared one"),
        ('"A/RES/99/7"', '"A/RES/99/8"', "misnamed-document", '"A/RES/99/8"', "<doc/a/res/99/8>"),
        ('"A/RES/99/7"', '"A-RES-99-7"', "resolution-symbol", '"A-RES-99-7"', "A/RES/"),
        ("<treaty/ctl>", "<treaty/ctl~art1>", "of-treaty", "<treaty/ctl~art1>", ""),
        (
            "<series/ctl-msp> ; tg:ordinal 1",
            "<series/ctl-msp>",
            "meeting-of-states-parties-ordinal",
            "tg:MeetingOfStatesParties",
            "tg:ordinal",
        ),
        ('"2031-05-09"', '"2031-05-01"', "meeting-dates-order", '"2031-05-05"', "ends before it starts"),
        (
            '"2031-05-05"^^xsd:date',
            '"2031-05-05"^^xsd:date, "2031-05-04"^^xsd:date',
            "start-date",
            '"2031-05-0',
            "graph each",
        ),
        ("GRAPH <../graph/lanterns> {", "GRAPH <../graph/tides> {", "missing-source", "a tg:Meeting", "dcterms:source"),
    ],
)
def test_each_mistake_has_its_rule_and_its_place(
    tmp_path: Path, old: str, new: str, rule: str, at: str, word: str
) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    found = found_in(tmp_path, text)
    assert [result.rule for result in found] == [rule]
    result = found[0]
    line = text.splitlines()[result.line - 1]
    assert line[result.column - 1 :].startswith(at)
    assert word in f"{result.message} {result.hint}"
    assert result.file == str(tmp_path / "curated.trig")
    assert exit_status(found) == (1 if result.severity == "violation" else 0)


def test_statements_outside_of_graphs_are_found(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, GOOD + "<meeting/ctl-msp-1> tg:venue <x> .\n".replace("<x>", '"Hall"'))
    assert (found.rule, found.line) == ("outside-graphs", len(GOOD.splitlines()) + 1)


def test_a_turtle_file_is_its_own_graph(tmp_path: Path) -> None:
    body = '<meeting/ctl-msp-1> <https://w3id.org/treatygraph/def#venue> "Hall" .\n'
    (found,) = found_in(tmp_path, body, "hall-notes.ttl")
    assert found.rule == "missing-source"
    assert "<../graph/hall-notes> dcterms:source" in found.hint
    head = "<../graph/hall-notes> <http://purl.org/dc/terms/source> <https://lanterns.example/> .\n"
    assert found_in(tmp_path, "BASE <https://w3id.org/treatygraph/id/>\n" + head + body, "hall-notes.ttl") == []


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<a> <b> .\n")
    (tmp_path / "b.trig").write_text(GOOD.replace("tg:startDate", "tg:strat"))
    found = validate_paths([tmp_path])
    assert [(Path(result.file).name, result.rule) for result in found] == [
        ("a.ttl", "malformed"),
        ("b.trig", "unknown-term"),
    ]
    assert (found[0].line, found[0].column) == (1, 9)
    assert exit_status(found) == 2


def test_two_sources_may_differ(tmp_path: Path) -> None:
    other = HEAD.replace("lanterns>", "tides>") + (
        'GRAPH <../graph/tides> { <meeting/ctl-msp-1> tg:startDate "2031-05-04"^^xsd:date . }\n'
    )
    (tmp_path / "one.trig").write_text(GOOD)
    (tmp_path / "two.trig").write_text(other)
    assert validate_paths([tmp_path]) == []


def test_a_bad_value_is_reported_once_and_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = found_in(tmp_path, GOOD.replace("2031-05-05", "2031-05-35"))
    assert [result.rule for result in found] == ["bad-value"]
    assert caplog.records == []


def test_missing_files_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        validate_paths([tmp_path / "nowhere.ttl"])


def test_a_file_named_twice_is_checked_once(tmp_path: Path) -> None:
    (tmp_path / "b.trig").write_text(GOOD.replace("tg:startDate", "tg:strat"))
    assert len(validate_paths([tmp_path, tmp_path / "b.trig"])) == 1


@pytest.mark.parametrize(
    ("old", "new", "rule", "line", "cell", "word"),
    [
        ("2031-05-05", "5 May 2031", "bad-value", 2, "start", "Write 2031-05-05"),
        (
            "MeetingOfStatesParties,msp,2032",
            "MeetingOfStateParties,msp,2032",
            "unknown-term",
            3,
            "class",
            "tg:MeetingOfStatesParties?",
        ),
        (",msp,2031", ",mps,2031", "unknown-term", 2, "kind", "meeting-type:msp?"),
        ("low-harbour", "low-habour", "unknown-reference", 3, "places", "low-harbour"),
        ("ctl-msp-2,", "CTL MSP 2,", "meeting-key", 3, "meeting", ""),
        ("1,sourced-exactly", "1,from-memory-unverified", "unverified", 2, "confidence", "Find a source"),
    ],
)
def test_mistakes_in_tables_have_row_and_column(
    tables: Write, old: str, new: str, rule: str, line: int, cell: str, word: str
) -> None:
    path = tables(MEETINGS.replace(old, new))
    found = [result for result in validate_paths([path]) if result.severity == "violation"]
    assert rule in [result.rule for result in found]
    result = next(result for result in found if result.rule == rule)
    assert (result.file, result.line, result.cell) == (str(path), line, cell)
    assert word in f"{result.message} {result.hint}"
    assert exit_status(found) == 1


def test_an_upload_is_checked_like_a_file(tables: Write, tmp_path: Path) -> None:
    text = GOOD.replace("tg:startDate", "tg:strat")
    (found,) = validate_bytes(text.encode(), "application/trig; charset=utf-8", "upload")
    assert (found.file, found.rule) == ("upload", "unknown-term")
    tables()
    rows = MEETINGS.replace("2031-05-05", "2031-05-35").encode()
    found_row = validate_bytes(rows, "text/csv", "anything.csv", tables=tmp_path)
    assert [(result.rule, result.line, result.cell) for result in found_row if result.severity == "violation"] == [
        ("bad-value", 2, "start")
    ]


@pytest.mark.parametrize(
    ("data", "media_type", "error", "word"),
    [
        (b"<a> <b> <c> ." * 1000, "text/turtle", TooLarge, "At most 1000 bytes"),
        (b"<x/>", "application/rdf+xml", UnknownKind, "is not read"),
        (b"a,b\n1,2\n", "text/csv", Malformed, "No known table"),
        (b'{"@context": "https://evil.example/", "a": 1}', "application/ld+json", Malformed, "nothing is fetched"),
        (b'{"@context": {"@import": "https://evil.example/"}, "a": 1}', "application/ld+json", Malformed, ""),
        (b"[" * 900, "application/ld+json", Malformed, ""),
        (b"<a> <b> " + b"(" * 900, "text/turtle", Malformed, ""),
        ("<a> <b> 'é' .".encode("utf-16"), "text/turtle", Malformed, "not UTF-8"),
    ],
)
def test_hostile_uploads_are_refused(data: bytes, media_type: str, error: type[Malformed], word: str) -> None:
    with pytest.raises(error) as caught:
        validate_bytes(data, media_type, "upload", limit=1000)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_default_limit_refuses_before_reading() -> None:
    with pytest.raises(TooLarge):
        validate_bytes(b" " * 10_000_001, "text/turtle", "upload")


def test_time_grows_with_the_size_and_not_with_its_square() -> None:
    def seconds(count: int) -> float:
        text = "[" + ",".join(f'{{"@id": "urn:x:{n}", "urn:p": "value {n}"}}' for n in range(count)) + "]"
        begun = time.process_time()
        validate_bytes(text.encode(), "application/ld+json", "upload")
        return time.process_time() - begun

    small = seconds(500)
    assert seconds(5000) < 40 * max(small, 0.05)


@pytest.mark.parametrize(
    ("iri", "short"),
    [
        ("https://w3id.org/treatygraph/def#Meeting", "tg:Meeting"),
        ("https://w3id.org/treatygraph/code/force/requests", "force:requests"),
        ("https://w3id.org/treatygraph/code/force", "code:force"),
        ("https://w3id.org/treatygraph/id/doc/a/res/99/7", "<doc/a/res/99/7>"),
        ("https://x.example/", "<https://x.example/>"),
    ],
)
def test_names_are_shown_as_a_curator_writes_them(iri: str, short: str) -> None:
    assert compact(iri) == short
