"""Cells of a CSV text and where they begin."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.cells import CELL_LIMIT, decode, read_cells, write_cells
from loaders.diagnose import Malformed

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def cells(text: str) -> list[list[tuple[str, int, int]]]:
    return [[(c.text, c.position.line, c.position.column) for c in row] for row in read_cells(text, "t.csv")]


def test_each_cell_knows_its_line_and_column() -> None:
    assert cells("a,bc\nd,e\n") == [[("a", 1, 1), ("bc", 1, 3)], [("d", 2, 1), ("e", 2, 3)]]


def test_quoted_cells_may_hold_commas_quotation_marks_and_lines() -> None:
    found = cells('a,"b, ""c""\nd",e\nf,g,h')
    assert found == [[("a", 1, 1), ('b, "c"\nd', 1, 3), ("e", 2, 4)], [("f", 3, 1), ("g", 3, 3), ("h", 3, 5)]]


def test_empty_cells_count_and_empty_lines_do_not() -> None:
    assert cells("a,,\n\n,b,\r\n") == [[("a", 1, 1), ("", 1, 3), ("", 1, 4)], [("", 3, 1), ("b", 3, 2), ("", 3, 4)]]


def test_a_comma_at_the_end_of_the_file_opens_a_cell() -> None:
    assert cells("a,") == [[("a", 1, 1), ("", 1, 3)]]


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ('a\nb,"c\nd', 2, 3, "never ends"),
        ('a\n"b"c', 2, 1, "comma"),
        ("a," + "x" * (CELL_LIMIT + 1), 1, 3, "at most"),
    ],
)
def test_broken_tables_are_refused_at_the_place(text: str, line: int, column: int, word: str) -> None:
    with pytest.raises(Malformed, match=word) as caught:
        read_cells(text, "t.csv")
    assert (caught.value.line, caught.value.column) == (line, column)


def test_text_must_be_utf_8() -> None:
    with pytest.raises(Malformed, match="not UTF-8") as caught:
        decode("a\nb,\xe9".encode("latin-1"), "t.csv")
    assert (caught.value.line, caught.value.column) == (2, 3)
    assert decode(b"\xef\xbb\xbfa", "t.csv") == "a"


@given(st.lists(st.lists(texts, min_size=2, max_size=4), max_size=5))
def test_what_is_written_is_read_again(rows: list[list[str]]) -> None:
    written = write_cells(rows)
    assert [[cell.text for cell in row] for row in read_cells(written, "t.csv")] == rows
    assert list(csv.reader(io.StringIO(written, newline=""), strict=True)) == rows
