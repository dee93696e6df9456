"""The normaliser: what it undoes, what it keeps, and the way back to the file."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.text import MAX_BYTES, DocumentError, normalise

OPENING = "The Harbour Office presents its compliments to all and has the honour to write\n\n"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("[54/54](#) B", "54/54 B"),
        ("[lamp@example.org](mailto:lamp@example.org)", "lamp@example.org"),
        ("<https://example.org/a_b>", "https://example.org/a_b"),
        ("*Invites* and **urges**", "Invites and urges"),
        ("# Heading", "Heading"),
        ("1\\. Invites", "1. Invites"),
        ("7\u00a0June\u202f2018", "7 June 2018"),
        ("non\u2011governmental", "non-governmental"),
        ("Anti -Personnel", "Anti-Personnel"),
        ("2020\u20132024", "2020\u20132024"),
        ("people \u2013 women", "people \u2013 women"),
        ("Prohi\u00adbition", "Prohibition"),
        ("Prohi\u00ad\nbition", "Prohibition"),
        ("Valparai\u0301so", "Valpara\u00edso"),
        ("\ufeffText", "Text"),
        ("\u201ccurly\u201d", "\u201ccurly\u201d"),
        ("states [...] that", "states [...] that"),
        ("\u201c[r]equests", "\u201c[r]equests"),
        ("*2519827*", ""),
        ("![seal](x.png)", ""),
        ("", ""),
    ],
)
def test_marks_of_extractors(raw: str, clean: str) -> None:
    assert normalise(raw).text == clean


def test_emphasis_is_remembered() -> None:
    found = normalise("3. *Invites and encourages* all;")
    assert [found.text[start:end] for start, end in found.emphasis] == ["Invites and encourages"]


def test_offsets_lead_back_to_the_file() -> None:
    raw = "\ufeffRecalling [54/54](#) B of\u00a01 December\r\n1999, which nobody who has read this far will ever forget"
    found = normalise(raw)
    start = found.text.index("54/54 B")
    first, last = found.raw_span(start, start + len("54/54 B of 1"))
    assert raw[first:last] == "54/54](#) B of\u00a01"
    assert found.raw_line(found.text.index("1999")) == 2


def test_short_lines_stay_lines() -> None:
    found = normalise("Harbour House\nQuay 9\nLisbon\n\nText.")
    assert [(block.kind, found.of(block)) for block in found.blocks] == [
        ("lines", "Harbour House\nQuay 9\nLisbon"),
        ("prose", "Text."),
    ]


def test_hyphen_at_a_line_end_stays() -> None:
    raw = "This line is long enough to have been wrapped by the program that made it, with age- and sex-\n"
    raw += "disaggregated data."
    assert normalise(raw).text.endswith("age- and sex-disaggregated data.")


def test_page_break_joins_a_sentence_but_not_two_headings() -> None:
    heads = "General Lamps\n\nLamps and their keepers in the harbours of the world\n\n"
    found = normalise(
        heads + OPENING + "The lamps of the Amber Coast were lit by the Society of\n\n\f\nKeepers in 2031.\n"
    )
    assert found.text.split("\n\n")[-1].endswith("the Society of Keepers in 2031.")
    assert found.text.startswith("General Lamps\n\nLamps and")


def test_footnotes_leave_the_flow() -> None:
    found = normalise(OPENING + "The lamps\u00b9 of the harbours and the\n\n\u00b9 See the list.\n\nkeepers are few.")
    assert "The lamps of the harbours and the keepers are few." in found.text
    (note,) = [block for block in found.blocks if block.kind == "footnote"]
    assert (note.marker, found.of(note)) == ("1", "\u00b9 See the list.")
    ((offset, marker),) = found.calls
    assert (marker, found.text[:offset][-9:]) == ("1", "The lamps")


def test_numbered_footnotes_need_a_separator() -> None:
    found = normalise("Lamps8 burn.\n\n__________\n8 See the list of lamps.\n\n2 lamps are out.")
    assert [block.marker for block in found.blocks if block.kind == "footnote"] == ["8"]
    assert "Lamps burn." in found.text
    assert "2 lamps are out." in found.text


def test_pictures_are_recognised() -> None:
    found = normalise("Text.\n\nA handwritten signature in ink, located below.\n\n5 May 2031")
    assert found.text == "Text.\n\n5 May 2031"
    assert [item.kind for item in found.removed] == ["picture"]


def test_other_encodings_are_refused_with_the_line() -> None:
    with pytest.raises(DocumentError) as caught:
        normalise(b"one\ntwo \xff", name="bad.txt")
    assert (caught.value.file, caught.value.line) == ("bad.txt", 2)
    assert "\n" not in str(caught.value)


def test_surrogates_are_refused() -> None:
    with pytest.raises(DocumentError):
        normalise("a\ud800")


def test_oversized_input_is_refused() -> None:
    with pytest.raises(DocumentError, match="at most"):
        normalise(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    "unit",
    [
        "*a ",
        "[a](",
        "[[[[",
        "![",
        "<a@",
        "\\*",
        "(" * 5,
        "a\n",
        "\n\n",
        "- -",
        "\u0301",
        "\u00ad\n",
        "1. a\n\n",
        "_" * 9 + "\n1 a\n",
    ],
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    began = time.process_time()
    normalise(unit * (200_000 // len(unit)))
    assert time.process_time() - began < 15


@given(st.text(max_size=400))
def test_any_text_is_normalised_and_offsets_hold(raw: str) -> None:
    try:
        found = normalise(raw)
    except DocumentError:
        assert any("\ud800" <= char <= "\udfff" for char in raw)
        return
    for block in found.blocks:
        assert 0 <= block.start < block.end <= len(found.text)
    for start, end in found.emphasis:
        assert 0 <= start < end <= len(found.text)
    for at in range(len(found.text)):
        assert 0 <= found.raw_offset(at) < len(raw)
    assert normalise(raw) == found
