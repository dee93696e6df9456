"""Questions asked of a record that leaves out what a record may leave out: each thing gives exactly its own row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queries.catalogue import Catalogue

RECORD = Path(__file__).parent / "record.trig"

NOTE = "doc/note-verbale/2007-01-15/ctl-msp-2"
OP3 = "doc/a/res/61/901~op3"

#: question -> parameters, columns, cells of every row
CASES: list[tuple[str, dict[str, Any], str, list[tuple[str, ...]]]] = [
    (
        "mandate-of-meeting",
        {"meeting": "ctl-msp-2"},
        "step authority date source",
        [
            ("1", OP3, "2006-12-04", "doc/a/res/61/901"),
            ("3", "treaty/ctl~art8", "", "doc/a/res/61/901"),
            ("4", NOTE, "2007-01-15", NOTE),
        ],
    ),
    ("mandate-of-meeting", {"meeting": "ctl-msp-1"}, "step", []),
    (
        "provisions-invoked",
        {"paragraph": "a/res/61/901~op3"},
        "task provision governs concerns concernsLabel topic",
        [("code/task/convene", "treaty/ctl~art8", "msp", "meeting/ctl-msp-2", "", "")],
    ),
    (
        "meetings-under-provision",
        {"provision": "ctl~art8"},
        "start meeting authority",
        [("2007-05-07", "meeting/ctl-msp-2", OP3)],
    ),
    (
        "invitees-of-meetings",
        {"capacity": "capacity/observer"},
        "meeting invitee statedProvision document",
        [("meeting/ctl-msp-2", "code/invitee/ngos", "", "")],
    ),
    ("invitees-of-meetings", {"capacity": "capacity/participant"}, "meeting", []),
    ("connection", {"start": "meeting/ctl-msp-2", "goal": NOTE}, "hops relation1 via1", [("1", "def#convokedBy", "")]),
    (
        "connection",
        {"start": "place/brackwater", "goal": "person/ivo-tarn"},
        "hops relation1 via1 relation2",
        [("2", "def#place", "meeting/ctl-msp-1", "def#president")],
    ),
    ("connection", {"start": "person/ivo-tarn", "goal": "doc/a/res/59/2"}, "hops", []),
    ("resolutions-recalled", {"document": "a/res/61/901"}, "symbol part", [("A/RES/60/17 C", "doc/a/res/61/901~pp1")]),
    (
        "resolutions-recalling",
        {"document": "a/res/59/2"},
        "symbol directly",
        [("A/RES/60/17 C", "true"), ("A/RES/61/901", "false")],
    ),
    ("lettered-symbols", {"document": "a/res/61/901"}, "session number letter", [("60", "17", "C")]),
    (
        "meetings-in-time-order",
        {"treaty": "ctl"},
        "year start kind ordinal place days",
        [
            ("2006", "2006-05-08", "msp", "1", "Brackwater", "held"),
            ("2007", "2007-05-07", "msp", "2", "", "planned"),
            ("2010", "", "rc", "1", "", "not known"),
            ("", "", "msp", "3", "", "not known"),
        ],
    ),
    ("meetings-in-place", {"series": "ctl-msp", "place": "brackwater"}, "ordinal meetingLabel", [("1", "")]),
    (
        "years-with-one-kind-only",
        {"treaty": "ctl", "kind": "meeting-type/rc", "absent": "meeting-type/msp"},
        "year place",
        [("2010", "")],
    ),
    (
        "meetings-before-and-after",
        {"meeting": "ctl-msp-2"},
        "step neighbour",
        [("1", "meeting/ctl-msp-1"), ("2", "meeting/ctl-msp-3"), ("3", "meeting/ctl-msp-1")],
    ),
    (
        "president-of-meeting",
        {"meeting": "ctl-msp-1"},
        "person personLabel source",
        [("person/ivo-tarn", "", "doc/table/ctl"), ("person/mara-quill", "", "doc/table/ctl")],
    ),
    (
        "outcomes-of-meeting",
        {"meeting": "ctl-rc-1"},
        "kind document documentLabel",
        [("", "doc/ctl-rc-1/declaration", "")],
    ),
    (
        "deadlines-of-meetings",
        {},
        "due weekday purpose meeting recipient recipientLabel address document",
        [("2007-04-20", "", "registration", "meeting/ctl-msp-2", "", "", "", "")],
    ),
    (
        "reporting-deadlines",
        {"treaty": "ctl"},
        "due basis basisLabel recipient recipientLabel document",
        [("2007-06-30", "", "", "", "", NOTE)],
    ),
    (
        "cost-rules",
        {},
        "provision bearer scale scaleLabel",
        [("treaty/ctl~art9", "code/bearer/states-parties", "", "")],
    ),
    (
        "paragraphs-urging",
        {"force": "force/urges", "task": "task/report"},
        "paragraph openingWords provision",
        [("doc/a/res/61/901~op2", "Urges once more", "treaty/ctl~art6")],
    ),
    ("entry-into-force", {}, "treaty date part", [("treaty/ctl", "2005-03-01", "")]),
    (
        "participation-counts",
        {"treaty": "ctl"},
        "asOf of count document documentLabel",
        [("", "states-parties", "41", "", "")],
    ),
    ("treaty-registration", {}, "treaty", []),
    ("record-of-resolution", {"resolution": "a/res/60/17c"}, "symbol report committee", [("A/RES/60/17 C", "", "")]),
    (
        "operative-paragraphs",
        {"resolution": "a/res/61/901"},
        "number openingWords force",
        [("2", "Urges once more", "urges"), ("3", "Whistles", "")],
    ),
    ("preambular-paragraphs", {"resolution": "a/res/61/901"}, "number openingWords", [("1", "Recalling")]),
    ("broken-order", {}, "rule", []),
]


@pytest.fixture(scope="module")
def record(record_of: Any) -> Any:
    return record_of(RECORD.read_text(encoding="utf-8")).derive()


@pytest.mark.parametrize(
    ("name", "parameters", "columns", "rows"),
    [pytest.param(*case, id=f"{n}: {case[0]}") for n, case in enumerate(CASES)],
)
def test_answer(
    name: str, parameters: dict[str, Any], columns: str, rows: list[tuple[str, ...]], record: Any, catalogue: Catalogue
) -> None:
    found = record.rows(catalogue[name].bind(parameters))
    assert [tuple(row[column] for column in columns.split()) for row in found] == rows


def test_a_finding_comes_with_each_document_and_paragraph(record_of: Any, catalogue: Catalogue) -> None:
    found = record_of(
        """GRAPH <../graph/findings> {
          <../finding/x/1> a tg:Finding ; tg:rule "stated-weekday-wrong" ; tg:about <deadline/d> ; tg:message "Wrong." ;
            tg:value1 "Friday" ; tg:value2 "Sunday" ; tg:document <doc/d> , <doc/e> ; tg:passage <doc/d#char=1,2> ;
            tg:severity severity:violation ; tg:findingState finding-state:open .
          <doc/d#char=1,2> oa:hasSource <doc/d> ; tg:inPart <doc/d~p4> .
          <../finding/y/1> a tg:Finding ; tg:rule "another-rule" ; tg:about <deadline/d> ; tg:message "Not asked for." .
        }"""
    ).rows(catalogue["wrong-weekdays"].text)
    assert [(row["document"], row["part"], row["state"], row["severity"]) for row in found] == [
        ("doc/d", "doc/d~p4", "open", "violation"),
        ("doc/e", "", "open", "violation"),
    ]
