"""A text that remembers, for every character, where it stood in the raw file.

All cleaning of a document is a chain of substitutions on such a text, so that a span of the clean text can always be
shown in the file as it came.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: What a substitution leaves of a match: the number of the group to keep, or new text (mapped to the match's start).
Kept = int | str


@dataclass(frozen=True, slots=True)
class Mapped:
    """`text` and, of equal length, `offsets`: the raw offset of each character."""

    text: str
    offsets: array[int]

    @classmethod
    def of(cls, raw: str) -> Mapped:
        """The raw text itself."""
        return cls(raw, array("L", range(len(raw))))

    def __len__(self) -> int:
        return len(self.text)

    @property
    def extent(self) -> int:
        """How many characters it takes in the raw text, marks that were taken out included."""
        return self.offsets[-1] + 1 - self.offsets[0] if self.text else 0

    def __getitem__(self, span: slice) -> Mapped:
        return Mapped(self.text[span], self.offsets[span])

    def sub(self, pattern: re.Pattern[str], keep: Kept | Callable[[re.Match[str]], Kept]) -> Mapped:
        """Replace every match by a group of it or by new text. Linear in the length of the text."""
        texts: list[str] = []
        offsets = array("L")
        at = 0
        for match in pattern.finditer(self.text):
            kept = keep(match) if callable(keep) else keep
            texts.append(self.text[at : match.start()])
            offsets.extend(self.offsets[at : match.start()])
            if isinstance(kept, int):
                texts.append(self.text[match.start(kept) : match.end(kept)])
                offsets.extend(self.offsets[match.start(kept) : match.end(kept)])
            elif kept:
                texts.append(kept)
                offsets.extend([self.offsets[match.start()]] * len(kept))
            at = match.end()
        if not at:
            return self
        texts.append(self.text[at:])
        offsets.extend(self.offsets[at:])
        return Mapped("".join(texts), offsets)

    def strip(self) -> Mapped:
        """Without blanks at both ends."""
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(start, len(self.text.rstrip()))]

    def lines(self) -> list[Mapped]:
        """The lines, stripped."""
        out: list[Mapped] = []
        at = 0
        for line in self.text.split("\n"):
            out.append(self[at : at + len(line)].strip())
            at += len(line) + 1
        return out


def joined(parts: Sequence[Mapped], separators: str | Sequence[str]) -> Mapped:
    """The parts with a separator (or one each) between them, mapped to where the part before it ended."""
    texts: list[str] = []
    offsets = array("L")
    for number, part in enumerate(parts):
        separator = "" if not number else separators if isinstance(separators, str) else separators[number - 1]
        if separator:
            texts.append(separator)
            offsets.extend([offsets[-1] if offsets else 0] * len(separator))
        texts.append(part.text)
        offsets.extend(part.offsets)
    return Mapped("".join(texts), offsets)
