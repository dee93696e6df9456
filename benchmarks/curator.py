"""What a curator waits for: one edit in a record of a million statements, validated in full and by what it affects.

The record is `data/` itself and, in the same tables, invented treaties until there are enough statements: with series,
meetings, presidents, resolutions, paragraphs, votes, roll calls and the acts of 193 States, in about the proportions of
the record. Everything invented is called `g0001` and the like. Times are process time (user and system) of the whole
command, children among them.
"""

from __future__ import annotations

import csv
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from benchmarks.process import ROOT

YEARS: Final = 30
FIRST_YEAR: Final = 1990
PARAGRAPHS: Final = 8
#: Years whose resolution is put to a recorded vote.
VOTED: Final = 12
#: Statements that one invented treaty brings, about.
PER_TREATY: Final = 5_700
SOURCE: Final = ("https://generated.example/", "sourced-exactly")

Rows = dict[str, list[tuple[str, ...]]]


@dataclass(frozen=True)
class Wait:
    """One way to validate, with the seconds of processor time that it took, and the lines of its report."""

    way: str
    cpu_s: float
    lines: int


@dataclass(frozen=True)
class Curator:
    """One size of the record: statements, files, and what each way took."""

    statements: int
    files: int
    waits: tuple[Wait, ...]

    def ratio(self, way: str) -> float:
        """How many times as long the full validation takes."""
        found = {wait.way: wait.cpu_s for wait in self.waits}
        return found[FULL] / max(found[way], 1e-3)


FULL: Final = "everything"
COLD: Final = "one edit, the first time"


def measure_curator(folder: Path, statements: int, *, say: Callable[[str], None] = print) -> Curator:
    """Make a record of at least so many statements in `folder` (empty or absent), edit it, and measure.

    `statements` below those of `data/` gives the record alone. Raises RuntimeError where a command fails or where the
    report of an edit is not what the edit makes wrong.
    """
    data = folder / "data"
    number = make_record(data, statements)
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "the record")
    files = sum(1 for path in data.rglob("*") if path.suffix in (".csv", ".trig", ".ttl"))
    say(f"curator: {number:,} statements in {files} files")
    waits: list[Wait] = []
    for name, (table, old, new, rule) in EDITS.items():
        path = data / "tables" / table
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise RuntimeError(f"{table}: {old} is not there")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        if not waits:
            waits.append(_wait(folder, COLD, rule, "--since", "HEAD"))
            say(f"  {waits[-1].way}: {waits[-1].cpu_s:.2f} s")
        waits.append(_wait(folder, name, rule, "--since", "HEAD"))
        say(f"  {waits[-1].way}: {waits[-1].cpu_s:.2f} s")
        if name == next(reversed(EDITS)):
            waits.append(_wait(folder, FULL, rule, "--no-cache"))
            say(f"  {waits[-1].way}: {waits[-1].cpu_s:.2f} s")
        path.write_text(text, encoding="utf-8")
    return Curator(number, files, tuple(waits))


#: The edits: table, what stands there (its first place is meant), what comes there, and the rule that must find it.
EDITS: Final = {
    "one edit of a meeting": ("meetings.csv", "2005-06-13,2005-06-17", "2005-06-13,2005-06-10", "meeting-dates-order"),
    "one edit of an ordinal": ("meetings.csv", "ccm-msp,4,", "ccm-msp,40,", "series-gap"),
    "one edit of a roll call": (
        "positions.csv",
        "a/res/52/38a,,,,afg,",
        "a/res/52/38a,afg,afg,,,",
        "state-votes-twice",
    ),
}


def make_record(data: Path, statements: int) -> int:
    """Write the record and invented treaties until there are so many statements; the number of statements, about."""
    shutil.copytree(ROOT / "data", data)
    number = _count(data)
    treaties = max(0, -(-(statements - number) // PER_TREATY))
    states = [row[0] for row in _rows(data / "tables" / "members.csv")][1:]
    rows: Rows = {}
    for at in range(1, treaties + 1):
        for table, row in _treaty(f"g{at:04d}", at, states):
            rows.setdefault(table, []).append(row)
    for table, listed in rows.items():
        path = data / "tables" / f"{table}.csv"
        header = _rows(path)[0]
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for row in listed:
                if len(row) != len(header):
                    raise RuntimeError(f"{table}: {len(header)} columns, not {len(row)}")
                writer.writerow(row)
    return number + treaties * PER_TREATY


def _treaty(code: str, at: int, states: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The rows of one treaty: table and cells."""
    begun = f"{FIRST_YEAR - 2}-03-01"
    yield (
        "treaties",
        (
            code,
            f"Convention {code}",
            "",
            "",
            code.upper(),
            "",
            begun,
            "",
            f"{FIRST_YEAR - 1}-03-01",
            "",
            "",
            "",
            *SOURCE,
        ),
    )
    yield "series", (f"{code}-msp", code, "msp", *SOURCE)
    for index, state in enumerate(states):
        day = date(FIRST_YEAR - 1, 1, 1) + timedelta(days=(index * 37 + at) % 9_000)
        yield "treaty_actions", (code, state, "ratification", day.isoformat(), "", *SOURCE)
    for k in range(1, YEARS + 1):
        year = FIRST_YEAR + k
        meeting, start = f"{code}-msp-{k}", date(year, 5, 1) + timedelta(days=at % 20)
        end = start + timedelta(days=4)
        yield (
            "meetings",
            (
                *(meeting, "MeetingOfStatesParties", "", code, "msp", f"{code}-msp", str(k), str(year)),
                *(start.isoformat(), end.isoformat(), "", "", "", "geneva", "", "", *SOURCE),
            ),
        )
        yield "tenures", (meeting, "president", f"{code}-person-{k}", f"Person {k} of {code}", *SOURCE)
        yield from _resolution(code, at, k, states)


def _resolution(code: str, at: int, k: int, states: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    year = FIRST_YEAR + k
    key = f"a/res/{year - 1945}/{1000 + at}"
    adopted = f"{year}-12-05"
    yield (
        "resolutions",
        (
            *(key, key.upper(), f"Implementation of {code}", code, str(year - 1945), adopted, "", f"{year}-12-12"),
            *("60", "101", "", "", "", *SOURCE),
        ),
    )
    for number in range(1, PARAGRAPHS + 1):
        yield (
            "paragraphs",
            (f"{key}~op{number}", key, "OperativeParagraph", str(number), str(number), "Invites", "invites", *SOURCE),
        )
    if k <= VOTED:
        against = [state for index, state in enumerate(states) if (index + k) % 40 == 0]
        count = len(states) - len(against)
        yield "votes", (key, "plenary", adopted, str(count), str(len(against)), "0", *SOURCE)
        for state in states:
            sides = ("", state) if state in against else (state, "")
            yield "positions", (key, *sides, "", "", *SOURCE)


def _count(data: Path) -> int:
    """The statements of data files."""
    code = (
        "import sys; from pathlib import Path; from loaders.files import data_files, read_file;"
        "print(sum(len(read_file(path)[0]) for path in data_files([Path(sys.argv[1])])))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(data)], capture_output=True, text=True, check=True, cwd=ROOT)
    return int(done.stdout)


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _wait(folder: Path, way: str, rule: str, *options: str) -> Wait:
    """Run `treatygraph validate data` once. The bytecode of the code is kept, as an installed program has it."""
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings |= {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "TREATYGRAPH_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-m", "api.cli", "validate", "data", *options]
    settings["PYTHONPATH"] = str(ROOT)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or rule not in done.stdout:
        raise RuntimeError(f"{way}: {rule} was not found: {done.stdout[-300:]}{done.stderr[-300:]}")
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Wait(way, spent, done.stdout.count("\n"))


def _git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "core.hooksPath=/dev/null"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    git = shutil.which("git") or "git"
    subprocess.run([git, *who, *arguments], cwd=folder, env=clean, capture_output=True, check=True)


def main() -> None:
    """`python -m benchmarks.curator [STATEMENTS]`: measure in a temporary folder and print."""
    from tempfile import TemporaryDirectory

    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory(prefix="treatygraph-curator-") as folder:
        found = measure_curator(Path(folder), size)
    for wait in found.waits:
        print(f"{wait.way:30} {wait.cpu_s:8.2f} s   full takes {found.ratio(wait.way):6.1f} times as long")


if __name__ == "__main__":
    main()
