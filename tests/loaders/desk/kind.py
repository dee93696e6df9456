"""Deliberate errors, one of each kind: the edit of the record, the rule that must find it, and where.

An edit turns the text of a file into another text and says at which character the result must stand: `cell` writes
another value into one cell of a row, `swap` replaces words that stand exactly once (the sign « marks the place and is
not written), `row` appends a row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace

Edit = Callable[[str], tuple[str, int]]

LETTER = "claims/letter-2018-04-16-aplc-im-2018.trig"
NOTE = "claims/oda-2023-00050.trig"
RESOLUTION = "claims/a-res-77-63.trig"
#: Of the two longest tables the tests keep the rows that begin so.
KEPT_ROWS = {"tables/positions.csv": "a/res/78/32,", "tables/treaty_actions.csv": "ccm,"}


@dataclass(frozen=True)
class Kind:
    """One kind of error. `hint` are words of its hint, `others` files that are checked together with the edited one.

    `exact` says whether the column is expected, or the line alone.
    """

    rule: str
    what: str
    file: str
    edit: Edit
    hint: str
    severity: str = "violation"
    others: tuple[str, ...] = ()
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


def swap(old: str, new: str) -> Edit:
    """Replace what stands once; the result is expected at the sign « of `new`, else where `new` begins."""

    def edit(text: str) -> tuple[str, int]:
        assert text.count(old) == 1, f"{text.count(old)} times: {old}"
        start = text.index(old)
        return text.replace(old, new.replace("«", "")), start + max(new.find("«"), 0)

    return edit


def cell(key: str, column: str, value: str) -> Edit:
    """Write a value into a cell of the first row that begins with `key`; the result is expected there."""

    def edit(text: str) -> tuple[str, int]:
        start = text.index(f"\n{key}") + 1
        end = text.index("\n", start)
        names = next(csv.reader(io.StringIO(text)))
        cells = next(csv.reader([text[start:end]]))
        assert cells[names.index(column)] != value
        before, after = cells[: names.index(column)], cells[names.index(column) + 1 :]
        ahead = start + len(_written(before)) + (1 if before else 0)
        return text[:start] + _written([*before, value, *after]) + text[end:], ahead

    return edit


def row(line: str) -> Edit:
    """Append a row; the result is expected at the sign «."""

    def edit(text: str) -> tuple[str, int]:
        return text + line.replace("«", "") + "\n", len(text) + line.index("«")

    return edit


def _written(cells: list[str]) -> str:
    """Cells as one line of CSV."""
    output = io.StringIO()
    csv.writer(output, lineterminator="").writerow(cells)
    return output.getvalue() if cells else ""


def table(name: str, column: str, key: str, value: str, rule: str, what: str, hint: str, **more: str) -> Kind:
    """An error in one cell."""
    return Kind(rule, what, f"tables/{name}.csv", cell(key, column, value), hint, **more)  # type: ignore[arg-type]


def missing(kind: Kind) -> Kind:
    """What is missing has no place of its own: the line of its row is enough."""
    return replace(kind, exact=False)


def elsewhere(edit: Edit, words: str) -> Edit:
    """The edit, with the result expected at words that stand once in the edited text."""

    def edited(text: str) -> tuple[str, int]:
        new, _ = edit(text)
        assert new.count(words) == 1, f"{new.count(words)} times: {words}"
        return new, new.index(words)

    return edited


def across(kind: Kind, *others: str) -> Kind:
    """The kind, checked together with other tables."""
    return replace(kind, others=tuple(f"tables/{name}.csv" for name in others))


SOURCE = "https://meetings.example/,sourced-secondary"
