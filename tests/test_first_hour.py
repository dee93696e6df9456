"""A curator's first hour: the usual mistakes, made in a copy of the data, with the command line alone.

Each is answered with file, line and column, what is wrong, how to mend it, and exit status 1; what cannot be read at
all with 2. Mended, all is well again. Nothing of it ends in a traceback.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Desk:
    """A folder with a copy of the data."""

    folder: Path

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("TREATYGRAPH_")}
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**clean, "PYTHONPATH": str(ROOT)},
            timeout=200,
        )
        assert "Traceback" not in done.stderr
        return done

    def edit(self, file: str, old: str, new: str) -> tuple[int, int]:
        """Replace the first occurrence; line and column (from 1) at which it stood."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        start = text.index(old)
        path.write_text(text[:start] + new + text[start + len(old) :], encoding="utf-8")
        return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)

    def violations(self, *paths: str) -> list[dict[str, Any]]:
        done = self.call("validate", *paths, "--format", "json")
        results = json.loads(done.stdout)["results"]
        found = [one for one in results if one["severity"] == "violation"]
        assert done.returncode == (1 if found else 0)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    # Without the roll calls: most of the bytes, and no one edits them here.
    shutil.copytree(
        ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("positions.csv*", "treaty_actions.csv*")
    )
    return Desk(tmp_path)


MEETINGS = "data/tables/meetings.csv"
RESOLUTIONS = "data/tables/resolutions.csv"
CLAIMS = "data/claims/note-verbale-2024-02-15-ccm-msp-12.trig"


@pytest.mark.parametrize(
    ("file", "old", "new", "says", "mend"),
    [
        pytest.param(
            MEETINGS, ",2018-06-07,", ",2018-06-37,", "“2018-06-37” is not a date", "June 2018 has 30 days", id="date"
        ),
        pytest.param(MEETINGS, ",2018-06-07,", ",7.6.2018,", "“7.6.2018”", "year-month-day", id="form of a date"),
        pytest.param(
            MEETINGS,
            ",ReviewConference,",
            ",ReviewConferense,",
            "tg:ReviewConferense",
            "tg:ReviewConference",
            id="class",
        ),
        pytest.param(RESOLUTIONS, ",A/RES/63/71,", ",A/RS/63/71,", "A/RS/63/71", "<doc/a/rs/63/71>", id="symbol"),
        pytest.param(
            CLAIMS,
            '"2024-08-30"',
            '"2024-08-32"',
            "“2024-08-32” is not a date",
            "August 2024 has 31 days",
            id="date in claims",
        ),
        pytest.param(CLAIMS, " tg:CostRule ", " tg:CostRul ", "tg:CostRul", "tg:CostRule", id="class in claims"),
        pytest.param(
            CLAIMS, "tg:bearer bearer:", "tg:baerer bearer:", "tg:baerer", "tg:bearer", id="property in claims"
        ),
        pytest.param(
            CLAIMS,
            "scale:un-scale-adjusted",
            "scale:un-scale-adjustd",
            "un-scale-adjustd",
            "scale:un-scale-adjusted",
            id="code in claims",
        ),
        pytest.param(
            CLAIMS, '"A/RES/78/32"', '"A/RES/78/23"', "A/RES/78/23", "<doc/a/res/78/23>", id="symbol in claims"
        ),
    ],
)
def test_a_slip_of_the_finger(desk: Desk, file: str, old: str, new: str, says: str, mend: str) -> None:
    assert desk.violations(file) == []
    line, column = desk.edit(file, old, new)
    found = desk.violations(file)
    assert {(one["file"], one["line"]) for one in found} == {(file, line)}
    [told] = [one for one in found if says in one["message"]]
    assert column <= told["column"] <= column + max(len(old), 12)
    assert mend in told["hint"]
    # For people: the same in the table, at the start of a line, as editors understand it.
    table = desk.call("validate", file)
    assert table.returncode == 1
    assert f"  {file}:{line}:{told['column']}" in table.stdout
    desk.edit(file, new, old)
    assert desk.violations(file) == []


def test_several_slips_are_told_at_once(desk: Desk) -> None:
    places = {
        (MEETINGS, desk.edit(MEETINGS, ",2018-06-07,", ",2018-06-37,")[0]),
        (RESOLUTIONS, desk.edit(RESOLUTIONS, ",A/RES/63/71,", ",A/RS/63/71,")[0]),
        (CLAIMS, desk.edit(CLAIMS, " tg:CostRule ", " tg:CostRul ")[0]),
    }
    assert places <= {(one["file"], one["line"]) for one in desk.violations(MEETINGS, RESOLUTIONS, CLAIMS)}


def test_a_violation_is_not_published(desk: Desk) -> None:
    line, _ = desk.edit(MEETINGS, ",2018-06-07,", ",2018-06-37,")
    done = desk.call("build")
    assert done.returncode in (1, 2)
    told = done.stderr.splitlines()[-1]
    assert f"{MEETINGS}:{line}" in told
    assert "to mend" in told
    assert not (desk.folder / "release" / "current").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(" ;\n    tg:email", "\n    tg:email", id="semicolon"),
        pytest.param("PREFIX tg: <https://w3id.org/treatygraph/def#>\n", "", id="prefix"),
        pytest.param('"ccm@un.org"', '"ccm@un.org', id="quote"),
        pytest.param("tg:statedIn <doc/", "tg:statedIn doc/", id="bracket"),
    ],
)
def test_malformed_turtle_is_status_2(desk: Desk, old: str, new: str) -> None:
    desk.edit(CLAIMS, old, new)
    done = desk.call("validate", "data/claims")
    assert done.returncode == 2
    [line] = [one for one in done.stdout.splitlines() if CLAIMS in one]
    place, _, said = line.strip().partition(": violation: ")
    assert place.removeprefix(f"{CLAIMS}:").replace(":", "").isdigit()
    assert said.startswith("Not well-formed")


def test_a_table_without_its_column_is_status_2_or_1_with_its_place(desk: Desk) -> None:
    desk.edit(MEETINGS, "meeting,class,", "meeting,clas,")
    done = desk.call("validate", MEETINGS)
    assert done.returncode in (1, 2)
    assert f"{MEETINGS}:1" in done.stdout
    assert "class" in done.stdout


def test_form_is_restored(desk: Desk) -> None:
    path = desk.folder / MEETINGS
    canonical = path.read_text(encoding="utf-8")
    head, *rows = canonical.splitlines()
    path.write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    assert desk.call("format", "--check", MEETINGS).returncode == 1
    assert desk.call("format", MEETINGS).returncode == 0
    assert path.read_text(encoding="utf-8") == canonical
    assert desk.call("format", "--check", MEETINGS).returncode == 0
