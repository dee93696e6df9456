"""Hostile data at /validate: each gets a clear refusal; nothing is fetched, memory stays bounded, the rest goes on."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Client, HTTPError
from starlette.testclient import TestClient

from .conftest import Server

TG = "PREFIX tg: <https://w3id.org/treatygraph/def#>\n"
BOMB = """<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<r>&b;&c;</r>"""
CONTEXT = {"@context": "https://attacker.example/context.jsonld", "@id": "http://e.example/a", "name": "x"}
COLUMNS = "series,treaty,kind,source,confidence\n"

#: what it is -> media type, body, status, words of the answer
CASES: dict[str, tuple[str, bytes, int, str]] = {
    "a huge literal": (
        "text/turtle",
        f'{TG}<http://e.example/a> tg:title "{"a" * 5_000_000}" .'.encode(),
        400,
        "literal",
    ),
    "deep lists": (
        "text/turtle",
        f"{TG}<http://e.example/a> tg:year {'(' * 9_000}{')' * 9_000} .".encode(),
        400,
        "Nested",
    ),
    "deep blank nodes": (
        "text/turtle",
        f"{TG}<http://e.example/a> tg:year {'[ tg:year ' * 5_000}1{' ]' * 5_000} .".encode(),
        400,
        "Nested",
    ),
    "deep JSON": ("application/ld+json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, ""),
    "a remote context": ("application/ld+json", json.dumps(CONTEXT).encode(), 400, "nothing is fetched"),
    "an imported context": (
        "application/ld+json",
        json.dumps({"@context": {"@import": "http://127.0.0.1:9/c.jsonld"}, "@id": "http://e.example/a"}).encode(),
        400,
        "",
    ),
    "an entity bomb as RDF/XML": ("application/rdf+xml", BOMB.encode(), 415, "text/turtle"),
    "an entity bomb as Turtle": ("text/turtle", BOMB.encode(), 400, "line"),
    "another encoding": ("text/turtle", f"{TG}# São Tomé".encode("utf-16"), 400, "UTF-8"),
    "broken UTF-8": ("text/csv", COLUMNS.encode() + b"x,\xff\xfe,msp,s,curated\n", 400, "UTF-8"),
    "an encoding that is none": ("text/turtle; charset=zip", TG.encode(), 415, "zip"),
    "a prefix of 100 kB, used often": (
        "text/turtle",
        f"PREFIX p: <http://e.example/{'a' * 100_000}>\n{'p:a p:b p:c .' * 50_000}".encode(),
        400,
        "characters",
    ),
    "too many statements": (
        "text/turtle",
        f"<a> <b> {' , '.join(map(str, range(120_000)))} .".encode(),
        413,
        "statements",
    ),
    "a cell of a megabyte": ("text/csv", f"{COLUMNS}{'a;' * 500_000},aplc,msp,s,curated\n".encode(), 400, "cell"),
    "a table of too many rows": (
        "text/csv",
        (COLUMNS + "".join(f"x{i},aplc,msp,http://e.example/,curated\n" for i in range(36_000))).encode(),
        413,
        "statements",
    ),
}


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every attempt to reach another host, none of which succeeds."""
    tried: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        tried.append(arguments)
        raise OSError("no way out")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


@pytest.mark.parametrize("name", CASES)
def test_a_clear_refusal(client: TestClient, name: str, no_way_out: list[Any]) -> None:
    media_type, body, status, words = CASES[name]
    began = time.process_time()
    answer = client.post("/validate", content=body, headers={"content-type": media_type, "accept": "application/json"})
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.text
    assert len(answer.text) < 2000
    assert "Traceback" not in answer.text
    assert time.process_time() - began < 30
    assert no_way_out == []


def test_what_costs_too_much_to_compare_is_not_compared_in_silence(client: TestClient) -> None:
    text = "".join(
        f"<meeting/ctl-msp-{n}> a tg:MeetingOfStatesParties ; tg:ordinal {2 * n} ; tg:inSeries <series/ctl-msp> .\n"
        for n in range(1, 2000)
    )
    began = time.process_time()
    answer = client.post("/validate", content=f"{TG}{text}".encode(), headers={"content-type": "text/turtle"})
    rules = {one["rule"] for one in answer.json()["results"]}
    assert "not-checked" in rules
    assert "series-gap" not in rules
    assert time.process_time() - began < 30


def test_many_different_mistakes_do_not_take_minutes(client: TestClient) -> None:
    text = TG + "".join(f"<meeting/ctl-msp-1> tg:starDate{n} 1 .\n" for n in range(4000))
    began = time.process_time()
    answer = client.post("/validate", content=text.encode(), headers={"content-type": "text/turtle"})
    assert answer.status_code == 200
    assert len(answer.json()["results"]) >= 4000
    assert time.process_time() - began < 30


def memory(server: Server) -> int:
    """The most memory that the process of the server ever had, in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc: memory of another process cannot be read")
@pytest.mark.parametrize("way", ["with its length", "in chunks", "as a form"])
def test_a_hundred_megabytes(server: Server, http: Client, way: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(1600):
            yield b"# 64 kB of a comment ............\n" * 1928

    before = memory(server)
    headers = {"content-type": "text/turtle"}
    try:
        if way == "as a form":
            answer = http.post("/validate", files={"file": ("a.ttl", b"#" * 100_000_000)})
        elif way == "in chunks":
            answer = http.post("/validate", content=chunks(), headers=headers)
        else:
            answer = http.post("/validate", content=b"#" * 100_000_000, headers=headers)
        assert answer.status_code == 413
        assert "bytes are accepted" in answer.text
    except HTTPError:
        pass  # the server closed the connection before all was sent
    assert memory(server) - before < 80
    assert http.get("/health/live").status_code == 200


def test_the_page_shows_the_offending_line_and_escapes_it(client: TestClient) -> None:
    text = f'{TG}<http://e.example/a> tg:titel "<script>alert(1)</script>" .\n'
    answer = client.post("/validate", data={"kind": "text/turtle", "data": text}, headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert "<h3>Unknown term</h3>" in answer.text
    assert "<code>&lt;http://e.example/a&gt; tg:titel" in answer.text
