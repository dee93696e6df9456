"""Differences between releases, directories and revisions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from loaders.build import build
from loaders.difference import Change, State, compare, read_state, table
from loaders.errors import BuildError
from ontology.namespaces import ID, TG


def edit(tables: Path) -> Path:
    """Change one end of a meeting; the revision `HEAD` has it as it was. Returns the folder of the data."""
    meetings = tables / "meetings.csv"
    text = meetings.read_text(encoding="utf-8")
    assert "2005-06-13,2005-06-17" in text
    meetings.write_text(text.replace("2005-06-13,2005-06-17", "2005-06-13,2005-06-16"), encoding="utf-8")
    return tables.parent


@pytest.fixture(scope="module")
def states(shared_tables: Path) -> tuple[Path, State, State]:
    """Data with that edit, what the revision says and what the files say."""
    data = edit(shared_tables)
    return data, read_state("HEAD", data), read_state(str(data), data)


def test_a_revision_against_the_files_and_a_release(states: tuple[Path, State, State], tmp_path: Path) -> None:
    data, old, new = states
    difference = compare(old, new)
    changed = {thing.iri: thing for thing in difference.things}
    thing = changed[f"{ID}meeting/aplc-im-2005"]
    assert thing.kind == "changed"
    assert Change("changed", str(TG.endDate), "2005-06-17", "2005-06-16") in thing.changes
    text = table(difference)
    assert "  ~ endDate: 2005-06-17 -> 2005-06-16" in text
    assert f"about {len(changed)} thing" in text
    build([data], tmp_path / "release")
    release = read_state(str(tmp_path / "release"), data)
    assert release.name.startswith("release ")
    assert compare(old, release).things == difference.things
    assert compare(release, new).things == ()
    assert table(compare(new, new)) == "No difference.\n"


def test_as_json_and_as_rdf(states: tuple[Path, State, State]) -> None:
    _, old, new = states
    difference = compare(old, new)
    document = json.loads(json.dumps(difference.to_json()))
    assert document["summary"]["changed"] >= 1
    assert document["old"] == "HEAD"
    assert {thing["iri"] for thing in document["things"]} == {thing.iri for thing in difference.things}
    quads = list(parse(difference.to_nquads().encode(), format=RdfFormat.N_QUADS))
    graphs = {str(quad.graph_name).rpartition("/")[2] for quad in quads}
    assert graphs == {"added>", "removed>"}
    assert len(quads) == len(difference.added) + len(difference.removed)


def test_rows_that_come_and_go(tables: Path, git: Callable[..., str]) -> None:
    data = edit(tables)
    places = tables / "places.csv"
    rows = places.read_text(encoding="utf-8").splitlines(keepends=True)
    places.write_text("".join([*rows, rows[-1].replace(rows[-1].split(",")[0], "zz-harbour", 1)]), encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "a place")
    earlier, later = read_state("HEAD~1", data), read_state("HEAD", data)
    forth, back = compare(earlier, later), compare(later, earlier)
    iri = f"{ID}place/zz-harbour"
    assert [thing.kind for thing in forth.things if thing.iri == iri] == ["new"]
    assert [thing.kind for thing in back.things if thing.iri == iri] == ["gone"]
    assert forth.added == back.removed
    assert {change.kind for thing in forth.things if thing.iri == iri for change in thing.changes} == {"added"}
    assert forth.summary()["added"] == back.summary()["removed"] > 0


@pytest.mark.parametrize("name", ["no-such-thing", "--help"])
def test_what_is_no_state_is_one_line(shared_tables: Path, name: str) -> None:
    with pytest.raises(BuildError, match="no release, directory or revision") as caught:
        read_state(name, shared_tables.parent)
    assert "\n" not in str(caught.value)
