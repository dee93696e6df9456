"""Workers, in memory and on disk, answer from columns; and from the engine where the columns are of no use."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from queries.columns.file import FILE
from queries.embedded import EmbeddedBackend
from queries.pool.backend import PooledBackend
from queries.results import TABLE_TYPES

E = "http://example.org/"
P = f"PREFIX e: <{E}> "
GROUPED = P + "SELECT ?kind ?of (COUNT(?thing) AS ?n) { ?thing e:kind ?kind . ?thing e:of ?of } GROUP BY ?kind ?of"
TEXTS = [
    GROUPED,
    P + "SELECT (COUNT(*) AS ?n) { ?a ?b ?c }",
    P + "SELECT ?b (COUNT(*) AS ?n) { ?a ?b ?c } GROUP BY ?b ORDER BY DESC(?n) ?b",
    P + "SELECT (COUNT(DISTINCT ?of) AS ?n) { ?thing e:of ?of ; e:kind 'kind \"3\"' }",
    P + "SELECT ?kind (COUNT(*) AS ?n) { ?thing e:none ?kind } GROUP BY ?kind",
    P + "SELECT ?v (COUNT(*) AS ?n) { e:t0 e:value ?v } GROUP BY ?v",
]


def statements() -> ox.Store:
    """Things of some kinds, each of another thing, and all sorts of values; one of them in a graph of its own."""
    store = ox.Store()
    for number in range(400):
        thing = ox.NamedNode(f"{E}t{number}")
        store.add(ox.Quad(thing, ox.NamedNode(E + "kind"), ox.Literal(f'kind "{number % 7}"')))
        store.add(ox.Quad(thing, ox.NamedNode(E + "of"), ox.NamedNode(f"{E}t{number * number % 31}")))
    turtle = f"@prefix x: <http://www.w3.org/2001/XMLSchema#> . @prefix : <{E}> . @base <{E}> .\n"
    values = ['"01"^^x:integer', "1.0", '"tab\\t, \\"quoted\\" <&>\\nline"@en', '"e\u0301"', "_:node", "<g>", "true"]
    turtle += "".join(f":t0 :value {value} .\n" for value in values)
    store.load(turtle.encode(), format=ox.RdfFormat.TURTLE)
    store.add(ox.Quad(ox.NamedNode(E + "t0"), ox.NamedNode(E + "of"), ox.Literal("elsewhere"), ox.NamedNode(E + "g")))
    return store


Make = Callable[..., PooledBackend]


@pytest.fixture
def folder(tmp_path: Path, fill: Callable[[Path, ox.Store], Path]) -> Path:
    """A store with its columns."""
    fill(tmp_path, statements())
    return tmp_path


@pytest.fixture
def make(folder: Path) -> Iterator[Make]:
    """Makes pools over it, and closes them."""
    made: list[PooledBackend] = []

    def pool(**how: Any) -> PooledBackend:
        made.append(
            PooledBackend(
                folder / "store", **{"release": "r1", "workers": 1, "max_memory_mb": 400, "queue_wait_s": 60, **how}
            )
        )
        return made[-1]

    yield pool
    for one in made:
        one.close()


def lines(data: bytes) -> list[bytes]:
    """The head of a table, and its rows sorted."""
    first, *rest = (
        data.replace(b"{", b"\n{").replace(b"<result>", b"\n<result>").replace(b"</results></sparql>", b"").splitlines()
    )
    return [first, *sorted(line.rstrip(b",]}") for line in rest)]


def until(condition: Callable[[], object]) -> None:
    """Wait for something; on a busy machine it may take its time."""
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit, "it did not come true"
        time.sleep(0.02)


def maps(pool: PooledBackend) -> list[str]:
    return [Path(f"/proc/{worker.pid}/maps").read_text() for worker in pool._pool.idle]


@pytest.mark.parametrize("store_memory_mb", [0, 200])
def test_answers_have_the_rows_and_the_form_of_the_engine_s(make: Make, folder: Path, store_memory_mb: int) -> None:
    pool = make(store_memory_mb=store_memory_mb)
    until(lambda: pool.edition == ("r1/memory/columns-2" if store_memory_mb else "r1/columns-2"))
    engine = EmbeddedBackend(folder / "store", "r1")
    for text in TEXTS:
        for media_type in TABLE_TYPES:
            ours = b"".join(pool.query(text).serialize(media_type))
            assert lines(ours) == lines(b"".join(engine.query(text).serialize(media_type))), (text, media_type)
            assert ours == b"".join(pool.query(text).serialize(media_type)), "the same bytes again"
    table = b"".join(pool.query(GROUPED).serialize("text/tab-separated-values")).splitlines()[1:]
    assert table == sorted(table), "in the order of the terms: it was not the engine"
    assert all("numpy" in text for text in maps(pool)[-1:])


def test_all_workers_give_the_same_bytes(make: Make) -> None:
    seen = {b"".join(pool.query(GROUPED).serialize()) for pool in (make(), make(store_memory_mb=200), make(workers=3))}
    assert len(seen) == 1


def test_a_worker_that_is_not_asked_for_counts_loads_nothing_for_them(make: Make) -> None:
    pool = make(workers=2)
    for _ in range(4):
        list(pool.query(P + "SELECT ?v { e:t0 e:value ?v }"))
        list(pool.query(P + "SELECT (COUNT(*) AS ?n) { e:t0 e:value ?v FILTER(?v > 0) }"))
    assert maps(pool)
    assert not any("numpy" in text for text in maps(pool))


def test_other_datasets_are_the_engine_s(make: Make, folder: Path) -> None:
    pool, engine = make(), EmbeddedBackend(folder / "store", "r1")
    text = P + "SELECT (COUNT(*) AS ?n) { ?a e:of ?b }"
    found = []
    for how in ({}, {"union": True}, {"default_graphs": [E + "g"]}, {"named_graphs": [E + "g"]}):
        found.append([row["n"].value for row in pool.query(text, **how).rows()])
        assert found[-1] == [row["n"].value for row in engine.query(text, **how).rows()]
    assert found == [["400"], ["401"], ["1"], ["0"]]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def foreign(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"release":"r1"', b'"release":"r0"'))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def renamed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"back-objects"', b'"back-0bjects"'))


def unequal(path: Path) -> None:
    path.write_bytes(
        path.read_bytes().replace(b'"properties",', b'"prOperties",').replace(b'"firsts",', b'"properties",', 1)
    )


@pytest.mark.parametrize("damage", [cut, foreign, emptied, renamed, unequal])
def test_a_file_that_is_damaged_or_of_another_release_is_ignored_and_told(
    make: Make, folder: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    before = (folder / FILE).read_bytes()
    damage(folder / FILE)
    assert (folder / FILE).read_bytes() != before
    with caplog.at_level(logging.WARNING, "treatygraph"):
        pool = make()
    assert [record.message for record in caplog.records if "counts are left to the engine" in record.message]
    assert pool.edition == "r1"
    assert sum(int(row["n"].value) for row in pool.query(GROUPED).rows()) == 400


def test_damage_inside_gives_no_failure(make: Make, folder: Path, rows: Any) -> None:
    """Numbers of terms that there are not: whoever meets one leaves the question to the engine."""
    content = bytearray((folder / FILE).read_bytes())
    content[-3200:] = b"\xf0" * 3200
    (folder / FILE).write_bytes(content)
    pool, engine = make(), EmbeddedBackend(folder / "store", "r1")
    assert pool.edition == "r1/columns-2"
    text = P + "SELECT ?a (COUNT(*) AS ?n) { ?a e:of e:t1 . ?a e:value ?v } GROUP BY ?a"
    assert rows(pool.query(text).rows()) == rows(engine.query(text).rows())


def test_without_the_file_all_is_as_it_was(make: Make, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / FILE).unlink()
    pool = make()
    assert pool.edition == "r1"
    assert sum(int(row["n"].value) for row in pool.query(GROUPED).rows()) == 400
    assert not caplog.records


def test_a_worker_that_cannot_open_what_others_can_answers_under_another_name(
    make: Make, folder: Path, fill: Callable[[Path, ox.Store], Path]
) -> None:
    """The engine gives other bytes than columns do, so an entity tag must not call them the same."""
    pool = make(workers=1)
    text = TEXTS[0]

    async def ask() -> tuple[str, bytes]:
        stream = await pool.execute(text, table_type="text/csv")
        return stream.edition, b"".join([chunk async for chunk in stream])

    edition, ours = asyncio.run(ask())
    assert edition == pool.edition == "r1/columns-2"
    (folder / FILE).rename(folder / "away")
    gone = {worker.pid for worker in pool._pool.idle}
    for worker in list(pool._pool.idle):
        worker.kill()
    until(lambda: {worker.pid for worker in pool._pool.idle} - gone)
    until(lambda: not {worker.pid for worker in pool._pool.idle} & gone)
    edition, theirs = asyncio.run(ask())
    assert edition == "r1/columns-2/apart"
    assert sorted(theirs.splitlines()) == sorted(ours.splitlines())


def test_a_switch_goes_to_the_columns_of_the_new_release(make: Make, tmp_path: Path, fill: Callable[..., Path]) -> None:
    pool = make()
    other = statements()
    other.add(ox.Quad(ox.NamedNode(E + "new"), ox.NamedNode(E + "kind"), ox.Literal("new")))
    target = fill(tmp_path / "other", other, "r2")
    text = P + "SELECT (COUNT(*) AS ?n) { ?a e:kind ?b }"
    assert [row["n"].value for row in pool.query(text).rows()] == ["400"]
    pool.switch(target, "r2")
    assert pool.edition == "r2/columns-2"
    assert [row["n"].value for row in pool.query(text).rows()] == ["401"]
