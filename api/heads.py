"""Heads of requests that say nothing unusual, read once for all requests that bring the same lines.

A client sends the same head with each question. Whatever is not known here by name, or could be read in two ways, is
left to the parser of the server: None. Source: RFC 9112, sections 3 and 5; RFC 9110, sections 5.5 and 7.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from api.compression import accepts_gzip

__all__ = ["Head", "plain_head"]

_LINE: Final = rb"\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[\x21-\x7e \t]*"
_LINES: Final = re.compile(rb"(?:%s)+\r\n\r\n" % _LINE)
#: Headers that change nothing about an answer to a GET, or is read below.
_NAMES: Final = (
    "accept accept-charset accept-encoding accept-language cache-control connection cookie dnt from host origin "
    "pragma priority referer sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode "
    "sec-fetch-site sec-fetch-user sec-gpc te traceparent tracestate upgrade-insecure-requests user-agent"
)
_KNOWN: Final = frozenset(_NAMES.split())


@dataclass(frozen=True, slots=True)
class Head:
    """What the answer depends on: the `Accept` header, and whether gzip is welcome."""

    accept: str | None
    gzip: bool


@lru_cache(maxsize=512)
def plain_head(lines: bytes) -> Head | None:
    """The head whose lines are these, from the line end of the request line to the empty line; None: not for us."""
    if _LINES.fullmatch(lines) is None:
        return None
    found: dict[str, list[str]] = {}
    for line in lines[2:-4].decode("ascii").split("\r\n"):
        name, _, value = line.partition(":")
        found.setdefault(name.lower(), []).append(value.strip(" \t"))
    if not found.keys() <= _KNOWN or len(found.get("host", ())) != 1:
        return None
    if any(value.lower() != "keep-alive" for value in found.get("connection", ())):
        return None
    accept = found.get("accept")
    return Head(None if accept is None else ", ".join(accept), accepts_gzip(",".join(found.get("accept-encoding", ()))))
