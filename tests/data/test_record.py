"""The tables of the wider record: votes, roll calls, participation, other treaties.

Some of it is compared with the collections of facts that the tables were made from, where those are at hand.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

from ontology.keys import symbol_key

REPOSITORY = Path(__file__).parents[2]
TABLES = REPOSITORY / "data" / "tables"
FACTS = REPOSITORY.parent / "shared" / "facts"
POSITIONS = ("in_favour", "against", "abstaining", "not_voting")
CONSENT = {"ratification", "acceptance", "approval", "accession", "succession", "consent-to-be-bound"}

shared = [
    pytest.mark.shared,
    pytest.mark.skipif(not FACTS.is_dir(), reason="the collections of facts (../shared/facts) are not here"),
]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def table(name: str) -> list[dict[str, str]]:
    return read(TABLES / f"{name}.csv")


@cache
def facts(name: str) -> list[dict[str, str]]:
    return read(FACTS / name)


@cache
def listed() -> dict[str, Counter[str]]:
    """Resolution -> position -> number of States in the roll call."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in table("positions"):
        for position in POSITIONS:
            if row[position]:
                found[row["resolution"]][position] += 1
    return found


def joined(treaty: str, day: str) -> set[str]:
    """States that count as parties on a day, by the tables: the rule of docs/status.md in Python."""
    first: dict[str, str] = {}
    left: dict[str, str] = {}
    for row in table("treaty_actions"):
        if row["treaty"] != treaty:
            continue
        if row["action"] in CONSENT and (when := row["date"] or row["effective"]):
            first[row["state"]] = min(when, first.get(row["state"], when))
        if row["action"] == "withdrawal" and row["effective"]:
            left[row["state"]] = max(row["effective"], left.get(row["state"], ""))
    return {state for state, when in first.items() if when <= day and not left.get(state, "9") <= day}


def test_each_row_of_a_roll_call_has_one_position() -> None:
    for number, row in enumerate(table("positions"), 2):
        assert sum(bool(row[position]) for position in POSITIONS) == 1, f"positions.csv, line {number}"


def test_totals_equal_the_roll_calls_but_for_the_known_differences() -> None:
    differences = set()
    compared = 0
    for row in table("votes"):
        if row["stage"] != "plenary" or row["resolution"] not in listed():
            continue
        for position in ("in_favour", "against", "abstaining"):
            if row[position]:
                compared += 1
                if int(row[position]) != listed()[row["resolution"]][position]:
                    differences.add((row["resolution"], position, row[position]))
    assert compared > 300
    # Both are findings of the audit.
    assert differences == {("a/res/71/34", "in_favour", "164"), ("a/res/71/45", "against", "2")}


def test_every_vote_of_the_plenary_has_a_roll_call() -> None:
    assert {row["resolution"] for row in table("votes") if row["stage"] == "plenary"} == set(listed())


def test_members() -> None:
    status = Counter(row["un_status"] for row in table("members"))
    assert status == {"member": 193, "observer": 2, "non-member": 2, "": 2}
    for column in ("iso3", "iso2", "m49"):
        values = [row[column] for row in table("members") if row[column]]
        assert len(values) == len(set(values))
    assert all(row["iso3"].lower() == row["state"] for row in table("members"))


def test_no_act_precedes_its_effect_or_its_treaty() -> None:
    opened = {row["treaty"]: row["opened"] for row in table("treaty_details") if row["opened"]}
    for row in table("treaty_actions"):
        if row["date"] and row["effective"]:
            assert row["date"] <= row["effective"], row
        if row["action"] == "signature" and row["treaty"] in opened:
            assert row["date"] >= opened[row["treaty"]], row


def test_participation_gives_the_numbers_that_documents_state() -> None:
    known: dict[str, str] = {}
    for row in table("participation"):
        if row["complete_until"]:
            known[row["treaty"]] = max(row["complete_until"], known.get(row["treaty"], ""))
    checked = []
    for row in [*table("counts"), *table("counts_other")]:
        if row["of"] == "states-parties" and row["as_of"] <= known.get(row["treaty"], ""):
            assert len(joined(row["treaty"], row["as_of"])) == int(row["count"]), row
            checked.append((row["treaty"], row["count"]))
    assert {number for treaty, number in checked if treaty == "ccm"} == {"107", "110", "112"}
    assert {number for treaty, number in checked if treaty == "aplc"} >= {"164", "166"}


def test_withdrawals_take_effect() -> None:
    assert len(joined("aplc", "2025-12-26")) == 166
    assert len(joined("aplc", "2025-12-27")) == 163
    assert len(joined("aplc", "2026-02-20")) == 161
    assert "ltu" in joined("ccm", "2025-03-05")
    assert "ltu" not in joined("ccm", "2025-03-06")


def test_every_resolution_has_its_session_in_its_symbol() -> None:
    for name in ("resolutions", "resolutions_other"):
        for row in table(name):
            assert row["resolution"] == symbol_key(row["symbol"])
            assert row["resolution"].split("/")[2] == row["session"]


def test_the_series_on_mines_is_complete() -> None:
    sessions = {int(row["session"]) for row in table("resolutions") if row["treaty"] == "aplc"}
    assert set(range(51, 81)) <= sessions


class TestAgainstTheFacts:
    pytestmark = shared

    def test_every_position_of_the_roll_calls(self) -> None:
        word = {"yes": "in_favour", "no": "against", "abstain": "abstaining"}
        here = {
            (row["resolution"], row[position], position)
            for row in table("positions")
            for position in POSITIONS
            if row[position]
        }
        checked = 0
        for name in ("ccm/votes_mines_cluster.csv", "ccm/votes_other_disarmament_74_80.csv"):
            for row in facts(name):
                assert (symbol_key(row["symbol"]), row["iso3"].lower(), word[row["vote"]]) in here, row
                checked += 1
        assert checked == 14_430

    def test_votes_of_2022_are_those_of_the_extract(self) -> None:
        (row,) = [row for row in table("votes") if row["resolution"] == "a/res/77/63" and row["in_favour"]]
        assert (row["in_favour"], row["against"], row["abstaining"]) == ("167", "0", "17")

    def test_every_sourced_act_under_the_two_conventions(self) -> None:
        here = {(row["treaty"], row["state"], row["action"], row["date"]) for row in table("treaty_actions")}
        for row in facts("ccm/participation_ccm.csv"):
            state = row["iso3"].lower()
            if row["signature_date"]:
                assert ("ccm", state, "signature", row["signature_date"]) in here
            if row["deposit_kind"]:
                # Dates from memory have been looked up since: they stand here with a source, and agree.
                assert ("ccm", state, row["deposit_kind"], row["deposit_date"]) in here
        deposits = {row["date"] for row in table("treaty_actions") if row["treaty"] == "aplc"}
        for row in facts("aplc/states_parties.csv"):
            if row["deposited"] and "from memory" not in row["note"]:
                assert row["deposited"] in deposits, row["name_in_source"]

    def test_the_entry_into_force_for_each_state_follows_from_the_waiting_months(self) -> None:
        months = {row["treaty"]: int(row["waiting_months"]) for row in table("participation") if row["waiting_months"]}
        checked = 0
        for row in facts("ccm/participation_ccm.csv"):
            if row["deposit_date"] and row["in_force_for_state"]:
                year, month, _ = (int(part) for part in row["deposit_date"].split("-"))
                total = year * 12 + month - 1 + months["ccm"]
                waited = f"{total // 12}-{total % 12 + 1:02d}-01"
                assert max(waited, "2010-08-01") == row["in_force_for_state"], row["state"]
                checked += 1
        assert checked > 100

    def test_nothing_from_memory(self) -> None:
        for path in sorted(TABLES.glob("*.csv")):
            text = path.read_text(encoding="utf-8")
            assert "from-memory" not in text, path.name
            assert "memory" not in {row.get("source", "").strip() for row in read(path)}, path.name
        remembered = {
            row["symbol"] for row in facts("ccm/resolutions.csv") if row["confidence"].startswith("from-memory")
        }
        known = {row["symbol"] for row in [*table("resolutions"), *table("resolutions_other")]}
        # Those that the other collection has with a source are known all the same.
        assert remembered & known <= {"A/RES/52/38 A", "A/RES/52/38 H", "A/RES/53/77 N"}
        places = {row["provision"].partition("~")[0] for row in table("provisions_other")}
        assert not places & {"tpnw", "npt"}

    def test_meetings_of_other_treaties(self) -> None:
        dates = {(row["start"], row["end"]) for row in table("meetings_other")}
        planned = {(row["planned_start"], row["planned_end"]) for row in table("meetings_other")}
        for row in facts("ccm/meetings.csv"):
            if row["convention_id"] in ("CCM", "APLC") or not row["start_date"]:
                continue
            days = (row["start_date"], row["second_part_end"] or row["end_date"])
            if row["dates_confidence"].startswith("sourced") and "memory" not in row["dates_source"]:
                assert days in dates | planned, row["meeting_id"]
            elif not row["dates_confidence"].startswith("sourced"):
                assert days not in dates, row["meeting_id"]
