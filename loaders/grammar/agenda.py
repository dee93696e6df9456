"""What the Assembly puts on the agenda of a later session."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loaders.grammar.ordinals import ORDINAL, ordinal_value

_QUOTED = r"[\"\u201c](?P<{0}>[^\"\u201c\u201d]{{1,600}})[\"\u201d]"
_REQUEST = re.compile(
    rf"(?:provisional )?agenda of (?:its|the) (?P<session>{ORDINAL}) session(?:,? under)?(?:,? (?:the"
    rf"|an) item entitled "
    rf"{_QUOTED.format('item')})?(?:,? (?:and )?(?:the|a) sub-item entitled {_QUOTED.format('sub')})?"
)


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """An item of the agenda of a session; a sub-item, if one is named."""

    start: int
    end: int
    session: int
    item: str | None
    sub_item: str | None


def find_agenda_items(text: str, start: int, end: int) -> list[AgendaItem]:
    """The items that a span puts on the agenda of a session."""
    out = []
    for match in _REQUEST.finditer(text, start, end):
        session = ordinal_value(match["session"])
        if session is not None:
            out.append(AgendaItem(match.start(), match.end(), session, match["item"], match["sub"]))
    return out
