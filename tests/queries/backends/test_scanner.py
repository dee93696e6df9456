"""SERVICE and updates are refused however they are written, and nothing else is."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.embedded import EmbeddedBackend
from queries.errors import QueryError, QueryRefused
from queries.scanner import inspect, place, tokens

U = "<http://127.0.0.1:9/>"

CALLS = [
    f"SELECT * {{ SERVICE {U} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ sErViCe SILENT {U} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ S\\u0045RVICE {U} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ \\U00000053ERVICE {U} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ SERVICE#x\n{U} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ #x\rSERVICE {U} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ OPTIONAL {{ {{ SELECT * {{ MINUS {{ SERVICE {U} {{ ?s ?p ?o }} }} }} }} }} }}",
    f"SELECT * {{ FILTER EXISTS {{ SERVICE {U} {{ }} }} }}",
    # What Oxigraph takes although the grammar does not: no blank after the word, or before it.
    f"PREFIX ex: {U} SELECT * {{ SERVICEex:a {{ ?s ?p ?o }} }}",
    *(f"PREFIX ex: {U} SELECT * {{ SERVICEex:a{odd}{{ ?s ?p ?o }} }}" for odd in "\ufeff\u200d\u2c00\u00a0"),
    f"PREFIX ex: {U} SELECT * {{ SERVICEex:a\\ufeff{{ ?s ?p ?o }} }}",
    f"PREFIX ex: {U} PREFIX SERVICEex: {U} SELECT * {{ SERVICEex:a {{ ?s ?p ?o }} }}",
    f"PREFIX ex: {U} SELECT * {{ SERVICESILENTex:a {{ ?s ?p ?o }} }}",
    f"PREFIX : {U} SELECT * {{ service:a # {{\n {{ ?s ?p ?o }} }}",
    f"SELECT * {{ ?s ?p 1SERVICE{U}{{ ?s ?p ?o }} }}",
    f"SELECT * {{ ?s ?p 1.SERVICE{U}{{ ?s ?p ?o }} }}",
    f"SELECT * {{ ?s ?p trueSERVICE{U}{{ ?s ?p ?o }} }}",
    f"SELECT * {{ ?s ?p 'x'@enSERVICE{U}{{ ?s ?p ?o }} }}",
    f"SELECT * {{ ?s ?p '\\\\'SERVICE{U}{{}} }}",
    f"PREFIX ex:{U} SELECT * {{ ?s ?p ex:.SERVICE{U}{{ ?s ?p ?o }} }}",
    # Places where a `<` that compares looks like the beginning of an IRI, and hides what follows.
    f"SELECT * {{ VALUES ?x {{ {U} }} FILTER(?a<?b)SERVICE?x#>\n{{ ?s ?p ?o }} }}",
    f"SELECT * {{ VALUES ?x {{ {U} }} FILTER(?a<.5)SERVICE?x#>\n{{ ?s ?p ?o }} }}",
    f"SELECT * {{ VALUES ?x {{ {U} }} FILTER(?a<RAND())SERVICE?x#>\n{{ ?s ?p ?o }} }}",
    f"SELECT * {{ VALUES ?x {{ {U} }} FILTER(?a<true)SERVICE?x#>\n{{ ?s ?p ?o }} }}",
    f"PREFIX ex:{U} SELECT * {{ FILTER(?a<ex:b)SERVICE?x#>\n{{ ?s ?p ?o }} }}",
    f"SELECT * {{ FILTER('a'<'b>')SERVICE {U} {{ ?s ?p ?o }} FILTER('c'>'d') }}",
]

HARMLESS = [
    "SELECT * { ?s <http://x/service> ?o }",
    "BASE <http://x/> SELECT * { ?s <service> <a/service/b> }",
    "SELECT * { ?s <urn:service> ?o FILTER(?a<?b && ?c>?d) }",
    "PREFIX service: <http://e/> SELECT ?service { ?service service:service 'SERVICE <x> {}' # SERVICE <x> {\n}",
    'SELECT * { ?s ?p """a "quoted" SERVICE <x> {}""", "\\" SERVICE <x> {}" }',
    "SELECT * { ?s ?p 'INSERT DATA' }",
    "PREFIX load: <http://e/> ASK { ?drop load:clear <urn:insert> }",
]


@pytest.mark.parametrize("text", CALLS)
def test_a_call_is_found(text: str) -> None:
    assert inspect(text).service_at is not None
    with pytest.raises(QueryRefused):
        EmbeddedBackend(ox.Store()).query(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_call_runs(text: str) -> None:
    assert inspect(text).service_at is None
    EmbeddedBackend(ox.Store()).query(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("# c\nBASE <x>\nPREFIX a: <b> PREFIX : <c> select?x{}", "select"),
        ("ASK{}", "ask"),
        ("DESCRIBE <a>", "describe"),
        ("CONSTRUCT WHERE {}", "construct"),
        ("WITH <g> DELETE {} WHERE {}", "update"),
        ("prefix a: <b> iNsErT data {}", "update"),
        ("LOAD <http://x>", "update"),
        ("DEFINE get:soft 'soft' SELECT * {}", None),
        ("", None),
        ("{", None),
    ],
)
def test_the_form_is_read(text: str, form: str | None) -> None:
    assert inspect(text).form == form


def test_places_count_from_one() -> None:
    assert place("ab\ncd", 0) == (1, 1)
    assert place("ab\ncd", 4) == (2, 2)


@given(st.text())
def test_every_text_can_be_read(text: str) -> None:
    inspect(text)
    assert "".join(t.text for t in tokens(text)) == "".join(t.text for t in tokens(text, 0))


def test_a_long_hostile_text_takes_linear_time() -> None:
    pieces = [
        "<a:b",
        "<a'b",
        "'",
        "'\n",
        "''' ",
        '"""\\',
        "<a(#>",
        "<a(",
        "a.",
        "\\u0041",
        "<<",
        "@a",
        "?",
        "a-",
        "ex:a.",
        "1.",
    ]
    for piece in pieces:
        started = time.process_time()
        inspect(piece * 20_000 + " service")
        assert time.process_time() - started < 2, piece


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[int, list[int]]]:
    """A port that counts who knocks."""
    hits: list[int] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                continue
            hits.append(1)
            connection.close()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield server.getsockname()[1], hits
    stop.set()
    thread.join(2)
    server.close()


def test_the_listener_hears_an_unguarded_call(listener: tuple[int, list[int]]) -> None:
    port, hits = listener
    with pytest.raises((OSError, RuntimeError)):
        list(ox.Store().query(f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}"))
    deadline = time.monotonic() + 30
    while not hits and time.monotonic() < deadline:
        time.sleep(0.01)
    assert hits, "without this the next test proves nothing"
    hits.clear()


_word = st.sampled_from(["SERVICE", "service", "SeRvIcE", "S\\u0045RVICE", "SERVICE SILENT", "SERVICESILENT"])
_before = st.sampled_from(
    ["", "?s ?p ?o ", "?s ?p 1", "?s ?p 'x'", "?s ?p 'x'@en ", "?s ?p []", "?s ?p true", ". ", "FILTER(1<2)", "{} ",
     "FILTER('a'<'b>')", "FILTER(?x<?y)", "BIND(1 AS ?q)", "# '\n", "?s ?p '''a'b''' ", "?s ?p <a'b> . ", "?s ?p ex:. "]
)  # fmt: skip
_between = st.sampled_from(["", " ", "\t", "\n", "#'\n", "# >\r"])
_after = st.sampled_from(["", " FILTER('c'>'d')", " # '", " FILTER(?x>?y)", " ?s ?p <b'c>"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_before, _word, _between, st.sampled_from(["iri", "name", "bare", "variable"]), _between, _after)
def test_no_spelling_of_a_call_reaches_the_network(
    listener: tuple[int, list[int]], before: str, word: str, gap: str, target: str, space: str, after: str
) -> None:
    port, hits = listener
    address = f"<http://127.0.0.1:{port}/>"
    name = {"iri": address, "name": "ex:", "bare": "ex:a", "variable": "?x"}[target]
    call = f"{before}{word}{gap}{name}{space}{{ ?s ?p ?o }}{after}"
    text = f"PREFIX ex: {address} SELECT * {{ VALUES ?x {{ {address} }} {call} }}"
    with contextlib.suppress(QueryError):
        list(EmbeddedBackend(ox.Store()).query(text))
    assert not hits, text
