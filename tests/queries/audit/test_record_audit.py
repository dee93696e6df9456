"""The audit checks of the wider record (votes, participation, outcomes, people) on invented records.

Each check has a record that violates it (exact rows) and records that do not (no rows). The convention CTL and all its
meetings are invented.
"""

from __future__ import annotations

from typing import Any

import pytest

COLUMNS = ["about", "document", "document2", "value1", "value2", "passage1", "passage2", "message"]

VOTE = "vote/a/res/88/901~plenary"
PREFIXES = """
PREFIX action-type: <https://w3id.org/treatygraph/code/action-type/>
PREFIX adoption-type: <https://w3id.org/treatygraph/code/adoption-type/>
PREFIX mode: <https://w3id.org/treatygraph/code/mode/>
PREFIX stage: <https://w3id.org/treatygraph/code/stage/>
"""


def graph(name: str, text: str) -> str:
    return f"GRAPH <../graph/{name}> {{\n{text}\n}}\n"


def vote(counts: str = "", lists: str = "", stage: str = "plenary", more: str = "") -> str:
    """A vote with its totals in one source and its roll call in another."""
    node = f"<vote/a/res/88/901~{stage}>"
    text = f"{node} a tg:Vote ; tg:voteOn <doc/a/res/88/901> ; tg:stage stage:{stage} ; skos:prefLabel 'the vote'@en ."
    return (
        PREFIXES
        + graph("totals", f"{text} {f'{node} {counts} .' if counts else ''}")
        + graph("list", f"{f'{node} {lists} .' if lists else ''} {more}")
    )


def totals(first: str, second: str) -> str:
    node = f"<{VOTE}> a tg:Vote ; tg:stage stage:plenary"
    return PREFIXES + graph("one", f"{node} ; {first} .") + graph("two", f"{node} ; {second} .")


def acts(*rows: tuple[str, str, str, str]) -> str:
    """Acts of States: State, type, date of the action, effective date (the dates may be empty)."""
    text = '<treaty/ctl> tg:waitingMonths 6 ; tg:entryIntoForce "2031-05-04"^^xsd:date .\n'
    for state, kind, done, effect in rows:
        node = f"<action/ctl/{state}/{kind}>"
        text += f"{node} a tg:TreatyAction ; tg:ofTreaty <treaty/ctl> ; tg:state <state/{state}> ; "
        text += f"tg:actionType action-type:{kind} .\n"
        if done:
            text += f'{node} tg:actionDate "{done}"^^xsd:date .\n'
        if effect:
            text += f'{node} tg:effectiveDate "{effect}"^^xsd:date .\n'
    return PREFIXES + graph("acts", text)


def stated(number: int, what: str = "states-parties", as_of: str = "2035-12-01", known: str = "2036-01-01") -> str:
    """A document counts; four States have acted: one is a party, one has left, one has signed, one acts too late."""
    return acts(
        ("nor", "signature", "2031-01-01", ""),
        ("nor", "ratification", "2032-01-01", ""),
        ("swe", "accession", "", "2033-01-01"),
        ("fin", "accession", "2032-01-01", ""),
        ("fin", "withdrawal", "2034-06-01", "2034-12-01"),
        ("dnk", "signature", "2031-01-01", ""),
        ("isl", "accession", "2035-12-02", ""),
    ) + graph(
        "count",
        f"""<treaty/ctl> tg:participationKnownUntil "{known}"^^xsd:date .
        <count/a/res/88/901~pp1> a tg:ParticipationCount ; tg:ofTreaty <treaty/ctl> ; tg:count {number} ;
          tg:countOf participation:{what} ; tg:asOf "{as_of}"^^xsd:date ; tg:statedIn <doc/a/res/88/901> .""",
    )


def plenary(meeting: str, record: str) -> str:
    return graph("one", f"<doc/a/res/88/901> tg:adoptedAt <meeting/ga-{meeting}> .") + graph(
        "two", f"<doc/a/res/88/901> tg:recordedIn <doc/a/{record}> ."
    )


def presidents(first: str = "", second: str = "", person: str = "ivo-tarn") -> str:
    text = f"""<tenure/ctl-msp-3-president/ada-quill> a tg:Tenure ; tg:post <post/ctl-msp-3-president> ;
      tg:holder <person/ada-quill> {first} .
    <tenure/ctl-msp-3-president/{person}-2> a tg:Tenure ; tg:post <post/ctl-msp-3-president> ;
      tg:holder <person/{person}> {second} ."""
    return graph("people", text)


def adopted(day: str, stage: str = "plenary") -> str:
    """A text adopted on 4 May 2033, and the day of a vote on it."""
    text = f"""<vote/a/res/88/901~{stage}> a tg:Vote ; tg:stage stage:{stage} ; tg:voteOn <doc/a/res/88/901> ;
      tg:voteDate "{day}"^^xsd:date ."""
    return (
        PREFIXES
        + graph("a/res/88/901", '<doc/a/res/88/901> tg:adoptionDate "2033-05-04"^^xsd:date .')
        + graph("data", text)
    )


def outcome(first: str, second: str, graph2: str = "two") -> str:
    return graph("one", f"{first} .") + graph(graph2, f"{second} .")


def recall(cited: str, also: str = "") -> str:
    more = (
        f"""<citation/2> a tg:Citation ; tg:citing <doc/a/res/88/901> ; tg:cited <doc/{also}> ;
          tg:manner manner:recalls ."""
        if also
        else ""
    )
    return graph(
        "list",
        """<doc/a/res/88/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> ; tg:session 88 .
        <doc/a/res/84/54b> a tg:Resolution ; tg:ofTreaty <treaty/ctl> ; tg:session 84 ;
          dcterms:identifier "A/RES/84/54 B" .""",
    ) + graph(
        "copy",
        f"""<citation/1> a tg:Citation ; tg:citing <doc/a/res/88/901> ; tg:cited <doc/{cited}> ;
          tg:manner manner:recalls . {more}""",
    )


def ground(conferring: str, more: str = "") -> str:
    return graph(
        "page",
        f"""<meeting/ctl-msp-3> tg:meetingType meeting-type:msp ; tg:ofTreaty <treaty/ctl> .
        <doc/a/res/88/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> ; tg:session 88 ;
          dcterms:identifier "A/RES/88/901" .
        <mandate/1> a tg:Mandate ; tg:task task:convene ; tg:concerns <meeting/ctl-msp-3> ;
          tg:conferredBy <{conferring}> .
        {more}""",
    )


def account(on: int, concerns: int, task: str = "elect") -> str:
    """A page about one meeting of a series tells what was done for another."""
    meetings = "".join(
        f"""<meeting/ctl-msp-{n}> tg:inSeries <series/ctl-msp> ; tg:startDate "203{n}-05-04"^^xsd:date ;
        tg:endDate "203{n}-05-08"^^xsd:date .\n"""
        for n in (2, 3, 4)
    )
    node = f"<account/ctl-msp-{on}~{task}-ctl-msp-{concerns}>"
    return graph("list", meetings) + graph(
        "page",
        f"{node} a tg:Account ; tg:onMeeting <meeting/ctl-msp-{on}> ; tg:task task:{task} ; "
        f"tg:concerns <meeting/ctl-msp-{concerns}> .",
    )


def spelt(first: str, second: str, graph2: str = "one") -> str:
    names = [graph("one", f'<meeting/ctl-msp-3> skos:hiddenLabel "{first}" .')]
    return "".join([*names, graph(graph2, f'<meeting/ctl-msp-3> skos:hiddenLabel "{second}" .')])


def planned(start: str, end: str, precision: str = "day") -> str:
    """A meeting that was held from 4 to 8 May 2033."""
    return graph(
        "note",
        f"""<meeting/ctl-msp-3> tg:plannedStartDate "{start}"^^xsd:date ; tg:plannedEndDate "{end}"^^xsd:date ;
        tg:plannedDatePrecision <../code/precision/{precision}> .""",
    ) + graph(
        "report",
        """<meeting/ctl-msp-3> tg:startDate "2033-05-04"^^xsd:date ; tg:endDate "2033-05-08"^^xsd:date .""",
    )


def reported(item1: str, item2: str, paragraph: str = "7") -> str:
    """Two resolutions of one session, each with its item, and the report and paragraph that recommended it."""
    text = ""
    for number, item, where in ((901, item1, "7"), (902, item2, paragraph)):
        text += f"""<doc/a/res/88/{number}> tg:session 88 ; tg:agendaItem "{item}" ;
          tg:committeeReport <doc/a/88/534> ; tg:committeeReportParagraph "{where}" .\n"""
    return graph("list", text)


def sponsor(position: str, state: str = "nor") -> str:
    return vote(lists=f"tg:{position} <state/nor>", more=f"<doc/a/res/88/901> tg:sponsor <state/{state}> .")


#: check -> violating record, cells of its rows, records that conform by what they show
CASES: dict[str, tuple[str, list[dict[str, str]], dict[str, str]]] = {
    "totals-differ-from-list": (
        vote("tg:inFavourCount 2 ; tg:againstCount 1 ; tg:abstainingCount 0", "tg:inFavour <state/nor> , <state/swe>"),
        [{"about": VOTE, "document": "doc/totals", "value1": "1 against", "value2": "0 against"}],
        {
            "they agree": vote("tg:inFavourCount 2 ; tg:againstCount 0", "tg:inFavour <state/nor> , <state/swe>"),
            "no roll call": vote("tg:inFavourCount 2 ; tg:againstCount 1"),
            "no vote at all": graph("note", "<doc/a/res/88/901> a tg:Resolution ."),
        },
    ),
    "totals-differ-between-sources": (
        totals(
            "tg:inFavourCount 141 ; tg:againstCount 1 ; tg:abstainingCount 39",
            "tg:inFavourCount 141 ; tg:againstCount 2",
        ),
        [{"about": VOTE, "document": "doc/one", "document2": "doc/two", "value1": "141-1-39", "value2": "141-2-?"}],
        {
            "they agree": totals(
                "tg:inFavourCount 141 ; tg:againstCount 1", "tg:inFavourCount 141 ; tg:againstCount 1"
            ),
            "one gives less": totals("tg:inFavourCount 141 ; tg:againstCount 1", "tg:inFavourCount 141"),
        },
    ),
    "plenary-number-against-record": (
        plenary("88-plenary-44", "88/pv.43"),
        [{"about": "doc/a/res/88/901", "value1": "44 (session 88)", "value2": "43 (session 88)"}],
        {
            "they agree": plenary("88-plenary-43", "88/pv.43"),
            "a resumed meeting": plenary("88-plenary-43", "88/pv.43_resumption1"),
            "a record of another kind": plenary("88-plenary-43", "c.1/88/sr.3"),
        },
    ),
    "action-dates-order": (
        acts(
            ("nor", "signature", "2033-01-01", ""),
            ("nor", "ratification", "2032-01-01", ""),
            ("swe", "accession", "2033-01-01", ""),
            ("swe", "withdrawal", "", "2032-06-01"),
        ),
        [
            {"about": "action/ctl/nor/signature", "value1": "2033-01-01", "value2": "2032-01-01"},
            {"about": "action/ctl/swe/withdrawal", "value1": "2032-06-01", "value2": "2033-01-01"},
        ],
        {
            "in order": acts(("nor", "signature", "2031-01-01", ""), ("nor", "ratification", "2032-01-01", "")),
            "on one day": acts(("nor", "signature", "2032-01-01", ""), ("nor", "ratification", "2032-01-01", "")),
            "who has left joins again": acts(
                ("nor", "ratification", "2031-06-01", ""),
                ("nor", "withdrawal", "2033-01-01", "2033-07-01"),
                ("nor", "accession", "2034-01-01", ""),
            ),
            "two States": acts(("nor", "signature", "2033-01-01", ""), ("swe", "accession", "2032-01-01", "")),
        },
    ),
    "effective-date-against-rule": (
        acts(("nor", "accession", "2033-08-31", "2034-03-01")),
        [{"about": "action/ctl/nor/accession", "value1": "2034-03-01", "value2": "2034-02-01"}],
        {
            "over the end of a year": acts(("nor", "accession", "2033-08-31", "2034-02-01")),
            "to December": acts(("nor", "accession", "2033-06-30", "2033-12-01")),
            "not before the treaty": acts(("nor", "ratification", "2030-01-01", "2031-05-04")),
            "a succession": acts(("nor", "succession", "2033-08-31", "2033-08-31")),
            "no day stated": acts(("nor", "accession", "2033-08-31", "")),
        },
    ),
    "stated-total-differs": (
        stated(3) + graph("other", "<count/x~pp1> a tg:ParticipationCount ; tg:ofTreaty <treaty/none> ; tg:count 1 ."),
        [{"about": "count/a/res/88/901~pp1", "document": "doc/a/res/88/901", "value1": "3", "value2": "2"}],
        {
            "parties": stated(2),
            "before a withdrawal takes effect": stated(3, as_of="2034-11-30"),
            "on the day of the deposit": stated(2, as_of="2032-01-01"),
            "before anybody joined: 0": stated(0, as_of="2030-01-01"),
            "signatories that have not ratified": stated(1, "signatories-not-ratified"),
            "signatories": stated(2, "signatories"),
            "after the record ends": stated(9, known="2035-11-30"),
        },
    ),
    "state-votes-twice": (
        vote(lists="tg:inFavour <state/nor> ; tg:notVoting <state/nor> , <state/swe>"),
        [{"about": VOTE, "document": "doc/a/res/88/901", "value1": "nor in favour", "value2": "nor not voting"}],
        {"once": vote(lists="tg:inFavour <state/nor> ; tg:notVoting <state/swe>")},
    ),
    "sponsor-not-in-favour": (
        sponsor("abstaining"),
        [{"about": VOTE, "document": "doc/a/res/88/901", "value1": "nor", "value2": "abstaining"}],
        {
            "in favour": sponsor("inFavour"),
            "another State": sponsor("against", "swe"),
            "did not vote": sponsor("notVoting"),
        },
    ),
    "vote-without-a-vote": (
        vote(more="<doc/a/res/88/901> tg:adoptionType adoption-type:without-a-vote ."),
        [{"about": "doc/a/res/88/901", "document": "doc/a/res/88/901", "value2": VOTE}],
        {
            "recorded": vote(more="<doc/a/res/88/901> tg:adoptionType adoption-type:recorded-vote ."),
            "in committee": vote(
                stage="committee", more="<doc/a/res/88/901> tg:adoptionType adoption-type:without-a-vote ."
            ),
        },
    ),
    "vote-date-against-adoption": (
        adopted("2033-05-06"),
        [
            {
                "about": VOTE,
                "document": "doc/data",
                "document2": "doc/a/res/88/901",
                "value1": "2033-05-06",
                "value2": "2033-05-04",
            }
        ],
        {"the same day": adopted("2033-05-04"), "in committee": adopted("2033-04-01", "committee")},
    ),
    "two-presidents-at-once": (
        presidents('; tg:tenureEnd "2033-05-20"^^xsd:date', '; tg:tenureStart "2033-05-01"^^xsd:date'),
        [{"about": "post/ctl-msp-3-president", "value1": "ada-quill", "value2": "ivo-tarn"}],
        {
            "one after the other": presidents(
                '; tg:tenureEnd "2033-05-20"^^xsd:date', '; tg:tenureStart "2033-05-20"^^xsd:date'
            ),
            "the other after the one": presidents(
                '; tg:tenureStart "2033-05-21"^^xsd:date', '; tg:tenureEnd "2033-05-20"^^xsd:date'
            ),
            "one person, two sources": presidents(person="ada-quill"),
        },
    ),
    "virtual-with-place": (
        PREFIXES
        + outcome("<meeting/ctl-msp-3> tg:mode mode:virtual", "<meeting/ctl-msp-3> tg:place <place/brackwater>"),
        [
            {
                "about": "meeting/ctl-msp-3",
                "document": "doc/one",
                "document2": "doc/two",
                "value1": "virtual",
                "value2": "brackwater",
            }
        ],
        {
            "in a room": PREFIXES
            + outcome("<meeting/ctl-msp-3> tg:mode mode:hybrid", "<meeting/ctl-msp-3> tg:place <place/brackwater>"),
            "nowhere": PREFIXES
            + outcome("<meeting/ctl-msp-3> tg:mode mode:virtual", "<meeting/ctl-msp-4> tg:place <place/brackwater>"),
        },
    ),
    "adopted-by-two-meetings": (
        outcome(
            "<meeting/ctl-msp-2> tg:adopted <doc/ctl-msp-2/declaration>",
            "<meeting/ctl-msp-3> tg:adopted <doc/ctl-msp-2/declaration>",
        ),
        [
            {
                "about": "doc/ctl-msp-2/declaration",
                "document": "doc/one",
                "document2": "doc/two",
                "value1": "ctl-msp-2",
                "value2": "ctl-msp-3",
            }
        ],
        {
            "each its own": outcome(
                "<meeting/ctl-msp-2> tg:adopted <doc/ctl-msp-2/declaration>",
                "<meeting/ctl-msp-3> tg:adopted <doc/ctl-msp-3/declaration>",
            ),
            "two sources for one": outcome(
                "<meeting/ctl-msp-2> tg:adopted <doc/ctl-msp-2/declaration>",
                "<meeting/ctl-msp-2> tg:adopted <doc/ctl-msp-2/declaration>",
            ),
        },
    ),
    "two-final-reports": (
        outcome(
            "<meeting/ctl-msp-3> tg:adopted <doc/ctl/msp.3/1> . <doc/ctl/msp.3/1> a tg:Report",
            "<meeting/ctl-msp-3> tg:adopted <doc/ctl/msp.3/2> . <doc/ctl/msp.3/2> a tg:Report",
        ),
        [
            {
                "about": "meeting/ctl-msp-3",
                "document": "doc/one",
                "document2": "doc/two",
                "value1": "ctl/msp.3/1",
                "value2": "ctl/msp.3/2",
            }
        ],
        {
            "a report and a declaration": outcome(
                "<meeting/ctl-msp-3> tg:adopted <doc/ctl/msp.3/1> . <doc/ctl/msp.3/1> a tg:Report",
                "<meeting/ctl-msp-3> tg:adopted <doc/ctl-msp-3/words> . <doc/ctl-msp-3/words> a tg:Declaration",
            ),
            "one source names both": outcome(
                "<meeting/ctl-msp-3> tg:adopted <doc/ctl/msp.3/1> , <doc/ctl/msp.3/2> . <doc/ctl/msp.3/1> a tg:Report",
                "<doc/ctl/msp.3/2> a tg:Report",
                "one",
            ),
        },
    ),
    "account-of-another-meeting": (
        account(3, 2),
        [
            {
                "about": "meeting/ctl-msp-3",
                "document": "doc/page",
                "value1": "ctl-msp-3",
                "value2": "ctl-msp-2",
            }
        ],
        {"of its own": account(3, 3), "of the next": account(3, 4), "of the first": account(2, 2)},
    ),
    "two-spellings": (
        spelt("Twenty third Meeting", "Twenty-third meeting"),
        [
            {
                "about": "meeting/ctl-msp-3",
                "document": "doc/one",
                "value1": "Twenty third Meeting",
                "value2": "Twenty-third meeting",
            }
        ],
        {
            "two sources": spelt("Twenty third Meeting", "Twenty-third Meeting", "two"),
            "two names": spelt("Twenty-third Meeting", "23MSP"),
        },
    ),
    "held-unlike-planned": (
        planned("2033-05-04", "2033-05-09"),
        [
            {
                "about": "meeting/ctl-msp-3",
                "document": "doc/note",
                "document2": "doc/report",
                "value1": "2033-05-04/2033-05-09",
                "value2": "2033-05-04/2033-05-08",
            }
        ],
        {
            "as planned": planned("2033-05-04", "2033-05-08"),
            "planned to the month": planned("2033-05-01", "2033-05-31", "month"),
        },
    ),
    "two-places": (
        outcome("<meeting/ctl-msp-3> tg:place <place/brackwater>", "<meeting/ctl-msp-3> tg:place <place/ostend>"),
        [
            {
                "about": "meeting/ctl-msp-3",
                "document": "doc/one",
                "document2": "doc/two",
                "value1": "brackwater",
                "value2": "ostend",
            }
        ],
        {
            "they agree": outcome(
                "<meeting/ctl-msp-3> tg:place <place/ostend>", "<meeting/ctl-msp-3> tg:place <place/ostend>"
            ),
            "two meetings": outcome(
                "<meeting/ctl-msp-3> tg:place <place/brackwater>", "<meeting/ctl-msp-4> tg:place <place/ostend>"
            ),
        },
    ),
    "one-report-two-items": (
        reported("99 (ff)", "103"),
        [
            {
                "about": "doc/a/88/534",
                "document": "doc/a/res/88/902",
                "document2": "doc/a/res/88/901",
                "value1": "item 103",
                "value2": "item 99",
            }
        ],
        {
            "two letters of one item": reported("99 (ff)", "99 (m)"),
            "two paragraphs": reported("99 (ff)", "103", "8"),
        },
    ),
    "recall-unlike-series": (
        recall("a/res/84/55b"),
        [{"about": "doc/a/res/88/901", "document": "doc/copy", "value1": "A/RES/84/55B", "value2": "A/RES/84/54 B"}],
        {
            "of the series": recall("a/res/84/54b"),
            "beside the one of the series": recall("a/res/84/55b", "a/res/84/54b"),
            "of a session without one": recall("a/res/83/55b"),
            "no resolution": recall("ctl/msp.3/1"),
        },
    ),
    "mandate-from-other-subject": (
        ground("doc/a/res/88/34"),
        [{"about": "meeting/ctl-msp-3", "document": "doc/page", "value1": "A/RES/88/34", "value2": "A/RES/88/901"}],
        {
            "the resolution on the treaty": ground("doc/a/res/88/901"),
            "a paragraph of it": ground(
                "doc/a/res/88/901~op3", "<doc/a/res/88/901~op3> eli:is_part_of <doc/a/res/88/901> ."
            ),
            "a decision of a meeting": ground("meeting/ctl-msp-2~convene-ctl-msp-3"),
            "an article": ground("treaty/ctl~art8"),
            "a session of which the record has no other": ground("doc/a/res/66/34"),
        },
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_violating(name: str, record_of: Any, query_text: Any) -> None:
    record, want, _ = CASES[name]
    rows = record_of(record).rows(query_text("audit", name))
    assert [{column: row[column] for column in one} for row, one in zip(rows, want, strict=True)] == want
    for row in rows:
        assert [column for column in row if not column.startswith("at")] == COLUMNS
        assert row["message"].endswith(".")


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=f"{name}: {case}") for name in sorted(CASES) for case in CASES[name][2]],
)
def test_conforming(name: str, case: str, record_of: Any, query_text: Any) -> None:
    assert record_of(CASES[name][2][case]).rows(query_text("audit", name)) == []
