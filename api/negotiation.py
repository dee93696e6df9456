"""Which representation a client gets: one function for every route.

Follows RFC 9110, section 12.5.1: the quality of an offer is the q-value of the most specific range that matches it; a
quality of 0 excludes it; among equals the order of the server decides. A `format=` parameter wins over the header,
since people who type an address cannot send one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

__all__ = ["Format", "NotAcceptable", "negotiate", "parse_accept"]

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE: Final = re.compile(rf"\s*({_WORD})/({_WORD})\s*\Z")
#: More digits than three, and none before the point, are not in the specification but in requests.
_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,20})?|\.[0-9]{1,20}|1(?:\.0{0,20})?)\Z")
#: What the HTTP client of Java sends where the program has named nothing.
_JAVA: Final = re.compile(r"text/html, image/gif, image/jpeg, \*(?:/\*)?; q=0?\.2(?:, \*/\*; q=0?\.2)?")
#: A header longer than this many ranges is not from a client that means well; the rest is not read.
_MAX_RANGES: Final = 100
#: From here on a range names the media type, not only its kind.
_NAMED: Final = (2, 0)
#: Characters; what was chosen for a longer header is not kept.
_LONG: Final = 400


@dataclass(frozen=True)
class Format:
    """One representation that a route can give.

    `name` is the word for `format=` and for the command line; `media_type` is what is sent; `aliases` are further words
    and media types by which clients ask for it.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()
    charset: str | None = None

    @property
    def content_type(self) -> str:
        """The value of the `Content-Type` header."""
        return f"{self.media_type}; charset={self.charset}" if self.charset else self.media_type

    @cached_property
    def raw_content_type(self) -> tuple[bytes, bytes]:
        """The header as it is sent."""
        return b"content-type", self.content_type.encode("latin-1")

    @property
    def media_types(self) -> tuple[str, ...]:
        """The own media type and those of the aliases."""
        return (self.media_type, *(alias for alias in self.aliases if "/" in alias))

    def answers_to(self, word: str) -> bool:
        """Whether `format=word` means this representation."""
        # A plus sign in a query string arrives as a blank.
        wanted = word.strip().casefold().replace(" ", "+")
        return wanted in (self.name.casefold(), *(text.casefold() for text in (self.media_type, *self.aliases)))


class NotAcceptable(Exception):
    """Nothing on offer is acceptable to the client (406)."""

    def __init__(self, asked: str, offers: Sequence[Format]) -> None:
        self.asked = asked
        self.offers = tuple(offers)
        super().__init__(f"cannot give {asked!r}; on offer: {', '.join(offer.name for offer in offers)}")


@dataclass(frozen=True)
class _Range:
    kind: str
    subtype: str
    parameters: int
    quality: float

    def specificity(self, media_type: str) -> tuple[int, int] | None:
        """How closely this range names the media type; None when it does not match."""
        kind, _, subtype = media_type.casefold().partition("/")
        if self.kind == "*" and self.subtype == "*":
            return (0, 0)
        if self.kind != kind:
            return None
        if self.subtype == "*":
            return (1, 0)
        return (2, self.parameters) if self.subtype == subtype else None


def parse_accept(header: str) -> tuple[_Range, ...]:
    """Read an `Accept` header. Elements that are not media ranges are left out (RFC 9110, 5.6.1: be lenient)."""
    ranges: list[_Range] = []
    for element in _split(header, ",")[:_MAX_RANGES]:
        media, *parameters = _split(element, ";")
        found = _RANGE.match(media)
        if not found or (found[1] == "*" and found[2] != "*"):
            continue
        quality, extra, valid = 1.0, 0, True
        for parameter in parameters:
            name, equals, value = parameter.partition("=")
            if name.strip().casefold() == "q":
                valid = bool(equals) and _QUALITY.match(value.strip()) is not None
                quality = float(value.strip()) if valid else 0.0
                break  # what follows q is not a parameter of the media type
            extra += 1
        if valid:
            ranges.append(_Range(found[1].casefold(), found[2].casefold(), extra, quality))
    return tuple(ranges)


def negotiate(accept: str | None, offers: Sequence[Format], *, wanted: str | None = None) -> Format:
    """See `_negotiate`. Clients send the same few headers again and again, so what was chosen is kept."""
    if len(accept or "") + len(wanted or "") > _LONG:
        return _negotiate(accept, tuple(offers), wanted)
    return _remembered(accept, tuple(offers), wanted)


def _negotiate(accept: str | None, offers: tuple[Format, ...], wanted: str | None) -> Format:
    """Choose one of the offers, which stand in the server's order of preference.

    Args:
        accept: the `Accept` header; None or nothing readable means that everything is acceptable.
        offers: what the route can give; never empty.
        wanted: the value of `format=`, if the client gave one; it wins.

    Raises:
        NotAcceptable: when no offer matches.
    """
    if wanted is not None and wanted.strip():
        for offer in offers:
            if offer.answers_to(wanted):
                return offer
        raise NotAcceptable(wanted, offers)
    ranges = parse_accept(accept) if accept and not _JAVA.fullmatch(accept) else ()
    if not ranges:
        return offers[0]
    best, best_quality = None, 0.0
    for offer in offers:
        quality = _quality(offer, ranges)
        if quality > best_quality:
            best, best_quality = offer, quality
    if best is None:
        raise NotAcceptable(accept or "", offers)
    return best


_remembered: Final = lru_cache(maxsize=1024)(_negotiate)


def _quality(offer: Format, ranges: Sequence[_Range]) -> float:
    """The q-value of an offer: that of the range that names it, else of a range that names an alias or matches it.

    Wildcards never match an alias: what is sent has the media type of the offer, and `text/*` does not ask for that
    when only an alias begins so.
    """
    own = _best(offer.media_type, ranges)
    if own is not None and own[0] >= _NAMED:
        return own[1]
    named = [found[1] for alias in offer.media_types[1:] if (found := _best(alias, ranges)) and found[0] >= _NAMED]
    return max([own[1] if own else 0.0, *named])


def _best(media_type: str, ranges: Sequence[_Range]) -> tuple[tuple[int, int], float] | None:
    """The most specific range that matches; of two equally specific ones, the one of higher quality."""
    matches = [(level, found.quality) for found in ranges if (level := found.specificity(media_type)) is not None]
    return max(matches, default=None)


def _split(text: str, separator: str) -> list[str]:
    """Split outside quoted strings (`profile="a,b;c"`)."""
    parts, start, quoted, escaped = [], 0, False, False
    for place, letter in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and letter == "\\":
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif letter == separator and not quoted:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return parts
