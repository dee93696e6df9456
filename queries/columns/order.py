"""The order of SPARQL among terms, where that is beyond doubt (SPARQL 1.1 Query, 15.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final

__all__ = ["sorting"]

_INTEGER: Final = "^^<http://www.w3.org/2001/XMLSchema#integer>"
_DATE: Final = re.compile(r'"[0-9]{4}-[0-9]{2}-[0-9]{2}"\^\^<http://www\.w3\.org/2001/XMLSchema#date>')


def sorting(texts: Collection[str]) -> Callable[[str], str | int] | None:
    """What to sort terms by, as N-Triples writes them: among IRIs, plain texts, integers, or days; None for others."""
    if all(text[0] == "<" for text in texts) or all(text[0] == '"' == text[-1] and "\\" not in text for text in texts):
        return _inside
    if all(map(_is_whole, texts)):
        return _whole
    return str if all(map(_DATE.fullmatch, texts)) else None


def _inside(text: str) -> str:
    return text[1:-1]


def _whole(text: str) -> int:
    return int(text.removesuffix(_INTEGER)[1:-1])


def _is_whole(text: str) -> bool:
    digits = text.removesuffix(_INTEGER)[1:-1].removeprefix("-")
    return text.endswith(_INTEGER) and digits.isascii() and digits.isdigit() and len(digits) < 19
