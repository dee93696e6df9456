"""The heading and the closing lines of a resolution: symbol, title, dates, session, agenda item, committee report."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from loaders.grammar.dates import date_at, find_dates
from loaders.grammar.ordinals import ORDINAL, ordinal_value
from loaders.grammar.symbols import NUMBER, find_symbols, resolution_symbol
from loaders.text import Block, NormalisedText

_ENACTING = re.compile(r"The (?P<organ>General Assembly),?")
_SESSION = re.compile(rf"(?P<session>{ORDINAL}|\w+ (?:emergency )?special) (?:session|SESSION)")
_ITEM = re.compile(
    r"Agenda items? (?P<item>\d{1,3}(?: ?\([a-z]{1,4}\))*(?:(?:, | and |, and )\d{0,3}(?: ?\([a-z]{1,4}\))*)*)", re.I
)
_DISTRIBUTION = re.compile(r"(?<!\w)(?:Distr|DISTR)\.? ?:? ?(?:General|GENERAL|Limited|LIMITED|Restricted)(?!\w)")
_ADOPTED = re.compile(r"\[?Resolutions? adopted by the General Assembly(?: on (?=\w))?", re.I)
_REPORT = re.compile(r"\[?on the report of the (?P<committee>[^\[\]\n]{3,120}?) \((?=[A-Z]/)")
_PARAGRAPH = re.compile(r",? paras?\. (?P<paragraph>\d{1,4})")
_TITLE = re.compile(rf"(?P<number>{NUMBER})\. (?P<title>[^\W\d_].{{2,600}})", re.S)
_LETTER = re.compile(r"[A-Z]")
_CLOSING = re.compile(r"(?P<number>\d{1,5}(?:st|nd|rd|th)) (?:\(resumed\) )?plenary meeting,?(?=\n|$| \d)")
_KNOWN: Final = frozenset(("First", "Second", "Third", "Fourth", "Fifth", "Sixth"))


@dataclass(frozen=True, slots=True)
class Heading:
    """What the heading and the closing lines say.

    `body`: the blocks between the enacting words and the closing lines.
    """

    body: tuple[Block, ...] = ()
    symbol: str | None = None
    title: str | None = None
    adopted: date | None = None
    distributed: date | None = None
    session: int | None = None
    plenary: int | None = None
    agenda_item: str | None = None
    agenda_title: str | None = None
    committee: str | None = None
    report: str | None = None
    report_paragraph: int | None = None
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)


def read_heading(source: NormalisedText) -> Heading:
    """Read all blocks before the enacting words and after the last paragraph."""
    blocks = [block for block in source.blocks if block.kind != "footnote"]
    enacting = next((at for at, block in enumerate(blocks) if _ENACTING.fullmatch(source.of(block))), len(blocks))
    closing = next(
        (at for at, block in enumerate(blocks) if at > enacting and _CLOSING.match(source.of(block))), len(blocks)
    )
    head = Heading(body=tuple(blocks[enacting + 1 : closing]))
    for number, block in enumerate(blocks[:enacting]):
        head = _block(source, head, block, blocks[number + 1 : min(enacting, number + 4)])
    if closing < len(blocks):
        head = _closing(source, head, blocks[closing : closing + 2])
    return head


def _set(head: Heading, start: int, end: int, **values: object) -> Heading:
    """Keep the first value of each fact, and where it stands."""
    new = {name: value for name, value in values.items() if value is not None and getattr(head, name) is None}
    spans = {**head.spans, **dict.fromkeys(new, (start, end))}
    return replace(head, spans=spans, **new)  # type: ignore[arg-type]


def _block(source: NormalisedText, head: Heading, block: Block, following: list[Block]) -> Heading:
    text, start, end = source.text, block.start, block.end
    for line_start, line_end in _lines(text, start, end):
        symbol = next(iter(find_symbols(text, line_start, line_end)), None)
        if symbol is not None and symbol.official.startswith("A/RES/"):
            head = _set(head, symbol.start, symbol.end, symbol=symbol.official)
    session = _SESSION.match(text, start, end) or _SESSION.search(text, start, end)
    if session is not None:
        head = _set(head, session.start(), session.end(), session=ordinal_value(session["session"]))
    item = _ITEM.search(text, start, end)
    if item is not None:
        head = _set(head, item.start(), item.end(), agenda_item=" ".join(item["item"].split()))
        title = _agenda_title(source, following)
        if title is not None:
            head = _set(head, title.start, title.end, agenda_title=" ".join(source.of(title).split()))
    distribution = _DISTRIBUTION.search(text, start, end)
    if distribution is not None:
        dated = next(iter(find_dates(text, distribution.end(), end)), None)
        if dated is None and following:
            dated = next(iter(find_dates(text, following[0].start, following[0].end)), None)
        if dated is not None and dated.precision == "day":
            head = _set(head, dated.start, dated.end, distributed=dated.first)
    adopted = _ADOPTED.search(text, start, end)
    if adopted is not None:
        dated = date_at(text, adopted.end(), end)
        if dated is not None and dated.precision == "day":
            head = _set(head, dated.start, dated.end, adopted=dated.first)
    return _title(source, _report(source, head, block), block, following)


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    out = []
    for line in text[start:end].split("\n"):
        out.append((start, start + len(line)))
        start += len(line) + 1
    return out


def _agenda_title(source: NormalisedText, following: list[Block]) -> Block | None:
    """The heading under the number of the agenda item."""
    if not following or following[0].kind != "prose":
        return None
    text = source.of(following[0])
    return None if _ADOPTED.match(text) or text.startswith("[") or _TITLE.fullmatch(text) else following[0]


def _report(source: NormalisedText, head: Heading, block: Block) -> Heading:
    found = _REPORT.search(source.text, block.start, block.end)
    if found is None:
        return head
    committee = found["committee"]
    for name in _KNOWN:
        if f"{name} Committee" in committee:
            committee = f"{name} Committee"
    head = _set(head, *found.span("committee"), committee=committee)
    symbol = next(iter(find_symbols(source.text, found.end(), block.end)), None)
    if symbol is None:
        return head
    head = _set(head, symbol.start, symbol.end, report=symbol.official)
    paragraph = _PARAGRAPH.match(source.text, symbol.end, block.end)
    if paragraph is None:
        return head
    return _set(head, paragraph.start(), paragraph.end(), report_paragraph=int(paragraph["paragraph"]))


def _title(source: NormalisedText, head: Heading, block: Block, following: list[Block]) -> Heading:
    """`77/63. Title`; the number may stand alone before the title, a part letter between them."""
    text = source.of(block)
    number, title, span = None, None, (block.start, block.end)
    whole = _TITLE.fullmatch(text)
    if whole is not None:
        number, title = whole["number"], whole["title"]
        span = (block.start + whole.start("title"), block.end)
    elif text.endswith(".") and resolution_symbol(text[:-1]) and following:
        number, title, span = text[:-1], source.of(following[0]), (following[0].start, following[0].end)
    if number is None or title is None:
        return head
    for at, other in enumerate(following[:2]):
        if _LETTER.fullmatch(source.of(other)) and at + 1 < len(following):
            number = f"{number} {source.of(other)}"
            title, span = source.of(following[at + 1]), (following[at + 1].start, following[at + 1].end)
    head = _set(head, *span, title=" ".join(title.split()))
    symbol = resolution_symbol(number)
    if symbol is None or (head.symbol and not symbol.startswith(head.symbol)):
        return head
    # the number with its part letter is the more exact one: the masthead prints the parent's symbol
    return replace(head, symbol=symbol, spans={**head.spans, "symbol": (block.start, block.start + len(number))})


def _closing(source: NormalisedText, head: Heading, blocks: list[Block]) -> Heading:
    found = _CLOSING.match(source.text, blocks[0].start, blocks[0].end)
    if found is None:
        return head
    head = _set(head, found.start(), found.end(), plenary=int(found["number"].rstrip("stndrh")))
    dated = next(iter(find_dates(source.text, found.end(), blocks[-1].end)), None)
    if dated is not None and dated.precision == "day" and dated.last is None:
        head = _set(head, dated.start, dated.end, adopted=dated.first)
    return head
