"""The release of the repository's own data on both engines, for the tests of the catalogue's answers."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from loaders.release import ReleaseInfo
from queries.catalogue import Catalogue


@pytest.fixture(scope="session")
def release(record: ReleaseInfo, record_class: Any) -> Any:
    """The record of the repository's data, on both engines."""
    found = record_class([])
    found.store = ox.Store.read_only(str(record.store))
    return found


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load("questions")


@pytest.fixture(scope="session")
def both(release: Any) -> Any:
    """`both(text) -> rows` of both engines; a text is asked once, for the record does not change."""
    known: dict[str, list[dict[str, str]]] = {}

    def ask(text: str) -> list[dict[str, str]]:
        if text not in known:
            known[text] = release.rows(text)
        return [dict(row) for row in known[text]]

    return ask


@pytest.fixture(scope="session")
def answer(release: Any, both: Any, catalogue: Catalogue) -> Any:
    """`answer(name, **parameters) -> rows`: a question with its examples, or with the parameters given instead.

    A parameter given as None is left out (it must be optional).
    """

    def ask(name: str, **parameters: Any) -> list[dict[str, str]]:
        question = catalogue[name]
        bound = question.bind({**question.example(), **parameters})
        if parameters:
            return both(bound)  # type: ignore[no-any-return]
        # The text of a question holds its examples: what both were asked need not be asked of the slow one again.
        rows: list[dict[str, str]] = both(question.text)
        assert release.quick_rows(bound) == rows
        return rows

    return ask
