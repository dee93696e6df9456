"""The client against real servers, and against a scripted one where a real one would not do what is wanted."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyoxigraph import RdfFormat, parse

from api import client as package
from api.client import (
    AmbiguousName,
    BadRequest,
    BrokenAnswer,
    NotAcceptable,
    NotFound,
    QuerySyntax,
    QueryTimeout,
    Refused,
    ServerError,
    Table,
    TooManyRequests,
    Treatygraph,
    TreatygraphError,
    Unavailable,
    Unreachable,
)
from api.client.values import binding, value_of
from loaders.release import ReleaseInfo
from tests.patience import PATIENT_S, growing

ID = "https://w3id.org/treatygraph/id/"
MEETING = f"{ID}meeting/ctl-msp-5"
SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?c) < STR(?f)) }"
FLOOD = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture
def tg(server: Any) -> Iterator[Treatygraph]:
    with Treatygraph(server.address, timeout_s=PATIENT_S) as found:
        yield found


def values(tg: Treatygraph, thing: str, name: str) -> list[dict[str, Any]]:
    """The values of a property of our own."""
    facts = tg.thing(thing)["facts"]
    return next(fact["values"] for fact in facts if fact["property"] == f"https://w3id.org/treatygraph/def#{name}")


# What it gives.


def test_a_name_becomes_a_thing(tg: Treatygraph) -> None:
    expected = {
        "iri": MEETING,
        "key": "ctl-msp-5",
        "type": "MeetingOfStatesParties",
        "label": "5th Meeting of the States Parties (CTL)",
    }
    assert tg.resolve("CTL MSP 5") == tg.resolve(MEETING) == expected


def test_a_thing_comes_with_the_sources_of_each_value(tg: Treatygraph) -> None:
    (adopted,) = values(tg, "A/RES/91/7", "adoptionDate")
    assert adopted["value"]["value"] == "2030-12-05"
    assert {"document": f"{ID}doc/a/res/91/7", "in": None, "start": 1, "end": 9, "confidence": "extracted"} in adopted[
        "sources"
    ]
    assert [value["preferred"] for value in values(tg, "a/res/90/8", "adoptionDate")] == [False]


def test_what_a_rule_derived_has_the_sources_of_its_grounds(tg: Treatygraph) -> None:
    found = values(tg, "ctl-msp-5", "convenedUnder")
    authority = next(one for one in found if one["value"]["value"] == f"{ID}doc/a/res/91/7~op4")
    assert [derived["from"] for derived in authority["derived"]] == [[f"{ID}mandate/a/res/91/7~op4"]]
    assert {(one["document"], one["in"], one["start"]) for one in authority["sources"]} >= {
        (f"{ID}doc/a/res/91/7", "op4", 900)
    }


def test_lineage_path_picture_and_data(tg: Treatygraph) -> None:
    up = tg.lineage("ctl-msp-5", kinds="mandate", depth=1)
    assert {edge["to"] for edge in up["edges"] if edge["from"] == MEETING} >= {f"{ID}doc/a/res/91/7~op4"}
    assert up["release"] == tg.release
    assert tg.lineage("ctl-msp-5", direction="down", kinds=["mandate", "recall"])["thing"] == MEETING
    assert tg.path("Inês Dalva", "A/RES/91/7")["chains"][0][0] == f"{ID}person/ines-dalva"
    assert tg.picture("ctl-msp-5").startswith("<svg")
    assert f"<{MEETING}>" in tg.data("ctl-msp-5", "ntriples")


def test_questions_are_asked_with_typed_answers(tg: Treatygraph) -> None:
    assert "president-of-meeting" in [one["question"] for one in tg.questions()]
    rows = tg.ask("president-of-meeting", meeting="ctl-msp-3")
    assert rows.columns[:2] == ("person", "personLabel")
    assert {row["personLabel"] for row in rows} == {"Inês Dalva"}
    assert MEETING in tg.query_of("mandate-of-meeting", meeting="ctl-msp-5")
    empty = tg.ask("president-of-meeting", meeting="ctl-msp-5")
    assert empty == []
    assert empty.columns[0] == "person"


def test_values_have_their_types(tg: Treatygraph) -> None:
    (row,) = tg.sparql(
        "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT (1 AS ?i) "
        '(1.5 AS ?d) (1e0 AS ?f) (true AS ?b) ("2030-12-05"^^xsd:date '
        'AS ?day) ("x"@en AS ?t) (<http://a/> AS ?iri) ?none ("9999999"^^xsd:date AS ?bad) {}'
    )
    assert row == {
        "i": 1,
        "d": Decimal("1.5"),
        "f": 1.0,
        "b": True,
        "day": date(2030, 12, 5),
        "t": "x",
        "iri": "http://a/",
        "none": None,
        "bad": "9999999",
    }
    assert type(row["i"]) is int
    assert list(tg.sparql("ASK { ?s ?p ?o }")) == [{"answer": True}]
    assert list(tg.sparql("ASK { <x:a> <x:b> <x:c> }")) == [{"answer": False}]


@pytest.mark.parametrize("value", [1, -3, True, date(2023, 11, 20), "text", "http://a/b", None, 1.5, Decimal("2.50")])
def test_a_value_goes_there_and_back(value: Any) -> None:
    assert value_of(binding(value)) == value


def test_rows_arrive_one_by_one_and_can_be_left(tg: Treatygraph) -> None:
    with tg.sparql(FLOOD) as rows:
        assert rows.columns == tuple("abcdefghi") or set(rows.columns) == set("abcdefghi")
        first = next(rows)
        assert set(first) == set("abcdefghi")
    assert list(rows) == []
    assert tg.release  # the connection is free again


def test_pages_are_followed_to_the_end(tg: Treatygraph, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tg.search("meeting")
    asked: list[str] = []
    plain = tg._transport.get

    def counting(path: str, *arguments: Any, **named: Any) -> Any:
        asked.append(path)
        return plain(path, *arguments, **named)

    monkeypatch.setattr(tg._transport, "get", counting)
    rows, total = tg._paged("/search", [("q", "meeting")], "results", None, most=2)
    assert rows == whole
    assert len(asked) == -(-total // 2) > 1
    assert tg.search("meeting", limit=3) == whole[:3]


def test_findings_are_filtered(tg: Treatygraph) -> None:
    every = tg.findings()
    assert every.total == len(every) == 3
    assert [one["rule"] for one in tg.findings(severity="warning")] == ["article-against-subject"]
    assert [one["iri"] for one in tg.findings(document="A/RES/91/7")] == [
        one["iri"] for one in every if one["rule"] == "article-against-subject"
    ]


def test_evidence_stands_behind_rows(tg: Treatygraph) -> None:
    adopted, nothing = tg.evidence([{"document": f"{ID}doc/a/res/91/7", "on": date(2030, 12, 5)}, [f"{ID}nowhere"]])
    assert nothing == []
    assert [one["predicate"].rpartition("#")[2] for one in adopted] == ["adoptionDate"]
    assert adopted[0]["sources"][0]["start"] == 1


def test_a_graph_is_text(tg: Treatygraph) -> None:
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 3"
    assert len(tg.graph(query, "ntriples").splitlines()) == 3
    assert tg.graph(query, "nquads") == tg.graph(query, "ntriples"), "no graph has a name"
    assert {quad.triple for quad in parse(tg.graph(query, "trig"), format=RdfFormat.TRIG)} == {
        quad.triple for quad in parse(tg.graph(query, "ntriples"), format=RdfFormat.N_TRIPLES)
    }


def test_rows_are_what_pandas_takes(tg: Treatygraph) -> None:
    pandas = pytest.importorskip("pandas")
    table = tg.ask("president-of-meeting", meeting="ctl-msp-3")
    assert pandas.DataFrame(table).shape == table.to_pandas().shape == (len(table), len(table.columns))
    assert list(Table(columns=("a", "b")).to_pandas().columns) == ["a", "b"]


# What goes wrong.


@pytest.mark.parametrize(
    ("call", "kind", "status", "said"),
    [
        (lambda tg: tg.sparql("SELECT * WHERE {\n ?s ?p }"), QuerySyntax, 400, "not valid SPARQL"),
        (lambda tg: tg.sparql("SELECT * { SERVICE <http://x/> {} }"), Refused, 403, "SERVICE"),
        (lambda tg: tg.sparql("CONSTRUCT WHERE { ?s ?p ?o }"), NotAcceptable, 406, "text/turtle"),
        (lambda tg: tg.resolve("ctl-msp-55"), NotFound, 404, "ctl-msp-5"),
        (lambda tg: tg.resolve("4th Meeting of the States Parties"), AmbiguousName, 400, "cgb-msp-4"),
        (lambda tg: tg.ask("no-such-question"), NotFound, 404, "no-such-question"),
        (lambda tg: tg.ask("president-of-meeting", wrong="x"), BadRequest, 400, "wrong"),
        (lambda tg: tg.lineage("ctl-msp-5", kinds="nonsense"), BadRequest, 400, "nonsense"),
        (lambda tg: tg.sparql(SLOW, timeout_s=0.2), QueryTimeout, 504, "too long"),
    ],
)
def test_problems_are_exceptions_of_their_kind(
    tg: Treatygraph, call: Callable[[Treatygraph], Any], kind: type[TreatygraphError], status: int, said: str
) -> None:
    with pytest.raises(TreatygraphError) as caught:
        call(tg)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.problem["title"] == caught.value.title


def test_a_problem_tells_more(tg: Treatygraph) -> None:
    with pytest.raises(QuerySyntax) as syntax:
        tg.sparql("SELECT * WHERE {\n ?s ?p }")
    assert syntax.value.line == 2
    with pytest.raises(NotFound) as missing:
        tg.resolve("ctl-msp-55")
    assert "ctl-msp-5" in missing.value.suggestions
    with pytest.raises(AmbiguousName) as ambiguous:
        tg.resolve("4th Meeting of the States Parties")
    assert ambiguous.value.candidates == ["cgb-msp-4", "ctl-msp-4"]


def test_an_answer_that_breaks_off_raises(release: ReleaseInfo, start: Callable[..., Any]) -> None:
    """A real server whose time is over in mid-answer."""

    def one_by_one(limit_s: float) -> None:
        rows = tg.sparql(FLOOD, timeout_s=limit_s)
        assert next(rows)
        deque(rows, maxlen=0)

    def as_a_table(limit_s: float) -> None:
        tg.sparql(FLOOD, timeout_s=limit_s).table()

    def as_a_graph(limit_s: float) -> None:
        tg.graph("CONSTRUCT { ?a ?b ?f } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", timeout_s=limit_s)

    with start(release.path, workers="1", queue_wait_s="30") as server, Treatygraph(server.address) as tg:
        for read in (one_by_one, as_a_table, as_a_graph):
            for limit_s in growing(1.0):
                with pytest.raises((BrokenAnswer, QueryTimeout)) as caught:
                    read(limit_s)
                if caught.type is BrokenAnswer:  # else a busy machine has not come to the first row
                    break
            assert caught.type is BrokenAnswer


def test_a_busy_service_is_asked_again(
    release: ReleaseInfo, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only worker is busy until somebody who reads an endless answer leaves."""
    quick = 'SELECT ("x" AS ?said) {}'
    limits = {"workers": "1", "queue_size": "0", "cache_mb": "0"}
    with start(release.path, **limits) as server, Treatygraph(server.address) as other:
        endless = other.sparql(FLOOD)
        assert next(endless)
        with Treatygraph(server.address, retries=0) as hasty, pytest.raises(Unavailable) as refused:
            hasty.sparql(quick)
        assert refused.value.kind == "busy"
        waited: list[float] = []

        def sleep(seconds: float) -> None:
            endless.close()
            waited.append(seconds)
            time.sleep(seconds)

        with Treatygraph(server.address, retries=10) as patient:
            monkeypatch.setattr(patient._transport, "_sleep", sleep)
            assert list(patient.sparql(quick)) == [{"said": "x"}]
        assert min(waited) >= 1


def test_too_many_requests_wait_no_longer_than_allowed(release: ReleaseInfo, start: Callable[..., Any]) -> None:
    def ask(tg: Treatygraph) -> None:
        for _ in range(20):
            tg.search("meeting")

    with start(release.path, rate_per_minute="3") as server:
        tg = Treatygraph(server.address, most_wait_s=0)
        with pytest.raises(TooManyRequests):
            ask(tg)
        tg.close()


@contextmanager
def scripted(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives these bytes, one connection after the other, whatever it is asked; and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        listening.close()


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


HEALTH = b'{"release": "r1"}'


def test_retry_after_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    again = http("503 Service Unavailable", b"{}", "retry-after: 7")
    waited: list[float] = []
    with scripted(again, again, http("200 OK", HEALTH)) as (address, _), Treatygraph(address) as tg:
        monkeypatch.setattr(tg._transport, "_sleep", waited.append)
        assert tg.release == "r1"
    assert waited == [7, 7]


@pytest.mark.parametrize(
    ("header", "why"),
    [("x-none: 1", "no Retry-After: it would fail again"), ("retry-after: 3600", "longer than one likes to wait")],
)
def test_what_would_not_help_is_not_tried(header: str, why: str) -> None:
    refused = http("503 Service Unavailable", b'{"title": "T", "detail": "D"}', header)
    with scripted(refused, http("200 OK", HEALTH)) as (address, asked), Treatygraph(address) as tg:
        with pytest.raises(Unavailable, match="T: D"):
            _ = tg.release
        assert len(asked) == 1, why


def test_retries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    again = http("429 Too Many Requests", b"{}", "retry-after: 0")
    with scripted(*[again] * 9) as (address, asked), Treatygraph(address, retries=2) as tg:
        with pytest.raises(TooManyRequests):
            _ = tg.release
        assert len(asked) == 3


def test_a_kept_answer_is_asked_for_by_its_tag() -> None:
    answers = http("200 OK", HEALTH, 'etag: "t1"'), http("304 Not Modified", b"", 'etag: "t1"')
    with scripted(*answers, http("200 OK", b'{"release": "r2"}')) as (address, asked), Treatygraph(address) as tg:
        assert [tg.release, tg.release, tg.release] == ["r1", "r1", "r2"]
    assert [b'if-none-match: "t1"' in one.lower() for one in asked] == [False, True, True]


def test_a_real_server_says_304(tg: Treatygraph) -> None:
    first = tg._transport.get("/lineage", [("thing", "ctl-msp-5")])
    second = tg._transport.get("/lineage", [("thing", "ctl-msp-5")])
    assert (first.kept, second.kept) == (False, True)
    assert first.body == second.body


def test_answers_are_kept_within_their_limit(server: Any) -> None:
    with Treatygraph(server.address, cache_bytes=0) as tg:
        tg.lineage("ctl-msp-5")
        assert not tg._transport._kept
    with Treatygraph(server.address, cache_bytes=60_000) as tg:
        for depth in range(1, 30):
            tg.lineage("ctl-msp-5", depth=depth)
        assert 0 < tg._transport._kept_bytes <= 60_000


def results(body: bytes) -> bytes:
    return http("200 OK", body, "content-type: application/sparql-results+json")


@pytest.mark.parametrize("missing", [1, 2, 3, *range(4, 93, 6)])
def test_json_that_ends_in_the_middle_is_broken(missing: int) -> None:
    """Even where something on the way has hidden that the connection broke."""
    whole = b'{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"literal","value":"xyzxyzxyz"}}]}}'
    with scripted(results(whole)) as (address, _), Treatygraph(address) as tg:
        assert list(tg.sparql("SELECT * {}")) == [{"a": "xyzxyzxyz"}]
    with scripted(results(whole[:-missing])) as (address, _), Treatygraph(address) as tg, pytest.raises(BrokenAnswer):
        list(tg.sparql("SELECT * {}"))


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b'{"head":{},"results":{"bindings":[1 2]}}', b'{"boolean": true} more', b'{"results": 5}'],
)
def test_what_is_no_result_is_not_read_as_one(body: bytes) -> None:
    with scripted(results(body)) as (address, _), Treatygraph(address) as tg, pytest.raises(TreatygraphError):
        list(tg.sparql("SELECT * {}"))


def test_a_length_that_is_not_reached_is_broken() -> None:
    short = http("200 OK", HEALTH).replace(b"content-length: 17", b"content-length: 99")
    with scripted(short) as (address, _), Treatygraph(address) as tg, pytest.raises(BrokenAnswer):
        _ = tg.release


def test_a_redirection_is_told_and_not_followed() -> None:
    moved = http("301 Moved Permanently", b"", "location: http://127.0.0.1:1/elsewhere")
    with scripted(moved) as (address, _), Treatygraph(address) as tg, pytest.raises(ServerError, match="elsewhere"):
        _ = tg.release


def test_silence_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with Treatygraph(address, timeout_s=0.2) as tg, pytest.raises(QueryTimeout):
            _ = tg.release
    with socket.socket() as absent:  # nobody else gets the port, and nobody listens at it
        absent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{absent.getsockname()[1]}"
        with Treatygraph(address) as tg, pytest.raises(Unreachable):
            _ = tg.release
    with Treatygraph("gopher://x") as tg, pytest.raises(Unreachable):
        _ = tg.release


def test_the_user_agent_says_who_asks() -> None:
    with scripted(http("200 OK", HEALTH)) as (address, asked), Treatygraph(address, agent="thesis (a@b.example)") as tg:
        _ = tg.release
    assert b"user-agent: thesis (a@b.example) treatygraph-client/" in asked[0].lower()


def test_importing_it_stays_light() -> None:
    program = "import sys; before = set(sys.modules); import api.client; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    tops = {name.partition(".")[0] for name in loaded}
    server = {"fastapi", "starlette", "uvicorn", "pyoxigraph", "rdflib", "pydantic", "loaders", "queries", "ontology"}
    assert not tops & (server | {"pandas", "mcp"})
    assert {name for name in loaded if name.startswith("api")} == {
        "api",
        "api.client",
        *(f"api.client.{name}" for name in ("client", "errors", "tables", "transport", "values")),
    }


def test_without_its_extra_it_names_the_remedy() -> None:
    program = "import sys; sys.modules['httpx2'] = None; import api.client"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("pip install 'treatygraph[client]'")


def test_every_public_name_is_there() -> None:
    assert all(getattr(package, name).__doc__ for name in package.__all__)
