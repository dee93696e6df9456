"""Whatever is edited: the quick validation of a change says what two full validations say, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from loaders.diagnose import Diagnosis, Malformed
from loaders.files import data_files, read_file
from loaders.positions import Quad
from loaders.shelf import Shelf
from loaders.validate import validate_paths

from .conftest import run_git

PLAIN = {"bad-value", "unknown-term", "misnamed-document", "malformed", "missing-source", "outside-graphs"}
TABLE_RULES = {"missing-value", "repeated-key", "unverified", "unknown-code", "bad-source", "unknown-reference"}
WORDS = (
    "",
    "x",
    "2005-02-30",
    "1999-01-01",
    "7",
    "aplc-msp",
    "doc:a/res/1/1 ; y",
    "sourced-exactly",
    "unverified",
    '"a,b"',
)

Key = tuple[str, ...]
Contents = dict[str, frozenset[Quad]]


def key(one: Diagnosis) -> Key:
    return one.rule, one.severity, one.subject, one.path, one.value, one.message


def contents(data: Path) -> Contents:
    """What each file says, read anew."""
    found: Contents = {}
    for path in data_files([data]):
        try:
            found[str(path)] = frozenset(one.quad for one in read_file(path)[0])
        except Malformed:
            found[str(path)] = frozenset()
    return found


def judge(
    then: list[Diagnosis], now: list[Diagnosis], before: Contents, after: Contents, touched: set[str]
) -> tuple[set[Diagnosis], set[Diagnosis]]:
    """What must be reported, and what may be, told from full validations and full readings alone."""
    changed = frozenset().union(*before.values()) ^ frozenset().union(*after.values())
    near = {str(term) for quad in changed for term in (quad[0], quad[2]) if isinstance(term, URIRef)}
    subjects = {quad[0] for quad in changed}
    # Things that refer to changed things, in two steps: more than any shape looks.
    for _ in range(2):
        everything = {quad for quads in (*before.values(), *after.values()) for quad in quads}
        subjects |= {quad[0] for quad in everything if quad[2] in subjects}
    wide = near | {str(one) for one in subjects}
    known = {key(one) for one in then}
    new = {one for one in now if key(one) not in known}
    plain = {one for one in now if one.file in touched and one.rule in PLAIN | TABLE_RULES}
    must = {one for one in now if one.subject in near} | new | plain
    may = must | {one for one in now if one.subject in wide}
    return must, may


def edit(data: Path, chance: random.Random) -> None:
    """One slip or correction, anywhere."""
    files = list(data_files([data]))
    path = chance.choice(
        [*files, *(file for file in files if file.suffix != ".csv"), *(file for file in files if file.name in FAVOURED)]
    )
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if path.suffix == ".csv" and len(lines) > 2:
        at = chance.randrange(1, len(lines))
        kind = chance.choice(["cell", "cell", "cell", "cell", "delete", "double", "swap", "header", "mapping", "file"])
        if kind == "cell":
            cells = lines[at].rstrip("\n").split(",")
            column = chance.randrange(len(cells))
            other = lines[chance.randrange(1, len(lines))].rstrip("\n").split(",")
            cells[column] = chance.choice([*WORDS, *other[column : column + 1] * 12])
            lines[at] = ",".join(cells) + "\n"
        elif kind == "delete":
            del lines[at]
        elif kind == "double":
            lines.insert(chance.randrange(1, len(lines)), lines[at])
        elif kind == "swap":
            lines[at], lines[-1] = lines[-1], lines[at]
        elif kind == "header" and chance.random() < 0.2:
            lines[0] = lines[0].replace("source", "sauce")
        elif kind == "mapping":
            place = path.with_name(f"{path.name}-metadata.json")
            place.write_text(place.read_text().replace('"en"', '"fr"'))
        elif kind == "file" and chance.random() < 0.3:
            path.unlink()
            return
    elif lines:
        at = chance.randrange(len(lines))
        kind = chance.choice(["delete", "delete", "double", "word", "word", "file"])
        if kind == "delete":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "word":
            old, new = chance.choice(SWAPS)
            lines = [line.replace(old, new) if chance.random() < 0.7 else line for line in lines]
        elif chance.random() < 0.3:
            path.unlink()
            return
    path.write_text("".join(lines), encoding="utf-8")


FAVOURED = ("meetings.csv", "tenures.csv", "resolutions.csv", "votes.csv", "positions.csv", "treaty_actions.csv")
SWAPS = (
    ("2002-01-05", "2001-01-05"), ("tg:ordinal 7", "tg:ordinal 5"), ("2021-12-04", "2023-12-04"), ("afg", "alb"),
    ("tg:Vote", "tg:Voting"), ("dcterms:source", "dcterms:title"), ("aplc-msp", "ccm-msp"), ("2023", "2022"),
    ("tg:against", "tg:abstaining"), ("Count 2", "Count 1"), (" a ", " tg:issuer "), ("confidence:", "deadline:"),
)  # fmt: skip


def check_one(data: Path, shelf: Shelf | None, then: list[Diagnosis], before: Contents) -> Iterator[Diagnosis]:
    touched = {
        name.removesuffix("-metadata.json")
        for name in (run_git(Path(), "diff", "--name-only", "HEAD") + run_git(Path(), "ls-files", "-o")).splitlines()
    }
    quick = validate_paths([data], since="HEAD", shelf=shelf)
    now = validate_paths([data])
    must, may = judge(then, now, before, contents(data), touched)
    found = set(quick)
    assert len(found) == len(quick)
    assert must - found == set(), f"not reported: {must - found}"
    assert found - may == set(), f"reported too much: {found - may}"
    yield from quick


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32), committed=st.integers(0, 3), edits=st.integers(1, 4), warm=st.sampled_from([1, 1, 1, 0])
)
def test_any_edits(shared_record: Path, tmp_path_factory, seed: int, committed: int, edits: int, warm: int) -> None:
    chance = random.Random(seed)
    shelf = Shelf(Path("shelf").resolve())
    run_git(Path(), "checkout", "-q", "-f", "--detach", "main")
    run_git(Path(), "clean", "-q", "-fd", "data")
    try:
        for _ in range(committed):
            edit(shared_record, chance)
        run_git(Path(), "add", "-A", "data")
        run_git(Path(), "commit", "-q", "--allow-empty", "-m", "x")
        then, before = validate_paths([shared_record]), contents(shared_record)
        for _ in range(edits):
            edit(shared_record, chance)
        list(check_one(shared_record, shelf if warm else None, then, before))
    finally:
        run_git(Path(), "checkout", "-q", "-f", "main")
        run_git(Path(), "clean", "-q", "-fd", "data")
