"""Bytes stream in bounded memory, a broken answer is never taken for a whole one, a reader who leaves ends the work."""

from __future__ import annotations

import threading
import time
from typing import Any

import pyoxigraph as ox
import pytest

from queries.embedded import EmbeddedBackend
from queries.errors import BackendError, QueryTimeout, UnknownFunction
from queries.streams import ByteStream, Sink


@pytest.fixture(scope="module")
def big() -> EmbeddedBackend:
    store = ox.Store()
    p = ox.NamedNode("urn:p")
    store.bulk_extend(ox.Quad(ox.NamedNode(f"urn:s{n}"), p, ox.Literal(str(n))) for n in range(30_000))
    return EmbeddedBackend(store)


def test_a_large_result_comes_in_chunks_and_whole(big: EmbeddedBackend) -> None:
    chunks = list(big.query("SELECT * { ?s ?p ?o }").serialize("text/csv"))
    assert len(chunks) > 5
    assert b"".join(chunks).count(b"\r\n") == 30_001


def test_a_stream_is_read_in_any_thread(big: EmbeddedBackend) -> None:
    stream = big.query("CONSTRUCT WHERE { ?s ?p ?o }").serialize("application/n-triples")
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.append(sum(chunk.count(b"\n") for chunk in stream)))
    reader.start()
    reader.join(60)
    assert seen == [30_000]


def test_the_writer_waits_for_a_slow_reader() -> None:
    written = 0

    def write(sink: Sink) -> None:
        nonlocal written
        for _ in range(1000):
            sink.write(b"x" * 70_000)
            written += 1

    stream = ByteStream(write)
    next(stream)
    time.sleep(0.3)
    assert written < 20, "bounded memory: only a few chunks wait"
    stream.close()


@pytest.mark.parametrize("leave", ["close", "drop"])
def test_a_reader_who_leaves_ends_the_writer(leave: str) -> None:
    ended = threading.Event()

    def write(sink: Sink) -> None:
        try:
            while True:
                sink.write(b"x" * 70_000)
        finally:
            ended.set()

    stream: ByteStream | None = ByteStream(write)
    assert stream is not None
    next(stream)
    if leave == "close":
        stream.close()
    stream = None
    assert ended.wait(60)


def test_an_early_error_comes_up_at_once_a_late_one_while_reading() -> None:
    def early(sink: Sink) -> None:
        raise BackendError("at once")

    def late(sink: Sink) -> None:
        sink.write(b"x" * 100_000)
        raise BackendError("later")

    with pytest.raises(BackendError, match="at once"):
        ByteStream(early)
    stream = ByteStream(late)
    assert len(next(stream)) == 100_000
    with pytest.raises(BackendError, match="later"):
        next(stream)


def test_a_time_limit_never_gives_a_shortened_answer(big: EmbeddedBackend) -> None:
    endless = "SELECT * { ?a ?p ?b . ?c ?p ?d }"
    with pytest.raises(QueryTimeout):
        list(big.query(endless, timeout_s=0.2))
    with pytest.raises(QueryTimeout):
        list(big.query(endless, timeout_s=0.2).serialize())


def test_an_unknown_function_is_a_mistake_in_the_query(big: EmbeddedBackend) -> None:
    with pytest.raises(UnknownFunction, match="urn:f"):
        list(big.query("SELECT (<urn:f>(1) AS ?x) {}"))


def test_results_are_read_again_in_another_thread(big: EmbeddedBackend) -> None:
    result = big.query("SELECT ?s { ?s ?p ?o } LIMIT 3")
    counts: list[Any] = [len(list(result))]
    other = threading.Thread(target=lambda: counts.append(len(list(result))))
    other.start()
    other.join(60)
    assert counts == [3, 3]
