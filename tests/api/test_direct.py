"""The short way of a query: it reads as the library reads, writes as the server writes, and forgets nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bodies import form_fields
from api.problems import Problem
from queries.scanner import _PROLOGUE, _form, inspect
from tests.patience import PATIENT_S

_QUOTED = "%41,%3D,%3d,%26,=,&,+,a,%,%e2%82%ac,%ff,_,.,==,%0A,%0D,;,query,é,=0A,%2,%%,?,#, ,\t,\n,\r"
_PIECES = st.sampled_from(tuple(re.split(",", _QUOTED)))


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_fields_are_read_as_by_the_library(text: str) -> None:
    try:
        expected: object = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError:
        expected = Problem
    try:
        found: object = form_fields(text)
    except Problem:
        found = Problem
    assert found == expected


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(Problem, match="more than 1000 fields"):
        form_fields("&".join(["a=1"] * 1001))


_SPARQL = "BASE <http://x/>|prefix a: <http://x/>|PREFIX : <y>|#select\n|# x|\n| |select|ASK|construct|insert|?s|{|}"
_WORDS = st.sampled_from(tuple(re.split(r"\|", f"{_SPARQL}|describe|selected|ask:|PREFIX|VERSION '1.1'|<a>|@")))


@given(st.lists(_WORDS, max_size=8).map(" ".join))
def test_the_prologue_read_in_one_go_gives_the_form_that_the_tokens_give(text: str) -> None:
    quick = _PROLOGUE.match(text)
    if quick is not None:
        assert quick[1].lower() == _form(text)
    assert inspect(text).form == _form(text)


@contextmanager
def _line(address: str) -> Any:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENT_S) as line:
        yield line.makefile("rwb")


def _ask(line: Any, target: str, *headers: str, method: str = "GET") -> tuple[bytes, dict[str, str], bytes]:
    lines = [f"{method} {target} HTTP/1.1", "Host: x", *headers, "", ""]
    line.write("\r\n".join(lines).encode())
    line.flush()
    status = line.readline()
    found: dict[str, str] = {}
    while (one := line.readline()) != b"\r\n":
        name, _, value = one.decode("latin-1").partition(":")
        assert name.lower() not in found, name
        found[name.lower()] = value.strip()
    body = b"" if method == "HEAD" or b" 304 " in status else line.read(int(found["content-length"]))
    return status, found, body


def test_both_ways_of_sending_say_the_same(start: Callable[..., AbstractContextManager[Any]], release: Any) -> None:
    """A connection that is to be closed takes the way of the server, another the short one."""
    target = f"/sparql?query={quote('SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3')}"
    with start(release.path) as server, _line(server.address) as line:
        first = _ask(line, target)
        again = _ask(line, target)
        head = _ask(line, target, method="HEAD")
        known = _ask(line, target, f"If-None-Match: {first[1]['etag']}")
        packed = _ask(line, target, "Accept-Encoding: gzip")
        page = _ask(line, "/findings?format=json")
        broken = _ask(line, "/sparql?query=nonsense")
        closing = _ask(line, target, "Connection: close")
        assert line.read() == b""
    assert first[2] == again[2] == closing[2]
    assert head[0] == first[0] == closing[0] == b"HTTP/1.1 200 OK\r\n"
    ignored = {"date", "server-timing", "connection"}
    plain = {name: value for name, value in first[1].items() if name not in ignored}
    assert plain == {name: value for name, value in closing[1].items() if name not in ignored}
    assert plain == {name: value for name, value in head[1].items() if name not in ignored}
    assert again[1]["server-timing"].startswith("kept")
    assert (known[0], known[1]["etag"]) == (b"HTTP/1.1 304 Not Modified\r\n", first[1]["etag"])
    assert packed[1]["vary"] == first[1]["vary"] == "Accept, Accept-Encoding"
    assert page[0].startswith(b"HTTP/1.1 200")
    assert broken[0].startswith(b"HTTP/1.1 400")
    assert broken[1]["content-type"] == "application/problem+json"


def test_requests_sent_ahead_are_answered_in_order(
    start: Callable[..., AbstractContextManager[Any]], release: Any
) -> None:
    queries = [f"SELECT ({number} AS ?n) {{}}" for number in range(20)]
    with start(release.path) as server, _line(server.address) as line:
        for query in queries:
            line.write(f"GET /sparql?query={quote(query)}&format=csv HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        line.flush()
        for number in range(20):
            assert line.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while (header := line.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            assert line.read(length) == f"n\r\n{number}\r\n".encode()
