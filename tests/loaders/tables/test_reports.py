"""Reports of a validation: the same results for people, programs, SHACL tools and code review."""

from __future__ import annotations

import json

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SH

from loaders.diagnose import Diagnosis
from loaders.reports import REPORTS, report_json, report_sarif, report_table, report_turtle, summary

MEETING = "https://w3id.org/treatygraph/id/meeting/ctl-msp-1"
START = "https://w3id.org/treatygraph/def#startDate"
FOUND = [
    Diagnosis(
        "data/a b.csv",
        3,
        7,
        "violation",
        "bad-value",
        "Not a date.",
        "Write 2031-05-05.",
        MEETING,
        START,
        "5 May",
        "start",
    ),
    Diagnosis("data/c.trig", 1, 2, "warning", "treaty-title", "No title “é”.", "Add it.", "https://x.example/t"),
    Diagnosis("data/d.ttl", 9, 1, "violation", "malformed", "Not well-formed.", ""),
]


def test_there_is_a_report_for_each_format_of_the_command() -> None:
    assert set(REPORTS) == {"table", "json", "turtle", "sarif", "html"}
    for report in REPORTS.values():
        assert report(FOUND) == report(FOUND)
        assert report([]).endswith("\n")


def test_the_table_groups_by_rule_and_names_places() -> None:
    text = report_table(FOUND)
    assert "data/a b.csv:3:7, column “start”: violation: Not a date.\n      Write 2031-05-05.\n" in text
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == [
        "bad-value (1)",
        "malformed (1)",
        "treaty-title (1)",
        "2 violations, 1 warning in 3 files.",
    ]
    assert summary([]) == "No violations, no warnings."


def test_json_has_null_for_what_is_absent() -> None:
    document = json.loads(report_json(FOUND))
    assert document["summary"] == {"violation": 2, "warning": 1, "info": 0}
    first, second, _ = document["results"]
    assert first == {
        "file": "data/a b.csv",
        "line": 3,
        "column": 7,
        "severity": "violation",
        "rule": "bad-value",
        "message": "Not a date.",
        "hint": "Write 2031-05-05.",
        "subject": MEETING,
        "path": START,
        "value": "5 May",
        "cell": "start",
    }
    assert second["path"] is None
    assert second["cell"] is None


def test_turtle_is_a_shacl_validation_report() -> None:
    graph = Graph().parse(data=report_turtle(FOUND), format="turtle")
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.value(report, SH.conforms) == Literal(False)
    results = list(graph.objects(report, SH.result))
    assert len(results) == 3
    (dated,) = [result for result in results if graph.value(result, SH.resultPath) == URIRef(START)]
    assert graph.value(dated, SH.focusNode) == URIRef(MEETING)
    assert graph.value(dated, SH.resultSeverity) == SH.Violation
    assert "data/a b.csv:3:7" in str(graph.value(dated, SH.resultMessage))
    empty = Graph().parse(data=report_turtle([]), format="turtle")
    assert empty.value(None, SH.conforms, Literal(True)) is not None


def test_sarif_says_rule_level_and_region() -> None:
    document = json.loads(report_sarif(FOUND))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["bad-value", "malformed", "treaty-title"]
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("bad-value", "error"),
        ("treaty-title", "warning"),
        ("malformed", "error"),
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "data/a%20b.csv"
    assert place["region"] == {"startLine": 3, "startColumn": 7}
    assert run["results"][0]["message"]["text"] == "Column “start”: Not a date. Write 2031-05-05."
