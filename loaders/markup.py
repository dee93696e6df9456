"""Taking the marks of an extractor out of a text: Markdown, typographic blanks and hyphens, barcodes, pictures.

Kept as they are: curly quotation marks, dashes (en, em), superscript digits. Changed: non-breaking and thin blanks
become blanks, hyphen look-alikes become `-`, soft hyphens and zero-width characters go, letters are composed (NFC).
Markdown emphasis, links, headings and block quotes lose their marks and keep their words.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from typing import Final

from loaders.mapped import Mapped

#: Longest run of combining marks that is composed as one (Unicode's stream-safe limit): composing is not linear.
_MARKS: Final = 30

_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000e-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SOFT_BREAK = re.compile("\u00ad[ \t]*(?:\r\n?|\n)[ \t]*|\u00ad")
_LINE_END = re.compile("\r\n?|[\u0085\u2028\u2029]")
_PAGE = re.compile("[\u000b\u000c]")
_BLANK = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_HYPHEN = re.compile("[\u2010\u2011\u2212\ufe63\uff0d]")
_BARCODE = re.compile(r"^[ \t]*\*\d{6,12}\*[ \t]*$", re.M)
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,2000}\]\([^()\n]{0,2000}\)")
_LINK = re.compile(r"\[([^\[\]\n]{0,2000})\]\([^()\s]{0,2000}\)")
_AUTOLINK = re.compile(r"<(?:mailto:)?((?:https?://|[\w.+-]{1,64}@)[^\s<>]{1,2000})>")
_EMPHASIS = re.compile(r"(?<![\w*\\])\*{1,3}(?=[^\s*])([^*]*[^\s*\\])\*{1,3}(?!\*)")
#: What is left of an emphasis that a page break cut in two.
_STRAY_MARK = re.compile(r"^\*{1,3}(?=[^\s*])|(?<=[^\s*\\])\*{1,3}$", re.M)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!<>|-])")
_HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|(?:>[ \t]?)+)", re.M)
_BLANKS = re.compile(r" {2,}")
_STRAY_HYPHEN = re.compile(r"(?<=[^\W\d_]) -(?=[^\W\d_])")

#: A form feed stands on a line of its own, so that it can be told from text.
PAGE_BREAK: Final = "\u000c"


def composed(text: Mapped) -> Mapped:
    """Canonical composition (NFC) with offsets kept; long runs of combining marks are composed piecewise."""
    if text.text.isascii() or _needs_nothing(text.text):
        return text
    texts: list[str] = []
    offsets = array("L")
    at = 0
    for start, end in _clusters(text.text):
        piece = unicodedata.normalize("NFC", text.text[start:end])
        if piece == text.text[start:end]:
            continue
        texts += [text.text[at:start], piece]
        offsets.extend(text.offsets[at:start])
        offsets.extend([text.offsets[start]] * len(piece))
        at = end
    texts.append(text.text[at:])
    offsets.extend(text.offsets[at:])
    return Mapped("".join(texts), offsets)


def plain(text: Mapped) -> tuple[Mapped, list[tuple[int, int]]]:
    """The text without marks, and the raw spans that were emphasised (italic or bold)."""
    text = composed(text)
    for pattern, new in (
        (_SOFT_BREAK, ""),
        (_LINE_END, "\n"),
        (_INVISIBLE, ""),
        (_PAGE, f"\n{PAGE_BREAK}\n"),
        (_BLANK, " "),
        (_HYPHEN, "-"),
        (_BARCODE, ""),
        (_PICTURE, ""),
    ):
        text = text.sub(pattern, new)
    text = text.sub(_LINK, 1).sub(_AUTOLINK, 1).sub(_HEADING, "")
    emphasis = [
        (text.offsets[match.start(1)], text.offsets[match.end(1) - 1] + 1)
        for match in _EMPHASIS.finditer(text.text)
        if "\n\n" not in match[1]
    ]
    text = text.sub(_EMPHASIS, lambda match: 0 if "\n\n" in match[1] else 1)
    return text.sub(_STRAY_MARK, "").sub(_ESCAPE, 1).sub(_BLANKS, " ").sub(_STRAY_HYPHEN, "-"), emphasis


def _needs_nothing(text: str) -> bool:
    """Whether no character could change by composing, judged by the distinct characters (linear)."""
    return all(
        unicodedata.is_normalized("NFC", char) and not unicodedata.combining(char) and not "\u1100" <= char <= "\u11ff"
        for char in set(text)
    )


def _clusters(text: str) -> list[tuple[int, int]]:
    """Spans of a base character with the marks after it, at most `_MARKS` of them; Hangul letters count as marks."""
    out: list[tuple[int, int]] = []
    start = 0
    for at, char in enumerate(text):
        extends = unicodedata.combining(char) or "\u1160" <= char <= "\u11ff"
        if at and (not extends or at - start > _MARKS):
            out.append((start, at))
            start = at
    out.append((start, len(text)))
    return out
