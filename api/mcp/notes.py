"""What has to be said with an answer: that there is no evidence, that it was cut, what was meant instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from api.mcp import models

__all__ = ["cut_note", "no_evidence", "row_note", "unknown"]


def no_evidence(release: str, words: str) -> str:
    """That nothing backs the answer."""
    return f"No evidence in release {release}{': ' + words if words else ''}."


def cut_note(cut: bool) -> str | None:
    """That there is more than was followed; None where there is not."""
    return "CUT: the graph holds more than was followed; ask for a smaller depth or fewer kinds." if cut else None


def row_note(rows: Sequence[models.Row], release: str, words: str) -> str | None:
    """For how many rows there is no evidence; None where each has some."""
    bare = sum(not row.statements for row in rows)
    if bare == len(rows):
        return no_evidence(release, words)
    return f"No evidence in release {release} for {bare} of these {len(rows)} rows." if bare else None


def unknown(question: str, known: Iterable[str]) -> str:
    """That there is no such question, and which ones are called nearly so."""
    close = difflib.get_close_matches(question, list(known), n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "the tool questions lists them"
    return f"there is no question {question[:100]!r}; {hint}"
