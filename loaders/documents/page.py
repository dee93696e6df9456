"""A document that is being read: its text, its paragraphs, its treaty, the meeting it is about."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from loaders.extraction import ParagraphSpan
from loaders.grammar.resolutions import Cited, find_resolutions
from loaders.grammar.treaties import Treaties
from loaders.text import Block, NormalisedText


@dataclass(frozen=True)
class Page:
    """What all readers share. `short`: the type that "the Meeting" has here; `focus`: key of that meeting."""

    source: NormalisedText
    paragraphs: tuple[ParagraphSpan, ...]
    treaties: Treaties
    dated: date | None = None
    organ: str = "General Assembly"
    short: str | None = None
    focus: str | None = None
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(paragraph.start for paragraph in self.paragraphs))

    @property
    def text(self) -> str:
        """The normalised text."""
        return self.source.text

    @cached_property
    def cited(self) -> tuple[tuple[ParagraphSpan, Cited], ...]:
        """All citations of resolutions, by paragraph; "the resolution" is the one that was cited last."""
        out: list[tuple[ParagraphSpan, Cited]] = []
        last: Cited | None = None
        for paragraph in self.paragraphs:
            for cited in find_resolutions(self.text, paragraph.start, paragraph.end, last, self.organ):
                last = cited
                out.append((paragraph, cited))
        return tuple(out)

    def part_of(self, offset: int) -> str | None:
        """The paragraph that an offset lies in; None outside of paragraphs."""
        at = bisect_right(self._starts, offset) - 1
        return self.paragraphs[at].part if at >= 0 and offset < self.paragraphs[at].end else None

    def following(self, paragraph: ParagraphSpan) -> ParagraphSpan | None:
        """The paragraph after one."""
        at = bisect_right(self._starts, paragraph.start)
        return self.paragraphs[at] if at < len(self.paragraphs) else None

    def quotation_after(self, paragraph: ParagraphSpan, offset: int) -> ParagraphSpan | None:
        """The next paragraph, if it is a quotation that the rest of this one (from the offset) announces."""
        following = self.following(paragraph)
        rest = self.text[offset : paragraph.end].strip(" ,")
        if following is None or self.text[following.start] not in '"\u201c':
            return None
        return following if rest == "" or (rest.endswith(":") and len(rest) <= 120 and ". " not in rest) else None

    def lines_after(self, offset: int) -> Block | None:
        """The block of short lines that follows the paragraph ending at an offset, before any other paragraph."""
        for block in self.source.blocks:
            if block.start >= offset:
                return block if block.kind == "lines" else None
        return None

    def lines_before(self, offset: int) -> Block | None:
        """The last block of short lines that ends before an offset."""
        found = [block for block in self.source.blocks if block.end <= offset and block.kind == "lines"]
        return found[-1] if found else None


def body_paragraphs(blocks: list[Block]) -> tuple[ParagraphSpan, ...]:
    """Number the paragraphs of running text: p1, p2, …"""
    return tuple(
        ParagraphSpan(
            kind="body",
            number=str(number),
            part=f"p{number}",
            opening=None,
            force=None,
            start=block.start,
            end=block.end,
        )
        for number, block in enumerate(blocks, 1)
    )
