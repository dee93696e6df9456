"""The normalised text of a document: what every offset of the project points into.

`normalise` undoes what extractors do to a page (see `loaders.markup` and `loaders.layout`) and nothing else: words,
spelling, punctuation, curly quotation marks and dashes stay as printed, errors of the source too. The result is the
same for the same input, on every machine; offsets count code points.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Final

from loaders.errors import SourceError
from loaders.layout import FOOTNOTE, Piece, Removed, marker, pieces
from loaders.mapped import Mapped, joined
from loaders.markup import plain

#: Largest document that is read, in bytes. The longest resolution of the General Assembly has about 0.3 million.
MAX_BYTES: Final = 4 * 1024 * 1024

_CALL = re.compile(r"(?<=[^\s\d])[\u00b9\u00b2\u00b3\u2070-\u2079]{1,4}|(?<=\S)\[\^\w{1,8}\]")
_GLUED_CALL = re.compile(r"(?<=[a-z,;.\u201d\u2019])\d{1,3}(?![\w/.,-]*\d)(?=[a-z ,;.]|$)", re.M)


class DocumentError(SourceError):
    """A document cannot be read. `.file`, `.line` (1-based or None), `.expected`, `.mend`; `str()` is one line."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (`prose`), a block of short lines (`lines`) or a footnote (`footnote`, with its marker)."""

    start: int
    end: int
    kind: str
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """The text, its blocks, and the way back to the file as it came."""

    text: str
    blocks: tuple[Block, ...]
    emphasis: tuple[tuple[int, int], ...]  #: spans printed in italic or bold, where the source shows it
    calls: tuple[tuple[int, str], ...]  #: footnote calls, taken out of the text: offset and marker
    removed: tuple[Removed, ...]  #: page furniture and pictures, by raw offsets
    raw: str = field(repr=False)
    _offsets: array[int] = field(repr=False)

    def raw_offset(self, offset: int) -> int:
        """The offset in the raw text of a normalised offset; the text's length gives the raw length."""
        return self._offsets[offset] if offset < len(self._offsets) else len(self.raw)

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The raw span of a normalised span (start < end)."""
        return self._offsets[start], self._offsets[end - 1] + 1

    def raw_line(self, offset: int) -> int:
        """The line, from 1, of a normalised offset in the file."""
        return self.raw.count("\n", 0, self.raw_offset(offset)) + 1

    def of(self, block: Block) -> str:
        """The text of a block."""
        return self.text[block.start : block.end]


def normalise(raw: str | bytes, *, name: str = "document") -> NormalisedText:
    """Normalise a document (text or Markdown, UTF-8). Raises DocumentError for other encodings and oversized input."""
    source = _decoded(raw, name)
    text, emphasis = plain(Mapped.of(source))
    parts, removed = pieces(text)
    marks = {part.marker for part in parts if part.kind == FOOTNOTE and part.marker}
    clean, calls = [], []
    for part in parts:
        piece, found = (part, []) if part.kind == FOOTNOTE else _without_calls(part, marks)
        clean.append(piece)
        calls += found
    whole = joined([part.text for part in clean], "\n\n")
    blocks = []
    at = 0
    for part in clean:
        blocks.append(Block(at, at + len(part.text), part.kind, part.marker))
        at += len(part.text) + 2
    inverse = _Inverse(whole.offsets)
    return NormalisedText(
        text=whole.text,
        blocks=tuple(blocks),
        emphasis=tuple(span for start, end in emphasis if (span := inverse.span(start, end))),
        calls=tuple((inverse.before(offset), mark) for offset, mark in calls),
        removed=tuple(removed),
        raw=source,
        _offsets=whole.offsets,
    )


def _decoded(raw: str | bytes, name: str) -> str:
    """The text of the file. The sizes are judged before anything is done with them."""
    size = len(raw)
    if size > MAX_BYTES:
        raise DocumentError(name, f"a document of at most {MAX_BYTES} bytes (this one has {size})", "split the file")
    if isinstance(raw, bytes):
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise DocumentError(name, "text in UTF-8", "convert the file to UTF-8", line=line) from None
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError as error:
        line = raw.count("\n", 0, error.start) + 1
        raise DocumentError(name, "text without surrogates", "convert the file to UTF-8", line=line) from None
    return raw


def _without_calls(part: Piece, marks: set[str]) -> tuple[Piece, list[tuple[int, str]]]:
    """Take the footnote calls out of a paragraph: superscript ones always, glued digits if such a footnote exists."""
    calls: list[tuple[int, str]] = []
    text = part.text
    for pattern, sure in ((_CALL, True), (_GLUED_CALL, False)):
        if not marks and not sure:
            break
        found = {
            match.start(): marker(match[0].strip("[^]"))
            for match in pattern.finditer(text.text)
            if sure or match[0] in marks
        }
        calls += [(text.offsets[start], mark) for start, mark in found.items()]
        text = text.sub(pattern, lambda match, found=found: "" if match.start() in found else 0)  # type: ignore[misc]
    return Piece(text, part.kind, part.marker), calls


class _Inverse:
    """From raw offsets to normalised ones, although footnotes were moved to the end."""

    def __init__(self, offsets: array[int]) -> None:
        first: dict[int, int] = {}
        for clean, raw in enumerate(offsets):
            first.setdefault(raw, clean)  # a separator shares the raw offset of the character before it
        self._raw = sorted(first)
        self._clean = [first[raw] for raw in self._raw]

    def before(self, raw: int) -> int:
        """The normalised offset right after the last character that stands before a raw offset."""
        at = bisect_left(self._raw, raw)
        return self._clean[at - 1] + 1 if at else 0

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The normalised span of a raw span, None if nothing of it is left."""
        first, last = bisect_left(self._raw, start), bisect_right(self._raw, end - 1) - 1
        if first > last:
            return None
        begin, finish = self._clean[first], self._clean[last] + 1
        return (begin, finish) if begin < finish else None
