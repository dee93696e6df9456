"""The stored claims of the five documents are those that the loaders read from them today."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.claims import claims_path, claims_trig
from loaders.documents import extract_file
from loaders.gazetteer import Gazetteer

ROOT = Path(__file__).parents[3]
DATA = ROOT / "data"
SEEDS = ROOT.parent / "shared" / "seeds"
DOCUMENTS = sorted(SEEDS.glob("*.txt")) if SEEDS.is_dir() else []


@pytest.mark.shared
@pytest.mark.skipif(not DOCUMENTS, reason="the documents of ../shared/seeds are not here")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_stored_claims_are_current(document: Path) -> None:
    extraction = extract_file(document, Gazetteer.load(DATA))
    stored = claims_path(extraction, DATA)
    mend = f"{stored} is not current; to mend: treatygraph extract {document} --format turtle > {stored}"
    assert stored.is_file(), mend
    assert stored.read_text(encoding="utf-8") == claims_trig(extraction), mend


def test_stored_claims_hold_no_quotations() -> None:
    files = sorted((DATA / "claims").glob("*.trig"))
    assert files
    for file in files:
        assert "oa:exact" not in file.read_text(encoding="utf-8")
