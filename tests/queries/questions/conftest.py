"""A release built once from the repository's own data, for the tests of the catalogue's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from loaders.build import build
from loaders.release import open_release
from queries.catalogue import Catalogue

REPOSITORY = Path(__file__).parents[3]
#: The five documents, beside the repository; needed only while `data/claims` does not hold what they say.
SEEDS = REPOSITORY.parent / "shared" / "seeds"


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory, record_class: Any) -> Any:
    """The record of the repository's data, on both engines."""
    sources = [REPOSITORY / "data"]
    if not list((REPOSITORY / "data" / "claims").glob("*.trig")):
        if not SEEDS.is_dir():
            pytest.skip("data/claims holds no claims of the five documents, and ../shared/seeds is absent")
        sources.append(SEEDS)
    out = tmp_path_factory.mktemp("release")
    report = build(sources, out)
    assert not report.violations, [violation.result.message for violation in report.violations]
    record = record_class([])
    record.store = ox.Store.read_only(str(open_release(out).store))
    return record


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
