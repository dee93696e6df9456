"""Each rule on a small invented record: what it derives, what it must not derive, and that it says from what.

The convention is invented: CTL, on tidal lanterns, whose article 11 is about meetings of the States Parties and whose
article 12 is about review conferences.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

RULES = sorted(path.stem for path in (Path(__file__).parents[3] / "queries" / "rules").glob("*.rq"))

PROVISIONS = """
<treaty/ctl> a tg:Treaty .
<treaty/ctl~art11> a tg:Article ; eli:is_part_of <treaty/ctl> .
<treaty/ctl~art11.1> a tg:ArticleParagraph ; eli:is_part_of <treaty/ctl~art11> ;
  tg:governs meeting-type:msp ; tg:provides task:convene .
<treaty/ctl~art12.1> a tg:ArticleParagraph ; eli:is_part_of <treaty/ctl> ;
  tg:governs meeting-type:rc ; tg:provides task:convene .
<treaty/ctl~art14.1> a tg:ArticleParagraph ; eli:is_part_of <treaty/ctl> ;
  tg:governs meeting-type:msp ; tg:provides task:finance .
"""

MEETINGS = """
<meeting/ctl-rc-1> a tg:ReviewConference ; tg:meetingType meeting-type:rc ; tg:inSeries <series/ctl-rc> ; tg:ordinal 1 ;
  tg:ofTreaty <treaty/ctl> ; tg:startDate "2010-05-03"^^xsd:date ; tg:endDate "2010-05-07"^^xsd:date .
<meeting/ctl-msp-5> a tg:MeetingOfStatesParties ; tg:meetingType meeting-type:msp ; tg:inSeries <series/ctl-msp> ;
  tg:ordinal 5 ; tg:ofTreaty <treaty/ctl> ; tg:startDate "2009-05-04"^^xsd:date ; tg:endDate "2009-05-08"^^xsd:date .
<meeting/ctl-msp-6> a tg:MeetingOfStatesParties ; tg:meetingType meeting-type:msp ; tg:inSeries <series/ctl-msp> ;
  tg:ordinal 6 ; tg:ofTreaty <treaty/ctl> ; tg:startDate "2011-05-02"^^xsd:date ; tg:endDate "2011-05-06"^^xsd:date .
<meeting/ctl-msp-7> a tg:MeetingOfStatesParties ; tg:meetingType meeting-type:msp ; tg:inSeries <series/ctl-msp> ;
  tg:ordinal 7 ; tg:ofTreaty <treaty/ctl> ; tg:plannedStartDate "2012-05-07"^^xsd:date ;
  tg:plannedEndDate "2012-05-11"^^xsd:date ; tg:convokedBy <doc/note-verbale/2012-01-10/ctl-msp-7> .
"""

LATER = """
<meeting/ctl-rc-2> a tg:ReviewConference ; tg:meetingType meeting-type:rc ; tg:inSeries <series/ctl-rc> ; tg:ordinal 2 ;
  tg:ofTreaty <treaty/ctl> ; tg:startDate "2015-05-04"^^xsd:date ; tg:endDate "2015-05-08"^^xsd:date .
<meeting/ctl-msp-10> a tg:MeetingOfStatesParties ; tg:meetingType meeting-type:msp ; tg:inSeries <series/ctl-msp> ;
  tg:ordinal 10 ; tg:ofTreaty <treaty/ctl> ; tg:startDate "2016-05-02"^^xsd:date ; tg:endDate "2016-05-06"^^xsd:date .
"""

NOTE = """
<doc/note-verbale/2012-01-10/ctl-msp-7> a tg:NoteVerbale ; tg:documentType document-type:note-verbale .
<doc/note-verbale/2012-01-10/ctl-msp-7~p2> a tg:BodyParagraph ; eli:is_part_of <doc/note-verbale/2012-01-10/ctl-msp-7> .
"""

SERIES_MANDATE = """
<meeting/ctl-rc-1~convene-ctl-msp> a tg:Decision ; tg:takenBy <meeting/ctl-rc-1> .
<mandate/ctl-rc-1~convene-ctl-msp> a tg:Mandate ; tg:conferredBy <meeting/ctl-rc-1~convene-ctl-msp> ;
  tg:task task:convene ; tg:concerns <series/ctl-msp> .
"""

DECISION = """
<meeting/ctl-msp-6~convene-ctl-msp-7> a tg:Decision ; tg:takenBy <meeting/ctl-msp-6> .
<mandate/ctl-msp-6~convene-ctl-msp-7> a tg:Mandate ; tg:conferredBy <meeting/ctl-msp-6~convene-ctl-msp-7> ;
  tg:task task:convene ; tg:concerns <meeting/ctl-msp-7> ; tg:invokes <treaty/ctl~art11.1> .
"""

LATE_DECISION = """
<meeting/ctl-msp-11> a tg:MeetingOfStatesParties ; tg:inSeries <series/ctl-msp> ; tg:ordinal 11 .
<meeting/ctl-msp-10~convene-ctl-msp-11> a tg:Decision ; tg:takenBy <meeting/ctl-msp-10> .
<mandate/ctl-msp-10~convene-ctl-msp-11> a tg:Mandate ; tg:conferredBy <meeting/ctl-msp-10~convene-ctl-msp-11> ;
  tg:task task:convene ; tg:concerns <meeting/ctl-msp-11> .
"""

NEWER = """
<meeting/ctl-msp-6~convene-ctl-msp> a tg:Decision ; tg:takenBy <meeting/ctl-msp-6> .
<mandate/ctl-msp-6~convene-ctl-msp> a tg:Mandate ; tg:task task:convene ; tg:concerns <series/ctl-msp> ;
  tg:conferredBy <meeting/ctl-msp-6~convene-ctl-msp> .
"""

REQUEST = """
<doc/a/res/66/901> a tg:Resolution ; tg:ofTreaty <treaty/ctl> ; tg:adoptionDate "2011-12-02"^^xsd:date .
<doc/a/res/66/901~op4> a tg:OperativeParagraph ; eli:is_part_of <doc/a/res/66/901> .
<mandate/a/res/66/901~op4> a tg:Mandate ; tg:conferredBy <doc/a/res/66/901~op4> ; tg:task task:convene ;
  tg:concerns <meeting/ctl-msp-7> ; tg:invokes <treaty/ctl~art12.1> .
"""

STANDING_REQUEST = """
<doc/a/res/66/901> a tg:Resolution .
<doc/a/res/66/901~op4> a tg:OperativeParagraph ; eli:is_part_of <doc/a/res/66/901> .
<mandate/a/res/66/901~op4> a tg:Mandate ; tg:conferredBy <doc/a/res/66/901~op4> ; tg:task task:convene ;
  tg:concerns <series/ctl-msp> .
"""


def cites(cited: str, manner: str, citing: str = "doc/note-verbale/2012-01-10/ctl-msp-7~p2") -> str:
    """A citation in TriG."""
    name = f"<citation/{citing.removeprefix('doc/')}/{cited}>"
    return f"{name} a tg:Citation ; tg:citing <{citing}> ; tg:cited <{cited}> ; tg:manner manner:{manner} .\n"


def resolution(symbol: str, adopted: str, more: str = "tg:ofTreaty <treaty/ctl>") -> str:
    """A resolution in TriG."""
    return f'<doc/a/res/{symbol}> a tg:Resolution ; tg:adoptionDate "{adopted}"^^xsd:date ; {more} .\n'


RECALLING = (
    resolution("70/901", "2015-12-07")
    + resolution("69/901", "2014-12-02")
    + resolution("68/901", "2013-12-05")
    + resolution("69/5", "2014-12-30", "tg:session 69")
    + "<doc/a/res/70/901~pp1> a tg:PreambularParagraph ; eli:is_part_of <doc/a/res/70/901> .\n"
    + "".join(cites(f"doc/a/res/{s}", "recalls", "doc/a/res/70/901~pp1") for s in ("69/901", "68/901", "69/5"))
)

MSP7 = "meeting/ctl-msp-7"
OP4 = "doc/a/res/66/901~op4"
NV = "doc/note-verbale/2012-01-10/ctl-msp-7"
UNDER = "def#convenedUnder"
ELI_CITES = "http://data.europa.eu/eli/ontology#cites"

#: rule -> (name of the case, record, derived triples in full)
CASES: dict[str, list[tuple[str, str, set[tuple[str, str, str]]]]] = {
    "10-invokes": [
        ("paragraph", PROVISIONS + REQUEST, {(OP4, "def#invokes", "treaty/ctl~art12.1")}),
        ("nothing invoked", PROVISIONS + STANDING_REQUEST, set()),
    ],
    "20-convened-under-mandate": [
        ("one meeting", MEETINGS + REQUEST, {(MSP7, UNDER, OP4)}),
        ("a series is no meeting", MEETINGS + STANDING_REQUEST, set()),
        ("an invitation convenes nothing", MEETINGS + REQUEST.replace("task:convene", "task:invite"), set()),
    ],
    "21-convened-under-decision": [
        ("article of the decision", PROVISIONS + MEETINGS + DECISION, {(MSP7, UNDER, "treaty/ctl~art11.1")}),
        ("wrong article of a resolution stays with it", PROVISIONS + MEETINGS + REQUEST, set()),
        (
            "a series is no meeting",
            PROVISIONS
            + MEETINGS
            + DECISION.replace("<meeting/ctl-msp-7> ; tg:invokes", "<series/ctl-msp> ; tg:invokes"),
            set(),
        ),
    ],
    "22-convened-under-convocation": [
        (
            "pursuant to",
            PROVISIONS + MEETINGS + NOTE + cites("treaty/ctl~art11.1", "pursuant-to"),
            {(MSP7, UNDER, "treaty/ctl~art11.1")},
        ),
        ("only mentioned", PROVISIONS + MEETINGS + NOTE + cites("treaty/ctl~art11.1", "refers-to"), set()),
        (
            "about other meetings",
            PROVISIONS + MEETINGS + NOTE + cites("treaty/ctl~art12.1", "in-accordance-with"),
            set(),
        ),
        ("about costs", PROVISIONS + MEETINGS + NOTE + cites("treaty/ctl~art14.1", "in-accordance-with"), set()),
    ],
    "23-convened-under-series-mandate": [
        ("cited", MEETINGS + NOTE + STANDING_REQUEST + cites(OP4, "quotes"), {(MSP7, UNDER, OP4)}),
        (
            "quoted",
            MEETINGS
            + NOTE
            + STANDING_REQUEST
            + f"<mandate/a/res/66/901~op4> tg:passage <{NV}#char=5,9> . <{NV}#char=5,9> oa:hasSource <{NV}> .",
            {(MSP7, UNDER, OP4)},
        ),
        ("not cited", MEETINGS + NOTE + STANDING_REQUEST, set()),
        (
            "a decision has its own rule",
            MEETINGS + NOTE + SERIES_MANDATE + cites("meeting/ctl-rc-1~convene-ctl-msp", "refers-to"),
            set(),
        ),
        (
            "another series",
            MEETINGS + NOTE + STANDING_REQUEST.replace("series/ctl-msp", "series/ctl-rc") + cites(OP4, "quotes"),
            set(),
        ),
    ],
    "25-series-mandate": [
        (
            "later meetings, not earlier ones",
            MEETINGS + SERIES_MANDATE,
            {(f"meeting/ctl-msp-{n}", UNDER, "meeting/ctl-rc-1~convene-ctl-msp") for n in (6, 7)},
        ),
        (
            "until the next conference of the same series",
            MEETINGS + LATER + SERIES_MANDATE,
            {(f"meeting/ctl-msp-{n}", UNDER, "meeting/ctl-rc-1~convene-ctl-msp") for n in (6, 7)},
        ),
        (
            "until the next decision about the series",
            MEETINGS
            + SERIES_MANDATE
            + "<meeting/ctl-msp-6~convene-ctl-msp> a tg:Decision ; tg:takenBy <meeting/ctl-msp-6> ."
            + "<mandate/ctl-msp-6~convene-ctl-msp> a tg:Mandate ; tg:task task:convene ; tg:concerns <series/ctl-msp> ;"
            + " tg:conferredBy <meeting/ctl-msp-6~convene-ctl-msp> .",
            {
                ("meeting/ctl-msp-6", UNDER, "meeting/ctl-rc-1~convene-ctl-msp"),
                ("meeting/ctl-msp-7", UNDER, "meeting/ctl-msp-6~convene-ctl-msp"),
            },
        ),
    ],
    "30-rests-on": [
        (
            "decision on decision",
            MEETINGS + SERIES_MANDATE + DECISION,
            {
                (
                    "mandate/ctl-msp-6~convene-ctl-msp-7",
                    "def#derivesFrom",
                    "mandate/ctl-rc-1~convene-ctl-msp",
                ),
                (
                    "meeting/ctl-msp-6~convene-ctl-msp-7",
                    "def#restsOn",
                    "meeting/ctl-rc-1~convene-ctl-msp",
                ),
            },
        ),
        ("a resolution is not said to rest on it", MEETINGS + SERIES_MANDATE + REQUEST, set()),
        ("after the next conference", MEETINGS + LATER + SERIES_MANDATE + LATE_DECISION, set()),
        (
            "after a newer decision about the series",
            MEETINGS + LATER.replace("<series/ctl-rc>", "<series/ctl-other>") + SERIES_MANDATE + LATE_DECISION + NEWER,
            {
                ("mandate/ctl-msp-10~convene-ctl-msp-11", "def#derivesFrom", "mandate/ctl-msp-6~convene-ctl-msp"),
                ("meeting/ctl-msp-10~convene-ctl-msp-11", "def#restsOn", "meeting/ctl-msp-6~convene-ctl-msp"),
            },
        ),
        (
            "a decision from before it",
            MEETINGS
            + SERIES_MANDATE
            + DECISION.replace("tg:takenBy <meeting/ctl-msp-6>", "tg:takenBy <meeting/ctl-msp-5>"),
            set(),
        ),
    ],
    "40-provision-of": [
        (
            "up to the whole",
            PROVISIONS + MEETINGS + DECISION,
            {("treaty/ctl~art11.1", "def#provisionOf", "treaty/ctl")},
        ),
        (
            "paragraph and article",
            PROVISIONS + REQUEST,
            {
                (OP4, "def#provisionOf", "doc/a/res/66/901"),
                ("treaty/ctl~art12.1", "def#provisionOf", "treaty/ctl"),
            },
        ),
        ("nothing confers, nothing invokes", PROVISIONS + NOTE, set()),
    ],
    "50-recalls": [
        (
            "documents",
            RECALLING,
            {("doc/a/res/70/901", "def#recalls", f"doc/a/res/{s}") for s in ("69/901", "68/901", "69/5")},
        ),
        (
            "a meeting is no document, a reference no recall",
            RECALLING.replace("manner:recalls", "manner:refers-to")
            + MEETINGS
            + cites("meeting/ctl-msp-6", "recalls", "doc/a/res/70/901~pp1"),
            set(),
        ),
    ],
    "51-cites": [
        (
            "documents and provisions",
            PROVISIONS + NOTE + REQUEST + cites("treaty/ctl~art11.1", "pursuant-to") + cites(OP4, "quotes"),
            {(NV, ELI_CITES, "treaty/ctl~art11.1"), (NV, ELI_CITES, OP4)},
        ),
        ("meetings", MEETINGS + NOTE + cites("meeting/ctl-msp-6", "refers-to"), set()),
    ],
    "52-recalls-meeting": [
        (
            "meetings, not documents, and only what is recalled",
            RECALLING
            + MEETINGS
            + cites("meeting/ctl-msp-6", "recalls", "doc/a/res/70/901~pp1")
            + cites("meeting/ctl-msp-5", "refers-to", "doc/a/res/70/901~pp1"),
            {("doc/a/res/70/901", "def#recallsMeeting", "meeting/ctl-msp-6")},
        ),
    ],
    "55-follows": [
        (
            "the last of the same treaty",
            RECALLING,
            {("doc/a/res/70/901", "def#follows", "doc/a/res/69/901")},
        ),
        (
            "one dated later is no predecessor",
            RECALLING
            + resolution("71/901", "2016-12-05")
            + cites("doc/a/res/71/901", "recalls", "doc/a/res/70/901~pp1"),
            {("doc/a/res/70/901", "def#follows", "doc/a/res/69/901")},
        ),
    ],
    "60-previous-in-series": [
        (
            "by ordinal, not across a gap",
            MEETINGS + LATER,
            {
                ("meeting/ctl-msp-6", "def#previousInSeries", "meeting/ctl-msp-5"),
                (MSP7, "def#previousInSeries", "meeting/ctl-msp-6"),
                ("meeting/ctl-rc-2", "def#previousInSeries", "meeting/ctl-rc-1"),
            },
        ),
        (
            "by year",
            "".join(
                f"<meeting/ctl-im-{y}> a tg:IntersessionalMeeting ; tg:inSeries <series/ctl-im> ; tg:year {y} .\n"
                for y in (2010, 2012, 2013)
            ),
            {("meeting/ctl-im-2013", "def#previousInSeries", "meeting/ctl-im-2012")},
        ),
    ],
    "61-previous-meeting": [
        (
            "across the series",
            MEETINGS + LATER,
            {
                (f"meeting/ctl-{later}", "def#previousMeeting", f"meeting/ctl-{earlier}")
                for later, earlier in [
                    ("rc-1", "msp-5"),
                    ("msp-6", "rc-1"),
                    ("msp-7", "msp-6"),
                    ("rc-2", "msp-7"),
                    ("msp-10", "rc-2"),
                ]
            },
        ),
    ],
    "70-president": [
        (
            "president, not secretary",
            MEETINGS
            + """
            <post/ctl-msp-6-president> a tg:Post ; tg:postOf <meeting/ctl-msp-6> ; tg:role role:president .
            <post/ctl-msp-6-executive-secretary> a tg:Post ; tg:postOf <meeting/ctl-msp-6> ;
              tg:role role:executive-secretary .
            <tenure/ctl-msp-6-president/mara-quill> a tg:Tenure ; tg:holder <person/mara-quill> ;
              tg:post <post/ctl-msp-6-president> .
            <tenure/ctl-msp-6-executive-secretary/ivo-tarn> a tg:Tenure ; tg:holder <person/ivo-tarn> ;
              tg:post <post/ctl-msp-6-executive-secretary> .
            """,
            {("meeting/ctl-msp-6", "def#president", "person/mara-quill")},
        ),
    ],
}

#: What a rule reads that another rule derived.
NEEDS = {"55-follows": ["50-recalls"]}


def test_every_rule_has_a_case() -> None:
    assert sorted(CASES) == RULES


@pytest.mark.parametrize(
    ("rule", "record", "derived"),
    [pytest.param(rule, *case[1:], id=f"{rule}: {case[0]}") for rule in sorted(CASES) for case in CASES[rule]],
)
def test_rule(rule: str, record: str, derived: set[tuple[str, str, str]], record_of: Any, query_text: Any) -> None:
    known = record_of(f"GRAPH <../graph/test/record> {{ {record} }}")
    for needed in NEEDS.get(rule, []):
        known.store.extend(_quads(known, query_text("rules", needed)))
    text = query_text("rules", rule)
    assert known.construct(text) == derived
    assert known.derivations(text) == derived, "each derived triple, and nothing else, is explained"


def _quads(record: Any, text: str) -> list[Any]:
    import pyoxigraph as ox

    return [ox.Quad(t.subject, t.predicate, t.object) for t in record.store.query(text)]


def test_all_rules_together_come_to_an_end(record_of: Any) -> None:
    text = PROVISIONS + MEETINGS + NOTE + SERIES_MANDATE + DECISION + REQUEST + RECALLING
    known = record_of(f"GRAPH <../graph/test/record> {{ {text} }}").derive()
    rows = known.rows(
        "BASE <https://w3id.org/treatygraph/id/> PREFIX tg: <https://w3id.org/treatygraph/def#> "
        "SELECT ?a WHERE { <meeting/ctl-msp-7> tg:convenedUnder ?a } ORDER BY ?a"
    )
    assert [row["a"] for row in rows] == [
        OP4,
        "meeting/ctl-msp-6~convene-ctl-msp-7",
        "meeting/ctl-rc-1~convene-ctl-msp",
        "treaty/ctl~art11.1",
    ]
