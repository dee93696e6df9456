"""A release goes into the shared store whole, exactly and at once, whatever is killed on the way."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from api.settings import Settings
from api.stores.fluree import backend as open_backend
from api.stores.fluree import target as open_target
from loaders.publishing.fluree import FlureeTarget
from loaders.publishing.publish import publish as send
from loaders.publishing.target import PublishError
from loaders.release import ReleaseInfo
from queries.cluster.backend import ClusterBackend
from queries.cluster.storage import Storage
from queries.cluster.storage import engine as fluree
from queries.errors import BackendError

pytestmark = pytest.mark.cluster

Releases = Callable[[int], ReleaseInfo]
Make = Callable[..., ClusterBackend]


def quads(release: ReleaseInfo) -> Counter[tuple[str, ...]]:
    """Every statement of the dump, blank nodes without their labels."""
    found = ox.parse(gzip.decompress(release.dump.read_bytes()), format=ox.RdfFormat.N_QUADS)
    return Counter(_row(quad.graph_name, quad.subject, quad.predicate, quad.object) for quad in found)


def stored(backend: ClusterBackend) -> Counter[tuple[str, ...]]:
    """Every statement that readers can see."""
    text = "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    rows = backend.query(text).rows()
    return Counter(_row(row["g"] or ox.DefaultGraph(), row["s"], row["p"], row["o"]) for row in rows)


def _row(*terms: Any) -> tuple[str, ...]:
    return tuple("blank" if isinstance(term, ox.BlankNode) else str(term) for term in terms)


def number(backend: ClusterBackend, kit: Any) -> str:
    (row,) = backend.query(f"SELECT ?n {{ <{kit.MARK}> <{kit.MARK}/number> ?n }}").rows()
    return str(row["n"].value)


def test_every_statement_arrives_letter_by_letter(published: Path, releases: Releases, make: Make) -> None:
    backend = make(published)
    assert backend.release == releases(1).id
    assert stored(backend) == quads(releases(1))


def test_a_second_publish_of_the_same_release_sends_nothing(published: Path, releases: Releases, kit: Any) -> None:
    report = kit.publish(releases(1), published)
    assert (report.sent, report.sent_statements) == (0, 0)
    assert report.held == report.graphs > 5


def test_the_licence_is_accepted_once_and_never_asked_for_at_a_prompt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], published: Path, kit: Any
) -> None:
    store = tmp_path / "shared"
    with pytest.raises(BackendError, match=r"TREATYGRAPH_ACCEPT_LICENCE=BUSL-1\.1"):
        open_target(Settings(), str(store))
    (notice,) = capsys.readouterr().err.splitlines()
    assert "BUSL-1.1" in notice
    assert "read-only" in notice
    assert not store.exists(), "nothing is made before the licence is accepted"
    open_target(Settings(accept_licence="BUSL-1.1"), str(store)).close()
    assert capsys.readouterr().err.count("licence:") == 1
    open_target(Settings(), str(store)).close()
    assert capsys.readouterr().err == "", "told and accepted once"
    (store / ".treatygraph" / "licence-accepted").unlink()
    refused = kit.run("serve", "--port", "0", "--store", f"fluree:{store}")
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 2


def test_readers_see_the_old_release_until_the_new_one_is_whole(
    releases: Releases, tmp_path: Path, make: Make, kit: Any
) -> None:
    store = tmp_path / "shared"
    kit.publish(releases(1), store)
    backend = make(store)

    def told(step: str, done: int, total: int) -> None:
        seen.append((step, backend.refresh(), number(backend, kit)))

    seen: list[tuple[str, str, str]] = []
    target = FlureeTarget(Storage(store))
    try:
        report = send(releases(2), target, told)
    finally:
        target.close()
    before = {(release, n) for step, release, n in seen if (step, release) != ("show", releases(2).id)}
    assert {step for step, *_ in seen} == {"read", "send", "verify", "show"}
    assert before == {(releases(1).id, "1")}
    assert seen[-1] == ("show", releases(2).id, "2")
    assert report.exact == report.graphs
    assert stored(backend) == quads(releases(2))


def test_a_publish_that_is_killed_is_gone_on_with(releases: Releases, tmp_path: Path, make: Make, kit: Any) -> None:
    store = tmp_path / "shared"
    kit.publish(releases(1), store)
    backend = make(store)
    whole = quads(releases(1))
    arguments = kit.command("publish", releases(3).path, "--to", f"fluree:{store}")
    environment = kit.clean_environment(**kit.LICENCE)
    for step in ("reading the dump", "sending", "reading back", "showing it"):
        process = subprocess.Popen(arguments, env=environment, stdout=-3, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        while (line := process.stderr.readline()) and step not in line:
            pass
        time.sleep(0.05)
        process.kill()
        process.wait()
        process.stderr.close()
        if backend.refresh() != releases(3).id:  # the last kill may come too late
            assert stored(backend) == whole, "a reader saw something of a publish that did not end"
    kit.publish(releases(3), store)
    assert backend.refresh() == releases(3).id
    assert stored(backend) == quads(releases(3))


def test_what_was_committed_before_a_kill_is_not_sent_again(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import loaders.publishing.fluree as module

    monkeypatch.setattr(module, "_STATEMENTS", 200)

    class Killed(BaseException):
        pass

    sent = [0, 0]

    def until(limit: int, run: int) -> Callable[[str, int, int], None]:
        def told(step: str, done: int, total: int) -> None:
            if step == "send":
                sent[run] = done
                if done >= limit:
                    raise Killed

        return told

    release = releases(2)
    first = FlureeTarget(Storage(tmp_path / "shared"))
    with pytest.raises(Killed):
        send(release, first, until(900, 0))
    first.close()
    second = FlureeTarget(Storage(tmp_path / "shared"))
    report = send(release, second, until(10**9, 1))
    second.close()
    total = sum(quads(release).values())
    assert sent[0] >= 900
    assert sent[0] + sent[1] == report.statements == total


def test_one_publisher_at_a_time(releases: Releases, tmp_path: Path, kit: Any) -> None:
    store = tmp_path / "shared"
    kit.publish(releases(1), store)
    first = FlureeTarget(Storage(store))
    try:
        with pytest.raises(PublishError, match="another publish is running; to mend: wait until it has ended"):
            FlureeTarget(Storage(store))
    finally:
        first.close()
    kit.publish(releases(2), store)


def test_old_releases_are_dropped_and_the_last_one_stays(
    releases: Releases, tmp_path: Path, make: Make, kit: Any
) -> None:
    store = tmp_path / "shared"
    for n in (1, 2, 3):
        kit.publish(releases(n), store)
    connection = Storage(store).connect()
    names = {name.partition(":")[0] for name in connection.ledgers()}
    connection.close()
    assert names == {"treatygraph", f"release-{releases(2).id}", f"release-{releases(3).id}"}
    kit.publish(releases(2), store)  # back to the one before: it is there still
    assert number(make(store), kit) == "2"


def test_a_damaged_copy_is_replaced_and_never_mended_under_readers(
    releases: Releases, tmp_path: Path, make: Make, kit: Any
) -> None:
    store = tmp_path / "shared"
    kit.publish(releases(1), store)
    connection = Storage(store).connect()
    connection.ledger(f"release-{releases(1).id}").insert("<urn:intruder> <urn:was> <urn:here> .", format="turtle")
    before = connection.ledger(f"release-{releases(1).id}").info()["ledger"]["t"]
    kit.publish(releases(1), store)
    assert stored(make(store)) == quads(releases(1))
    assert connection.ledger(f"release-{releases(1).id}").info()["ledger"]["t"] == before
    connection.close()


def test_an_indexed_release_is_refused_and_replaced(releases: Releases, tmp_path: Path, make: Make, kit: Any) -> None:
    """The engine's index loses answers: better none than a wrong one."""
    store = tmp_path / "shared"
    kit.publish(releases(1), store)
    somebody = fluree().connect(store)
    somebody.ledger(f"release-{releases(1).id}").index()
    somebody.close()
    with pytest.raises(BackendError, match="somebody has indexed the release"):
        make(store)
    kit.publish(releases(1), store)
    assert stored(make(store)) == quads(releases(1))


def test_bad_addresses_and_empty_stores_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "document.json").write_text(json.dumps({"not": "a connection"}))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "empty").mkdir()
    for store, expected in (
        ("nowhere", "no such directory"),
        ("document.json", "connection document"),
        ("broken.json", "connection document"),
        ("empty", "no release is published here; to mend: treatygraph publish"),
    ):
        with pytest.raises(BackendError, match=expected) as refused:
            open_backend(Settings(accept_licence="BUSL-1.1"), str(tmp_path / store))
        assert "\n" not in str(refused.value)


def test_without_the_extra_one_line_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, releases: Releases
) -> None:
    monkeypatch.setitem(sys.modules, "fluree", None)
    with pytest.raises(BackendError, match=r"to mend: pip install 'treatygraph\[cluster\]'"):
        open_target(Settings(accept_licence="BUSL-1.1"), str(tmp_path))
