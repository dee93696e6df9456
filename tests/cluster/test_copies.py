"""Copies of indexes in the shared directory in which a byte was changed: the service says so and lets go of them."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loaders.release import MANIFEST, ReleaseInfo
from queries import proof
from queries.adjacency import FILE as LINEAGE
from queries.backend import basis_of, lineage_edition_of
from queries.cluster.backend import ClusterBackend
from queries.cluster.storage import Storage, indexes_of
from queries.embedded import EmbeddedBackend
from queries.lineage import lineage
from queries.textindex import FILE as NAMES

pytestmark = pytest.mark.cluster

Make = Callable[..., ClusterBackend]
Releases = Callable[[int], ReleaseInfo]
MEETING = "https://w3id.org/treatygraph/id/meeting/ctl-msp-5"


@pytest.fixture
def copied(published: Path, releases: Releases, tmp_path: Path) -> Path:
    """Where, two levels below a shared directory of our own, the indexes of the release are."""
    store = tmp_path / "shared"
    shutil.copytree(published, store)
    folder = indexes_of(Storage(store), releases(1).id)
    assert {path.name for path in folder.iterdir()} == {MANIFEST, LINEAGE, NAMES}
    return folder


def damage(folder: Path) -> None:
    """Another letter in a name, in the middle of the file: its form stays sound, so that only the manifest tells."""
    content = (folder / LINEAGE).read_bytes()
    assert b"5th Meeting of" in content
    (folder / LINEAGE).write_bytes(content.replace(b"5th Meeting of", b"6th Meeting of"))


def expected(release: ReleaseInfo) -> Any:
    backend = EmbeddedBackend(release.store, release.id)
    try:
        return lineage(backend, MEETING, direction="up").to_json()
    finally:
        backend.close()


def test_a_small_one_is_examined_before_the_first_answer(
    copied: Path, releases: Releases, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    damage(copied)
    with caplog.at_level(logging.WARNING):
        cluster = make(copied.parents[1])
        assert lineage(cluster, MEETING, direction="up").to_json() == expected(releases(1))
    assert "lineage is asked of the store" in caplog.text
    assert cluster.adjacency is None
    assert cluster.text_index is not None, "that one is sound"
    assert basis_of(cluster) == f"{releases(1).id} without {LINEAGE}"
    assert lineage_edition_of(cluster) == releases(1).id


def test_a_large_one_soon_afterwards_and_what_was_said_before_has_another_tag(
    copied: Path, releases: Releases, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(copied)
    reading, go_on = threading.Event(), threading.Event()
    differs = proof.Proof.differs

    def patient(self: proof.Proof, *how: Any) -> bool | None:
        reading.set()
        assert go_on.wait(60)
        return differs(self, *how)

    monkeypatch.setattr(proof, "SMALL_BYTES", 0)
    monkeypatch.setattr(proof, "LATER_S", 0.0)
    monkeypatch.setattr(proof.Proof, "differs", patient)
    cluster = make(copied.parents[1])
    before = lineage_edition_of(cluster)
    assert before.startswith(f"{releases(1).id}/unread-"), "nobody keeps it under a lasting name"
    assert reading.wait(60)
    go_on.set()
    assert _until(lambda: cluster.adjacency is None)
    assert lineage(cluster, MEETING, direction="up").to_json() == expected(releases(1))
    assert lineage_edition_of(cluster) == releases(1).id


def test_a_sound_one_loses_its_mark_and_one_without_manifest_has_none(
    copied: Path, releases: Releases, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "SMALL_BYTES", 0)
    monkeypatch.setattr(proof, "LATER_S", 0.0)
    cluster = make(copied.parents[1])
    assert cluster.adjacency is not None
    assert _until(lambda: lineage_edition_of(cluster) == releases(1).id)
    assert cluster.adjacency is not None
    (copied / MANIFEST).unlink()
    older = make(copied.parents[1])
    assert older.adjacency is not None
    assert lineage_edition_of(older) == releases(1).id


def test_one_that_is_cut_short_does_not_break_the_answers(copied: Path, releases: Releases, make: Make) -> None:
    content = (copied / LINEAGE).read_bytes()
    (copied / LINEAGE).write_bytes(content[: len(content) // 2])
    cluster = make(copied.parents[1])
    assert lineage(cluster, MEETING, direction="up").to_json() == expected(releases(1))


def _until(condition: Callable[[], object]) -> bool:
    done = threading.Event()
    for _ in range(2400):
        if condition():
            return True
        done.wait(0.025)
    return bool(condition())
