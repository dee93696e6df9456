"""Heads of requests that say nothing unusual, read once for all requests that bring the same lines.

A client sends the same head with each question. Whatever is not known here by name, or could be read in two ways, is
left to the parser of the server: None. Source: RFC 9112, sections 3 and 5; RFC 9110, sections 5.5 and 7.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from api.bodies import FORM, QUERY
from api.compression import accepts_gzip

__all__ = ["Head", "PostHead", "plain_head", "plain_post"]

_LINE: Final = rb"\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[\x21-\x7e \t]*"
_LINES: Final = re.compile(rb"(?:%s)+\r\n\r\n" % _LINE)
#: Headers that change nothing about an answer, or are read below.
_NAMES: Final = (
    "accept accept-charset accept-encoding accept-language cache-control connection cookie dnt from host origin "
    "pragma priority referer sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode "
    "sec-fetch-site sec-fetch-user sec-gpc te traceparent tracestate upgrade-insecure-requests user-agent"
)
_KNOWN: Final = frozenset(_NAMES.split())
_BODY: Final = frozenset({"content-length", "content-type"})
_UTF8: Final = re.compile(r'[ \t]*charset=(?:utf-8|"utf-8")[ \t]*', re.IGNORECASE)
#: Nothing longer is of interest here.
_LENGTH: Final = re.compile("[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Head:
    """What the answer depends on: the `Accept` header, and whether gzip is welcome."""

    accept: str | None
    gzip: bool


@dataclass(frozen=True, slots=True)
class PostHead:
    """The head of a POST: besides, the bytes of the body, and whether they are a form or the query itself."""

    head: Head
    length: int
    is_form: bool


@lru_cache(maxsize=512)
def plain_head(lines: bytes) -> Head | None:
    """The head whose lines are these, from the line end of the request line to the empty line; None: not for us."""
    found = _fields(lines)
    return None if found is None or not found.keys() <= _KNOWN else _head(found)


@lru_cache(maxsize=2048)
def plain_post(lines: bytes) -> PostHead | None:
    """The same for a POST of a query, in UTF-8."""
    found = _fields(lines)
    if found is None or not found.keys() <= _KNOWN | _BODY:
        return None
    head, lengths, types = _head(found), found.get("content-length", ()), found.get("content-type", ())
    if head is None or len(lengths) != 1 or len(types) != 1 or _LENGTH.fullmatch(lengths[0]) is None:
        return None
    media_type, semicolon, parameter = types[0].partition(";")
    kind = media_type.rstrip(" \t").lower()
    if kind not in (FORM, QUERY) or (semicolon and _UTF8.fullmatch(parameter) is None):
        return None
    return PostHead(head, int(lengths[0]), kind == FORM)


def _fields(lines: bytes) -> dict[str, list[str]] | None:
    """The values of each field, by its name in small letters; None where the lines are not plain."""
    if _LINES.fullmatch(lines) is None:
        return None
    found: dict[str, list[str]] = {}
    for line in lines[2:-4].decode("ascii").split("\r\n"):
        name, _, value = line.partition(":")
        found.setdefault(name.lower(), []).append(value.strip(" \t"))
    return found


def _head(found: dict[str, list[str]]) -> Head | None:
    if len(found.get("host", ())) != 1 or any(value.lower() != "keep-alive" for value in found.get("connection", ())):
        return None
    accept = found.get("accept")
    return Head(None if accept is None else ", ".join(accept), accepts_gzip(",".join(found.get("accept-encoding", ()))))
