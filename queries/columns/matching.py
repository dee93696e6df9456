"""Joins the patterns of a small question by binary search in the columns of a release, and counts what that costs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from queries.columns.file import ColumnFile
from queries.columns.shapes import Shape

__all__ = ["MOST_STEPS", "Matching", "Part", "Parts", "Row", "TooMuch"]

#: Statements that one question may touch, and searches it may make, together.
MOST_STEPS: Final = 1_000

#: Numbers of terms.
Row: TypeAlias = tuple[int, ...]
#: A pattern: for subject, property and object a number of a term, or the place of a variable as -1 - place.
_Pattern: TypeAlias = tuple[int, int, int]


class TooMuch(Exception):
    """The engine shall answer."""


class Part(NamedTuple):
    """A range of two columns, of which the first ascends, and the second for equal numbers of the first."""

    ends: memoryview[int]
    others: memoryview[int]
    low: int
    high: int

    def of(self, number: int) -> tuple[int, int]:
        """Where one number stands in the first."""
        ends, high = self.ends, self.high
        low = bisect_left(ends, number, self.low, high)
        if low == high or ends[low] != number:
            return low, low
        if low + 1 == high or ends[low + 1] != number:
            return low, low + 1
        return low, bisect_right(ends, number, low + 1, high)

    def holds(self, number: int, other: int) -> bool:
        """Whether these two stand beside each other."""
        low, high = self.of(number)
        at = bisect_left(self.others, other, low, high)
        return at < high and self.others[at] == other


class Parts:
    """The statements of each property, both ways; safe for several threads."""

    def __init__(self, file: ColumnFile) -> None:
        firsts, columns = file.firsts.tolist(), file.columns
        self._forth: dict[int, Part] = {}
        self._back: dict[int, Part] = {}
        for at, number in enumerate(file.properties):
            low, high = firsts[at], firsts[at + 1]
            self._forth[number] = Part(columns["subjects"], columns["objects"], low, high)
            self._back[number] = Part(columns["back-objects"], columns["back-subjects"], low, high)
        self._none = Part(columns["subjects"], columns["objects"], 0, 0)

    def forth(self, number: int) -> Part:
        """The statements of a property in the order of subject, object; none of what is no property."""
        return self._forth.get(number, self._none)

    def back(self, number: int) -> Part:
        """The same in the order of object, subject."""
        return self._back.get(number, self._none)

    def properties(self) -> Iterable[int]:
        """All properties."""
        return self._forth


class Matching:
    """The patterns of one question. `constants` are numbers of terms."""

    def __init__(self, parts: Parts, shape: Shape, constants: Sequence[int]) -> None:
        self._parts = parts
        self._left = MOST_STEPS
        self._variables = shape.variables
        # A constant becomes the number of its term, a variable -1 - its number.
        self._patterns: list[_Pattern] = [
            (
                constants[-1 - subject] if subject < 0 else -1 - subject,
                constants[-1 - predicate] if predicate < 0 else -1 - predicate,
                constants[-1 - object_] if object_ < 0 else -1 - object_,
            )
            for subject, predicate, object_ in shape.patterns
        ]
        self._known: dict[int, int] = {}  # where in a row a variable stands
        self._rows: list[Row] = [()]

    def rows(self) -> list[Row]:
        """All solutions: for each variable the number of its term, by the number of the variable. Raises TooMuch."""
        fixed: list[tuple[int, int, _Pattern, Part]] = []
        left: list[_Pattern] = []
        for pattern in self._patterns:
            subject, predicate, object_ = pattern
            if predicate < 0 or (subject < 0 and object_ < 0):
                left.append(pattern)
                continue
            part = self._parts.forth(predicate) if subject >= 0 else self._parts.back(predicate)
            low, high = part.of(subject if subject >= 0 else object_)
            fixed.append((high - low, low, pattern, part))
        if len(fixed) > 1:
            fixed.sort(key=itemgetter(0))
        for size, low, pattern, part in fixed:
            self._fix(pattern, part, low, size)
        while left and self._rows:
            pattern = min(left, key=self._rank)
            left.remove(pattern)
            self._join(pattern)
        if not self._rows:
            return []
        known = self._known
        order = [known[-1 - variable] for variable in range(self._variables)]
        if order == list(range(self._variables)):
            return self._rows
        return [tuple([row[at] for at in order]) for row in self._rows]

    def _pay(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TooMuch

    def _fix(self, pattern: _Pattern, part: Part, low: int, size: int) -> None:
        """Join the statements of a pattern whose property and one end are constants."""
        subject, _, object_ = pattern
        rows = self._rows
        free = object_ if subject >= 0 else subject
        self._pay(1 + (len(rows) * size if free < 0 else 0))
        if free >= 0:
            if not part.holds(subject, object_):
                self._rows = []
            return
        others = part.others[low : low + size].tolist()
        at = self._known.get(free)
        if at is None:
            self._known[free] = len(self._known)
            self._rows = [(*row, other) for row in rows for other in others]
        else:
            wanted = set(others)
            self._rows = [row for row in rows if row[at] in wanted]

    def _rank(self, pattern: _Pattern) -> int:
        """What is joined first: what is bound at both ends, then at one; what leaves its property open at last."""
        subject, predicate, object_ = pattern
        known = self._known
        ends = (subject >= 0 or subject in known, object_ >= 0 or object_ in known)
        if not any(ends):
            return 6
        return (0 if all(ends) else 1 if ends[0] else 2) + (3 if predicate < 0 else 0)

    def _join(self, pattern: _Pattern) -> None:
        """Join the statements of a pattern of which an end, or both, are known only row by row."""
        subject, predicate, object_ = pattern
        known = self._known
        start, end = known.get(subject, -1), known.get(object_, -1)
        from_start = subject >= 0 or start >= 0
        if not from_start and object_ < 0 and end < 0:
            raise TooMuch  # nothing to look it up by
        closed = from_start and (object_ >= 0 or end >= 0)
        for variable in pattern:
            if variable < 0:
                known.setdefault(variable, len(known))
        if predicate >= 0 and not closed:  # so one end is known, and in the rows
            part = self._parts.forth(predicate) if from_start else self._parts.back(predicate)
            self._rows = self._followed(part, start if from_start else end)
            return
        found: list[Row] = []
        for property_ in self._parts.properties() if predicate < 0 else (predicate,):
            part = self._parts.forth(property_) if from_start else self._parts.back(property_)
            for row in self._rows:
                self._pay(1)
                near = (subject if start < 0 else row[start]) if from_start else (object_ if end < 0 else row[end])
                if closed:
                    if part.holds(near, object_ if end < 0 else row[end]):
                        found.append(row if predicate >= 0 else (*row, property_))
                    continue
                low, high = part.of(near)
                if low == high:
                    continue
                self._pay(high - low)
                for other in part.others[low:high]:
                    found.append((*row, property_, other) if from_start else (*row, other, property_))
        self._rows = found

    def _followed(self, part: Part, at: int) -> list[Row]:
        """Each row with what stands beside the term in one of its places."""
        ends, others, first, high = part
        found: list[Row] = []
        left = self._left
        for row in self._rows:
            near = row[at]
            place = bisect_left(ends, near, first, high)
            left -= 1
            while place < high and ends[place] == near:
                found.append((*row, others[place]))
                place += 1
                left -= 1
                if left < 0:
                    raise TooMuch
        if left < 0:
            raise TooMuch
        self._left = left
        return found
