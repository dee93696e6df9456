"""Invented documents of each kind: every fact that they state, and documents of no known kind."""

import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.documents import DocumentError, extract, extract_file
from loaders.extraction import Extraction
from loaders.gazetteer import Gazetteer, TreatyNames
from ontology.keys import is_key

SAMPLES = Path(__file__).parent / "samples"
KNOWN = Gazetteer((TreatyNames("ctl", "Convention on the Prohibition of Tidal Lanterns", (), ("CTL",)),))
#: The keys of the JSON that scripts rely on (DESIGN, "Fixed interfaces"), and those of its items.
KEYS = "type symbol reference title language issued adopted distributed issuer session plenary_meeting agenda_item "
KEYS += (
    "committee_report committee_report_paragraph paragraphs resolutions provisions meetings mandates deadlines people"
)
ITEMS = {
    "paragraphs": "kind number opening start end",
    "resolutions": "symbol adopted manner in",
    "provisions": "treaty article paragraph manner in",
    "meetings": "treaty type ordinal place start end year in",
    "mandates": "force addressee task meeting invokes in",
    "deadlines": "date weekday_stated for in",
    "people": "name role of",
}


def read(name: str, gazetteer: Gazetteer = KNOWN) -> Extraction:
    return extract_file(SAMPLES / f"{name}.txt", gazetteer)


def rows(items: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(item[name] for name in names) for item in items]


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.txt")))
def test_json_has_the_fixed_shape(name: str) -> None:
    found = read(name).to_json()
    assert set(KEYS.split()) <= set(found)
    assert found["type"] in ("Resolution", "NoteVerbale", "Letter", "Report", "Treaty", "Unknown")
    assert is_key(found["key"])
    for kind, keys in ITEMS.items():
        assert isinstance(found[kind], list)
        for item in found[kind]:
            assert set(keys.split()) <= set(item)
    assert "text" not in found


def test_resolution() -> None:
    found = read("resolution").to_json()
    expected = {
        "type": "Resolution",
        "key": "a/res/91/17",
        "symbol": "A/RES/91/17",
        "title": "Implementation of the Convention on the Prohibition of Tidal Lanterns",
        "adopted": "2036-12-04",
        "distributed": "2036-12-09",
        "session": 91,
        "plenary_key": "ga-91-plenary-52",
        "agenda_item": "88 (c)",
        "committee_report": "A/91/412",
        "committee_report_paragraph": 37,
        "treaty": "ctl",
    }
    assert {name: found[name] for name in expected} == expected
    assert [item["part"] for item in found["paragraphs"]] == [f"pp{n}" for n in range(1, 7)] + [
        f"op{n}" for n in range(1, 7)
    ]
    assert rows(found["resolutions"], "symbol", "adopted", "in") == [
        ("A/RES/86/12 C", "2031-12-03", "pp1"),
        ("A/RES/87/40", "2032-12-06", "pp1"),
        ("A/RES/88/21", "2033-12-05", "pp1"),
        ("A/RES/90/8", "2035-12-02", "pp1"),
    ]
    assert rows(found["meetings"], "key", "place", "year", "held", "in") == [
        ("ctl-msp-1", "Lisbon", 2028, True, "pp4"),
        ("ctl-msp-2", "Port Louis", 2029, True, "pp4"),
        ("ctl-msp-3", "Port Louis", 2031, True, "pp4"),
        ("ctl-msp-4", "Amber Coast", 2032, True, "pp4"),
        ("ctl-msp-5", "Valpara\u00edso", 2034, True, "pp4"),
        ("ctl-msp-6", "Lisbon", 2036, True, "pp4"),
        ("ctl-rc-1", "Bergen", 2030, True, "pp4"),
        ("ctl-rc-2", "Suva", 2035, True, "pp4"),
        ("ctl-rc-2", None, None, None, "pp5"),
        ("ctl-msp-7", "Port Louis", 2037, False, "op4"),
    ]
    assert rows(found["mandates"], "key", "task", "meeting", "invokes") == [
        ("a/res/91/17~op1", "ratify", None, []),
        ("a/res/91/17~op2", "report", None, ["ctl~art9.2"]),
        ("a/res/91/17~op4", "convene", "ctl-msp-7", ["ctl~art13.1"]),
        ("a/res/91/17~op4.2", "invite", "ctl-msp-7", ["ctl~art13.4"]),
        ("a/res/91/17~op5", "accede", None, []),
        ("a/res/91/17~op6", "include-in-agenda", None, []),
    ]
    assert rows(found["outcomes"], "meeting", "kind", "period_start") == [
        ("ctl-rc-2", "declaration", None),
        ("ctl-rc-2", "action-plan", 2036),
    ]
    assert rows(found["participation"], "count", "count_of") == [
        (57, "states-parties"),
        (2, "signatories-not-ratified"),
    ]
    assert rows(found["treaties"], "unts_volume", "unts_number") == [("4012", "61234")]
    assert rows(found["footnotes"], "marker", "in") == [("1", "pp6")]
    assert rows(found["agenda_requests"], "session", "item", "sub_item") == [(93, "Seas and lights", "Tidal lanterns")]


def test_an_unlisted_convention_needs_no_code_and_no_data() -> None:
    assert read("note_secretary_general", Gazetteer()).to_json()["treaty"] == "ctl"
    assert read("resolution", Gazetteer()).to_json()["treaty"] == "convention-on-the-prohibition-of-tidal-lanterns"
    assert read("note_office", Gazetteer()).to_json()["treaty"] == "treaty-on-quiet-harbours"


def test_note_of_the_secretary_general() -> None:
    found = read("note_secretary_general").to_json()
    assert (found["type"], found["key"]) == ("NoteVerbale", "note-verbale/2037-01-12/ctl-msp-7")
    assert rows(found["treaties"], "abbreviation", "entry_into_force") == [("CTL", "2027-06-01")]
    assert rows(found["mandates"], "key", "force", "meeting", "series", "invokes", "in") == [
        ("ctl-rc-2~convene-ctl-msp", "agrees", None, "ctl-msp", [], "p2"),
        ("ctl-msp-6~convene-ctl-msp-7", "decides", "ctl-msp-7", None, ["ctl~art13.1"], "p3"),
        ("a/res/91/17~op4", "requests", "ctl-msp-7", None, ["ctl~art13.1"], "p5"),
        ("a/res/91/17~op4.2", "requests", "ctl-msp-7", None, ["ctl~art13.4"], "p5"),
    ]
    assert (found["mandates"][0]["max_days"], found["mandates"][0]["period"]) == (4, "early December")
    assert rows(found["convocations"], "meeting", "under", "in") == [
        ("ctl-msp-7", ["ctl-rc-2~convene-ctl-msp", "ctl-msp-6~convene-ctl-msp-7", "a/res/91/17~op4"], "p6")
    ]
    assert rows(found["invitations"], "invitees", "capacity", "in") == [
        (["regional-organizations", "states-not-parties"], "observer", "p7")
    ]
    assert rows(found["cost_rules"], "provision", "bearers", "scale", "in") == [
        ("ctl~art16.2", ["participating-states-not-parties", "states-parties"], "un-scale-adjusted", "p9")
    ]
    assert rows(found["deadlines"], "date", "weekday_stated", "submit_to", "email", "address") == [
        (
            "2037-11-13",
            "Friday",
            "Executive Secretary",
            "lanterns@example.org",
            ["CTL Secretariat", "Harbour House, Room 12", "Port Louis", "Mauritius"],
        )
    ]


def test_note_of_the_office() -> None:
    found = read("note_office").to_json()
    assert (found["type"], found["key"]) == ("NoteVerbale", "oda/2037-00007")
    assert rows(found["resolutions"], "symbol", "part", "adopted", "manner") == [
        ("A/RES/91/20", None, "2036-12-05", "refers to"),
        ("A/RES/91/20", "op6", "2036-12-05", "requests"),
        ("A/RES/91/20", "op3", None, "refers to"),
    ]
    (first, second) = found["deadlines"]
    assert (first["date"], first["weekday_stated"]) == ("2038-02-15", "Monday")
    assert first["website"] == "https://meetings.example.org/quiet-harbours/ninth"
    assert (second["for"], second["basis"], second["date"]) == ("article 5 report", "doc/a/res/91/20~op3", "2037-06-30")
    assert rows(found["invitations"], "invitees", "capacity") == [
        (["states-parties"], "participant"),
        (["signatories"], "observer"),
    ]
    (meeting,) = [item for item in found["meetings"] if item["start"]]
    assert (meeting["venue"], meeting["place"], meeting["country"]) == ("Pilots\u2019 Hall", "Bergen", "Norway")


def test_letter() -> None:
    found = read("letter").to_json()
    assert (found["type"], found["key"]) == ("Letter", "letter/2031-02-03/ctl-im-2031")
    assert rows(found["people"], "name", "role", "of") == [("Am\u00e9lie Noor-Lindqvist", "President", "ctl-msp-4")]
    assert rows(found["meetings"], "key", "start", "end", "place", "venue", "in")[-1] == (
        "ctl-im-2031",
        "2031-04-28",
        "2031-04-30",
        "Lisbon",
        "Harbour Institute Building",
        None,
    )
    assert rows(found["convocations"], "convener_key", "in_cooperation_count") == [("post/ctl-msp-4-president", 3)]
    assert rows(found["programmes"], "key", "established") == [("ctl-standing-work-programme", 2028)]
    assert rows(found["deadlines"], "date", "for") == [("2031-04-11", "registration")]
    assert rows(found["events"], "date", "weekday_stated") == [("2031-04-27", "Sunday")]


@pytest.mark.parametrize(
    ("name", "language"), [("recipe", "en"), ("chinese", "zh"), ("other_organ", "en"), ("empty", None)]
)
def test_unknown_documents_are_unknown(name: str, language: str | None) -> None:
    found = read(name).to_json()
    assert (found["type"], found["language"]) == ("Unknown", language)
    assert found["key"] == f"unknown/{found['checksum'][:12]}"
    assert [key for key in ("symbol", "title", "issued", "adopted", "issuer", "session", "treaty") if found[key]] == []
    assert [key for key in ("meetings", "mandates", "convocations", "deadlines", "people") if found[key]] == []


def test_an_unknown_document_gives_what_can_be_read() -> None:
    found = read("other_organ").to_json()["resolutions"]
    assert rows(found, "symbol", "adopted", "manner")[1:] == [
        ("S/RES/2990(2030)", "2030-03-04", "recalls"),
        ("A/RES/85/11", "2030-12-01", "recalls"),
    ]


def test_two_kinds_of_evidence_are_no_evidence() -> None:
    both = "\n\n".join((SAMPLES / f"{name}.txt").read_text(encoding="utf-8") for name in ("letter", "note_office"))
    assert extract(both, name="both", gazetteer=KNOWN).type == "Unknown"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(DocumentError, match=r"picture\.png"):
        extract(b"\x89PNG\r\n\x1a\n\xff\xfe", name="picture.png", gazetteer=KNOWN)


def test_reading_is_deterministic() -> None:
    assert read("resolution").to_json() == read("resolution").to_json()


def test_shuffled_paragraphs_never_raise() -> None:
    """Pieces of all the samples in any order, with words missing: read or not read, but no exception."""
    pieces = [
        piece for path in sorted(SAMPLES.glob("*.txt")) for piece in path.read_text(encoding="utf-8").split("\n\n")
    ]
    chance = random.Random(91)
    for _ in range(120):
        chosen = chance.sample(pieces, 14)
        words = [[word for word in piece.split(" ") if chance.random() > 0.05] for piece in chosen]
        found = extract("\n\n".join(" ".join(piece) for piece in words), name="mix", gazetteer=KNOWN)
        for item in (*found.meetings, *found.mandates, *found.resolutions, *found.deadlines):
            assert 0 <= item.start < item.end <= len(found.text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    try:
        found = extract("The General Assembly,\n\n" + text, name="any", gazetteer=KNOWN)
    except DocumentError:
        return
    assert found.to_json()["language"] in ("en", "fr", "es", "ru", "ar", "zh", None)


@pytest.mark.parametrize(
    "unit",
    [
        "its resolutions 1/1 and 2/2 of 3 May 2031, ",
        "the Third Review Conference decided to hold the Fourth Review Conference, ",
        "Convention on Lamps in Lisbon (CLL), ",
        "to convene and, in accordance with article 1, paragraph 2, to invite ",
        "composition of delegations by Friday, 3 May 2031, to the Secretary. ",
        "this line is long enough to be wrapped and it goes on and on\n",
        "this paragraph goes on in lower case without an end\n\n",
        "first to second ",
        "A/RES/1/1 ",
        "the costs of the Meetings ",
        "adopted a declaration ",
        "\u00b9 Note.\n\nTreaty Series, vol. 1, No. 2 ",
    ],
)
@pytest.mark.parametrize("head", ["The General Assembly,\n\n91/1. Lamps\n\nThe General Assembly,\n\n", ""])
def test_hostile_documents_take_linear_time(unit: str, head: str) -> None:
    """Four times the text takes about four times the time: no pattern and no loop looks back over all of it."""
    note = "The Office presents its compliments to all and has the honour to refer to the Convention on Lamps (CL).\n\n"
    times = []
    for size in (10_000, 40_000):
        began = time.process_time()
        extract((head or note) + unit * (size // len(unit)), name="hostile", gazetteer=KNOWN)
        times.append(time.process_time() - began)
    assert times[1] < 8 * times[0] + 1
