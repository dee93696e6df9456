"""Heads that are read past the parser of the server say what it reads in them, or are left to it."""

from __future__ import annotations

import httptools
from hypothesis import given
from hypothesis import strategies as st

from api.heads import plain_head, plain_post

_VALUES = st.text(st.characters(codec="latin-1"), max_size=12)
_NAMES = st.sampled_from(
    [
        "Host",
        "host",
        "Accept",
        "ACCEPT",
        "User-Agent",
        "Connection",
        "Accept-Encoding",
        "X-A",
        "Content-Length",
        "T:",
        "",
    ]
)
_FIELDS = st.lists(
    st.tuples(_NAMES, _VALUES | st.sampled_from(["a", "keep-alive", "close", "*/*", "gzip"])), max_size=6
)


class _Parsed:
    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_message_complete(self) -> None:
        self.complete += 1


@given(_FIELDS)
def test_a_plain_head_is_what_the_parser_of_the_server_reads(fields: list[tuple[str, str]]) -> None:
    lines = "".join(f"\r\n{name}: {value}" for name, value in fields) + "\r\n\r\n"
    data = lines.encode("latin-1")
    head = plain_head(data)
    if head is None:
        return
    parsed = _Parsed()
    parser = httptools.HttpRequestParser(parsed)
    parser.feed_data(b"GET / HTTP/1.1" + data)
    assert parsed.complete == 1
    assert parser.should_keep_alive()
    accepts = [value.decode().strip(" \t") for name, value in parsed.headers if name == b"accept"]
    assert head.accept == (", ".join(accepts) if accepts else None)
    assert [name for name, _ in parsed.headers].count(b"host") == 1


_POSTED = st.sampled_from(["application/sparql-query", "application/x-www-form-urlencoded; charset=utf-8", "text/csv"])


@given(
    st.lists(st.tuples(_NAMES, _VALUES | st.sampled_from(["a", "keep-alive", "3", "7", "*/*", "gzip"])), max_size=3),
    _POSTED,
    st.sampled_from(["7", "07", "+7", "7,7", "7 ", "-7", "0", "7_0", "\xb2"]),
)
def test_a_plain_head_of_a_post_is_what_the_parser_of_the_server_reads(
    fields: list[tuple[str, str]], media_type: str, length: str
) -> None:
    told = [("host", "a"), ("content-type", media_type), *fields, ("content-length", length)]
    data = ("".join(f"\r\n{name}: {value}" for name, value in told) + "\r\n\r\n").encode("latin-1")
    head = plain_post(data)
    if head is None:
        return
    parsed = _Parsed()
    parser = httptools.HttpRequestParser(parsed)
    parser.feed_data(b"POST / HTTP/1.1" + data + b"x" * (head.length - 1))
    assert parsed.complete == 0
    parser.feed_data(b"x")
    assert parsed.complete == 1
    assert parser.should_keep_alive()
    assert head.is_form == ("form" in media_type)
    assert media_type != "text/csv"


def test_usual_heads_of_a_post_are_plain_and_unusual_ones_are_not() -> None:
    def read(*lines: str) -> object:
        return plain_post("\r\n".join(("", "Host: a", *lines, "", "")).encode())

    length, query = "Content-Length: 12", "Content-Type: application/sparql-query"
    assert read(length, query, "Accept: */*")
    assert read(query + ' ; Charset="UTF-8"', length)
    for other in (
        (query,),
        (length,),
        (length, length, query),
        (length, query, query),
        (length, query + "; charset=utf-16"),
        (length, query + "; a=b"),
        (length, query + ";"),
        (length, query, "Content-Encoding: gzip"),
        (length, query, "Transfer-Encoding: chunked"),
        (length, query, "Expect: 100-continue"),
        (length, "Content-Type: multipart/form-data; boundary=a"),
        (length, "Content-Type: application/sparql-update"),
    ):
        assert read(*other) is None, other


def test_usual_heads_are_plain() -> None:
    lines = (
        "",
        "Host: a:8000",
        "User-Agent: curl/8",
        "Accept: text/csv",
        "Accept-Encoding: gzip",
        "Connection: keep-alive",
    )
    head = plain_head("\r\n".join((*lines, "", "")).encode())
    assert head is not None
    assert (head.accept, head.gzip) == ("text/csv", True)
