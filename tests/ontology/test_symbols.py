"""Document symbols: taken apart, spelt officially, turned into keys."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ontology.keys import is_key, symbol_key
from ontology.symbols import official, parse, spellings


@pytest.mark.parametrize(
    ("typed", "spelt"),
    [
        ("A/RES/77/63", "A/RES/77/63"),
        ("77/63", "A/RES/77/63"),
        ("a/res/77/63", "A/RES/77/63"),
        ("A / RES / 77 / 63", "A/RES/77/63"),
        ("resolution 54/54 B", "A/RES/54/54 B"),
        ("54/54b", "A/RES/54/54 B"),
        ("General Assembly resolution 54/54B", "A/RES/54/54 B"),
        ("62/111 A–B", "A/RES/62/111 A-B"),
        ("A/RES/2373(XXII)", "A/RES/2373 (XXII)"),
        ("2602 C (XXIV)", "A/RES/2602 C (XXIV)"),
        ("377 A (V)", "A/RES/377 A (V)"),
        ("A/RES/3369(XXX)", "A/RES/3369 (XXX)"),
        ("S-27/2", "A/RES/S-27/2"),
        ("A/RES/ES-11/1", "A/RES/ES-11/1"),
        ("S/RES/1459(2003)", "S/RES/1459 (2003)"),
        ("A/77/385", "A/77/385"),
        ("a/c.1/77/l.40", "A/C.1/77/L.40"),
        ("A/62/433 (Part II)", "A/62/433 (Part II)"),
        ("APLC/MSP.19/2021/14", "APLC/MSP.19/2021/14"),
        ("BWC/CONF.IX/9", "BWC/CONF.IX/9"),
        ("ODA/2023-00050", "ODA/2023-00050"),
    ],
)
def test_official_spelling(typed: str, spelt: str) -> None:
    assert official(typed) == spelt
    assert official(spelt) == spelt


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "foo",
        "and/or",
        "66/518",
        "2023",
        "12.5/3",
        "A/RES/",
        "77/",
        "/63",
        "1/2/3/4",
        "https://example.org/1",
        "\x00",
        "A/RES/77/63 " * 40,
        "A/" + "9" * 500,
        "resolution",
        "(XXII)",
        "2373 (IIII)",
        "2373 ()",
    ],
)
def test_what_is_no_symbol(text: str) -> None:
    assert parse(text) is None
    assert official(text) is None
    assert spellings(text) == ()


def test_the_parts_of_a_symbol() -> None:
    symbol = parse("54/54 B")
    assert symbol is not None
    assert (symbol.organ, symbol.session, symbol.number, symbol.letters) == ("A", "54", 54, "B")
    assert (symbol.key, symbol.short, symbol.is_resolution, symbol.is_roman) == ("a/res/54/54b", "54/54 B", True, False)
    roman = parse("2373 (XXII)")
    assert roman is not None
    assert (roman.session, roman.is_roman, roman.key) == ("XXII", True, "a/res/2373_xxii")
    report = parse("A/77/385")
    assert report is not None
    assert (report.number, report.is_resolution, report.short) == (None, False, "A/77/385")


def test_spellings_lead_back_to_the_symbol() -> None:
    found = spellings("A/RES/54/54 B")
    assert {"54/54 B", "54/54B", "A/RES/54/54B", "resolution 54/54 B", "General Assembly resolution 54/54 B"} <= set(
        found
    )
    assert "A/RES/54/54 B" not in found
    assert list(found) == sorted(set(found))
    for text in found:
        assert official(text) == "A/RES/54/54 B"


LETTERS = st.sampled_from(["", " A", " B", " V", "B"])
SESSION = st.one_of(
    st.integers(31, 120).map(str), st.integers(1, 40).map("S-{}".format), st.integers(1, 15).map("ES-{}".format)
)
MODERN = st.builds("A/RES/{}/{}{}".format, SESSION, st.integers(1, 400), LETTERS)
ROMAN = st.builds(
    "A/RES/{}{}{}({})".format,
    st.integers(1, 3600),
    st.sampled_from(["", " A", " C"]),
    st.sampled_from(["", " "]),
    st.sampled_from(["I", "V", "IX", "XIV", "XXII", "XXIX", "XXX"]),
)
COUNCIL = st.builds("S/RES/{}{}({})".format, st.integers(1, 2900), st.sampled_from(["", " "]), st.integers(1946, 2040))
OTHER = st.builds(
    "{}/{}/{}{}".format,
    st.sampled_from(["A", "A/C.1", "APLC/MSP.4", "CCM/CONF", "NPT/CONF.2000", "ODA", "E"]),
    st.integers(1, 2100),
    st.sampled_from(["L.", "PV.", "WP.", "", "INF/"]).flatmap(
        lambda nature: st.integers(1, 999).map(f"{nature}{{}}".format)
    ),
    st.sampled_from(["", "/Rev.1", "/Corr.2", "/Add.3", " (Part II)", "(Part II)", " (Resumption 1)"]),
)
SYMBOLS = st.one_of(MODERN, ROMAN, COUNCIL, OTHER)


@given(SYMBOLS)
def test_the_key_has_only_allowed_characters_and_is_stable(symbol: str) -> None:
    key = symbol_key(symbol)
    assert re.fullmatch(r"[a-z0-9/._-]+", key)
    assert is_key(key)
    assert symbol_key(key) == key


@given(SYMBOLS)
def test_every_spelling_gives_the_same_key(symbol: str) -> None:
    spelt = official(symbol)
    assert spelt is not None
    assert official(spelt) == spelt
    assert symbol_key(spelt) == symbol_key(symbol)
    for text in spellings(symbol):
        again = official(text)
        # Short forms of the Security Council's symbols are shared with the Assembly's old ones in form only.
        assert again is None or symbol_key(again) == symbol_key(symbol)


@given(SYMBOLS, st.sampled_from(["\u2010", "\u2011", "\u2013", "\u2212"]))
def test_dashes_and_invisible_characters_do_not_matter(symbol: str, dash: str) -> None:
    noisy = symbol.replace("-", dash).replace(" ", "\N{NO-BREAK SPACE}") + "\N{SOFT HYPHEN}"
    assert symbol_key(noisy) == symbol_key(symbol)


@given(MODERN, MODERN)
def test_different_resolutions_have_different_keys(one: str, other: str) -> None:
    assume(official(one) != official(other))
    assert symbol_key(one) != symbol_key(other)


@given(st.text(max_size=150))
def test_any_text_is_survived(text: str) -> None:
    symbol = parse(text)
    symbol_key(text)
    assert symbol is None or official(symbol.text) == symbol.text
