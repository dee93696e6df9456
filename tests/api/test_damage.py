"""Indexes of a release in which a byte was changed: the service says so and lets go of them; no entity tag lies.

What is changed keeps the form of the file, so that nothing but its checksum tells.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from httpx2 import Client
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from loaders.release import ReleaseInfo, open_release
from queries import proof
from queries.pool.backend import PooledBackend
from tests.patience import PATIENT_S, until

if TYPE_CHECKING:
    from tests.api.conftest import Server

Start = Callable[..., AbstractContextManager["Server"]]
Publish = Callable[..., ReleaseInfo]

MEETING = "https://w3id.org/treatygraph/id/meeting/ctl-msp-5"
#: Answered from the columns, by a worker; and by the server itself.
COUNTED = "SELECT ?t (COUNT(*) AS ?n) { ?s a ?t } GROUP BY ?t"
LOOKED_UP = f"SELECT ?t {{ <{MEETING}> a ?t }} ORDER BY ?t"
CHANGED = {
    "columns.index": (b"def#MeetingOfStates", b"def#NeetingOfStates"),
    "lineage.index": (b"5th Meeting of", b"6th Meeting of"),
    "names.sqlite": (b"lanterns", b"lamterns"),
}
FILES = list(CHANGED)


@pytest.fixture
def folder(publisher: Publish, tmp_path: Path) -> Path:
    return publisher(tmp_path / "release").path


def damage(folder: Path, name: str) -> None:
    """Another letter in some name, in the middle of the file."""
    path = folder / name
    old, new = CHANGED[name]
    content = path.read_bytes()
    assert old in content, name
    path.write_bytes(content.replace(old, new))


@contextmanager
def opened(folder: Path) -> Iterator[TestClient]:
    info = open_release(folder)
    backend = PooledBackend(info.store, release=info.id, workers=1)
    try:
        app = create_app(Settings(release=folder, watch_s=0), backend)
        with TestClient(app, raise_server_exceptions=False) as client:
            client.app.state.pool = backend  # type: ignore[attr-defined]
            yield client
    finally:
        backend.close()


def sparql(client: Any, query: str, **headers: str) -> Any:
    return client.get("/sparql", params={"query": query}, headers={"accept": "text/csv", **headers})


def lineage(client: Any, **headers: str) -> Any:
    return client.get("/lineage", params={"thing": MEETING}, headers={"accept": "application/json", **headers})


def counted(client: Any, **headers: str) -> Any:
    return sparql(client, COUNTED, **headers)


def looked_up(client: Any, **headers: str) -> Any:
    return sparql(client, LOOKED_UP, **headers)


def chain(client: Any, **headers: str) -> Any:
    ends = {"from": MEETING, "to": "A/RES/91/7"}
    return client.get("/lineage/path", params=ends, headers={"accept": "application/json", **headers})


def search(client: Any, **headers: str) -> Any:
    return client.get("/search", params={"q": "lanterns"}, headers={"accept": "application/json", **headers})


Ask = Callable[..., Any]
ASK: dict[str, list[Ask]] = {
    "columns.index": [counted, looked_up],
    "lineage.index": [lineage, chain],
    "names.sqlite": [search],
}
#: Their entity tags are made of the bytes of the answer, so they can say nothing wrong.
BY_CONTENT = (chain, search)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """As if the files were large: they are read while the release is served, as soon as this is set."""
    begins, read = threading.Event(), proof.Examination._read

    def read_later(examination: proof.Examination, give_up: Callable[[proof.Proof], None]) -> None:
        begins.wait(PATIENT_S)
        read(examination, give_up)

    monkeypatch.setattr(proof, "SMALL_BYTES", 0)
    monkeypatch.setattr(proof, "LATER_S", 0)
    monkeypatch.setattr(proof.Examination, "_read", read_later)
    yield begins
    begins.set()


def pool_of(client: Any) -> PooledBackend:
    found: PooledBackend = client.app.state.pool
    return found


def sound_answers(folder: Path, name: str) -> list[tuple[str, bytes, str]]:
    """The answers of a sound release of the same name: their rows, their bytes, their entity tags."""
    with opened(folder) as client:
        return [(rows(found), found.content, found.headers["etag"]) for found in (ask(client) for ask in ASK[name])]


def rows(answer: Any) -> str:
    """Rows without ORDER BY come in another order from the engine."""
    csv = answer.headers["content-type"].startswith("text/csv")
    return "\n".join(sorted(answer.text.splitlines())) if csv else answer.text


@pytest.mark.parametrize("name", FILES)
def test_a_small_index_is_read_before_the_release_is_served(
    folder: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = sound_answers(folder, name)
    assert not caplog.records
    damage(folder, name)
    with opened(folder) as client:
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        said = record.getMessage()
        assert str(folder / name) in said
        assert said.endswith(
            "has another checksum than the manifest of its release says; to mend: run treatygraph build"
        )
        for ask, (lines, _, _) in zip(ASK[name], expected, strict=True):
            found = ask(client)
            assert found.status_code == 200
            assert rows(found) == lines


@pytest.mark.parametrize("name", FILES)
def test_a_large_one_is_read_later_and_no_answer_from_it_is_said_to_hold(
    folder: Path, name: str, caplog: pytest.LogCaptureFixture, later: threading.Event
) -> None:
    expected = sound_answers(folder, name)
    damage(folder, name)
    with opened(folder) as client:
        wrong = [ask(client) for ask in ASK[name]]
        assert [rows(one) for one in wrong] != [lines for lines, _, _ in expected], "else nothing is tried here"
        assert not caplog.records
        later.set()
        assert until(lambda: caplog.records)
        assert str(folder / name) in caplog.records[0].getMessage()
        assert until(lambda: name in pool_of(client).basis or name == "columns.index")
        assert until(lambda: pool_of(client).edition == open_release(folder).id or name != "columns.index")
        for ask, before, (lines, _, tag) in zip(ASK[name], wrong, expected, strict=True):
            again = ask(client, **{"if-none-match": before.headers["etag"]})
            if rows(before) == lines:
                continue  # not touched by the damage
            assert again.status_code == 200
            assert rows(again) == lines
            assert again.headers["etag"] != before.headers["etag"]
            assert before.headers["etag"] != tag, "as if it were the sound answer"
            assert ask(client, **{"if-none-match": again.headers["etag"]}).status_code == 304
    later.clear()
    # The next start: nobody knows yet what is in the file, and what was kept the last time is not said to hold.
    with opened(folder) as client:
        for ask, before, (lines, _, _) in zip(ASK[name], wrong, expected, strict=True):
            if rows(before) != lines and ask not in BY_CONTENT:
                assert ask(client, **{"if-none-match": before.headers["etag"]}).status_code == 200


def test_a_large_one_that_is_sound_is_called_so_once_it_was_read(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, later: threading.Event
) -> None:
    with monkeypatch.context() as small:
        small.setattr(proof, "SMALL_BYTES", 1 << 24)
        expected = {name: sound_answers(folder, name) for name in FILES}
    with opened(folder) as client:
        pool = pool_of(client)
        for name in FILES[:2]:
            for ask, (_, content, tag) in zip(ASK[name], expected[name], strict=True):
                found = ask(client)
                assert found.content == content
                assert (found.headers["etag"] == tag) == (ask in BY_CONTENT)
        later.set()
        assert until(lambda: "unread" not in pool.edition + pool.lineage_edition)
        for name in FILES:
            for ask, (_, content, tag) in zip(ASK[name], expected[name], strict=True):
                found = ask(client)
                assert (found.content, found.headers["etag"]) == (content, tag)
    assert not caplog.records


def test_what_was_kept_of_the_release_is_made_anew(folder: Path, later: threading.Event) -> None:
    """Findings have labels from the lineage index."""
    damage(folder, "lineage.index")
    with opened(folder) as client:
        context = client.app.state.context  # type: ignore[attr-defined]

        def labels(backend: Any) -> list[str]:
            from queries.things import describe

            return [thing.label for thing in describe(backend, [MEETING]).values()]

        assert client.portal is not None
        first = client.portal.call(context.once, labels)
        later.set()
        assert until(lambda: "lineage.index" in pool_of(client).basis)
        second = client.portal.call(context.once, labels)
    assert first[0].startswith("6th Meeting")
    assert second[0].startswith("5th Meeting")


def test_a_server_says_so_in_its_log_and_a_build_mends_it(folder: Path, start: Start, tmp_path: Path) -> None:
    for name in FILES:
        damage(folder, name)
    log = tmp_path / "log"
    with start(folder, errors=log, workers="1") as server, Client(base_url=server.address, timeout=PATIENT_S) as client:
        assert "6th Meeting" not in lineage(client).text
        assert "#Neeting" not in sparql(client, COUNTED).text
    lines = [line for line in log.read_text().splitlines() if "checksum" in line]
    assert [next(name for name in FILES if name in line) for line in sorted(lines)] == sorted(FILES)
    assert all(line.endswith("to mend: run treatygraph build") for line in lines)


def test_an_index_that_is_none_at_all_is_left_alone_as_well(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in FILES:
        (folder / name).write_bytes(b"no index")
    with opened(folder) as client:
        assert len(caplog.records) == 3
        assert all("treatygraph build" in record.getMessage() for record in caplog.records)
        assert lineage(client).json()["edges"]
        assert client.get("/search?q=lanterns", headers={"accept": "application/json"}).status_code == 200
        assert sparql(client, COUNTED).status_code == 200


def test_a_switch_goes_to_indexes_that_are_examined_as_well(
    folder: Path, publisher: Publish, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = publisher(tmp_path / "other", "<urn:a> <urn:b> <urn:c> .")
    fresh = open_release(shutil.copytree(other.path, tmp_path / "anew"))
    damage(other.path, "lineage.index")
    with opened(folder) as client:
        pool = pool_of(client)
        assert pool.adjacency is not None
        pool.switch(other.store, other.id)
        assert pool.adjacency is None
        assert "lineage.index" in caplog.records[0].getMessage()
        basis = pool.basis
        pool.switch(fresh.store, fresh.id)
        assert pool.adjacency is not None
        assert pool.basis != basis


def test_reading_ends_with_the_release(tmp_path: Path) -> None:
    (tmp_path / "lineage.index").write_bytes(bytes(5 << 20))
    one = proof.Proof(tmp_path / "lineage.index", "0" * 64)
    left = iter([True, True, False])
    assert one.differs(lambda: next(left)) is None
    assert one.differs() is True


def test_the_indexes_are_those_of_the_release_at_every_moment_of_a_switch(
    folder: Path, publisher: Publish, tmp_path: Path
) -> None:
    """Else an answer of the last release would go by the name of the next."""
    releases = [open_release(folder), publisher(tmp_path / "other", "<urn:a> <urn:b> <urn:c> .")]
    with opened(folder) as client:
        pool, wrong, ended = pool_of(client), list[tuple[str, str]](), threading.Event()

        def look() -> None:
            while not ended.is_set():
                before = pool.basis
                release, index = pool.release, pool.adjacency
                if before == pool.basis and (index is None or index.release != release):
                    wrong.append((release, "none" if index is None else index.release))

        looking = threading.Thread(target=look)
        looking.start()
        try:
            for number in range(1, 5):
                info = releases[number % 2]
                pool.switch(info.store, info.id)
        finally:
            ended.set()
            looking.join()
    assert wrong == []
