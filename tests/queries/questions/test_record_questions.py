"""The questions about the wider record, and the gaps, on a small invented record and on both engines.

The convention CTL, its protocol, its States' acts and its votes are invented.
"""

from __future__ import annotations

from typing import Any

import pytest

from queries.catalogue import Catalogue

RECORD = """
PREFIX action-type: <https://w3id.org/treatygraph/code/action-type/>
PREFIX adoption-type: <https://w3id.org/treatygraph/code/adoption-type/>
PREFIX authority: <https://w3id.org/treatygraph/code/authority/>
PREFIX stage: <https://w3id.org/treatygraph/code/stage/>

GRAPH <../graph/table> {
  <treaty/ctl> a tg:Treaty ; tg:entryIntoForce "2031-05-04"^^xsd:date ; tg:waitingMonths 6 ;
    tg:participationKnownUntil "2036-01-01"^^xsd:date .
  <treaty/ctl-pi> a tg:Treaty ; tg:protocolTo <treaty/ctl> .
  <state/nor> a tg:State ; skos:prefLabel "Norway"@en .
  <action/ctl/nor/signature> a tg:TreatyAction ; tg:ofTreaty <treaty/ctl> ; tg:state <state/nor> ;
    tg:actionType action-type:signature ; tg:actionDate "2030-01-15"^^xsd:date .
  <action/ctl/nor/ratification> a tg:TreatyAction ; tg:ofTreaty <treaty/ctl> ; tg:state <state/nor> ;
    tg:actionType action-type:ratification ; tg:actionDate "2031-08-31"^^xsd:date .
  <action/ctl/nor/withdrawal> a tg:TreatyAction ; tg:ofTreaty <treaty/ctl> ; tg:state <state/nor> ;
    tg:actionType action-type:withdrawal ; tg:actionDate "2034-01-10"^^xsd:date ;
      tg:effectiveDate "2034-07-10"^^xsd:date .
  <action/ctl/nor/accession> a tg:TreatyAction ; tg:ofTreaty <treaty/ctl> ; tg:state <state/nor> ;
    tg:actionType action-type:accession ; tg:actionDate "2035-03-01"^^xsd:date .
  <action/ctl/swe/accession> a tg:TreatyAction ; tg:ofTreaty <treaty/ctl> ; tg:state <state/swe> ;
    tg:actionType action-type:accession ; tg:effectiveDate "2033-01-01"^^xsd:date .
  <action/ctl/dnk/signature> a tg:TreatyAction ; tg:ofTreaty <treaty/ctl> ; tg:state <state/dnk> ;
    tg:actionType action-type:signature ; tg:actionDate "2030-01-15"^^xsd:date .

  <doc/a/res/87/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> ; tg:session 87 ;
    tg:adoptionDate "2032-12-01"^^xsd:date ;
    tg:adoptionType adoption-type:recorded-vote .
  <doc/a/res/88/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> ; tg:session 88 ;
    tg:adoptionDate "2033-12-07"^^xsd:date ;
    tg:sponsor <state/nor> ; tg:draft <doc/a/c.1/88/l.9> ; tg:adoptedAt <meeting/ga-88-plenary-44> .
  <doc/a/res/88/77> a tg:Resolution ; tg:session 88 ; tg:adoptionType adoption-type:without-a-vote .
  <vote/a/res/87/901~plenary> a tg:Vote ; tg:voteOn <doc/a/res/87/901> ; tg:stage stage:plenary ;
    tg:inFavour <state/nor> , <state/swe> ; tg:abstaining <state/dnk> ; tg:inFavourCount 2 ; tg:abstainingCount 1 .
  <vote/a/res/88/901~plenary> a tg:Vote ; tg:voteOn <doc/a/res/88/901> ; tg:stage stage:plenary ;
    tg:inFavour <state/nor> ; tg:against <state/dnk> ; tg:notVoting <state/swe> ; tg:inFavourCount 1 ;
      tg:againstCount 1 ;
    tg:abstainingCount 0 .
  <vote/a/res/88/901~committee> a tg:Vote ; tg:voteOn <doc/a/res/88/901> ; tg:stage stage:committee ;
    tg:against <state/nor> .
  <doc/a/res/87/901~op1> eli:is_part_of <doc/a/res/87/901> ; tg:openingWords "Urges" ; tg:force force:urges .
  <doc/a/res/88/901~op1> eli:is_part_of <doc/a/res/88/901> ; tg:openingWords "Requests" ; tg:force force:requests .
  <doc/a/res/88/901~op2> eli:is_part_of <doc/a/res/88/901> ; tg:openingWords "Decides" .

  <treaty/ctl~art9.1> tg:governs meeting-type:rc ; eli:is_part_of <treaty/ctl> .
  <mandate/a/res/88/901~op1> a tg:Mandate ; tg:task task:convene ; tg:concerns <meeting/ctl-msp-3> ;
    tg:conferredBy <doc/a/res/88/901~op1> ; tg:invokes <treaty/ctl~art9.1> .
  <mandate/a/res/87/901> a tg:Mandate ; tg:task task:convene ; tg:concerns <series/ctl-msp> ;
    tg:conferredBy <doc/a/res/87/901> .
  <series/ctl-msp> tg:ofTreaty <treaty/ctl> .
  <meeting/ctl-msp-1> tg:inSeries <series/ctl-msp> ; tg:ordinal 1 ; tg:meetingType meeting-type:msp ;
    tg:ofTreaty <treaty/ctl> ;
    tg:startDate "2032-05-03"^^xsd:date ; tg:endDate "2032-05-07"^^xsd:date ; tg:convenedUnder <treaty/ctl~art9.1> .
  <meeting/ctl-msp-3> tg:inSeries <series/ctl-msp> ; tg:ordinal 3 ; tg:meetingType meeting-type:msp ;
    tg:ofTreaty <treaty/ctl> ;
    tg:plannedStartDate "2034-05-01"^^xsd:date .
  <meeting/ctl-rc-1> tg:meetingType meeting-type:rc ; tg:ofTreaty <treaty/ctl> ; tg:year 2036 .
}
GRAPH <../graph/page> { <meeting/ctl-msp-1> tg:startDate "2032-05-02"^^xsd:date . }
GRAPH <../graph/provenance> {
  <../graph/table> tg:confidence confidence:sourced-exactly .
  <../reconciliation/1> a tg:Reconciliation ; tg:subject <meeting/ctl-msp-1> ; tg:predicate tg:startDate ;
    tg:prefers "2032-05-03"^^xsd:date ; tg:over "2032-05-02"^^xsd:date ; tg:authority authority:organiser ;
    tg:inSource <../graph/table> ; tg:overSource <../graph/page> .
}
"""


@pytest.fixture(scope="module")
def ask(record_of: Any) -> Any:
    record, questions = record_of(RECORD), Catalogue.load("questions")

    def answer(name: str, columns: str, **parameters: Any) -> list[tuple[str, ...]]:
        text = questions[name].bind(parameters) if parameters else questions[name].text
        rows = record.rows(text)
        assert all(list(row) == list(questions[name].columns) for row in rows)
        return list(dict.fromkeys(tuple(row[column] for column in columns.split()) for row in rows))

    return answer


def test_34_roll_call(ask: Any) -> None:
    assert ask("roll-call", "position state total", resolution="a/res/88/901") == [
        ("against", "state/dnk", "1"),
        ("in favour", "state/nor", "1"),
        ("not voting", "state/swe", ""),
    ]


def test_34_votes_of_a_state(ask: Any) -> None:
    assert ask("votes-of-state", "session position", state="dnk", treaty="ctl") == [
        ("87", "abstaining"),
        ("88", "against"),
    ]
    assert ask("votes-of-state", "session position", state="isl", treaty="ctl") == [("87", ""), ("88", "")]


def test_34_who_changed(ask: Any) -> None:
    assert ask("who-changed", "session state from to", treaty="ctl") == [("88", "state/dnk", "abstaining", "against")]


def test_34_agreement(ask: Any) -> None:
    assert ask(
        "agreement-of-two-states", "resolution firstPosition secondPosition same", first="nor", second="swe"
    ) == [("doc/a/res/87/901", "in favour", "in favour", "true")]
    assert ask("agreement-with-state", "other common alike", state="nor", treaty="ctl") == [
        ("state/swe", "1", "1"),
        ("state/dnk", "2", "0"),
    ]


def test_34_sponsors(ask: Any) -> None:
    assert ask("sponsors-of-resolution", "state position draft", resolution="a/res/88/901") == [
        ("state/nor", "in favour", "doc/a/c.1/88/l.9")
    ]


@pytest.mark.parametrize(
    ("state", "day", "status", "in_force"),
    [
        ("nor", "2029-12-31", "none", "false"),
        ("nor", "2030-01-15", "signed", "false"),
        ("nor", "2031-08-31", "party", "false"),
        ("nor", "2032-01-31", "party", "false"),
        ("nor", "2032-02-01", "party", "true"),
        ("nor", "2034-07-09", "party", "true"),
        ("nor", "2034-07-10", "withdrawn", "false"),
        ("nor", "2035-03-01", "party", "false"),
        ("nor", "2035-09-01", "party", "true"),
        ("swe", "2032-12-31", "none", "false"),
        ("swe", "2033-01-01", "party", "true"),
        ("dnk", "2035-01-01", "signed", "false"),
        ("isl", "2035-01-01", "none", "false"),
    ],
)
def test_35_status(ask: Any, state: str, day: str, status: str, in_force: str) -> None:
    assert ask("status-on-date", "status inForce", state=state, treaty="ctl", date=day) == [(status, in_force)]


def test_35_status_names_the_acts(ask: Any) -> None:
    rows = ask("status-on-date", "actionType actionDate effectiveDate", state="nor", treaty="ctl", date="2032-03-01")
    assert rows == [("signature", "2030-01-15", ""), ("ratification", "2031-08-31", "2032-02-01")]


def test_35_parties(ask: Any) -> None:
    def parties(day: str) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = ask("parties-on-date", "state since knownUntil", treaty="ctl", date=day)
        return rows

    assert parties("2033-06-01") == [
        ("state/nor", "2031-08-31", "2036-01-01"),
        ("state/swe", "2033-01-01", "2036-01-01"),
    ]
    assert parties("2034-07-10") == [("state/swe", "2033-01-01", "2036-01-01")]


def test_36_mandates_and_meetings(ask: Any) -> None:
    assert ask("mandates-not-fulfilled", "meeting planned authority date") == [
        ("meeting/ctl-msp-3", "2034-05-01", "doc/a/res/88/901~op1", "2033-12-07")
    ]
    assert ask("meetings-without-mandate", "meeting start year") == [
        ("meeting/ctl-rc-1", "", "2036"),
        ("meeting/ctl-msp-3", "2034-05-01", ""),
    ]


def test_37_paragraphs(ask: Any) -> None:
    assert ask("paragraphs-over-the-years", "session kind number opening before changed inFavour", treaty="ctl") == [
        ("87", "op", "1", "Urges", "", "", "2"),
        ("88", "op", "1", "Requests", "Urges", "true", "1"),
        ("88", "op", "2", "Decides", "", "", "1"),
    ]


def test_38_disagreements(ask: Any) -> None:
    assert ask("disagreements-and-preference", "thing property preferred other source otherSource") == [
        ("meeting/ctl-msp-1", "start date", "2032-05-03", "2032-05-02", "doc/table", "doc/page")
    ]


def test_the_drift_of_the_article(ask: Any) -> None:
    assert ask("convening-articles-over-time", "date part kind provision governs fits", treaty="ctl") == [
        ("2033-12-07", "doc/a/res/88/901~op1", "msp", "treaty/ctl~art9.1", "rc", "false")
    ]


def test_coverage(ask: Any) -> None:
    assert ask("coverage-of-meetings", "series expected present exactly secondary undated missing") == [
        ("series/ctl-msp", "3", "2", "2", "0", "0", "1")
    ]
    assert ask("coverage-of-resolutions", "session plenary draft totals rollCall request", treaty="ctl") == [
        ("87", "false", "false", "true", "true", "true"),
        ("88", "true", "true", "true", "true", "true"),
    ]
    # Known of the first: day, totals, roll call; of the other also the plenary meeting and the draft.
    assert ask("coverage-by-session", "treaty session resolutions expected present exactly secondary missing") == [
        ("treaty/ctl", "87", "1", "6", "3", "3", "0", "3"),
        ("treaty/ctl", "88", "1", "6", "5", "5", "0", "1"),
    ]
    assert ask("coverage-of-participation", "treaty acts exactly secondary undated until") == [
        ("treaty/ctl", "6", "6", "0", "0", "2036-01-01"),
        ("treaty/ctl-pi", "0", "0", "0", "0", ""),
    ]


#: gap -> what lacks something
GAPS: dict[str, list[str]] = {
    "action-without-date": ["action/ctl/swe/accession"],
    "mandate-without-meeting": ["mandate/a/res/87/901"],
    "mandate-without-paragraph": [],
    "mandate-without-provision": [],
    "meeting-without-dates": ["meeting/ctl-rc-1"],
    "meeting-without-mandate": ["meeting/ctl-msp-3", "meeting/ctl-rc-1"],
    "meeting-without-president": ["meeting/ctl-msp-1"],
    "meeting-without-report": ["meeting/ctl-msp-1"],
    "participation-out-of-date": [],
    "resolution-without-draft": ["doc/a/res/88/77", "doc/a/res/87/901"],
    "resolution-without-plenary": ["doc/a/res/88/77", "doc/a/res/87/901"],
    "resolution-without-report": ["doc/a/res/88/77", "doc/a/res/87/901", "doc/a/res/88/901"],
    "resolution-without-request": [],
    "resolution-without-vote": [],
    "treaty-without-participation": ["treaty/ctl-pi"],
    "vote-without-roll-call": [],
}
#: what makes a gap of those that the record above does not have
MORE = """
GRAPH <../graph/more> {
  <mandate/a/res/86/901> a tg:Mandate ; tg:task task:convene ; tg:concerns <meeting/ctl-msp-1> ;
    tg:conferredBy <doc/a/res/86/901> .
  <doc/a/res/86/901> a tg:Resolution .
  <mandate/a/res/85/901~op2> a tg:Mandate ; tg:task task:convene ; tg:concerns <meeting/ctl-msp-1> ;
    tg:conferredBy <doc/a/res/85/901~op2> .
  <doc/a/res/85/901~op2> eli:is_part_of <doc/a/res/85/901> .
  <doc/a/res/85/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> .
  <doc/a/res/84/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> .
  <vote/a/res/85/901~plenary> a tg:Vote ; tg:voteOn <doc/a/res/85/901> ; tg:stage <../code/stage/plenary> ;
    tg:inFavourCount 9 .
  <treaty/ctl-pi> tg:participationKnownUntil "2049-01-01"^^xsd:date .
}
"""
ONLY_MORE: dict[str, list[str]] = {
    "mandate-without-paragraph": ["mandate/a/res/86/901", "mandate/a/res/87/901"],
    "mandate-without-provision": ["mandate/a/res/85/901~op2", "mandate/a/res/86/901"],
    "participation-out-of-date": ["treaty/ctl"],
    "resolution-without-request": ["doc/a/res/84/901"],
    "resolution-without-vote": ["doc/a/res/86/901", "doc/a/res/84/901"],
    "vote-without-roll-call": ["vote/a/res/85/901~plenary"],
}


def test_every_gap_is_tested() -> None:
    assert sorted(GAPS) == Catalogue.load("gaps").names()


@pytest.mark.parametrize("name", sorted(GAPS))
def test_gaps(name: str, record_of: Any) -> None:
    query = Catalogue.load("gaps")[name]
    things = [row["thing"] for row in record_of(RECORD).rows(query.text)]
    assert list(query.columns) == ["thing", "thingLabel", "treaty", "missing"]
    if name not in ONLY_MORE:
        assert things == GAPS[name]
    elif name != "mandate-without-paragraph":
        assert things == []


@pytest.mark.parametrize("name", sorted(ONLY_MORE))
def test_further_gaps(name: str, record_of: Any) -> None:
    rows = record_of(RECORD + MORE).rows(Catalogue.load("gaps")[name].text)
    assert [row["thing"] for row in rows] == ONLY_MORE[name]
