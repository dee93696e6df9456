"""A deliberate error of each kind in a copy of the record is found by exactly the rule meant for it, at its place."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from loaders.diagnose import Diagnosis
from loaders.validate import validate_paths

from .kind import KEPT_ROWS, Kind
from .kinds_of_shapes import ACROSS, SHAPES
from .kinds_of_words import MALFORMED, WORDS

DATA = Path(__file__).parents[3] / "data"
KINDS: tuple[Kind, ...] = (*MALFORMED, *WORDS, *SHAPES, *ACROSS)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the record; of the two longest tables the rows of one vote and of one treaty."""
    folder = tmp_path_factory.mktemp("record") / "data"
    shutil.copytree(DATA, folder)
    for name, beginning in KEPT_ROWS.items():
        head, *lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join([head, *(line for line in lines if line.startswith(beginning))]))
    return folder


@cache
def before(record: Path, files: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """What is reported of these files as they stand."""
    return frozenset(_content(record, one) for one in validate_paths([record / name for name in files]))


def _content(record: Path, one: Diagnosis) -> tuple[str, ...]:
    """A result without its place, which an edit may move."""
    return str(Path(one.file).relative_to(record)), one.rule, one.severity, one.subject, one.value, one.message


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def test_there_are_at_least_forty() -> None:
    assert len(KINDS) >= 40
    assert len({str(kind) for kind in KINDS}) == len(KINDS)
    assert len({kind.rule for kind in KINDS}) >= 40


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_found_by_its_rule_at_its_place(kind: Kind, record: Path) -> None:
    file = record / kind.file
    files = kind.others if kind.file.endswith(".json") else (kind.file, *kind.others)
    known = before(record, files)
    whole = file.read_bytes()
    text, offset = kind.edit(whole.decode())
    try:
        file.write_bytes(text.encode(errors="surrogateescape"))
        found = validate_paths([record / name for name in files])
    finally:
        file.write_bytes(whole)
    fresh = [one for one in found if _content(record, one) not in known]
    shown = "\n".join(map(str, fresh))
    assert [(one.rule, one.severity) for one in fresh] == [(kind.rule, kind.severity)], shown
    (one,) = fresh
    assert Path(one.file) == file
    line, column = place(text, offset)
    assert one.line == line, shown
    assert not kind.exact or one.column == column, shown
    assert kind.hint in one.hint, one.hint
    assert one.hint, shown


#: Errors that are made all at once, each in another file.
TOGETHER = (
    "bad-value: a day that does not exist",
    "unknown-code: a confidence misspelt",
    "unknown-term: a property misspelt",
    "passage-order: a passage that ends before it starts",
    "misnamed-document: a symbol with its digits exchanged",
    "unknown-reference: a row of another table that is not there",
    "period-start: a year with a digit too few",
    "repeated-key: the same row twice",
    "totals-differ-from-list: a total against the roll call",
    "state-votes-twice: a State in two lists",
    "recalled-before-adopted: a recall of what did not exist",
)


def test_the_command_finds_them_in_the_whole_record(tmp_path: Path) -> None:
    """Of the violations exactly these: the record has none. Of the warnings at least these: the record has some."""
    shutil.copytree(DATA, tmp_path / "data")
    made = set()
    for kind in (one for one in KINDS if str(one) in TOGETHER):
        file = tmp_path / "data" / kind.file
        text, offset = kind.edit(file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
        made.add((f"data/{kind.file}", *place(text, offset), kind.rule, kind.severity))
    assert len(made) == len(TOGETHER)
    command = [Path(sys.executable).with_name("treatygraph"), "validate", "data", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 1, done.stderr
    results = json.loads(done.stdout)["results"]
    found = {(one["file"], one["line"], one["column"], one["rule"], one["severity"]) for one in results}
    assert {one for one in found if one[-1] == "violation"} == {one for one in made if one[-1] == "violation"}
    assert made <= found
    assert all(one["hint"] for one in results)
