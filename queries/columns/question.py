"""A counting question of the narrow kind that columns answer, and its parts; `queries.columns.reader` reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Way: TypeAlias = Literal["rows", "values", "distinct"]
#: A variable by its name, or a constant by its place in `Question.constants`.
Place: TypeAlias = str | int


@dataclass(frozen=True)
class Column:
    """One column of the answer: a variable of the groups (`way` None), or a count of rows, or of values of `of`."""

    name: str
    way: Way | None = None
    of: str = ""


@dataclass(frozen=True)
class Pattern:
    """One triple pattern."""

    subject: Place
    predicate: Place
    object: Place

    @property
    def variables(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(place for place in (self.subject, self.predicate, self.object) if isinstance(place, str))


@dataclass(frozen=True)
class Question:
    """What is asked. `constants` are terms as they were written; they mean something with `prologue` before them."""

    prologue: str
    constants: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    allowed: dict[str, frozenset[int]]
    """For variables of properties that a filter limits: the constants that they may be."""
    columns: tuple[Column, ...]
    groups: tuple[str, ...]
    grouped: bool
    order: tuple[tuple[str, bool], ...]
    """Names of columns, and whether from the highest down."""
    limit: int | None
    offset: int


def limits(word: Callable[[str], bool], number: Callable[[], int]) -> tuple[int | None, int]:
    """Read LIMIT and OFFSET, each at most once and in any order (SPARQL 1.1 Query, rule 25).

    Args:
        word: whether a word follows, which is taken then.
        number: takes the whole number that has to follow.
    """
    limit: int | None = None
    offset: int | None = None
    while True:
        if limit is None and word("limit"):
            limit = number()
        elif offset is None and word("offset"):
            offset = number()
        else:
            return limit, offset or 0
