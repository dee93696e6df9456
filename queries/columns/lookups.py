"""Answers small SELECT queries from the columns of a release, in the process that is asked.

What a researcher looks up most (the record of a resolution, the meetings of a series) touches a few dozen statements;
to hand it to a worker and back costs more than to find them. Everything is counted: what touches more statements than
`MOST_STEPS`, or gives more than `MOST_CELLS`, is left to the engine, so that nobody waits who asks something else.
Nothing here depends on the clock, so the same question has the same answer, in the same order, each time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from queries.columns.file import ColumnFile
from queries.columns.matching import Matching, Part, Parts, Row, TooMuch
from queries.columns.order import Key, comparable, key
from queries.columns.shapes import Asked, Shape

__all__ = ["MOST_CELLS", "Lookups"]

#: Terms that an answer may hold.
MOST_CELLS: Final = 1_000
_SHAPES: Final = 1_024
_REMEMBERED: Final = 16_384


class _Plan(NamedTuple):
    """What is known of a shape before the question is."""

    numbers: list[int | None]
    """Its constants; None for one that stands in a slot."""
    record: list[Part] | None
    """Where the question is for single values of one thing: where they stand, one for each variable."""
    subject: int


class Lookups:
    """The columns of one release; safe for several threads."""

    def __init__(self, file: ColumnFile) -> None:
        self.terms = file.terms
        self._parts = Parts(file)
        self._plan = lru_cache(maxsize=_SHAPES)(self._plan_of)
        self._key = lru_cache(maxsize=_REMEMBERED)(self._key_of)

    def rows(self, question: Asked) -> Sequence[Row] | None:
        """The answer to a query about the default graph, numbers of terms; None where the engine must answer."""
        shape = question.shape
        plan = self._plan(shape)
        if plan.record is not None:
            subject = self._number(question, plan, plan.subject)
            if subject is None:
                return None
            if (found := _record(plan.record, subject)) is not None:
                return [tuple([found[variable] for variable in shape.columns])] if found else []
        numbers: list[int] = []
        for at in range(len(plan.numbers)):
            number = self._number(question, plan, at)
            if number is None:
                return None
            numbers.append(number)
        try:
            if min(numbers, default=0) < 0:  # a term that is in no statement
                return []
            return self._cut(shape, self._ordered(shape, Matching(self._parts, shape, numbers).rows()))
        except TooMuch:
            return None

    def _number(self, question: Asked, plan: _Plan, at: int) -> int | None:
        """The number of a constant, -1 for one that is in no statement; None where it is in doubt what it is."""
        known = plan.numbers[at]
        if known is not None:
            return known
        term = question.term(at)
        return None if term is None else self.terms.find(term)

    def _ordered(self, shape: Shape, rows: list[Row]) -> list[Row]:
        for variable, down in reversed(shape.order):
            keys = comparable(self._key(row[variable]) for row in rows)
            if keys is None:
                raise TooMuch
            places = sorted(range(len(rows)), key=keys.__getitem__, reverse=down)
            rows = [rows[place] for place in places]
        return rows

    def _cut(self, shape: Shape, rows: list[Row]) -> list[Row]:
        """The columns of the answer, as many rows as are asked for."""
        columns = shape.columns
        if columns != tuple(range(shape.variables)):
            rows = [tuple([row[variable] for variable in columns]) for row in rows]
        if shape.distinct:
            rows = list(dict.fromkeys(rows))
        if shape.limit is not None or shape.offset:
            rows = rows[shape.offset : None if shape.limit is None else shape.offset + shape.limit]
        if len(rows) * len(columns) > MOST_CELLS:
            raise TooMuch
        return rows

    def _key_of(self, number: int) -> Key | None:
        return key(self.terms[number])

    def _plan_of(self, shape: Shape) -> _Plan:
        numbers = [self.terms.find(constant.term) if constant.slot < 0 else None for constant in shape.constants]
        subjects = {pattern[0] for pattern in shape.patterns}
        values = [pattern[2] for pattern in shape.patterns]
        single = len(subjects) == 1 and min(subjects) < 0 and sorted(values) == list(range(shape.variables))
        if not single or shape.order or shape.offset or shape.limit is not None:
            return _Plan(numbers, None, 0)
        properties = {value: numbers[-1 - predicate] for _, predicate, value in shape.patterns if predicate < 0}
        parts = [self._parts.forth(number) for _, number in sorted(properties.items()) if number is not None]
        return _Plan(numbers, parts if len(parts) == len(values) else None, -1 - subjects.pop())


def _record(parts: Sequence[Part], subject: int) -> list[int] | None:
    """The values of a thing, one for each part; an empty list where one is missing, None where one is not single."""
    found: list[int] = []
    for ends, others, low, high in parts:
        place = bisect_left(ends, subject, low, high)
        if place == high or ends[place] != subject:
            return []
        if place + 1 < high and ends[place + 1] == subject:
            return None
        found.append(others[place])
    return found
