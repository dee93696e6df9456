"""The one form of data files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.diagnose import Malformed
from loaders.formatting import canonical, rewrite, unformatted
from loaders.trig import read_rdf

TRIG = """\
# About the lanterns.
PREFIX tg: <https://w3id.org/treatygraph/def#>
BASE <https://w3id.org/treatygraph/id/>
GRAPH <../graph/b> { <meeting/z> tg:venue "Hall" . <meeting/a> a tg:Meeting . }
GRAPH <../graph/a> { <meeting/a> tg:ordinal 2 , 1 }
"""


def test_files_are_rewritten_once(tables: Callable[..., Path], tmp_path: Path) -> None:
    path = tables()
    (tmp_path / "x.trig").write_text(TRIG)
    before = {positioned.quad for positioned in read_rdf(tmp_path / "x.trig")}
    assert {file.name for file in unformatted([tmp_path])} >= {"x.trig", "meetings.csv-metadata.json"}
    rewrite([tmp_path])
    assert unformatted([tmp_path]) == []
    assert rewrite([tmp_path]) == []
    assert {positioned.quad for positioned in read_rdf(tmp_path / "x.trig")} == before
    assert (tmp_path / "x.trig").read_text().startswith("# About the lanterns.\n")
    assert path.read_bytes().count(b"\r") == 0


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("x.trig", "<a> <b> <c> .\n  # lost\n", "would be lost"),
        ("x.trig", "<a> <b> [] .\n", "Give each thing a name"),
        ("x.txt", "a", "no one form"),
        ("x.csv-metadata.json", "{", "JSON was expected"),
    ],
)
def test_what_has_no_one_form_is_refused(tmp_path: Path, name: str, text: str, word: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Malformed, match=word):
        canonical(tmp_path / name)
