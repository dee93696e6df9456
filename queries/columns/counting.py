"""From a question to its rows: constants are found, patterns joined, groups counted, rows sorted and cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from queries.columns.joins import Bound, Columns, Node, Numbers, Rows, TooMuch, solutions
from queries.columns.order import comparable, key
from queries.columns.question import Pattern, Place, Question

Whole = npt.NDArray[np.int64]
#: Places of one array of marks or counts; beyond it, numbers are sorted instead.
_ROOMY: Final = 1 << 23
_MOST_ROWS: Final = 100_000
#: Sums are exact below it, in numbers of any kind.
_LARGEST: Final = float(1 << 52)


@dataclass(frozen=True)
class Answer:
    """For each column of the question its cells: numbers of terms, or counts. All columns are equally long.

    Without ORDER BY the rows come in the order of the bytes of the terms of their groups, so equal columns and
    questions give equal answers.
    """

    cells: tuple[list[int], ...]


def answer(columns: Columns, question: Question, constants: Sequence[str], most_rows: int) -> Answer:
    """Answer a question. `constants` are its terms as the engine writes them. Raises TooMuch."""
    numbers = [columns.file.terms.find(text) for text in constants]
    patterns = [_bound(columns, pattern, question, numbers) for pattern in question.patterns]
    counted = {column.of for column in question.columns if column.way == "distinct"}
    rows = solutions(columns, patterns, frozenset(question.groups) | counted, most_rows)
    groups = _Groups(rows, question.groups, columns.terms)
    cells: list[Whole] = []
    for column in question.columns:
        if column.way is None:
            cells.append(groups.keys(column.name))
        elif column.way == "distinct":
            cells.append(groups.distinct(column.of))
        else:  # all variables of the patterns are bound in each solution
            cells.append(groups.solutions())
    end = None if question.limit is None else question.offset + question.limit
    places = _ordered(columns, question, cells, groups.count)[question.offset : end]
    if len(places) > _MOST_ROWS:
        raise TooMuch
    return Answer(tuple(cell[places].tolist() for cell in cells))


def _bound(columns: Columns, pattern: Pattern, question: Question, numbers: Sequence[int]) -> Bound:
    def node(place: Place) -> Node:
        return place if isinstance(place, str) else numbers[place]

    places = {number: at for at, number in enumerate(columns.properties)}
    predicate = node(pattern.predicate)
    if isinstance(predicate, int):
        wanted = [predicate]
    elif (allowed := question.allowed.get(predicate)) is not None:
        wanted = sorted({numbers[place] for place in allowed})
    else:
        wanted = columns.properties
    found = tuple(places[number] for number in wanted if number in places)
    return Bound(node(pattern.subject), predicate, node(pattern.object), found)


class _Groups:
    """The groups of some rows; without grouping variables there is one. Numbered in the order of their terms."""

    def __init__(self, rows: Rows, names: Sequence[str], terms: int) -> None:
        if float(rows.count) * (1.0 if rows.weights is None else float(rows.weights.max(initial=1))) > _LARGEST:
            raise TooMuch
        self._rows = rows
        self._terms = terms
        self.count = 1
        #: For each row the number of its group.
        self._of: Whole | None = None
        #: For each group one of its rows.
        self._one: Whole = np.zeros(1, np.int64)
        if not names:
            return
        of, size = _numbered(rows.columns[names[0]], terms)
        for name in names[1:]:
            more, sizes = _numbered(rows.columns[name], terms)
            of, size = _numbered(of * sizes + more, size * sizes)
        self._of, self.count = of, size
        self._one = np.zeros(size, np.int64)
        self._one[of] = np.arange(rows.count)

    def keys(self, name: str) -> Whole:
        """The term of each group."""
        return self._rows.columns[name][self._one].astype(np.int64)

    def solutions(self) -> Whole:
        """The number of solutions in each group."""
        rows = self._rows
        if self._of is None:
            return np.array([rows.total()])
        if rows.weights is None:
            return np.bincount(self._of, minlength=self.count)
        # Sums of doubles are exact here: the whole is below 2^52.
        return np.bincount(self._of, rows.weights, minlength=self.count).astype(np.int64)

    def distinct(self, name: str) -> Whole:
        """The number of different terms of a variable in each group."""
        column = self._rows.columns[name]
        if self._of is None:
            return np.array([len(_different(column, self._terms))])
        values, size = _numbered(column, self._terms)
        pairs = _different(self._of * size + values, self.count * size)
        return np.bincount(pairs // max(1, size), minlength=self.count)


def _different(numbers: Numbers | Whole, size: int) -> Whole:
    """The different ones among numbers below `size`, ascending."""
    if not _roomy(numbers, size):
        return np.unique(numbers).astype(np.int64)
    marks = np.zeros(size, np.bool_)
    marks[numbers] = True
    return np.flatnonzero(marks)


def _numbered(numbers: Numbers | Whole, size: int) -> tuple[Whole, int]:
    """Numbers below `size` numbered anew, from 0 and without gaps, in their order; and how many there are."""
    if not _roomy(numbers, size):
        different, anew = np.unique(numbers, return_inverse=True)
        return anew, len(different)
    found = _different(numbers, size)
    anew = np.empty(size, np.int64)
    anew[found] = np.arange(len(found))
    return anew[numbers], len(found)


def _roomy(numbers: Numbers | Whole, size: int) -> bool:
    """Whether an array of marks, one for each number that there might be, costs less than sorting."""
    return size <= min(_ROOMY, max(1 << 16, 16 * len(numbers)))


def _ordered(columns: Columns, question: Question, cells: Sequence[Whole], count: int) -> Whole:
    """The rows of the answer in the order asked for; those that are equal in it in the order of their groups."""
    places = np.arange(count)
    names = [column.name for column in question.columns]
    for name, down in reversed(question.order):
        at = names.index(name)
        values = cells[at] if question.columns[at].way is not None else _ranks(columns, cells[at])
        places = places[np.argsort(-values[places] if down else values[places], kind="stable")]
    return places


def _ranks(columns: Columns, numbers: Whole) -> Whole:
    """The place of each term in the order of SPARQL, where that is beyond doubt: among IRIs, plain texts, integers."""
    different, inverse = np.unique(numbers, return_inverse=True)
    if len(different) > _MOST_ROWS:
        raise TooMuch
    keys = comparable(key(columns.file.terms[number]) for number in different.tolist())
    if keys is None:
        raise TooMuch
    ranks = np.empty(len(keys), np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks[inverse]
