"""The five documents of ../shared/seeds: every fact that they state, each value checked by eye against the text.

Only facts stand here (names, numbers, dates, verbs), no sentences. The documents themselves are not in this repository.
"""

from pathlib import Path
from typing import Any

import pytest

from loaders.documents import extract_file
from loaders.extraction import Extraction
from loaders.gazetteer import Gazetteer

ROOT = Path(__file__).parents[3]
SEEDS = ROOT.parent / "shared" / "seeds"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not SEEDS.is_dir(), reason="../shared/seeds is not there: the real documents are not in the repository"
    ),
]


def read(name: str) -> Extraction:
    return extract_file(SEEDS / name, Gazetteer.load(ROOT / "data"))


def rows(items: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(item[name] for name in names) for item in items]


RES = "a-res-77-63.txt"
NV21 = "nv-2023-01-16-aplc-21msp.txt"
NV11 = "nv-2023-03-21-ccm-11msp.txt"
NV12 = "nv-2024-02-15-ccm-12msp.txt"
IM18 = "letter-2018-04-16-aplc-intersessional.txt"


def test_resolution_heading() -> None:
    found = read(RES).to_json()
    convention = Gazetteer.load(ROOT / "data").names("aplc")
    assert convention is not None
    expected = {
        "type": "Resolution",
        "key": "a/res/77/63",
        "symbol": "A/RES/77/63",
        "reference": None,
        "language": "en",
        "issued": None,
        "adopted": "2022-12-07",
        "distributed": "2022-12-14",
        "issuer": "General Assembly",
        "issuer_key": "body/un-general-assembly",
        "session": 77,
        "plenary_meeting": 46,
        "plenary_key": "ga-77-plenary-46",
        "agenda_item": "99 (n)",
        "committee": "First Committee",
        "committee_key": "un-first-committee",
        "committee_report": "A/77/385",
        "committee_report_paragraph": 110,
        "treaty": "aplc",
    }
    assert {name: found[name] for name in expected} == expected
    assert found["title"] == f"Implementation of the {convention.title}"
    assert found["agenda_item_title"] == f"General and complete disarmament: implementation of the {convention.title}"


def test_resolution_paragraphs() -> None:
    found = read(RES).to_json()["paragraphs"]
    assert [item["part"] for item in found] == [f"pp{n}" for n in range(1, 13)] + [f"op{n}" for n in range(1, 13)]
    assert [item["kind"] for item in found] == ["preambular"] * 12 + ["operative"] * 12
    preamble = "Recalling,Reaffirming,Believing,Wishing,Noting with satisfaction,Recalling,Recalling also,Underlining,"
    preamble += "Stressing,Noting with satisfaction,Emphasizing,Noting with deep regret"
    operative = "Invites,Urges,Stresses,Expresses strong concern,Urges,Invites,Renews its call upon,Urges,"
    operative += "Invites and encourages,Requests,Calls upon,Decides"
    assert ",".join(item["opening"] for item in found[:12]) == preamble
    assert ",".join(item["opening"] for item in found[12:]) == operative
    forces = (
        "invites,urges,stresses,expresses-concern,urges,invites,calls-upon,urges,invites,requests,calls-upon,decides"
    )
    assert ",".join(item["force"] for item in found[12:]) == forces


def test_resolution_text_is_whole() -> None:
    """A page break cuts pp5, a footnote op7: both are one paragraph."""
    found = read(RES)
    by_part = {item.part: found.text[item.start : item.end] for item in found.paragraphs}
    assert "Anti-Personnel Mines and on" in by_part["pp5"]
    assert by_part["pp5"].endswith("landmine problem,")
    assert "programmes and the removal" in by_part["op7"]
    assert by_part["op12"].endswith("\u201d.")
    assert [(item.marker, item.in_) for item in found.footnotes] == [("1", "pp5")]


def test_resolution_recalls_23_resolutions() -> None:
    found = read(RES).to_json()["resolutions"]
    recalled = "54/54 B 1999-12-01;55/33 V 2000-11-20;56/24 M 2001-11-29;57/74 2002-11-22;58/53 2003-12-08;"
    recalled += "59/84 2004-12-03;60/80 2005-12-08;61/84 2006-12-06;62/41 2007-12-05;63/42 2008-12-02;64/56 2009-12-02;"
    recalled += "65/48 2010-12-08;66/29 2011-12-02;67/32 2012-12-03;68/30 2013-12-05;69/34 2014-12-02;70/55 2015-12-07;"
    recalled += "71/34 2016-12-05;72/53 2017-12-04;73/61 2018-12-05;74/61 2019-12-12;75/52 2020-12-07;76/26 2021-12-06"
    pairs = [row.rsplit(" ", 1) for row in recalled.split(";")]
    expected = [(f"A/RES/{number}", day, "recalls", "pp1") for number, day in pairs]
    assert rows(found, "symbol", "adopted", "manner", "in") == expected
    assert found[0]["key"] == "a/res/54/54b"


def test_resolution_provisions() -> None:
    assert rows(read(RES).to_json()["provisions"], "key", "manner", "in") == [
        ("aplc~art7", "as required under", "op5"),
        ("aplc~art12.1", "in accordance with", "op10"),
        ("aplc~art12.3", "in accordance with", "op10"),
    ]


def test_resolution_meetings() -> None:
    found = read(RES).to_json()["meetings"]
    cities = (
        "Maputo,Geneva,Managua,Geneva,Bangkok,Zagreb,Geneva,Dead Sea,Geneva,Geneva,Phnom Penh,Geneva,Geneva,Geneva,"
    )
    cities += "Santiago,Vienna,Geneva,Geneva,The Hague"
    years = [
        year for year in range(1999, 2022) if year not in (2004, 2009, 2014, 2019)
    ]  # those of the Review Conferences
    places = zip(cities.split(","), years, strict=True)
    expected = [(f"aplc-msp-{n}", city, str(year)) for n, (city, year) in enumerate(places, 1)]
    expected += [("aplc-rc-1", "Nairobi", "2004"), ("aplc-rc-2", "Cartagena", "2009")]
    expected += [("aplc-rc-3", "Maputo", "2014"), ("aplc-rc-4", "Oslo", "2019")]
    listed = [item for item in found if item["in"] == "pp6"]
    assert [(item["key"], item["place"], str(item["year"])) for item in listed] == expected
    assert {(item["precision"], item["held"], item["start"]) for item in listed} == {("year", True, None)}
    assert [item["country"] for item in listed if item["country"]] == ["Colombia"]
    others = [item for item in found if item["in"] != "pp6"]
    assert rows(others, "key", "place", "start", "end", "precision", "held", "in") == [
        ("aplc-rc-4", None, None, None, None, None, "pp7"),
        ("aplc-msp-20", "Geneva", "2022-11-21", "2022-11-25", "day", False, "op9"),
        ("aplc-msp-21", None, None, None, None, None, "op10"),
    ]


def test_resolution_mandates() -> None:
    found = read(RES).to_json()["mandates"]
    assert rows(found, "key", "force", "addressee", "task", "meeting", "invokes", "in") == [
        ("a/res/77/63~op1", "invites", "all States that have not signed", "accede", None, [], "op1"),
        (
            "a/res/77/63~op2",
            "urges",
            "one remaining State that has signed but has not ratified",
            "ratify",
            None,
            [],
            "op2",
        ),
        ("a/res/77/63~op5", "urges", "all States parties", "report", None, ["aplc~art7"], "op5"),
        ("a/res/77/63~op6", "invites", "all States that have not ratified", "report", None, [], "op6"),
        ("a/res/77/63~op9", "invites", "all interested States", "participate", "aplc-msp-20", [], "op9"),
        ("a/res/77/63~op10", "requests", "Secretary-General", "convene", "aplc-msp-21", ["aplc~art12.1"], "op10"),
        ("a/res/77/63~op10.2", "requests", "Secretary-General", "invite", "aplc-msp-21", ["aplc~art12.3"], "op10"),
        (
            "a/res/77/63~op11",
            "calls-upon",
            "States parties and States participating in meetings",
            "finance",
            None,
            [],
            "op11",
        ),
        ("a/res/77/63~op12", "decides", None, "include-in-agenda", None, [], "op12"),
    ]
    convene, invite = found[5], found[6]
    assert convene["tasks"] == ["prepare", "convene"]
    assert convene["addressee_key"] == "un-secretary-general"
    assert (invite["on_behalf_of"], invite["capacity"]) == ("States parties", "observer")
    everybody = ["icrc", "international-organizations", "ngos", "regional-organizations"]
    assert invite["invitees"] == [*everybody, "states-not-parties", "united-nations"]
    assert found[-1]["session"] == 78


def test_resolution_other_statements() -> None:
    found = read(RES).to_json()
    assert rows(found["participation"], "count", "count_of", "as_of", "in") == [
        (164, "states-parties", "2022-12-07", "pp10"),
        (1, "signatories-not-ratified", "2022-12-07", "op2"),
    ]
    assert rows(found["outcomes"], "meeting", "kind", "period_start", "period_end", "in") == [
        ("aplc-rc-4", "declaration", None, None, "pp7"),
        ("aplc-rc-4", "action-plan", 2020, 2024, "pp7"),
    ]
    assert rows(found["treaties"], "code", "unts_volume", "unts_number") == [("aplc", "2056", "35597")]
    assert rows(found["invitations"], "meeting", "inviter", "capacity", "provision", "in") == [
        ("aplc-msp-20", "General Assembly", None, None, "op9"),
        ("aplc-msp-21", "Secretary-General", "observer", "aplc~art12.3", "op10"),
    ]
    assert rows(found["agenda_requests"], "session", "item") == [(78, "General and complete disarmament")]
    empty = ("convocations", "programmes", "deadlines", "cost_rules", "people", "weekdays", "events", "contacts")
    assert [name for name in empty if found[name]] == []


def test_note_of_2023() -> None:
    found = read(NV21).to_json()
    assert (found["type"], found["key"]) == ("NoteVerbale", "note-verbale/2023-01-16/aplc-msp-21")
    assert (found["symbol"], found["reference"], found["title"]) == (None, None, None)
    assert (found["issued"], found["issuer_key"]) == ("2023-01-16", "body/un-secretary-general")
    assert [item["part"] for item in found["paragraphs"]] == [f"p{n}" for n in range(1, 13)]
    assert rows(found["treaties"], "code", "abbreviation", "entry_into_force") == [("aplc", "APLC", "1999-03-01")]
    assert rows(found["resolutions"], "symbol", "part", "adopted", "manner", "in") == [
        ("A/RES/77/63", "op10", "2022-12-07", "quotes", "p4")
    ]
    assert rows(found["provisions"], "key", "manner", "in") == [
        ("aplc~art11.1", "quotes", "p2"),
        ("aplc~art11.1", "pursuant to", "p3"),
        ("aplc~art12.1", "in accordance with", "p5"),
        ("aplc~art12.3", "in accordance with", "p5"),
        ("aplc~art14.1", "quotes", "p8"),
    ]
    assert rows(found["meetings"], "key", "place", "country", "start", "end", "precision", "held", "in") == [
        ("aplc-rc-4", "Oslo", None, "2019-11-26", "2019-11-29", "day", True, "p2"),
        ("aplc-msp-20", None, None, "2022-11-21", "2022-11-25", "day", True, "p3"),
        ("aplc-msp-21", "Geneva", "Switzerland", "2023-11-20", "2023-11-24", "week", False, "p3"),
        ("aplc-msp-21", None, None, None, None, None, None, "p5"),
        ("aplc-msp-21", "Geneva", "Switzerland", "2023-11-20", None, "week", False, "p6"),
        ("aplc-msp-21", None, None, None, None, None, None, "p10"),
    ]


def test_note_of_2023_acts() -> None:
    found = read(NV21).to_json()
    assert rows(found["mandates"], "key", "force", "task", "meeting", "series", "invokes", "in") == [
        ("aplc-rc-4~convene-aplc-msp", "agrees", "convene", None, "aplc-msp", [], "p2"),
        ("aplc-msp-20~convene-aplc-msp-21", "agrees", "convene", "aplc-msp-21", None, ["aplc~art11.1"], "p3"),
        ("a/res/77/63~op10", "requests", "convene", "aplc-msp-21", None, ["aplc~art12.1"], "p5"),
        ("a/res/77/63~op10.2", "requests", "invite", "aplc-msp-21", None, ["aplc~art12.3"], "p5"),
    ]
    yearly = found["mandates"][0]
    assert (yearly["frequency"], yearly["max_days"]) == ("annual", 5)
    assert yearly["period"] == "late November to early December"
    assert yearly["decided_by"] == "aplc-rc-4"
    assert rows(found["convocations"], "meeting", "convener_key", "under", "in") == [
        (
            "aplc-msp-21",
            "body/un-secretary-general",
            ["aplc-rc-4~convene-aplc-msp", "aplc-msp-20~convene-aplc-msp-21", "a/res/77/63~op10"],
            "p6",
        )
    ]
    assert rows(found["invitations"], "meeting", "invitees", "capacity", "on_behalf_of", "in") == [
        (
            "aplc-msp-21",
            ["international-organizations", "ngos", "states-not-parties"],
            "observer",
            "States Parties",
            "p7",
        )
    ]
    both = ["participating-states-not-parties", "states-parties"]
    assert rows(found["cost_rules"], "provision", "bearers", "scale", "in") == [
        ("aplc~art14.1", both, "un-scale-adjusted", "p9")
    ]
    (deadline,) = found["deadlines"]
    assert (deadline["date"], deadline["weekday_stated"], deadline["for"]) == (
        "2023-11-10",
        "Friday",
        "delegation composition",
    )
    assert (deadline["submit_to"], deadline["in"]) == ("Executive Secretary", "p10")
    assert deadline["submit_to_key"] == "post/aplc-msp-21-executive-secretary"
    assert (deadline["email"], deadline["address"][3:]) == (
        "aplc@un.org",
        ["Palais des Nations", "1211 Geneva 10", "Switzerland"],
    )
    assert [name for name in ("people", "programmes", "outcomes", "participation", "events") if found[name]] == []


def test_note_of_the_office() -> None:
    found = read(NV11).to_json()
    assert (found["type"], found["key"], found["reference"]) == ("NoteVerbale", "oda/2023-00050", "ODA/2023-00050")
    assert (found["issued"], found["issuer"]) == ("2023-03-21", "Office for Disarmament Affairs")
    assert found["issuer_key"] == "body/un-office-for-disarmament-affairs"
    assert len(found["paragraphs"]) == 8
    assert rows(found["treaties"], "code", "year", "entry_into_force") == [("ccm", 2008, None)]
    assert rows(found["resolutions"], "symbol", "part", "adopted", "manner", "in") == [
        ("A/RES/77/79", None, "2022-12-07", "refers to", "p1"),
        ("A/RES/77/79", "op9", "2022-12-07", "requests", "p2"),
        ("A/RES/77/79", "op4", None, "refers to", "p7"),
    ]
    assert rows(found["provisions"], "key", "manner", "in") == [
        ("ccm~art14.1", "in accordance with", "p4"),
        ("ccm~art7", "as required under", "p7"),
    ]
    assert rows(found["meetings"], "key", "place", "venue", "start", "end", "in") == [
        ("ccm-rc-2", None, None, None, None, "p2"),
        ("ccm-msp-11", "Geneva", "Palais des Nations", "2023-09-11", "2023-09-14", "p3"),
        ("ccm-msp-11", None, None, None, None, "p5"),
        ("ccm-msp-11", None, None, None, None, "p6"),
    ]
    assert rows(found["mandates"], "key", "force", "addressee", "tasks", "series", "invokes", "relies_on") == [
        (
            "a/res/77/79~op9",
            "requests",
            "Secretary-General",
            ["convene", "support"],
            "ccm-msp",
            [],
            ["meeting/ccm-rc-2", "series/ccm-msp", "treaty/ccm"],
        ),
        ("a/res/77/79~op4", "urges", "all States parties", ["report"], None, ["ccm~art7"], []),
    ]
    assert rows(found["convocations"], "meeting", "convener_key", "under") == [
        ("ccm-msp-11", "body/un-secretary-general", ["a/res/77/79~op9"])
    ]
    assert rows(found["invitations"], "invitees", "capacity", "in") == [
        (["states-parties"], "participant", "p3"),
        (["states-not-parties"], "observer", "p3"),
    ]
    assert rows(found["cost_rules"], "provision", "in") == [("ccm~art14.1", "p4")]
    assert rows(found["deadlines"], "date", "weekday_stated", "for", "submit_to_key", "basis", "in") == [
        ("2023-08-31", "Friday", "delegation composition", "post/ccm-msp-11-secretary", None, "p5"),
        ("2023-04-30", None, "article 7 report", "body/un-office-for-disarmament-affairs", "doc/a/res/77/79~op4", "p7"),
    ]
    assert {item["email"] for item in found["deadlines"]} == {"ccm@un.org"}
    assert found["deadlines"][0]["website"].startswith("https://meetings.unoda.org/ccm-msp/")
    assert rows(found["weekdays"], "date", "weekday") == [("2023-08-31", "Friday")]  # it was a Thursday: kept as stated


def test_note_of_2024() -> None:
    found = read(NV12).to_json()
    assert (found["type"], found["key"]) == ("NoteVerbale", "note-verbale/2024-02-15/ccm-msp-12")
    assert (found["issued"], len(found["paragraphs"])) == ("2024-02-15", 9)
    assert rows(found["treaties"], "code", "abbreviation", "entry_into_force") == [("ccm", "CCM", "2010-08-01")]
    assert rows(found["resolutions"], "symbol", "part", "adopted", "manner", "in") == [
        ("A/RES/78/32", "op9", "2023-12-06", "quotes", "p3")
    ]
    assert rows(found["provisions"], "key", "manner", "in") == [
        ("ccm~art11.1", "quotes", "p2"),
        ("ccm~art14.1", "in accordance with", "p6"),
    ]
    dated = [item for item in found["meetings"] if item["start"]]
    assert rows(dated, "key", "place", "venue", "start", "end", "held", "in") == [
        ("ccm-msp-11", None, None, "2023-09-11", "2023-09-14", True, "p2"),
        ("ccm-msp-12", "Geneva", None, "2024-09-10", "2024-09-13", False, "p2"),
        ("ccm-msp-12", "Geneva", "Palais des Nations", "2024-09-10", "2024-09-13", False, "p4"),
    ]
    assert rows(found["mandates"], "key", "force", "meeting", "series", "invokes", "relies_on", "in") == [
        ("ccm-msp-11~convene-ccm-msp-12", "decides", "ccm-msp-12", None, ["ccm~art11.1"], [], "p2"),
        (
            "a/res/78/32~op9",
            "requests",
            None,
            "ccm-msp",
            [],
            ["meeting/ccm-rc-2", "series/ccm-msp", "treaty/ccm"],
            "p3",
        ),
    ]
    assert rows(found["convocations"], "meeting", "under", "in") == [
        ("ccm-msp-12", ["ccm-msp-11~convene-ccm-msp-12", "a/res/78/32~op9"], "p4")
    ]
    assert rows(found["invitations"], "meeting", "capacity", "in") == [("ccm-msp-12", "observer", "p5")]
    assert rows(found["deadlines"], "date", "weekday_stated", "submit_to_key", "email", "in") == [
        ("2024-08-30", "Friday", "body/ccm-msp-12-secretariat", "ccm@un.org", "p7")
    ]


def test_letter() -> None:
    found = read(IM18).to_json()
    assert (found["type"], found["key"]) == ("Letter", "letter/2018-04-16/aplc-im-2018")
    assert (found["issued"], found["issuer_key"]) == ("2018-04-16", "post/aplc-msp-17-president")
    assert (len(found["paragraphs"]), len(found["addressees"])) == (9, 3)
    assert rows(found["people"], "name", "role", "of", "post", "honorific") == [
        ("Suraya Dalil", "President", "aplc-msp-17", "aplc-msp-17-president", "H.E.")
    ]
    assert rows(found["meetings"], "key", "place", "venue", "start", "end", "year", "held", "in") == [
        ("aplc-msp-17", None, None, None, None, None, None, "p1"),
        ("aplc-im-2018", None, None, None, None, 2018, None, "p1"),
        ("aplc-rc-4", None, None, None, None, 2019, False, "p3"),
        (
            "aplc-im-2018",
            "Geneva",
            "World Meteorological Organisation Building",
            "2018-06-07",
            "2018-06-08",
            2018,
            False,
            None,
        ),
    ]
    purposes = ["regular work of the committees", "thematic discussion of article 5", "updates on implementation"]
    assert found["meetings"][-1]["purposes"] == purposes
    assert rows(found["provisions"], "key", "manner", "in") == [("aplc~art5", "implements", "p4")]
    (convocation,) = found["convocations"]
    assert (convocation["convener_key"], convocation["meeting"]) == ("post/aplc-msp-17-president", "aplc-im-2018")
    assert (convocation["in_cooperation_with"], convocation["in_cooperation_count"]) == (
        ["Committees of the Convention"],
        4,
    )
    assert convocation["programme"] == "aplc-intersessional-work-programme"
    assert rows(found["programmes"], "key", "established", "in") == [("aplc-intersessional-work-programme", 1999, "p2")]
    invited = ["international-organizations", "ngos", "states-not-parties", "states-parties"]
    assert rows(found["invitations"], "meeting", "invitees", "capacity") == [("aplc-im-2018", invited, None)]
    assert rows(found["deadlines"], "date", "for", "website", "meeting", "in") == [
        ("2018-05-31", "registration", "www.apminebanconvention.org", "aplc-im-2018", "p5")
    ]
    assert rows(found["events"], "kind", "date", "weekday_stated") == [
        ("bilateral meetings", "2018-06-06", "Wednesday")
    ]
    assert rows(found["weekdays"], "date", "weekday", "year_inferred") == [("2018-06-06", "Wednesday", True)]
    assert rows(found["contacts"], "email", "website", "of_key") == [
        (None, "www.apminebanconvention.org", None),
        ("isu@apminebanconvention.org", None, "aplc-implementation-support-unit"),
    ]
    assert [
        name for name in ("mandates", "resolutions", "cost_rules", "outcomes", "participation") if found[name]
    ] == []


@pytest.mark.parametrize("name", [RES, NV21, NV11, NV12, IM18])
def test_every_span_lies_in_its_paragraph(name: str) -> None:
    found = read(name)
    limits = {item.part: (item.start, item.end) for item in found.paragraphs}
    kinds = (
        "treaties",
        "resolutions",
        "provisions",
        "meetings",
        "mandates",
        "convocations",
        "invitations",
        "deadlines",
    )
    kinds += ("cost_rules", "participation", "outcomes", "people", "weekdays", "events", "contacts", "agenda_requests")
    for kind in kinds:
        for item in getattr(found, kind):
            assert 0 <= item.start < item.end <= len(found.text)
            if item.in_ is not None:
                assert limits[item.in_][0] <= item.start < item.end <= limits[item.in_][1], (kind, item)
