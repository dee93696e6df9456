"""Postal addresses, electronic addresses and web sites."""

from __future__ import annotations

import re
from dataclasses import dataclass

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_WEB = re.compile(
    r"(?<![\w@.])(?:https?://[^\s<>\"\u201c\u201d()]{4,500}|www\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?:/[^\s<>\"()]{0,300})?)"
)
_LABEL = re.compile(r"(?:e-?mail|web ?site|web|telephone|tel|phone|fax|facsimile|internet)(?: address)?\.? ?[:.]", re.I)


@dataclass(frozen=True, slots=True)
class Found:
    """An electronic address or web site with its span."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Address:
    """A block of address lines: postal lines, and the electronic ones apart."""

    start: int
    end: int
    lines: tuple[str, ...]
    email: str | None
    website: str | None


def find_emails(text: str, start: int, end: int) -> list[Found]:
    """Electronic addresses of a span."""
    return [Found(match.start(), match.end(), match[0]) for match in _EMAIL.finditer(text, start, end)]


def find_websites(text: str, start: int, end: int) -> list[Found]:
    """Web addresses of a span, without the full stop of the sentence."""
    out = []
    for match in _WEB.finditer(text, start, end):
        value = match[0].rstrip(".,;:")
        out.append(Found(match.start(), match.start() + len(value), value))
    return out


def address_in(text: str, start: int, end: int) -> Address:
    """Read a block of lines as an address."""
    lines = [
        line.strip(" ,")
        for line in text[start:end].split("\n")
        if line.strip() and not _LABEL.match(line.strip()) and not _EMAIL.search(line) and not _WEB.search(line)
    ]
    emails, websites = find_emails(text, start, end), find_websites(text, start, end)
    return Address(
        start, end, tuple(lines), emails[0].value if emails else None, websites[0].value if websites else None
    )
