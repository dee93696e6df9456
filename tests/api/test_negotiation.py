"""Which representation a client gets."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.formats import HTML, JSON, RDF, ROWS, TURTLE
from api.negotiation import Format, NotAcceptable, negotiate, parse_accept

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
ROWS_AND_PAGE = (*ROWS, HTML)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("text/*", "csv"),
        ("application/sparql-results+xml", "xml"),
        ("APPLICATION/SPARQL-RESULTS+XML", "xml"),
        ("application/json", "json"),
        ("text/csv;q=0.5, text/tab-separated-values;q=0.6", "tsv"),
        ("text/csv; q=0.5 , text/tab-separated-values ; q=0.4", "csv"),
        ("text/csv;charset=utf-8", "csv"),
        ("*/*;q=0.1, text/csv", "csv"),
        ("*/*, application/sparql-results+json;q=0", "xml"),
        ("text/*;q=0.9, text/csv;q=0.1", "tsv"),
        ('application/x;profile="a,b;q=0", text/csv', "csv"),
        (BROWSER, "html"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "json"),  # Java, of which nobody asked for anything
        ("text/html, image/gif, image/jpeg, */*; q=0.2", "json"),
        ("text/csv;q=.5, text/tab-separated-values;q=.6", "tsv"),
        ("text/csv;q=0.12345, text/tab-separated-values;q=0.1", "csv"),
        ("nonsense", "json"),
        ("text/csv;q=2", "json"),
        ("image/png, text/csv;q=0.001", "csv"),
    ],
)
def test_accept_chooses(accept: str | None, expected: str) -> None:
    assert negotiate(accept, ROWS_AND_PAGE).name == expected


@pytest.mark.parametrize("accept", ["application/pdf", "*/*;q=0", "text/turtle", "image/*", "text/csv;q=0"])
def test_nothing_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable) as caught:
        negotiate(accept, (JSON, ROWS[1]))
    assert caught.value.offers == (JSON, ROWS[1])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("csv", "csv"),
        ("CSV", "csv"),
        ("application/sparql-results+xml", "xml"),
        ("application/sparql-results xml", "xml"),
    ],
)
def test_the_format_parameter_wins(wanted: str, expected: str) -> None:
    assert negotiate("application/json", ROWS, wanted=wanted).name == expected


def test_an_unknown_format_is_refused_even_if_everything_is_accepted() -> None:
    with pytest.raises(NotAcceptable):
        negotiate("*/*", RDF, wanted="docx")


def test_every_rdf_format_has_its_own_words() -> None:
    for form in RDF:
        assert negotiate(form.media_type, RDF) is form
        assert negotiate(None, RDF, wanted=form.name) is form


def test_the_charset_is_told() -> None:
    assert TURTLE.content_type == "text/turtle; charset=utf-8"
    assert JSON.content_type == "application/json"


@given(st.text(max_size=200))
def test_no_header_breaks_it(header: str) -> None:
    parse_accept(header)
    with suppress(NotAcceptable):
        assert negotiate(header, ROWS_AND_PAGE) in ROWS_AND_PAGE


_TYPES = st.sampled_from(["a/x", "a/y", "b/x"])


@given(st.lists(st.tuples(_TYPES, st.integers(0, 1000)), min_size=1, max_size=5, unique_by=lambda pair: pair[0]))
def test_the_highest_quality_wins_and_zero_is_refused(ranges: list[tuple[str, int]]) -> None:
    offers = tuple(Format(name, name) for name in ("a/x", "a/y", "b/x"))
    header = ", ".join(f"{name};q={quality / 1000:.3f}" for name, quality in ranges)
    best = max(quality for _, quality in ranges)
    if best == 0:
        with pytest.raises(NotAcceptable):
            negotiate(header, offers)
    else:
        assert dict(ranges)[negotiate(header, offers).name] == best
