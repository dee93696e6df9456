"""A pool answers what the embedded store answers, in the same bytes, and refuses what must be refused."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from queries.backend import Backend, Link
from queries.embedded import EmbeddedBackend
from queries.errors import (
    BackendError,
    ParameterError,
    QueryRefused,
    QuerySyntaxError,
    UnknownFunction,
    UnsupportedFormat,
)
from queries.pool.backend import PooledBackend
from queries.pool.errors import QueryTooLarge
from queries.results import GRAPH_TYPES, TABLE_TYPES

P = "PREFIX e: <http://example.org/> "
TABLES = [
    P + "SELECT ?s ?v { ?s e:value ?v } ORDER BY ?v LIMIT 50",
    P + "SELECT ?s ?v { e:s1 e:next{0} ?s OPTIONAL { ?s e:none ?v } }".replace("{0}", ""),
    P + "ASK { e:s1 e:next e:s2 }",
    P + "ASK { e:s2 e:next e:s1 }",
    P + "SELECT ?v { GRAPH e:graph { ?s e:value ?v } }",
    "SELECT * { ?s ?p 'never' }",
]
GRAPHS = [P + "CONSTRUCT { ?s e:to ?o } WHERE { e:s1 e:next ?o . ?s e:next ?o }", P + "DESCRIBE e:s5"]


@pytest.fixture(scope="module")
def embedded(store: Path) -> EmbeddedBackend:
    return EmbeddedBackend(store, "r1")


@pytest.mark.parametrize("media_type", TABLE_TYPES)
@pytest.mark.parametrize("text", TABLES)
def test_tables_are_byte_for_byte_those_of_the_embedded_store(
    shared_pool: PooledBackend, embedded: EmbeddedBackend, text: str, media_type: str
) -> None:
    result = shared_pool.query(text)
    assert result.kind == embedded.query(text).kind
    assert b"".join(result.serialize(media_type)) == b"".join(embedded.query(text).serialize(media_type))


@pytest.mark.parametrize("media_type", GRAPH_TYPES)
@pytest.mark.parametrize("text", GRAPHS)
def test_graphs_too(shared_pool: PooledBackend, embedded: EmbeddedBackend, text: str, media_type: str) -> None:
    ours = b"".join(shared_pool.query(text).serialize(media_type))
    assert ours == b"".join(embedded.query(text).serialize(media_type))
    assert b"s" in ours


def test_rows_triples_and_truth_are_objects(shared_pool: PooledBackend, embedded: EmbeddedBackend) -> None:
    backend: Backend = shared_pool
    assert backend.release == "r1"
    for text in TABLES:
        theirs = embedded.query(text)
        ours = backend.query(text)
        if ours.kind == "ask":
            assert bool(ours) == bool(theirs)
        else:
            assert ours.variables == theirs.variables
            assert [str(row) for row in ours.rows()] == [str(row) for row in theirs.rows()]
    assert set(map(str, backend.query(GRAPHS[0]))) == set(map(str, embedded.query(GRAPHS[0])))


def test_the_dataset_is_chosen_as_the_protocol_says(shared_pool: PooledBackend, kit: SimpleNamespace) -> None:
    text = "PREFIX e: <http://example.org/> SELECT ?v { e:s0 e:value ?v } ORDER BY ?v"
    graph = kit.E + "graph"

    def values(**how: Any) -> list[str]:
        return [row["v"].value for row in shared_pool.query(text, **how).rows()]

    assert values() == ["0"]
    assert sorted(values(union=True)) == ["0", "named"]
    assert values(default_graphs=[graph]) == ["named"]
    assert values(named_graphs=[graph]) == []
    with pytest.raises(BackendError, match="not the IRI"):
        shared_pool.query(text, default_graphs=["no iri"])


def test_neighbours(shared_pool: PooledBackend, embedded: EmbeddedBackend, kit: SimpleNamespace) -> None:
    relations = [SimpleNamespace(iri=kit.E + "next", direction="up")]
    things = [f"{kit.E}s{n}" for n in range(700)]
    for direction in ("up", "down", "both"):
        ours = sorted(shared_pool.neighbours(things, relations, direction))
        assert ours == sorted(embedded.neighbours(things, relations, direction))
    assert Link(kit.E + "s1", kit.E + "next", kit.E + "s2") in ours


def test_a_syntax_error_has_its_place(
    shared_pool: PooledBackend, embedded: EmbeddedBackend, kit: SimpleNamespace
) -> None:
    with pytest.raises(QuerySyntaxError) as theirs:
        embedded.query("SELECT *\nWHERE { ?s ?p }")
    assert theirs.value.line == 2
    place = (theirs.value.line, theirs.value.column)
    with pytest.raises(QuerySyntaxError) as caught:
        shared_pool.query("SELECT *\nWHERE { ?s ?p }")
    assert (caught.value.line, caught.value.column) == place

    async def ask() -> None:
        with pytest.raises(QuerySyntaxError) as again:
            await shared_pool.execute("SELECT *\nWHERE { ?s ?p }")
        assert (again.value.line, again.value.column) == place

    asyncio.run(ask())
    for text in ("", "nonsense", "SELECT * { ?s ?p '\ud800' }"):
        with pytest.raises(QuerySyntaxError):
            shared_pool.query(text)
    assert kit.good(shared_pool)


def test_what_is_refused(shared_pool: PooledBackend) -> None:
    with pytest.raises(QueryRefused):
        shared_pool.query("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
    with pytest.raises(QueryRefused):
        shared_pool.query("DELETE WHERE { ?s ?p ?o }")
    with pytest.raises(UnsupportedFormat):
        shared_pool.query(TABLES[0]).serialize("text/turtle")
    with pytest.raises(QueryTooLarge):
        shared_pool.query("SELECT * { ?s ?p '" + "x" * 1_000_000 + "' }")
    with pytest.raises(QueryTooLarge):
        shared_pool.query("SELECT * " + "{" * 600 + "}" * 600)
    for seconds in (0, -1, float("nan")):
        with pytest.raises(ParameterError):
            shared_pool.query(TABLES[0], timeout_s=seconds)
    with pytest.raises(UnknownFunction):
        list(shared_pool.query("SELECT ?x { BIND(<http://example.org/f>(1) AS ?x) }").rows())


def test_a_result_that_is_dropped_keeps_neither_rows_nor_a_worker(shared_pool: PooledBackend) -> None:
    result = shared_pool.query(TABLES[0])
    assert result.variables == ("s", "v")
    known = weakref.ref(result)
    gc.disable()
    try:
        del result
        assert known() is None
    finally:
        gc.enable()


def test_a_path_without_a_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="not a store that can be opened"):
        PooledBackend(tmp_path / "nothing")


def test_threads_and_event_loops_at_the_same_time(shared_pool: PooledBackend, kit: SimpleNamespace) -> None:
    wrong: list[object] = []

    def thread(first: int) -> None:
        for n in range(first, first + 60):
            text = f"SELECT ?v {{ <{kit.E}s{n}> <{kit.E}value> ?v }}"
            got = [row["v"].value for row in shared_pool.query(text).rows()]
            if got != [str(n)]:
                wrong.append((n, got))

    async def task(first: int) -> None:
        for n in range(first, first + 60):
            stream = await shared_pool.execute(
                f"SELECT ?v {{ <{kit.E}s{n}> <{kit.E}value> ?v }}", table_type="text/csv"
            )
            got = b"".join([chunk async for chunk in stream])
            if got != f"v\r\n{n}\r\n".encode():
                wrong.append((n, got))

    async def tasks() -> None:
        await asyncio.gather(*(task(1000 + 100 * n) for n in range(8)))

    threads = [threading.Thread(target=thread, args=(100 * n,)) for n in range(6)]
    for one in threads:
        one.start()
    asyncio.run(tasks())
    for one in threads:
        one.join(kit.PATIENT_S)
    assert not wrong
    assert shared_pool.counts() | {"ready": 0} == {"workers": 2, "busy": 0, "ready": 0, "waiting": 0}
    assert shared_pool.running() == []
