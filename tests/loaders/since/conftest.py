"""A small record in a repository of its own: some rows of each table, one document's claims, and a Turtle file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DATA = Path(__file__).parents[3] / "data"
#: Rows that are kept of each table: those that name one of these, and the first ones.
WORDS = ("aplc-msp", "ccm-msp", "a/res/77/63", "77/63", "2005", "afghanistan", "AFG", "geneva")
ROWS = 9
NOTES = """\
@base <https://w3id.org/treatygraph/id/> .
@prefix tg: <https://w3id.org/treatygraph/def#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix eli: <http://data.europa.eu/eli/ontology#> .
<../graph/notes> dcterms:source <source/notes> ;
  dcterms:publisher <body/un> .
<source/notes> a tg:Source ;
  dcterms:title "Notes"@en .
<meeting/aplc-msp-5> tg:year 2001 ;
  tg:startDate "2002-01-05"^^xsd:date ;
  tg:inSeries <series/aplc-msp> ;
  tg:ordinal 7 .
<citation/x> a tg:Citation ;
  tg:citing <doc/a/res/77/63~op1> ;
  tg:cited <doc/a/res/78/45> .
<doc/a/res/77/63~op1> eli:is_part_of <doc/a/res/77/63> .
<doc/a/res/77/63> tg:adoptionDate "2022-12-07"^^xsd:date .
<doc/a/res/78/45> tg:adoptionDate "2021-12-04"^^xsd:date .
<vote/x> a tg:Vote ;
  tg:inFavourCount 2 ;
  tg:inFavour <state/afg> , <state/alb> ;
  tg:against <state/afg> .
"""

Git = Callable[..., str]


def run_git(folder: Path, *arguments: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "core.hooksPath=/dev/null"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True, env=clean
    ).stdout


def make_record(folder: Path) -> Path:
    """The data of the small record below a folder, committed."""
    data = folder / "data"
    (data / "tables").mkdir(parents=True)
    for table in sorted((DATA / "tables").glob("*.csv")):
        header, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
        named = [row for row in rows if any(word in row for word in WORDS)][:ROWS]
        kept = [row for row in rows if row in {*rows[:2], *named}]
        (data / "tables" / table.name).write_text(header + "".join(kept), encoding="utf-8")
        shutil.copy(table.with_name(f"{table.name}-metadata.json"), data / "tables")
    (data / "claims").mkdir()
    shutil.copy(DATA / "claims" / "oda-2023-00050.trig", data / "claims")
    (data / "notes.ttl").write_text(NOTES, encoding="utf-8")
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-q", "-m", "the record")
    return data


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small record; the working directory is its folder."""
    data = make_record(tmp_path)
    monkeypatch.chdir(tmp_path)
    return data.relative_to(tmp_path)


@pytest.fixture(scope="module")
def shared_record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small record for a whole module, for tests that put everything back."""
    folder = tmp_path_factory.mktemp("shared")
    make_record(folder)
    old = Path.cwd()
    os.chdir(folder)
    yield Path("data")
    os.chdir(old)
