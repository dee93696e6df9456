"""Validation of what has changed, of releases, and across records."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import URIRef

from loaders.affected import affected_things, changed_quads
from loaders.build import build
from loaders.change import Change, Work
from loaders.diagnose import Diagnosis
from loaders.errors import BuildError
from loaders.release import DUMP, open_release
from loaders.reports import REPORTS
from loaders.validate import LEVELS, validate_paths
from loaders.wholeness import validate_release
from ontology.namespaces import ID


def replace(path: Path, old: str, new: str) -> int:
    """Put `new` for `old` everywhere in a file; the number of the first line."""
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def graver(found: list[Diagnosis]) -> list[tuple[str, str, int]]:
    return [(one.rule, Path(one.file).name, one.line) for one in found if one.severity != "info"]


def test_nothing_changed_gives_nothing(tables: Path) -> None:
    assert validate_paths([tables], since="HEAD") == []
    assert Change("HEAD", [tables]).files == frozenset()


def test_only_what_the_edit_affects_is_reported(tables: Path) -> None:
    line = replace(tables / "meetings.csv", "2005-06-13,2005-06-17", "2005-06-13,2005-06-10")
    change = Change("HEAD", [tables])
    assert {Path(name).name for name in change.files} == {"meetings.csv"}
    found = validate_paths([tables], since="HEAD")
    assert graver(found) == [("meeting-dates-order", "meetings.csv", line)]
    assert len(validate_paths([tables])) > len(found)


def test_an_edit_shows_where_it_contradicts_another_row(tables: Path) -> None:
    replace(tables / "meetings.csv", "ccm-msp,4,", "ccm-msp,5,")
    rules = {(rule, name) for rule, name, _ in graver(validate_paths([tables], since="HEAD"))}
    assert {("series-repeat", "meetings.csv"), ("series-gap", "meetings.csv")} <= rules


def test_changed_and_new_and_deleted_files(tables: Path, git: Callable[..., str]) -> None:
    (tables / "counts.csv").unlink()
    (tables / "new.ttl").write_text("<https://w3id.org/treatygraph/id/meeting/x> a 5 .\n", encoding="utf-8")
    assert {Path(name).name for name in Change("HEAD", [tables]).files} == {"counts.csv", "new.ttl"}
    assert {one.rule for one in validate_paths([tables], since="HEAD")} >= {"missing-source"}
    git("add", "-A")
    git("commit", "-q", "-m", "less")
    assert validate_paths([tables], since="HEAD") == []
    assert validate_paths([tables], since="HEAD~1")


def test_a_changed_mapping_changes_its_table(tables: Path) -> None:
    replace(tables / "meetings.csv-metadata.json", "Meetings", "All meetings")
    assert {Path(name).name for name in Change("HEAD", [tables / "meetings.csv"]).files} == {"meetings.csv"}


def test_only_what_shapes_look_at_is_affected(tables: Path) -> None:
    replace(tables / "series.csv", "aplc-msp,", "aplc-msp-x,")
    pair = Change("HEAD", [tables]).records(LEVELS, None, Work(), None)
    changed = changed_quads(pair.then, pair.now, [str(tables / "series.csv")])
    affected = affected_things(pair.then, pair.now, changed, pair.now.snapshot.meta["steps"])
    assert {URIRef(f"{ID}series/aplc-msp"), URIRef(f"{ID}series/aplc-msp-x")} <= affected
    # No shape of a meeting looks into its series; a rule across records does, and is walked by itself.
    assert URIRef(f"{ID}meeting/aplc-msp-4") not in affected


@pytest.mark.parametrize("revision", ["no-such", "--output=x", "-h"])
def test_an_unknown_revision_is_one_line(tables: Path, revision: str) -> None:
    with pytest.raises(BuildError, match=r"revision[^\n]*to mend") as caught:
        validate_paths([tables], since=revision)
    assert "\n" not in str(caught.value)


def test_outside_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text("", encoding="utf-8")
    with pytest.raises(BuildError, match="git"):
        validate_paths([tmp_path], since="HEAD")


@pytest.mark.parametrize(
    ("table", "old", "new", "rule", "cell"),
    [
        ("meetings.csv", "ccm-msp,4,", "ccm-msp,5,", "series-repeat", "ordinal"),
        ("meetings.csv", "ccm-msp,4,", "ccm-msp,40,", "series-gap", "ordinal"),
        ("tenures.csv", "aplc-msp-4,president", "aplc-msp-3,president", "two-presidents-at-once", "meeting"),
        ("resolutions.csv", "2022-12-14", "2021-12-14", "distributed-before-adopted", "distributed"),
    ],
)
def test_rules_across_records_name_the_cell(tables: Path, table: str, old: str, new: str, rule: str, cell: str) -> None:
    line = replace(tables / table, old, new)
    found = [one for one in validate_paths([tables], since="HEAD") if one.rule == rule]
    assert found
    assert {(Path(one.file).name, one.cell) for one in found} == {(table, cell)}
    assert any(abs(one.line - line) <= 1 for one in found)
    assert all(one.message and one.hint for one in found)


def test_a_release_is_validated_with_the_lines_of_its_dump(tables: Path, tmp_path: Path) -> None:
    replace(tables / "meetings.csv", "2005-06-13,2005-06-17", "2005-06-13,2005-06-10")
    build([tables.parent], tmp_path / "release")
    release = open_release(tmp_path / "release")
    found = [one for one in validate_release(release) if one.subject == f"{ID}meeting/aplc-im-2005"]
    assert {one.rule for one in found} == {"meeting-dates-order", "ends-before-starts"}
    lines = gzip.decompress(release.dump.read_bytes()).decode().splitlines()
    for one in found:
        assert "meeting/aplc-im-2005>" in lines[one.line - 1]
        assert "Date>" in lines[one.line - 1]
    (release.path / DUMP).write_bytes(b"other")
    assert [one.rule for one in validate_release(release)] == ["damaged-release"]


def test_the_page_escapes_and_groups() -> None:
    one = Diagnosis("a<b>.csv", 3, 7, "violation", "ordinal", "1 < 2 & <script>", "mend", cell="x")
    text = REPORTS["html"]([one, one])
    assert "<script>" not in text
    assert "ordinal (2)" in text
    assert "a&lt;b&gt;.csv:3:7" in text
    assert text.startswith("<!doctype html>")
    assert "No violations" in REPORTS["html"]([])
