"""Dates and numbers: what is accepted, and what a person probably meant."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, URIRef

from loaders.lexical import date_fault, fault


@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day: datetime.date) -> None:
    assert date_fault(day.isoformat()) is None


@given(
    st.dates(min_value=datetime.date(1000, 1, 1)), st.sampled_from(["%d %B %Y", "%B %d, %Y", "%Y/%m/%d", "%d %b %Y"])
)
def test_a_date_in_words_gets_the_right_advice(day: datetime.date, form: str) -> None:
    wrong = date_fault(day.strftime(form))
    assert wrong is not None
    assert wrong.hint == f"Write {day.isoformat()}."


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2023-13-45", "Months go from 01 to 12."),
        ("2023-02-29", "February 2023 has 28 days."),
        ("0000-01-01", "Write the year with four digits."),
        ("20.11.2023", "Write year-month-day with hyphens, for instance 2023-11-20."),
        ("31 Foo 2023", "Write year-month-day with hyphens, for instance 2023-11-20."),
        ("2023-11-20Z", "Write year-month-day with hyphens, for instance 2023-11-20."),
        ("", "Write year-month-day with hyphens, for instance 2023-11-20."),
    ],
)
def test_a_bad_date_gets_advice(text: str, hint: str) -> None:
    wrong = date_fault(text)
    assert wrong is not None
    assert wrong.hint == hint


@pytest.mark.parametrize(
    ("datatype", "good", "bad"),
    [
        (XSD.integer, ["0", "-3", "+21", "021"], ["", "twenty", "2.0", "²"]),
        (XSD.nonNegativeInteger, ["0", "-0", "21"], ["-3", "x"]),
        (XSD.gYear, ["2023", "-0044"], ["23", "2023-01"]),
        (XSD.boolean, ["true", "0"], ["yes", "True"]),
        (XSD.anyURI, ["https://a.example/b?c=d#e"], ["a.example", "https://a b", "ftp://a", "javascript:1"]),
    ],
)
def test_other_datatypes(datatype: URIRef, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if fault(text, datatype)] == []
    assert [text for text in bad if not fault(text, datatype)] == []


def test_what_is_not_known_is_not_judged() -> None:
    assert fault("anything", XSD.duration) is None
    assert fault("anything", None) is None
