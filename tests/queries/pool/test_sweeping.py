"""Questions for everything: workers that share a copy in memory answer them from disk, so that memory stays flat."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.pool.backend import PooledBackend
from queries.pool.errors import OutOfMemory
from queries.pool.found import Found
from queries.pool.line import Line, Sink, beginning
from queries.pool.pool import Limits
from queries.pool.streams import AsyncStream
from queries.pool.sweeping import sweeps
from queries.results import TABLE_TYPES

THINGS = 60_000
E = "http://example.org/"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "select$s$p$o{$s $p $o}",
        "SELECT ?s ?p ?o WHERE {\n?s ?p ?o\n}\nLIMIT 1000000",
        "SELECT * { ?s ?p ?o } OFFSET 10 LIMIT 50001",
        "SELECT * { ?s ?p ?o } OFFSET 10",
        "SELECT * { ?s ?p ?o } LIMIT " + 4_400 * "9",  # more digits than Python reads
        "# all\nPREFIX e: <http://example.org/>\nSELECT ?s { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o . } } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "CONSTRUCT WHERE { ?s ?p ?o }",
        "CONSTRUCT { ?o a <http://example.org/Told> ; ?p ?s } WHERE { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o BIND(STR(?o) AS ?a) OPTIONAL { ?o ?q ?r } } # COUNT <http://example.org/>",
    ],
)
def test_a_question_for_everything_is_known(text: str) -> None:
    assert sweeps(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense ?s ?p ?o",
        "ASK { ?s ?p ?o }",
        "DESCRIBE ?s { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } LIMIT 50000",
        "SELECT * { ?s ?p ?o } OFFSET 9000000 LIMIT 100",
        "SELECT * { ?s ?p ?o } ORDER BY ?s",
        "SELECT DISTINCT ?p { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        "SELECT ?p (SUM(?o) AS ?n) { ?s ?p ?o } GROUP BY ?p",
        "SELECT * { ?s ?p ?o FILTER(CONTAINS(STR(?o), 'mine')) }",
        "SELECT * { ?s a ?c . ?s ?p ?o }",
        "SELECT * { ?s ?p ?o . ?s <http://example.org/next> ?t }",
        "PREFIX e: <http://example.org/> SELECT * { ?s ?p ?o ; e:next ?t }",
        "SELECT * { ?s ?p ?o . ?s ?q 'text' }",
        "SELECT * { ?s ?p ?o . ?s ?q 17 }",
        "SELECT * { GRAPH <http://example.org/g> { ?s ?p ?o } }",
        "SELECT * FROM <http://example.org/g> { ?s ?p ?o }",
        "SELECT * { VALUES ?s { <http://example.org/s1> } ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s a ?c ; ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o . ?o ?q <http://example.org/s1> }",
        "SELECT * { ?s ?p ?o } #" + 5_000 * " ",
    ],
)
def test_others_are_not_taken_for_one(text: str) -> None:
    assert not sweeps(text)


@given(
    st.lists(
        st.sampled_from(["SELECT", "CONSTRUCT", "?s ?p ?o", "{", "}", "(", ")", "LIMIT", "5", "<a", ">", '"', "²"])
    )
)
def test_what_is_no_query_is_read_to_its_end_all_the_same(words: list[str]) -> None:
    assert sweeps(" ".join(words)) in (True, False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, kit: SimpleNamespace) -> Path:
    place: Path = tmp_path_factory.mktemp("sweeping")
    kit.fill(place / "store", THINGS)
    return place


Make = Callable[..., PooledBackend]


@pytest.fixture
def make(kit: SimpleNamespace) -> Iterator[Make]:
    """Pools of one worker, and no other, that shares a copy in memory."""
    made: list[PooledBackend] = []

    def pool(store: Path, **limits: int) -> PooledBackend:
        chosen = {"max_memory_mb": 400, "store_memory_mb": 400, "sweep_statements": 1_000, **limits}
        made.append(
            PooledBackend(
                store, release="r1", limits=Limits(workers=1, spares=0, rest_s=60.0, queue_wait_s=60.0, **chosen)
            )
        )
        assert kit.until(lambda: made[-1].edition.endswith("/memory") and made[-1].counts()["ready"] == 1)
        return made[-1]

    yield pool
    for one in made:
        one.close()


def _all(pool: PooledBackend, text: str) -> bytes:
    return b"".join(pool.query(text).serialize("text/csv"))


def _own_kib(pool: PooledBackend) -> int:
    (worker,) = pool._pool.idle
    text = Path(f"/proc/{worker.pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_Dirty:"))


@pytest.mark.parametrize("text", ["SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"])
def test_everything_comes_from_disk_and_all_else_from_memory(folder: Path, make: Make, text: str) -> None:
    here, copy = make(folder / "store"), make(folder / "store", sweep_statements=10**9)
    disk = PooledBackend(folder / "store", release="r1", workers=1, deadline_s=60)
    form = "text/csv" if text.startswith("SELECT") else "application/n-triples"
    try:
        swept, other, read = (b"".join(pool.query(text).serialize(form)) for pool in (here, copy, disk))
        assert len(swept.splitlines()) > 2 * THINGS
        assert swept == read, "in the order of the disk"
        assert swept != other, "the copy has another order, else nothing is shown here"
        assert sorted(swept.splitlines()) == sorted(other.splitlines())
        few = "SELECT * { ?s ?p ?o } LIMIT 100"
        assert _all(here, few) == _all(copy, few) != _all(disk, few)
        pages = [
            f"SELECT * {{ ?s ?p ?o }} LIMIT 30000 OFFSET {start}" for start in range(0, 2 * THINGS + 30_000, 30_000)
        ]
        rows = [row for page in pages for row in _all(here, page).splitlines()[1:]]
        assert len(rows) == len(set(rows)) == 2 * THINGS + 1, "pages of one order"
    finally:
        disk.close()


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_the_columns_are_told_before_the_first_row(
    tmp_path: Path, make: Make, kit: SimpleNamespace, media_type: str
) -> None:
    store = kit.fill(tmp_path / "store", 600)
    here = make(store)
    disk = PooledBackend(store, release="r1", workers=1, deadline_s=60)
    try:
        for text in (
            "SELECT ?o ?s { ?s ?p ?o }",
            "SELECT ?none ?s { ?s ?p ?o }",
            "SELECT ?none { ?s ?p ?o }",
            "SELECT ?s { ?s ?p ?o . ?o ?s ?p }",  # no row
            "SELECT (STR(?o) AS ?told) { ?s ?p ?o }",  # not told before, since an expression may fail
        ):
            assert sweeps(text)
            pieces = list(here.query(text).serialize(media_type))
            whole = b"".join(disk.query(text).serialize(media_type))
            assert b"".join(pieces) == whole, text
        endless = here.query("SELECT ?told { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }").serialize(media_type)
        assert next(endless).startswith(beginning(("told",), media_type))
        endless.close()
    finally:
        disk.close()


def test_an_answer_without_a_row_so_far_begins_all_the_same(tmp_path: Path, make: Make, kit: SimpleNamespace) -> None:
    """As the service asks: by callback, on the loop."""
    pool = make(kit.fill(tmp_path / "store", 600))
    never = "SELECT ?a { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i MINUS { ?a ?b ?c } }"
    assert sweeps(never)

    async def begin() -> bytes:
        told: asyncio.Future[AsyncStream | Found | None] = asyncio.get_running_loop().create_future()
        pool.call(pool.prepare(never, table_type="text/csv"), lambda stream, _: told.set_result(stream), 60.0)
        stream = await told
        assert isinstance(stream, AsyncStream)
        assert stream.whole is None
        first = await anext(stream)
        stream.close()
        return first

    assert asyncio.run(begin()) == b"a\r\n"
    assert kit.until(lambda: not pool.running())


def test_an_answer_that_begins_otherwise_than_was_told_is_none() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sink = Sink(Line(ours), b"", b"a,b")
        sink.write(b"a")
        with pytest.raises(ValueError, match="otherwise"):
            sink.write(b",c\r\n")


@pytest.mark.parametrize("union", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
        "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o OPTIONAL { GRAPH ?g { ?s ?p ?v } } }",
        "SELECT * { ?s ?p ?o MINUS { GRAPH ?g { ?s ?p ?v } } }",
    ],
)
def test_named_graphs_are_all_there(tmp_path: Path, make: Make, kit: SimpleNamespace, text: str, union: bool) -> None:
    store = kit.fill(tmp_path / "store", 600)
    here, copy = make(store), make(store, sweep_statements=10**9)
    assert sweeps(text)
    swept, other = (b"".join(pool.query(text, union=union).serialize("text/csv")).splitlines() for pool in (here, copy))
    assert sorted(swept) == sorted(other)
    assert any(b"graph" in row for row in swept) or "MINUS" in text


def test_memory_stays_flat(folder: Path, make: Make) -> None:
    grown = []
    for least in (1_000, 10**9):
        pool = make(folder / "store", sweep_statements=least)
        _all(pool, "SELECT * { ?s ?p ?o } LIMIT 10")
        before = _own_kib(pool)
        for number in range(3):
            assert _all(pool, f"SELECT * {{ ?s ?p ?o }} # {number}").count(b"\n") == 2 * THINGS + 2
        grown.append(_own_kib(pool) - before)
    assert grown[0] < 32 * 1024
    assert grown[0] < 0.7 * grown[1], grown


def test_the_cap_holds_after_the_files_were_opened(folder: Path, make: Make, kit: SimpleNamespace) -> None:
    pool = make(folder / "store", max_memory_mb=60)
    assert _all(pool, "SELECT * { ?s ?p ?o }").count(b"\n") == 2 * THINGS + 2
    with pytest.raises(OutOfMemory):
        _all(pool, "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?i")
    assert kit.until(lambda: kit.good(pool))


def test_without_the_files_memory_answers_and_says_so(tmp_path: Path, make: Make, kit: SimpleNamespace) -> None:
    pool = make(kit.fill(tmp_path / "store", 1_000))

    async def ask() -> tuple[str, bytes]:
        stream = await pool.execute("SELECT * { ?s ?p ?o }", table_type="text/csv")
        return stream.edition, b"".join([piece async for piece in stream])

    edition, ours = asyncio.run(ask())
    assert edition == pool.edition
    shutil.rmtree(tmp_path / "store")
    (worker,) = pool._keeper._workers
    worker.kill()
    assert kit.until(lambda: pool.counts()["ready"] == 1 and worker not in pool._keeper._workers)
    edition, theirs = asyncio.run(ask())
    assert edition == f"{pool.edition}/apart"
    assert sorted(theirs.splitlines()) == sorted(ours.splitlines())
