"""From the lines of an extracted page to the paragraphs of a text.

Knows pages, not documents: it drops page furniture (page and job numbers, running titles, repeated symbols), takes
footnotes out of the flow, joins hard-wrapped lines and sentences that a page break has cut. Blocks of short lines
(addresses, letterheads, signatures) keep their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from loaders.mapped import Mapped, joined
from loaders.markup import PAGE_BREAK

PROSE: Final = "prose"
LINES: Final = "lines"
FOOTNOTE: Final = "footnote"

#: Width below which a line can hardly have been wrapped, and share of lines near the width that shows wrapping.
_NARROWEST: Final = 45
_LONG: Final = 120
#: Lengths of a line that was probably wrapped, where the document has too few lines to tell its width.
_WIDE: Final = 72
_WIDEST: Final = 130
_SENTENCE: Final = 40

_PAGE_MARK = re.compile(
    r"\f|\d{1,3} ?/ ?\d{1,3}|-{1,2} ?\d{1,3} ?-{1,2}|(?:[Pp]age|PAGE) \d{1,3}(?: ?(?:of|/) ?\d{1,3})?"
    r"|\d{2}-\d{5}(?: \([A-Z]\))?"
    r"(?: \d{6})?|(?:\d{1,3} ?/ ?\d{1,3} )?\d{2}-\d{5}(?: \([A-Z]\))?(?: \d{1,3} ?/ ?\d{1,3})?|\d{6}"
)
_PAGE_NUMBER = re.compile(r"\d{1,3}")
_SYMBOL_LINE = re.compile(r"[A-Z]{1,6}(?:/[A-Za-z0-9.()-]{1,20}){1,8}")
_SEPARATOR = re.compile(r"[_\u2014]{5,}|-{8,}")
_PICTURE = re.compile(
    r"\[?(?:Image|Picture|Figure|Logo|Seal|Signature)s?:.*|(?:An?|The) (?:[\w-]+ ){0,4}"
    r"(?:signature|seal|stamp|emblem|logo|image|photograph|drawing|handwriting)\b.*"
    r"\b(?:ink|appear\w*|consist\w*|located|depict\w*|show\w*|featur\w*|stylized|background)\b.*",
    re.I,
)
_NOTE = re.compile(r"(?P<high>[\u00b9\u00b2\u00b3\u2070-\u2079]{1,4}) ?|\[\^(?P<mark>\w{1,8})\]: ?")
_NUMBERED_NOTE = re.compile(r"(?P<number>\d{1,3}|\*{1,3})(?:/|\))?(?: (?=\S)|$)")
_HYPHENATED = re.compile(r"[^\W\d_]-$")
_LABELLED = re.compile(r"(?:e-?mail|web ?site|telephone|tel|phone|fax)\.? ?:", re.I)
_NUMBERED = re.compile(r"\d{1,3}\. ?\S")
_RUNNING = re.compile(
    r"(?:The [A-Z][\w' -]{2,60}|.{0,200}\bpresents? (?:its|his|her|their) compliments\b.*"
    r"|.{0,40}\b(?:Excellenc(?:y|ies)|Dear|Sir|Madam)\b.{0,80}),?$"
)
_STOPS: Final = ".,;:!?\u2026"
_QUOTES: Final = "\"'\u201d\u2019)]\u00bb"

_HIGH = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph, a block of short lines, or a footnote. `marker` is that of the footnote."""

    text: Mapped
    kind: str
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out: `kind` is page | running-title | picture | separator."""

    kind: str
    raw_start: int
    raw_end: int


def pieces(text: Mapped) -> tuple[list[Piece], list[Removed]]:
    """The paragraphs in order (footnotes last), and what was dropped. Linear in the length of the text."""
    lines, removed = _without_furniture(text.lines())
    lines, notes = _without_notes(lines, removed)
    width = _wrap_width(lines)
    flow: list[list[Piece]] = []  # the pieces of one paragraph together: they are joined once, at the end
    running = False
    for group in _groups(lines):
        for piece in _paragraphs(group, width):
            if flow and _continues(flow[-1], piece, running):
                flow[-1].append(piece)
            else:
                flow.append([piece])
            running = running or _RUNNING.match(flow[-1][0].text.text[:300]) is not None
    shown: list[Piece] = []
    for together in flow:
        piece = together[0] if len(together) == 1 else Piece(_sentence([part.text for part in together]), PROSE)
        if piece.kind == PROSE and _PICTURE.fullmatch(piece.text.text):
            removed.append(Removed("picture", piece.text.offsets[0], piece.text.offsets[-1] + 1))
        else:
            shown.append(piece)
    return shown + notes, sorted(removed, key=lambda item: item.raw_start)


def marker(printed: str) -> str:
    """Superscript digits as plain ones."""
    return printed.translate(_HIGH)


def _without_furniture(lines: list[Mapped]) -> tuple[list[Mapped], list[Removed]]:
    """Blank out page marks and running titles next to them; a paragraph break stays where they stood."""
    start = next((at for at, line in enumerate(lines) if line.text and _RUNNING.match(line.text[:300])), len(lines))
    head = _letters(" ".join(line.text for line in lines[:start])[:4000])
    kinds: dict[int, str] = {}
    for at, line in enumerate(lines):
        alone = not (at and lines[at - 1].text) and not (at + 1 < len(lines) and lines[at + 1].text)
        if line.text == "":
            continue
        if _PAGE_MARK.fullmatch(line.text) or (alone and _PAGE_NUMBER.fullmatch(line.text)):
            kinds[at] = "page"
        elif at > start and _titled_symbol(line.text, head):
            kinds[at] = "running-title"
    for before, after in pairwise(list(kinds)):
        between = [at for at in range(before + 1, after) if lines[at].text]
        if before > start and len(between) <= 6 and all(_letters(lines[at].text) in head for at in between):
            kinds.update(dict.fromkeys(between, "running-title"))
    removed = [
        Removed(kind, lines[at].offsets[0], lines[at].offsets[-1] + 1)
        for at, kind in sorted(kinds.items())
        if lines[at].text != PAGE_BREAK
    ]
    return [line[:0] if at in kinds else line for at, line in enumerate(lines)], removed


def _titled_symbol(line: str, head: str) -> bool:
    """A symbol, alone or with (a part of) the title beside it."""
    for symbol, rest in (
        ((line, ""), line.split(" ", 1), reversed(line.rsplit(" ", 1))) if " " in line else ((line, ""),)
    ):
        if _SYMBOL_LINE.fullmatch(symbol) and _letters(rest) in head:
            return True
    return False


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _without_notes(lines: list[Mapped], removed: list[Removed]) -> tuple[list[Mapped], list[Piece]]:
    """Take footnotes out of the flow. A separator line allows plain numbers; else only marked ones are footnotes."""
    flow: list[Mapped] = []
    notes: list[Piece] = []
    at = 0
    below = False
    while at < len(lines):
        line = lines[at]
        if _SEPARATOR.fullmatch(line.text):
            below = True
            removed.append(Removed("separator", line.offsets[0], line.offsets[-1] + 1))
            flow.append(line[:0])
            at += 1
            continue
        found = _NOTE.match(line.text) or (_NUMBERED_NOTE.match(line.text) if below else None)
        if found is None or (_counts(found) and notes and _counts(found) != int(notes[-1].marker or 0) + 1):
            below = below and not line.text
            flow.append(line)
            at += 1
            continue
        mark = marker(next(group for group in found.groups() if group))
        parts, at = _note_lines(lines, at)
        notes.append(Piece(joined(parts, " "), FOOTNOTE, mark))
        flow.append(line[:0])
    removed.sort(key=lambda item: item.raw_start)
    return flow, notes


def _counts(found: re.Match[str]) -> int | None:
    """The plain number of a note under a separator: such notes follow one another, or they are something else."""
    number = found.groupdict().get("number") or ""
    return int(number) if number.isdigit() else None


def _note_lines(lines: Sequence[Mapped], at: int) -> tuple[list[Mapped], int]:
    """The lines of the footnote that begins at `at`, and where the text goes on: after a full stop or an empty line."""
    parts = [lines[at]]
    at += 1
    if at + 1 < len(lines) and not lines[at].text and len(parts[0].text) <= 4:
        at += 1  # the number stands on a line of its own
    while at < len(lines) and lines[at].text and len(parts) < 40 and not parts[-1].text.endswith("."):
        if _NOTE.match(lines[at].text):
            break
        parts.append(lines[at])
        at += 1
    return parts, at


def _wrap_width(lines: Sequence[Mapped]) -> int | None:
    """The width at which the document's lines were wrapped, None if they were not."""
    inner = sorted(a.extent for a, b in pairwise(lines) if a.text and b.text)
    if len(inner) < 4:
        return None
    width = inner[int(0.9 * (len(inner) - 1))]
    full = sum(1 for length in inner if length >= 0.7 * width)
    return width if width >= _NARROWEST and full >= 0.6 * len(inner) else None


def _groups(lines: Sequence[Mapped]) -> Iterator[list[Mapped]]:
    """Runs of lines without an empty line between them."""
    group: list[Mapped] = []
    for line in lines:
        if line.text:
            group.append(line)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _paragraphs(group: list[Mapped], width: int | None) -> Iterator[Piece]:
    """Join the wrapped lines of a group; tell paragraphs from blocks of short lines."""
    parts: list[list[Mapped]] = [[group[0]]]
    for line in group[1:]:
        if _wrapped(parts[-1][-1], line, width):
            parts[-1].append(line)
        else:
            parts.append([line])
    short: list[Mapped] = []
    for part in parts:
        text = _sentence(part)
        single = len(part) == 1 and len(text) < _LONG and not _NUMBERED.match(text.text)
        if len(parts) > 1 and (single or _LABELLED.match(text.text)):
            short.append(text)
            continue
        yield from _short(short)
        short = []
        yield Piece(text, PROSE)
    yield from _short(short)


def _short(lines: list[Mapped]) -> Iterator[Piece]:
    if lines:
        yield Piece(joined(lines, "\n"), LINES if len(lines) > 1 else PROSE)


def _wrapped(before: Mapped, after: Mapped, width: int | None) -> bool:
    """Whether a line goes on with the sentence of the line before rather than beginning something new.

    Widths are those of the file: marks that were taken out had been counted by the program that wrapped the lines.
    """
    line, following = before.text, after.text
    if _NUMBERED.match(following) and _stopped(line):
        return False
    if following[0].islower() and not line.endswith((".", ";", ":")) and len(line) >= 20:
        return True
    if width is None:
        return _WIDE <= before.extent <= _WIDEST and not _stopped(line)
    first = after[: len(following.split(" ", 1)[0])]
    return before.extent + 1 + first.extent > 0.92 * width


def _sentence(lines: list[Mapped]) -> Mapped:
    """The lines of one sentence as one. A hyphen at a line's end stays, without a blank after it."""
    if len(lines) == 1:
        return lines[0]
    return joined(
        lines, ["" if _HYPHENATED.search(a.text) and b.text[:1].isalpha() else " " for a, b in pairwise(lines)]
    )


def _stopped(text: str) -> bool:
    return text.rstrip(_QUOTES).endswith(tuple(_STOPS)) or text.endswith(tuple(_STOPS))


def _continues(pieces_before: list[Piece], piece: Piece, running: bool) -> bool:
    """Whether a page break (or a footnote) cut one sentence between these pieces and the next one."""
    before = pieces_before[-1]
    if before.kind != PROSE or piece.kind != PROSE or _NUMBERED.match(piece.text.text):
        return False
    text = before.text.text
    if piece.text.text[0].islower():
        return not text.rstrip(_QUOTES).endswith((".", ";", ":", "!", "?"))
    long = len(pieces_before) > 1 or len(text) >= _SENTENCE
    return running and long and not _stopped(text) and text[-1] not in _QUOTES
