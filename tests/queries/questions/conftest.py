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
def answer(release: Any, catalogue: Catalogue) -> Any:
    """`answer(name, **parameters) -> rows`: a question with its examples, or with the parameters given instead.

    A parameter given as None is left out (it must be optional).
    """

    def ask(name: str, **parameters: Any) -> list[dict[str, str]]:
        question = catalogue[name]
        rows: list[dict[str, str]] = release.rows(question.bind({**question.example(), **parameters}))
        return rows

    return ask
