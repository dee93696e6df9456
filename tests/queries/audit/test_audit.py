"""Each audit check on an invented record that violates it (exact rows) and on records that do not (no rows).

The convention is invented: CTL, on tidal lanterns. `graph/note` and the like are source graphs; what they state stands
in the default graph too, as after reconciliation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

#: Checks of the wider record; their examples stand in test_record_audit.py.
RECORD = {
    "account-of-another-meeting",
    "action-dates-order",
    "adopted-by-two-meetings",
    "effective-date-against-rule",
    "held-unlike-planned",
    "mandate-from-other-subject",
    "one-report-two-items",
    "plenary-number-against-record",
    "recall-unlike-series",
    "sponsor-not-in-favour",
    "state-votes-twice",
    "stated-total-differs",
    "totals-differ-between-sources",
    "totals-differ-from-list",
    "two-final-reports",
    "two-places",
    "two-presidents-at-once",
    "two-spellings",
    "virtual-with-place",
    "vote-date-against-adoption",
    "vote-without-a-vote",
}
CHECKS = sorted({path.stem for path in (Path(__file__).parents[3] / "queries" / "audit").glob("*.rq")} - RECORD)
COLUMNS = ["about", "document", "document2", "value1", "value2", "passage1", "passage2", "message"]

TREATY = """GRAPH <../graph/table/provisions> {
  <treaty/ctl> a tg:Treaty .
  <treaty/ctl~art8> a tg:Article ; eli:is_part_of <treaty/ctl> .
  <treaty/ctl~art8.1> a tg:ArticleParagraph ; eli:is_part_of <treaty/ctl~art8> ; tg:governs meeting-type:msp ;
    tg:provides task:convene ; skos:prefLabel "CTL article 8(1)"@en .
  <treaty/ctl~art8.2> a tg:ArticleParagraph ; eli:is_part_of <treaty/ctl~art8> ; tg:governs meeting-type:msp ;
    tg:provides task:convene ; skos:prefLabel "CTL article 8(2)"@en .
  <treaty/ctl~art8.4> a tg:ArticleParagraph ; eli:is_part_of <treaty/ctl~art8> ; tg:governs meeting-type:msp ;
    tg:provides task:invite ; skos:prefLabel "CTL article 8(4)"@en .
  <treaty/ctl~art9.1> a tg:ArticleParagraph ; eli:is_part_of <treaty/ctl> ; tg:governs meeting-type:rc ;
    tg:provides task:convene ; skos:prefLabel "CTL article 9(1)"@en .
  <treaty/ctl~art10> a tg:Article ; eli:is_part_of <treaty/ctl> ; tg:governs meeting-type:rc , meeting-type:msp ;
    tg:provides task:convene ; skos:prefLabel "CTL article 10"@en .
  <meeting/ctl-msp-3> a tg:MeetingOfStatesParties ; tg:meetingType meeting-type:msp ; tg:ofTreaty <treaty/ctl> .
  <meeting/ctl-rc-2> a tg:ReviewConference ; tg:meetingType meeting-type:rc ; tg:ofTreaty <treaty/ctl> .
}
"""


def graph(name: str, text: str) -> str:
    """A named graph in TriG."""
    return f"GRAPH <../graph/{name}> {{\n{text}\n}}\n"


def deadline(day: str, weekday: str) -> str:
    return graph(
        "oda/2031-7",
        f"""<deadline/oda/2031-7~p4> a tg:Deadline ; tg:dueDate "{day}"^^xsd:date ; tg:statedWeekday "{weekday}" ;
      tg:passage <doc/oda/2031-7#char=40,60> . <doc/oda/2031-7#char=40,60> oa:hasSource <doc/oda/2031-7> .
    <doc/oda/2031-7> skos:prefLabel "Note ODA/2031-7"@en .""",
    )


def mandate(task: str, meeting: str, provision: str) -> str:
    return TREATY + graph(
        "a/res/88/901",
        f"""<doc/a/res/88/901> a tg:Resolution .
    <doc/a/res/88/901~op4> a tg:OperativeParagraph ; eli:is_part_of <doc/a/res/88/901> .
    <mandate/a/res/88/901~op4> a tg:Mandate ; tg:task task:{task} ; tg:concerns <meeting/{meeting}> ;
      tg:conferredBy <doc/a/res/88/901~op4> ; tg:invokes <treaty/ctl~{provision}> ;
      tg:passage <doc/a/res/88/901#char=10,90> . <doc/a/res/88/901#char=10,90> oa:hasSource <doc/a/res/88/901> .""",
    )


def invitation(adopted: str, end: str, kind: str = "endDate") -> str:
    return graph(
        "a/res/88/901",
        f"""<doc/a/res/88/901> a tg:Resolution ; tg:adoptionDate "{adopted}"^^xsd:date .
    <doc/a/res/88/901~op3> a tg:OperativeParagraph ; eli:is_part_of <doc/a/res/88/901> .
    <invitation/a/res/88/901~op3> a tg:Invitation ; tg:concerns <meeting/ctl-msp-3> ; tg:statedIn <doc/a/res/88/901> ;
      tg:passage <doc/a/res/88/901#char=5,50> .
    <doc/a/res/88/901#char=5,50> oa:hasSource <doc/a/res/88/901> ; tg:inPart <doc/a/res/88/901~op3> .
    <mandate/a/res/88/901~op3> a tg:Mandate ; tg:task task:invite ; tg:concerns <meeting/ctl-msp-3> ;
      tg:conferredBy <doc/a/res/88/901~op3> ; tg:passage <doc/a/res/88/901#char=5,50> .
    <meeting/ctl-msp-3> tg:{kind} "{end}"^^xsd:date .""",
    )


def values(first: str, second: str) -> str:
    """Two sources, each with its statements about one meeting; the first with a claim that names its passage."""
    return (
        graph("note", f"<meeting/ctl-rc-1> {first} .")
        + graph("page", f"<meeting/ctl-rc-1> {second} .")
        + graph(
            "note~claims",
            """<../claim/1> a tg:Claim ; tg:subject <meeting/ctl-rc-1> ; tg:predicate tg:startDate ;
        tg:object "2030-05-06"^^xsd:date ; tg:inSource <../graph/note> ; tg:passage <doc/note#char=1,9> .""",
        )
    )


def recalls(ordinals: list[int], adopted: str = "2033-12-01") -> str:
    """A resolution that recalls meetings; meeting n ended in May 2027+n."""
    known = "".join(
        f"<meeting/ctl-msp-{n}> tg:inSeries <series/ctl-msp> ; tg:ordinal {n} ; "
        f'tg:endDate "{2027 + n}-05-09"^^xsd:date .\n'
        for n in range(1, 8)
    )
    text = f"""<doc/a/res/88/901> a tg:Resolution ; tg:documentType document-type:resolution ;
      tg:adoptionDate "{adopted}"^^xsd:date .
    <doc/a/res/88/901~pp6> a tg:PreambularParagraph ; eli:is_part_of <doc/a/res/88/901> ; tg:force force:recalls .
    <doc/a/res/88/901#char=5,50> oa:hasSource <doc/a/res/88/901> ; tg:inPart <doc/a/res/88/901~pp6> .
    """
    for n in ordinals:
        text += f"""<citation/a/res/88/901~pp6/ctl-msp-{n}> a tg:Citation ; tg:citing <doc/a/res/88/901~pp6> ;
          tg:cited <meeting/ctl-msp-{n}> ; tg:manner manner:recalls ; tg:passage <doc/a/res/88/901#char=5,50> ."""
    return graph("table/meetings", known) + graph("a/res/88/901", text)


def two_mandates(first: str, second: str) -> str:
    return TREATY + graph(
        "note",
        f"""<mandate/one> a tg:Mandate ; tg:task task:convene ; tg:concerns <meeting/ctl-msp-3> ;
      tg:invokes <treaty/ctl~{first}> ; tg:passage <doc/note#char=1,9> .
    <mandate/two> a tg:Mandate ; tg:task task:convene ; tg:concerns <meeting/ctl-msp-3> ;
      tg:invokes <treaty/ctl~{second}> ; tg:passage <doc/note#char=20,29> .
    <doc/note#char=1,9> oa:hasSource <doc/note> . <doc/note#char=20,29> oa:hasSource <doc/note> .""",
    )


def series(*ordinals: int) -> str:
    return graph(
        "table/meetings",
        "".join(f"<meeting/ctl-msp-{n}> tg:inSeries <series/ctl-msp> ; tg:ordinal {n} .\n" for n in ordinals),
    )


def sessions(*numbers: int) -> str:
    text = "<doc/a/res/99/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> .\n"
    for n in numbers:
        text += f"""<doc/a/res/{n}/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> ; tg:session {n} .
        <doc/a/res/99/901> tg:recalls <doc/a/res/{n}/901> .\n"""
    return graph("a/res/99/901", text)


def citation(citing_date: str, cited_date: str) -> str:
    return graph(
        "a/res/88/901",
        f"""<doc/a/res/88/901> a tg:Resolution ; tg:adoptionDate "{citing_date}"^^xsd:date .
    <doc/a/res/88/901~pp1> a tg:PreambularParagraph ; eli:is_part_of <doc/a/res/88/901> .
    <doc/a/res/87/901> a tg:Resolution ; tg:adoptionDate "{cited_date}"^^xsd:date .
    <citation/x> a tg:Citation ; tg:citing <doc/a/res/88/901~pp1> ; tg:cited <doc/a/res/87/901> ;
      tg:manner manner:recalls .""",
    )


def due(day: str, purpose: str = "delegation-composition") -> str:
    return graph(
        "note",
        f"""<deadline/note~p4> a tg:Deadline ; tg:deadlineFor deadline:{purpose} ; tg:dueDate "{day}"^^xsd:date ;
      tg:concerns <meeting/ctl-msp-3> . <meeting/ctl-msp-3> tg:plannedStartDate "2030-05-06"^^xsd:date .""",
    )


@dataclass
class Check:
    """`violating`: a record and cells that its rows must have; `conforming`: records by what is right about them."""

    violating: str
    rows: list[dict[str, str]]
    conforming: dict[str, str] = field(default_factory=dict)


CASES: dict[str, Check] = {
    "stated-weekday-wrong": Check(
        deadline("2031-03-01", "Friday"),
        [
            {
                "about": "deadline/oda/2031-7~p4",
                "document": "doc/oda/2031-7",
                "value1": "Friday",
                "value2": "Saturday",
                "passage1": "doc/oda/2031-7#char=40,60",
                "message": "Note ODA/2031-7 calls 2031-03-01 a Friday; that day is a Saturday.",
            }
        ],
        {
            "right": deadline("2031-03-01", "Saturday"),
            "leap day": deadline("2000-02-29", "Tuesday"),
            "a century without a leap day": deadline("2100-03-01", "Monday"),
            "not an English day": deadline("2031-03-01", "vendredi"),
            "in capitals": deadline("2031-03-01", "SATURDAY"),
        },
    ),
    "article-against-subject": Check(
        mandate("convene", "ctl-msp-3", "art9.1"),
        [
            {
                "about": "doc/a/res/88/901~op4",
                "document": "doc/a/res/88/901",
                "value1": "CTL article 9(1)",
                "value2": "CTL article 10, CTL article 8(1), CTL article 8(2)",
                "passage1": "doc/a/res/88/901#char=10,90",
            }
        ],
        {
            "right article": mandate("convene", "ctl-msp-3", "art8.1"),
            "the other kind of meeting": mandate("convene", "ctl-rc-2", "art9.1"),
            "an article about both kinds": mandate("convene", "ctl-msp-3", "art10"),
            "the record knows no right one": mandate("finance", "ctl-msp-3", "art9.1"),
        },
    ),
    "invitation-to-the-past": Check(
        invitation("2033-12-07", "2033-11-25"),
        [
            {
                "about": "doc/a/res/88/901~op3",
                "document": "doc/a/res/88/901",
                "value1": "2033-12-07",
                "value2": "2033-11-25",
                "passage1": "doc/a/res/88/901#char=5,50",
            }
        ],
        {
            "still to come": invitation("2033-12-07", "2034-05-09"),
            "ends that day": invitation("2033-12-07", "2033-12-07"),
            "planned": invitation("2033-12-07", "2034-05-09", "plannedEndDate"),
        },
    ),
    "conflicting-values": Check(
        values('tg:startDate "2030-05-06"^^xsd:date', 'tg:startDate "2030-05-07"^^xsd:date'),
        [
            {
                "about": "meeting/ctl-rc-1",
                "document": "doc/note",
                "document2": "doc/page",
                "value1": "2030-05-06",
                "value2": "2030-05-07",
                "passage1": "doc/note#char=1,9",
                "passage2": "",
                "message": "meeting/ctl-rc-1: the sources differ on the start date, 2030-05-06 or 2030-05-07.",
            }
        ],
        {
            "same": values('tg:startDate "2030-05-06"^^xsd:date', 'tg:startDate "2030-05-06"^^xsd:date'),
            "planned and held": values(
                'tg:plannedStartDate "2030-05-06"^^xsd:date', 'tg:startDate "2030-05-07"^^xsd:date'
            ),
            "within the week": values(
                'tg:startDate "2030-05-06"^^xsd:date ; tg:datePrecision precision:week',
                'tg:startDate "2030-05-08"^^xsd:date',
            ),
            "within the month": values(
                'tg:startDate "2030-05-01"^^xsd:date ; tg:datePrecision precision:month',
                'tg:startDate "2030-05-28"^^xsd:date',
            ),
            "within the year": values(
                'tg:startDate "2030-01-01"^^xsd:date ; tg:datePrecision precision:year',
                'tg:startDate "2030-05-28"^^xsd:date',
            ),
            "a year and a day": values("tg:year 2030", 'tg:startDate "2030-05-28"^^xsd:date'),
            "two spellings of a text": values('tg:venue "Quay Hall"', 'tg:venue "Quay-Hall"'),
            "a property that can have several values": values('tg:email "a@b.example"', 'tg:email "c@d.example"'),
        },
    ),
    "lagging-list": Check(
        recalls([1, 2, 3, 4], "2032-12-01"),
        [
            {
                "about": "doc/a/res/88/901~pp6",
                "document": "doc/a/res/88/901",
                "value1": "4",
                "value2": "5",
                "passage1": "doc/a/res/88/901#char=5,50",
            }
        ],
        {
            "up to date": recalls([1, 2, 3, 4], "2032-03-01"),
            "not a run": recalls([1, 2, 4], "2032-12-01"),
            "two meetings are no list": recalls([3, 4], "2032-12-01"),
            "one meeting is no list": recalls([4], "2032-12-01"),
        },
    ),
    "two-bases": Check(
        two_mandates("art8.1", "art9.1"),
        [
            {
                "about": "meeting/ctl-msp-3",
                "document": "doc/note",
                "value1": "CTL article 8(1)",
                "value2": "CTL article 9(1)",
                "passage1": "doc/note#char=1,9",
                "passage2": "doc/note#char=20,29",
            }
        ],
        {
            "same article": two_mandates("art8.1", "art8.1"),
            "one mandate with both": two_mandates("art8.1", "art9.1").replace("mandate/two", "mandate/one"),
            "two paragraphs about the same kind": two_mandates("art8.1", "art8.2"),
        },
    ),
    "series-gap": Check(
        series(1, 2, 5),
        [{"about": "meeting/ctl-msp-5", "value1": "2", "value2": "5"}],
        {"no gap": series(1, 2, 3), "known only from later on": series(4, 5)},
    ),
    "series-repeat": Check(
        series(1, 2) + graph("page", "<meeting/ctl-msp-x> tg:inSeries <series/ctl-msp> ; tg:ordinal 2 ."),
        [{"about": "meeting/ctl-msp-x", "value1": "ctl-msp-x", "value2": "ctl-msp-2"}],
        {
            "each once": series(1, 2),
            "two series": series(1) + graph("page", "<meeting/ctl-rc-1> tg:inSeries <series/ctl-rc> ; tg:ordinal 1 ."),
        },
    ),
    "resolution-gap": Check(
        sessions(60, 61, 62, 64, 65),
        [{"about": "doc/a/res/99/901", "value1": "62", "value2": "64"}],
        {"no gap": sessions(60, 61, 62, 63, 64), "no yearly list": sessions(60, 70, 80)},
    ),
    "recalled-before-adopted": Check(
        citation("2033-12-01", "2034-12-01"),
        [
            {
                "about": "doc/a/res/88/901~pp1",
                "document": "doc/a/res/88/901",
                "document2": "doc/a/res/87/901",
                "value1": "2033-12-01",
                "value2": "2034-12-01",
            }
        ],
        {"earlier": citation("2033-12-01", "2032-12-01"), "the same day": citation("2033-12-01", "2033-12-01")},
    ),
    "ends-before-starts": Check(
        graph("note", '<meeting/ctl-msp-3> tg:startDate "2030-05-06"^^xsd:date ; tg:endDate "2030-05-03"^^xsd:date .'),
        [
            {"about": "meeting/ctl-msp-3", "document": "", "value1": "2030-05-06", "value2": "2030-05-03"},
            {"about": "meeting/ctl-msp-3", "document": "doc/note", "value1": "2030-05-06", "value2": "2030-05-03"},
        ],
        {
            "one day": graph(
                "note", '<meeting/ctl-msp-3> tg:startDate "2030-05-06"^^xsd:date ; tg:endDate "2030-05-06"^^xsd:date .'
            ),
            "held later than planned": graph(
                "note",
                '<meeting/ctl-msp-3> tg:startDate "2030-05-06"^^xsd:date ; tg:plannedEndDate "2030-05-03"^^xsd:date .',
            ),
            "action plan": graph("note", "<doc/ctl-rc-1/action-plan> tg:periodStart 2030 ; tg:periodEnd 2034 ."),
        },
    ),
    "distributed-before-adopted": Check(
        graph(
            "note",
            '<doc/a/res/88/901> tg:adoptionDate "2033-12-07"^^xsd:date ; tg:distributionDate "2033-12-01"^^xsd:date .',
        ),
        [{"about": "doc/a/res/88/901", "value1": "2033-12-07", "value2": "2033-12-01"}],
        {
            "later": graph(
                "note",
                '<doc/a/res/88/901> tg:adoptionDate "2033-12-01"^^xsd:date ; '
                'tg:distributionDate "2033-12-07"^^xsd:date .',
            )
        },
    ),
    "year-against-date": Check(
        values("tg:year 2031", 'tg:startDate "2030-05-06"^^xsd:date'),
        [{"about": "meeting/ctl-rc-1", "value1": "2031", "value2": "2030-05-06", "document2": "doc/page"}],
        {
            "same year": values("tg:year 2030", 'tg:startDate "2030-05-06"^^xsd:date'),
            "put off": values("tg:year 2031", 'tg:plannedStartDate "2030-05-06"^^xsd:date'),
        },
    ),
    "deadline-after-start": Check(
        due("2030-05-08"),
        [{"about": "deadline/note~p4", "value1": "2030-05-08", "value2": "2030-05-06"}],
        {"before": due("2030-04-20"), "a report about another matter": due("2030-05-08", "article-7-report")},
    ),
}


def test_every_check_has_examples() -> None:
    assert sorted(CASES) == CHECKS
    assert all(check.conforming for check in CASES.values())


@pytest.mark.parametrize("name", CHECKS)
def test_violating(name: str, record_of: Any, query_text: Any) -> None:
    check = CASES[name]
    text = query_text("audit", name)
    rows = record_of(check.violating).rows(text)
    assert [{column: row[column] for column in want} for row, want in zip(rows, check.rows, strict=True)] == check.rows
    for row in rows:
        assert [column for column in row if not column.startswith("at")] == COLUMNS
        assert row["message"].endswith(".")


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=f"{name}: {case}") for name in CHECKS for case in CASES[name].conforming],
)
def test_conforming(name: str, case: str, record_of: Any, query_text: Any) -> None:
    assert record_of(CASES[name].conforming[case]).rows(query_text("audit", name)) == []


def test_dates_a_week_apart_conflict_even_when_given_to_the_week(record_of: Any, query_text: Any) -> None:
    record = values(
        'tg:startDate "2030-05-06"^^xsd:date ; tg:datePrecision precision:week', 'tg:startDate "2030-05-13"^^xsd:date'
    )
    assert len(record_of(record).rows(query_text("audit", "conflicting-values"))) == 1


def test_each_wrong_article_of_a_paragraph_is_a_finding_of_its_own(record_of: Any, query_text: Any) -> None:
    record = mandate("convene", "ctl-msp-3", "art9.1") + mandate("convene", "ctl-msp-3", "art9.1").replace(
        "mandate/a/res/88/901~op4>", "mandate/a/res/88/901~op4.2>"
    ).replace("task:convene ; tg:concerns", "task:invite ; tg:concerns")
    rows = record_of(record).rows(query_text("audit", "article-against-subject"))
    assert [row["value2"] for row in rows] == ["CTL article 10, CTL article 8(1), CTL article 8(2)", "CTL article 8(4)"]
