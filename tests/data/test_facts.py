"""The committed tables against the collections of facts that they were made from, where those are at hand."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FACTS = REPOSITORY.parent / "shared" / "facts"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FACTS.is_dir(), reason="the collections of facts (../shared/facts) are not here"),
]


@cache
def facts(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def table(name: str) -> list[dict[str, str]]:
    with (REPOSITORY / "data" / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def held(key: str) -> set[tuple[str, str]]:
    return {(row["start"], row["end"]) for row in table("meetings") if row["meeting"] == key and row["start"]}


def test_meetings_of_the_mine_ban_convention_have_their_dates() -> None:
    checked = 0
    for row in facts("aplc/meetings.csv"):
        key = f"aplc-{ {'MSP': 'msp', 'RevCon': 'rc'}[row['kind']] }-{row['ordinal']}"
        if row["start"]:
            assert (row["start"], row["end"]) in held(key), key
            checked += 1
    assert checked == 27


def test_meetings_on_cluster_munitions_have_their_dates() -> None:
    checked = 0
    for row in facts("ccm/meetings.csv"):
        kind = {"MSP": "msp", "Review Conference": "rc"}.get(row["kind"])
        if (
            row["convention_id"] == "CCM"
            and kind
            and row["status"] == "held"
            and row["dates_confidence"] != "from-memory-unverified"
        ):
            last = row["second_part_end"] or row["end_date"]
            assert (row["start_date"], last) in held(f"ccm-{kind}-{row['ordinal']}"), row["meeting_id"]
            checked += 1
    assert checked == 15


def test_what_is_only_remembered_stays_out() -> None:
    everything = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "data").rglob("*.csv"))
    ).casefold()
    people, symbols = set(), set()
    for row in facts("aplc/meetings.csv"):
        if row["president_confidence"] == "from-memory-unverified":
            people.add(row["president"])
        if row["symbol_confidence"] == "from-memory-unverified":
            symbols.add(row["final_report_symbol"])
    symbols |= {
        row["final_document"]
        for row in facts("ccm/meetings.csv")
        if row["convention_id"] == "CCM" and row["final_document_confidence"] == "from-memory-unverified"
    }
    known = {row["name"] for row in table("tenures")}  # the same person may be sourced for another meeting
    assert people
    assert symbols
    for name in (people | symbols) - known - {""}:
        assert name.casefold() not in everything, name


def test_resolutions_have_their_dates() -> None:
    adopted: dict[str, set[str]] = defaultdict(set)
    for row in table("resolutions"):
        if row["adopted"]:
            adopted[row["symbol"]].add(row["adopted"])
    for row in facts("aplc/resolutions.csv"):
        if "assumed" in row["note"]:
            assert f"A/RES/{row['resolution']}" not in adopted
            continue
        assert adopted[f"A/RES/{row['resolution']}"] == {row["adopted"]}, row["resolution"]
    for row in facts("ccm/resolutions.csv"):
        if row["convention_id"] == "CCM" and row["confidence"] == "sourced-exactly":
            assert adopted[row["symbol"]] == {row["adoption_date"]}, row["symbol"]


def test_presidents_are_those_of_the_sources() -> None:
    known = {(row["meeting"], row["name"]) for row in table("tenures")}
    for row in facts("aplc/meetings.csv"):
        if row["president"] and row["president_confidence"].startswith("sourced"):
            key = f"aplc-{ {'MSP': 'msp', 'RevCon': 'rc'}[row['kind']] }-{row['ordinal']}"
            assert (key, row["president"]) in known, key


def test_no_sentence_of_a_document_stands_in_the_data() -> None:
    """Titles of treaties and resolutions are names; nothing else of fourteen words may agree with a document."""
    import re

    def words(text: str) -> list[str]:
        return re.findall(r"[\w'’-]+", text.casefold())

    runs: set[tuple[str, ...]] = set()
    for path in sorted((REPOSITORY.parent / "shared" / "seeds").glob("*.txt")):
        said = words(path.read_text(encoding="utf-8"))
        runs.update(tuple(said[start : start + 14]) for start in range(len(said) - 13))
    assert runs
    for path in sorted((REPOSITORY / "data" / "tables").glob("*.csv")):
        for row in table(path.stem):
            for column, text in row.items():
                said = words(text)
                if column != "title":
                    assert not any(tuple(said[start : start + 14]) in runs for start in range(len(said) - 13)), text
