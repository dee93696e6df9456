"""The data of the repository pass the checks that a curator runs: no violation, in any file."""

from __future__ import annotations

from pathlib import Path

from loaders.validate import validate_paths

DATA = Path(__file__).parents[2] / "data"


def test_the_repository_has_no_violation() -> None:
    found = [str(each) for each in validate_paths([DATA]) if each.severity == "violation"]
    assert not found, "\n".join(found)
