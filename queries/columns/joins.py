"""Joins of triple patterns over columns, with numpy: every row stands for one or more equal solutions.

A table of solutions has one column of term numbers for each variable that is still needed, and a weight for each row.
A pattern that adds no needed variable only changes the weights, so a product of two patterns whose variables are
merely counted takes no room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from queries.columns.file import ColumnFile

Numbers = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]
Weights = npt.NDArray[np.int64]
#: A variable by its name, or a constant by the number of its term (-1: in no statement).
Node = str | int

_HEAVIEST: Final = float(1 << 52)


class TooMuch(Exception):
    """The answer would take more memory, or larger numbers, than are to be had."""


@dataclass(frozen=True)
class Bound:
    """A pattern whose constants are numbers of terms; `properties` are the places of those that it may have."""

    subject: Node
    predicate: Node
    object: Node
    properties: tuple[int, ...]

    @property
    def variables(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(node for node in (self.subject, self.predicate, self.object) if isinstance(node, str))


@dataclass
class Rows:
    """Solutions: so many rows, their columns, and what each weighs (None: 1); a column that is surely ascending."""

    count: int
    columns: dict[str, Numbers]
    weights: Weights | None = None
    ascending: str | None = None

    def total(self) -> int:
        """The number of solutions."""
        return self.count if self.weights is None else int(self.weights.sum())


class Columns:
    """The columns of a file as arrays."""

    def __init__(self, file: ColumnFile) -> None:
        self.file = file
        self.terms = len(file.places) - 1
        self.firsts = file.firsts.tolist()
        self.properties = file.properties.tolist()
        arrays = {name: np.frombuffer(column, np.uint32) for name, column in file.columns.items()}
        self._subjects, self._objects = arrays["subjects"], arrays["objects"]
        self._back_objects, self._back_subjects = arrays["back-objects"], arrays["back-subjects"]

    def forth(self, at: int) -> tuple[Numbers, Numbers]:
        """Subjects and objects of a property, in the order of subject, object."""
        part = slice(self.firsts[at], self.firsts[at + 1])
        return self._subjects[part], self._objects[part]

    def back(self, at: int) -> tuple[Numbers, Numbers]:
        """Objects and subjects of a property, in the order of object, subject."""
        part = slice(self.firsts[at], self.firsts[at + 1])
        return self._back_objects[part], self._back_subjects[part]


def solutions(columns: Columns, patterns: Sequence[Bound], needed: frozenset[str], most_rows: int) -> Rows:
    """All solutions of the patterns, with the needed variables. Raises TooMuch beyond so many rows at a time."""
    return _Joining(columns, most_rows).run(patterns, needed)


class _Joining:
    def __init__(self, columns: Columns, most_rows: int) -> None:
        self._columns = columns
        self._most = most_rows

    def run(self, patterns: Sequence[Bound], needed: frozenset[str]) -> Rows:
        left = sorted(patterns, key=self._size)
        rows = _ONE
        while left:
            joined = [pattern for pattern in left if pattern.variables & rows.columns.keys()]
            following = (joined or left)[0]
            left.remove(following)
            rows = self._join(rows, following, needed.union(*(pattern.variables for pattern in left)))
        return rows

    def _size(self, pattern: Bound) -> int:
        """How many statements match the constants of a pattern (at most)."""
        return sum(self._size_of(pattern, at) for at in pattern.properties)

    def _size_of(self, pattern: Bound, at: int) -> int:
        columns = self._columns
        if isinstance(pattern.subject, int):
            low, high = _range(columns.forth(at)[0], pattern.subject)
        elif isinstance(pattern.object, int):
            low, high = _range(columns.back(at)[0], pattern.object)
        else:
            low, high = columns.firsts[at], columns.firsts[at + 1]
        return high - low

    def _join(self, rows: Rows, pattern: Bound, wanted: frozenset[str]) -> Rows:
        """Solutions of both, with the wanted variables."""
        shared = pattern.variables & rows.columns.keys()
        names = wanted | shared
        few = not shared or rows.count * len(pattern.properties) <= self._size(pattern)
        parts = (self._part(pattern, at, names, shared) for at in pattern.properties)
        if len(pattern.properties) > 1 and shared and few:
            found = [self._joined(rows, part, wanted) for part in parts]
            return self._stacked(found, wanted & (rows.columns.keys() | pattern.variables))
        part = self._stacked(list(parts), pattern.variables & names)
        return self._joined(rows, part, wanted)

    def _part(self, pattern: Bound, at: int, names: frozenset[str], shared: frozenset[str]) -> Rows:
        """The solutions of a pattern among the statements of one property, in the order of what is shared first."""
        columns, name = self._columns, self._columns.properties[at]
        subject, object_ = (name if node == pattern.predicate else node for node in (pattern.subject, pattern.object))
        found: dict[str, Numbers]
        if isinstance(subject, int):
            subjects, objects = columns.forth(at)
            low, high = _range(subjects, subject)
            if isinstance(object_, int):
                first, last = _range(objects[low:high], object_)
                count, found = last - first, {}
            else:
                count, found = high - low, {object_: objects[low:high]}
        elif isinstance(object_, int):
            objects, subjects = columns.back(at)
            low, high = _range(objects, object_)
            count, found = high - low, {subject: subjects[low:high]}
        elif subject == object_:
            subjects, objects = columns.forth(at)
            same = subjects[subjects == objects]
            count, found = len(same), {subject: same}
        elif subject in shared or object_ not in shared:
            subjects, objects = columns.forth(at)
            count, found = len(subjects), {subject: subjects, object_: objects}
        else:
            objects, subjects = columns.back(at)
            count, found = len(objects), {object_: objects, subject: subjects}
        kept = {variable: column for variable, column in found.items() if variable in names}
        weights = None
        if not kept and count != 1:
            count, weights = min(1, count), np.full(min(1, count), count, np.int64)
        if isinstance(pattern.predicate, str) and pattern.predicate in names:
            kept[pattern.predicate] = np.full(count, name, np.uint32)
        leading = next(iter(found), None)
        return Rows(count, kept, weights, leading if leading in kept else None)

    def _joined(self, rows: Rows, part: Rows, wanted: frozenset[str]) -> Rows:
        shared = [name for name in part.columns if name in rows.columns]
        kept = {name: column for name, column in rows.columns.items() if name in wanted}
        new = {name: column for name, column in part.columns.items() if name in wanted and name not in rows.columns}
        if rows is _ONE:
            return Rows(part.count, new, part.weights)
        order: npt.NDArray[np.int64] | None = None
        if shared:
            left, right, order = self._keys(rows, part, shared)
            low, counts = self._matches(left, right)
        else:
            low = np.zeros(rows.count, np.int64)
            counts = np.full(rows.count, part.count, np.int64)
        weights = part.weights if order is None or part.weights is None else part.weights[order]
        if not new:
            if weights is not None:
                sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(weights)])
                counts = sums[low + counts] - sums[low]
            return _met(Rows(rows.count, kept, _times(rows.weights, counts)), counts)
        if order is not None:
            new = {name: column[order] for name, column in new.items()}
        return self._expanded(Rows(rows.count, kept, rows.weights), Rows(part.count, new, weights), low, counts)

    def _keys(self, rows: Rows, part: Rows, shared: Sequence[str]) -> tuple[Keys, Keys, npt.NDArray[np.int64] | None]:
        """One number for all shared variables, equal where they are, on both sides; those of the part in ascending
        order, and the order that makes them so."""
        left: Keys = rows.columns[shared[0]]
        right: Keys = part.columns[shared[0]]
        if len(shared) > 1 and rows.count + part.count > self._most:
            raise TooMuch
        for name in shared[1:]:
            if left.dtype == np.uint64:  # two are in it already: number the pairs
                _, pairs = np.unique(np.concatenate([left, right]), return_inverse=True)
                left, right = pairs[: len(left)].astype(np.uint32), pairs[len(left) :].astype(np.uint32)
            left, right = _pair(left, rows.columns[name]), _pair(right, part.columns[name])
        if shared == [part.ascending] or bool((right[1:] >= right[:-1]).all()):
            return left, right, None
        if part.count > self._most:
            raise TooMuch
        order = np.argsort(right, kind="stable")
        return left, right[order], order

    def _matches(self, left: Keys, right: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For each number on the left where its equals on the right begin, and how many there are."""
        terms = self._columns.terms
        if left.dtype == np.uint32 and terms < min(8 * len(left), self._most):  # a look-up costs less than a search
            counts = np.bincount(right, minlength=terms)
            firsts = np.cumsum(counts) - counts
            return firsts[left], counts[left]
        low = np.searchsorted(right, left, "left")
        return low, np.searchsorted(right, left, "right") - low

    def _expanded(self, rows: Rows, part: Rows, low: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Rows:
        """Each row of the left with its matches on the right."""
        total = int(counts.sum())
        if total > self._most:
            raise TooMuch
        if total and int(counts.max()) == 1:
            here = np.flatnonzero(counts)
            there = low[here]
        else:
            here = np.repeat(np.arange(rows.count), counts)
            there = np.arange(total) + np.repeat(low - (np.cumsum(counts) - counts), counts)
        columns = {name: column[here] for name, column in rows.columns.items()}
        columns |= {name: column[there] for name, column in part.columns.items()}
        weights = None if rows.weights is None else rows.weights[here]
        if part.weights is not None:
            weights = _times(weights, part.weights[there])
        return Rows(total, columns, weights)

    def _stacked(self, parts: Sequence[Rows], names: frozenset[str]) -> Rows:
        """All rows of some tables with the same columns."""
        if len(parts) == 1:
            return parts[0]
        count = sum(part.count for part in parts)
        if count > self._most:
            raise TooMuch
        columns = {
            name: np.concatenate([np.empty(0, np.uint32), *(part.columns[name] for part in parts)])
            for name in sorted(names)
        }
        weights = None
        if any(part.weights is not None for part in parts):
            every = (np.ones(one.count, np.int64) if one.weights is None else one.weights for one in parts)
            weights = np.concatenate(list(every))
        return Rows(count, columns, weights)


def _met(rows: Rows, counts: Weights) -> Rows:
    """Without the rows that nothing met."""
    if bool(counts.all()):
        return rows
    here = np.flatnonzero(counts)
    columns = {name: column[here] for name, column in rows.columns.items()}
    return Rows(len(here), columns, None if rows.weights is None else rows.weights[here])


def _times(weights: Weights | None, more: Weights) -> Weights | None:
    """The product of weights; None where all are 1."""
    most = float(more.max(initial=0))
    if weights is None:
        return None if most <= 1 else more
    if most * float(weights.max(initial=0)) > _HEAVIEST:
        raise TooMuch
    return weights * more


def _pair(high: Keys, low: Numbers) -> Keys:
    return (high.astype(np.uint64) << np.uint64(32)) | low


def _range(column: Numbers, number: int) -> tuple[int, int]:
    """Where a number stands in an ascending column."""
    if number < 0:
        return 0, 0
    wanted = np.uint32(number)
    return int(np.searchsorted(column, wanted, "left")), int(np.searchsorted(column, wanted, "right"))


_ONE: Final = Rows(1, {})
