"""How much a change costs, counted in work and not in time; and that what is kept never changes a result."""

from __future__ import annotations

import gc
import json
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loaders import authority, cells, change, fingerprint, keeping, tables
from loaders.change import Work
from loaders.diagnose import Diagnosis
from loaders.shelf import KEPT, Shelf
from loaders.since import validate_since
from loaders.validate import LEVELS, validate_paths
from ontology.namespaces import ID

from .conftest import run_git

OLD, NEW = "2005-06-13,2005-06-17", "2005-06-13,2005-06-10"


def edit(record: Path, table: str = "meetings.csv", old: str = OLD, new: str = NEW) -> Path:
    path = record / "tables" / table
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def since(record: Path, shelf: Shelf | None, revision: str = "HEAD") -> tuple[list[Diagnosis], Work]:
    work = Work()
    return validate_since([record], revision, LEVELS, shelf=shelf, work=work), work


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def test_one_edited_row_costs_one_row(record: Path, shelf: Shelf) -> None:
    edit(record)
    cold, first = since(record, shelf)
    warm, second = since(record, shelf)
    assert warm == cold == since(record, None)[0]
    assert [one.rule for one in warm] == ["meeting-dates-order"]
    assert first.fresh
    assert not second.fresh
    assert second.files == ["data/tables/meetings.csv"]
    assert second.rows == 1
    assert second.things == 1
    assert len((record / "tables" / "meetings.csv").read_text(encoding="utf-8").splitlines()) > 5
    assert 0 < second.statements < 200


def test_more_data_elsewhere_is_no_more_work(record: Path, shelf: Shelf) -> None:
    edit(record)
    _, before = since(record, shelf)
    table = record / "tables" / "resolutions.csv"
    rest = "https://x.example/,sourced-exactly"
    lines = [f"a/res/60/{n},A/RES/60/{n},,,60,2005-12-0{n % 9 + 1},,,,,,,,{rest}" for n in range(300, 900)]
    table.write_text(table.read_text(encoding="utf-8") + "\n".join(lines) + "\n", encoding="utf-8")
    run_git(Path(), "stash", "-q", "--", str(record / "tables" / "meetings.csv"))
    run_git(Path(), "commit", "-q", "-am", "six hundred resolutions")
    run_git(Path(), "stash", "pop", "-q")
    since(record, Shelf(Path("other")))
    found, after = since(record, Shelf(Path("other")))
    assert (after.files, after.rows, after.things) == (before.files, before.rows, before.things)
    assert after.statements == before.statements
    assert [one.rule for one in found] == ["meeting-dates-order"]


def test_a_snapshot_reads_each_table_once(record: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(record)
    read: list[str] = []
    real = cells.read_cells

    def noted(text: str, name: str, first: int = 1) -> list[list[cells.Cell]]:
        read.append(Path(name).name)
        return real(text, name, first)

    monkeypatch.setattr(cells, "read_cells", noted)
    monkeypatch.setattr(tables, "read_cells", noted)
    assert since(record, shelf)[1].fresh
    assert sorted(read) == sorted(path.name for path in (record / "tables").glob("*.csv"))
    assert gc.isenabled()


def test_where_sources_agree_nobody_is_ranked(record: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most things are said by one source: what they are costs a snapshot no comparison of sources."""
    ranked: list[str] = []
    real = authority.Authorities.rank

    def noted(self: authority.Authorities, subject: str, *more: str) -> authority.Rank:
        ranked.append(subject)
        return real(self, subject, *more)

    monkeypatch.setattr(authority.Authorities, "rank", noted)
    dates = "".join(f"<meeting/ztl-msp-{n}> tg:startDate '2005-12-01'^^xsd:date .\n" for n in range(1, 101))
    (record / "agreed.trig").write_text(
        "@base <https://w3id.org/treatygraph/id/> . @prefix tg: <https://w3id.org/treatygraph/def#> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        f"GRAPH <../graph/agreed> {{ {dates} }}\n"
        "GRAPH <../graph/provenance> { <../graph/agreed> dcterms:source <source/notes> . }\n",
        encoding="utf-8",
    )
    run_git(Path(), "add", "-A", "data")
    run_git(Path(), "commit", "-q", "-am", "a hundred meetings, each dated once")
    edit(record)
    assert since(record, shelf)[1].fresh
    assert ranked  # of some things the sources of the small record differ
    assert not any("/ztl-msp-" in subject for subject in ranked)


def test_an_edit_reaches_a_row_about_another_thing_in_another_file(record: Path, shelf: Shelf) -> None:
    """The later meeting of the series, edited by nobody and joined by no shape with the edited one, has a gap."""
    table = record / "tables" / "meetings_other.csv"
    header = table.read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("meeting,")
    (record / "later.ttl").write_text(
        "@base <https://w3id.org/treatygraph/id/> . @prefix tg: <https://w3id.org/treatygraph/def#> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> . <../graph/later> dcterms:source <source/later> .\n"
        "<meeting/ztl-msp-1> tg:inSeries <series/ztl-msp> ; tg:ordinal 1 .\n"
        "<meeting/ztl-msp-3> tg:inSeries <series/ztl-msp> ; tg:ordinal 3 .\n",
        encoding="utf-8",
    )
    middle = record / "middle.ttl"
    middle.write_text(
        "@base <https://w3id.org/treatygraph/id/> . @prefix tg: <https://w3id.org/treatygraph/def#> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> . <../graph/middle> dcterms:source <source/middle> .\n"
        "<meeting/ztl-msp-2> tg:inSeries <series/ztl-msp> ; tg:ordinal 2 .\n",
        encoding="utf-8",
    )
    run_git(Path(), "add", "-A", "data")
    run_git(Path(), "commit", "-q", "-m", "three meetings")
    since(record, shelf)
    middle.write_text(middle.read_text().replace("ordinal 2", "ordinal 4"), encoding="utf-8")
    found, _ = since(record, shelf)
    gaps = [(Path(one.file).name, one.subject) for one in found if one.rule == "series-gap"]
    assert ("later.ttl", f"{ID}meeting/ztl-msp-3") in gaps


def test_a_commit_needs_no_new_snapshot(record: Path, shelf: Shelf) -> None:
    edit(record)
    since(record, shelf)
    run_git(Path(), "commit", "-q", "-am", "one")
    assert since(record, shelf)[0] == []
    edit(record, "meetings.csv", "2006-05-12", "2006-05-02")
    found, work = since(record, shelf)
    assert not work.fresh
    assert work.rows <= 4
    assert {one.subject for one in found} == {f"{ID}meeting/aplc-im-2006"}
    assert found == since(record, None)[0]


def test_what_another_version_of_the_software_kept_is_not_used(
    record: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(record)
    since(record, shelf)
    validate_paths([record], shelf=shelf)
    monkeypatch.setattr(change, "fingerprint", lambda: "other")
    monkeypatch.setattr(keeping, "fingerprint", lambda: "other")
    assert since(record, shelf)[1].fresh
    name = keeping.report_name([record / "notes.ttl"], LEVELS)
    monkeypatch.undo()
    assert keeping.report_name([record / "notes.ttl"], LEVELS) != name


def test_the_fingerprint_tells_every_byte_of_code_and_vocabulary() -> None:
    read = {
        name for package in fingerprint.PACKAGES for name, _ in fingerprint._below(fingerprint.files(package), package)
    }
    assert {"loaders/since.py", "ontology/shapes/core.ttl", "queries/audit/series-gap.rq"} <= read
    assert not any("__pycache__" in name for name in read)


def flip(data: bytes) -> bytes:
    """Something else in the middle of every page that holds rows."""
    changed = bytearray(data)
    for at in range(4096 + 2000, len(changed), 4096):
        changed[at] ^= 0xFF
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(b"no database" * 900),
        lambda path: path.write_bytes(flip(path.read_bytes())),
        lambda path: Path(f"{path}.seal").write_text("[]"),
        lambda path: Path(f"{path}.seal").unlink(),
    ],
)
def test_a_damaged_snapshot_is_noticed_and_made_again(
    record: Path, shelf: Shelf, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    edit(record)
    expected, _ = since(record, shelf)
    (path,) = (tmp_path / "shelf").glob("*.snapshot")
    damage(path)
    found, work = since(record, shelf)
    assert found == expected
    assert work.fresh
    assert not since(record, shelf)[1].fresh


def test_damage_that_keeps_size_and_time_is_noticed_when_it_is_read(record: Path, shelf: Shelf, tmp_path: Path) -> None:
    edit(record)
    expected, _ = since(record, shelf)
    (path,) = (tmp_path / "shelf").glob("*.snapshot")
    before = path.stat()
    path.write_bytes(flip(path.read_bytes()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    found, work = since(record, shelf)
    assert found == expected
    assert work.fresh


def test_a_false_row_with_a_true_seal_is_noticed(record: Path, shelf: Shelf, tmp_path: Path) -> None:
    edit(record)
    expected, _ = since(record, shelf)
    (path,) = (tmp_path / "shelf").glob("*.snapshot")
    with sqlite3.connect(path) as base:
        base.execute("UPDATE stated SET line = line + 1")
    base.close()
    now = path.stat()
    digest = json.loads(Path(f"{path}.seal").read_text())[2]
    Path(f"{path}.seal").write_text(json.dumps([now.st_size, now.st_mtime_ns, digest]))
    found, work = since(record, shelf)
    assert found == expected
    assert work.fresh


def test_the_shelf_is_bounded(record: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", limit=3_000)
    for number in range(KEPT + 3):
        shelf.keep(f"a-{number}.report", lambda path: path.write_bytes(b"x" * 1_000))
        os.utime(tmp_path / "shelf" / f"a-{number}.report", (number, number))
    assert len(list((tmp_path / "shelf").glob("a-*.report"))) == KEPT
    shelf.keep("b-1.report", lambda path: path.write_bytes(b"x" * 2_500))
    assert sum(path.stat().st_size for path in (tmp_path / "shelf").glob("*.report")) <= 3_000
    assert (tmp_path / "shelf" / "b-1.report").is_file()
    assert not list((tmp_path / "shelf").glob("*.new"))


def test_a_directory_that_cannot_be_written_is_no_obstacle(record: Path, tmp_path: Path) -> None:
    edit(record)
    (tmp_path / "file").write_text("")
    blocked = Shelf(tmp_path / "file" / "below")
    found, work = since(record, blocked)
    assert work.fresh
    assert [one.rule for one in found] == ["meeting-dates-order"]
    assert validate_paths([record], shelf=blocked)


def test_several_at_once_give_the_same(record: Path, shelf: Shelf) -> None:
    edit(record)
    expected, _ = since(record, None)
    with ThreadPoolExecutor(3) as pool:
        assert [found for found, _ in pool.map(lambda _: since(record, shelf), range(3))] == [expected] * 3


def test_a_full_validation_is_kept_until_a_byte_changes(record: Path, shelf: Shelf) -> None:
    read: list[str] = []
    tell = lambda done, total, name: read.append(name)  # noqa: E731
    first = validate_paths([record], shelf=shelf, progress=tell)
    assert read
    read.clear()
    assert validate_paths([record], shelf=shelf, progress=tell) == first == validate_paths([record])
    assert read == []
    edit(record)
    assert validate_paths([record], shelf=shelf, progress=tell) == validate_paths([record]) != first
    assert read
    read.clear()
    # A table that the checked one refers to is read, too.
    table = record / "tables" / "meetings.csv"
    validate_paths([table], shelf=shelf, progress=tell)
    edit(record, "treaties.csv", "\naplc,", "\naplx,")
    read.clear()
    found = validate_paths([table], shelf=shelf, progress=tell)
    assert read
    assert any(one.rule == "unknown-reference" and one.value == "aplc" for one in found)


def test_one_file_alone(record: Path, shelf: Shelf) -> None:
    table = edit(record)
    work = Work()
    for store in (None, shelf, shelf):
        work = Work()
        found = validate_since([table], "HEAD", LEVELS, shelf=store, work=work)
        assert [one.rule for one in found] == ["meeting-dates-order"]
    assert (work.fresh, work.rows) == (False, 1)
