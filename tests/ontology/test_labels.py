"""English labels and the spellings that people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.labels import (
    meeting_label,
    meeting_spellings,
    ordinal_suffix,
    ordinal_word,
    part_label,
    provision_label,
    series_label,
)
from ontology.schema import load_schema


@pytest.mark.parametrize(
    ("number", "word", "suffix"),
    [
        (1, "First", "1st"),
        (2, "Second", "2nd"),
        (3, "Third", "3rd"),
        (5, "Fifth", "5th"),
        (8, "Eighth", "8th"),
        (9, "Ninth", "9th"),
        (11, "Eleventh", "11th"),
        (12, "Twelfth", "12th"),
        (13, "Thirteenth", "13th"),
        (20, "Twentieth", "20th"),
        (21, "Twenty-first", "21st"),
        (30, "Thirtieth", "30th"),
        (42, "Forty-second", "42nd"),
        (99, "Ninety-ninth", "99th"),
        (100, "One hundredth", "100th"),
    ],
)
def test_ordinals(number: int, word: str, suffix: str) -> None:
    assert (ordinal_word(number), ordinal_suffix(number)) == (word, suffix)


@pytest.mark.parametrize("number", [0, -1, 101])
def test_ordinals_in_words_have_bounds(number: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 100"):
        ordinal_word(number)


def test_ordinal_words_are_all_different() -> None:
    assert len({ordinal_word(n) for n in range(1, 101)}) == 100


@given(st.integers(min_value=0, max_value=10_000))
def test_the_suffix_follows_the_last_digits(number: int) -> None:
    text = ordinal_suffix(number)
    assert text[:-2] == str(number)
    assert (text[-2:] == "th") == (number % 100 in (11, 12, 13) or number % 10 not in (1, 2, 3))


@pytest.mark.parametrize(
    ("kind", "nominal", "label"),
    [
        ("msp", 21, "21st Meeting of the States Parties (CTL)"),
        ("rc", 4, "4th Review Conference (CTL)"),
        ("im", 2018, "2018 intersessional meetings (CTL)"),
        ("pm", 2, "2nd preparatory meeting (CTL)"),
        ("forum", 3, "3rd forum meeting (CTL)"),
    ],
)
def test_meeting_labels(kind: str, nominal: int, label: str) -> None:
    assert meeting_label("CTL", kind, nominal) == label


def test_every_kind_of_meeting_has_a_name_of_its_own() -> None:
    labels = {meeting_label("CTL", kind, 1) for kind in load_schema().codes("meeting-type")}
    assert len(labels) == len(load_schema().codes("meeting-type"))
    assert not any(f"{kind} meeting" in label for kind in ("msp", "rc", "pm") for label in labels)


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("msp", "Meetings of the States Parties (CTL)"),
        ("rc", "Review Conferences (CTL)"),
        ("im", "Intersessional meetings (CTL)"),
        ("pm", "Preparatory meetings (CTL)"),
    ],
)
def test_series_labels(kind: str, label: str) -> None:
    assert series_label("CTL", kind) == label


def test_provision_and_part_labels() -> None:
    assert provision_label("CTL", 11, 1) == "CTL article 11(1)"
    assert provision_label("CTL", 11) == "CTL article 11"
    assert part_label("A/RES/85/9", "op10") == "A/RES/85/9, operative paragraph 10"
    assert part_label("A/RES/85/9", "pp3") == "A/RES/85/9, preambular paragraph 3"
    assert part_label("CTL", "art11.1") == "CTL, article 11(1)"
    assert part_label("A/RES/85/9", "annex") == "A/RES/85/9, annex"


@pytest.mark.parametrize(
    "typed",
    [
        "21st Meeting of the States Parties",
        "Twenty-first Meeting of the States Parties",
        "CTL MSP 21",
        "CTL 21MSP",
        "21MSP",
        "CTL 21st MSP",
        "21st Meeting of the States Parties to the Lantern Convention",
        "CTL MSP 2031",
        "Twenty-first Meeting of States Parties",
        "CTL-MSP-21",
    ],
)
def test_meeting_spellings(typed: str) -> None:
    assert typed in meeting_spellings("CTL", "msp", 21, ["Lantern Convention"], 2031)


def test_spellings_of_a_conference_and_of_a_meeting_with_a_year() -> None:
    assert "Fourth Review Conference of the Lantern Convention" in meeting_spellings(
        "CTL", "rc", 4, ["Lantern Convention"]
    )
    found = meeting_spellings("CTL", "im", 2018)
    assert {"2018 intersessional meetings", "CTL ISM 2018"} <= set(found)
    assert not any("th" in text.split()[0] for text in found)


@given(st.sampled_from(["msp", "rc", "im", "pm"]), st.integers(min_value=1, max_value=2100))
def test_spellings_are_sorted_unique_and_without_the_label(kind: str, nominal: int) -> None:
    found = meeting_spellings("CTL", kind, nominal, ["Lantern Convention"])
    assert list(found) == sorted(set(found))
    assert meeting_label("CTL", kind, nominal) not in found
