"""The page of the documentation is the one that the headers make."""

from __future__ import annotations

from pathlib import Path

from queries.catalogue import Catalogue
from queries.guide import guide

PAGE = Path(__file__).parents[3] / "docs" / "questions.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == guide(), "run: python -m queries.guide > docs/questions.md"


def test_every_query_file_is_on_the_page() -> None:
    page = guide()
    for kind in ("questions", "rules", "audit"):
        for name in Catalogue.load(kind):
            assert name in page


def test_every_check_says_why() -> None:
    assert all(check.header.get("why") for check in Catalogue.load("audit").values())
