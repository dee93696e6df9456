"""Answers small SELECT queries from the columns of a release, in the process that is asked.

What a researcher looks up most (the record of a resolution, the meetings of a series) touches a few dozen statements;
to hand it to a worker and back costs more than to find them. Everything is counted: what touches more statements than
`MOST_STEPS`, or gives more than `MOST_CELLS`, is left to the engine, so that nobody waits who asks something else.
Nothing here depends on the clock, so the same question has the same answer, in the same order, each time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from queries.columns.file import ColumnFile
from queries.columns.order import sorting
from queries.columns.shapes import Shape, asked

__all__ = ["MOST_CELLS", "MOST_STEPS", "Lookups"]

#: Statements that one question may touch, and searches it may make, together.
MOST_STEPS: Final = 1_000
#: Terms that its answer may hold.
MOST_CELLS: Final = 1_000

_Row = tuple[int, ...]
#: A pattern: for subject, property and object a number of a term, or the place of a variable as -1 - place.
_Pattern = tuple[int, int, int]


class _TooMuch(Exception):
    """The engine shall answer."""


class Lookups:
    """The columns of one release; safe for several threads."""

    def __init__(self, file: ColumnFile) -> None:
        self._terms = file.terms
        self._properties = {number: at for at, number in enumerate(file.properties)}
        self._firsts = file.firsts.tolist()
        self._columns = file.columns

    def answer(self, text: str) -> str | None:
        """The answer to a query about the default graph as TSV; None where the engine must answer.

        Terms are written as in N-Triples (SPARQL 1.1 Query Results CSV and TSV, 4).
        """
        question = asked(text)
        if question is None or (constants := question.terms()) is None:
            return None
        shape, find = question.shape, self._terms.find
        numbers = [find(term) for term in constants]
        try:
            found = _Finding(self, shape, numbers).rows() if min(numbers, default=0) >= 0 else []  # -1: in no statement
            rows = self._ordered(shape, found)
        except _TooMuch:
            return None
        terms = self._terms
        lines = ["\t".join(["?" + name for name in question.names])]
        lines += ["\t".join([terms[number] for number in row]) for row in rows]
        lines.append("")
        return "\n".join(lines)

    def _ordered(self, shape: Shape, rows: Sequence[_Row]) -> Sequence[_Row]:
        """The columns of the answer, in its order, cut as asked."""
        for variable, down in reversed(shape.order):
            texts = {number: self._terms[number] for number in {row[variable] for row in rows}}
            key = sorting(texts.values())
            if key is None:
                raise _TooMuch
            keys = {number: key(text) for number, text in texts.items()}
            rows = sorted(rows, key=lambda row: keys[row[variable]], reverse=down)
        columns = shape.columns
        if len(columns) == 1:
            only = columns[0]
            found: Sequence[_Row] = [(row[only],) for row in rows]
        else:
            found = list(map(itemgetter(*columns), rows))
        if shape.distinct:
            found = list(dict.fromkeys(found))
        end = None if shape.limit is None else shape.offset + shape.limit
        found = found[shape.offset : end]
        if len(found) * len(columns) > MOST_CELLS:
            raise _TooMuch
        return found

    def part(self, predicate: int, *, back: bool = False) -> _Part:
        """The statements of a property, those in the order of object, subject where `back`."""
        at = self._properties.get(predicate)
        names = ("back-objects", "back-subjects") if back else ("subjects", "objects")
        low, high = (0, 0) if at is None else (self._firsts[at], self._firsts[at + 1])
        return _Part(self._columns[names[0]], self._columns[names[1]], low, high)

    def properties(self) -> Iterator[int]:
        """All properties."""
        return iter(self._properties)


class _Part(NamedTuple):
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


class _Finding:
    """Joins the patterns of one question, one after the other, and counts what that costs."""

    def __init__(self, columns: Lookups, shape: Shape, constants: Sequence[int]) -> None:
        self._columns = columns
        self._left = MOST_STEPS
        self._variables = 1 + max(place for pattern in shape.patterns for place in pattern)
        self._patterns: list[_Pattern] = []
        for subject, predicate, object_ in shape.patterns:
            # A constant becomes the number of its term, a variable -1 - its number.
            self._patterns.append(
                (
                    constants[-1 - subject] if subject < 0 else -1 - subject,
                    constants[-1 - predicate] if predicate < 0 else -1 - predicate,
                    constants[-1 - object_] if object_ < 0 else -1 - object_,
                )
            )
        self._known: dict[int, int] = {}  # where in a row a variable stands
        self._rows: list[_Row] = [()]

    def rows(self) -> list[_Row]:
        """All solutions: for each variable the number of its term, by the number of the variable. Raises _TooMuch."""
        fixed: list[tuple[int, int, _Pattern, _Part]] = []
        left: list[_Pattern] = []
        for pattern in self._patterns:
            subject, predicate, object_ = pattern
            if predicate < 0 or (subject < 0 and object_ < 0):
                left.append(pattern)
                continue
            part = self._columns.part(predicate, back=subject < 0)
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
            raise _TooMuch

    def _fix(self, pattern: _Pattern, part: _Part, low: int, size: int) -> None:
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
            raise _TooMuch  # nothing to look it up by
        closed = from_start and (object_ >= 0 or end >= 0)
        for variable in pattern:
            if variable < 0:
                known.setdefault(variable, len(known))
        found: list[_Row] = []
        for property_ in self._columns.properties() if predicate < 0 else (predicate,):
            part = self._columns.part(property_, back=not from_start)
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
                    if predicate >= 0:
                        found.append((*row, other))
                    else:
                        found.append((*row, property_, other) if from_start else (*row, other, property_))
        self._rows = found
