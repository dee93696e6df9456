"""Diagnosis: one thing that is wrong in a data file, where it stands, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

#: Severities, gravest first. A violation refuses a release and gives exit status 1; the others do not.
SEVERITIES = ("violation", "warning", "info")


@dataclass(frozen=True)
class Diagnosis:
    """One result of a check, for a person: file, line and column (from 1), what is wrong, what to do.

    `cell` is the name of the column where the file is a table; `subject` and `path` are the IRIs of the thing and of
    the property that the result is about, `value` the offending value, each empty where there is none; `rule` is a
    stable identifier by which results are grouped.
    """

    file: str
    line: int
    column: int
    severity: str
    rule: str
    message: str
    hint: str
    subject: str = ""
    path: str = ""
    value: str = ""
    cell: str | None = None

    def sort_key(self) -> tuple[str, int, int, int, str, str, str]:
        """Order of reports: file, line, column, severity, rule, message."""
        return (
            self.file,
            self.line,
            self.column,
            SEVERITIES.index(self.severity),
            self.rule,
            self.message,
            self.value,
        )

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        column = f" (column {self.cell})" if self.cell else ""
        return f"{where}{column}: {self.severity}: {self.message} {self.hint}".rstrip()


class Malformed(ValueError):
    """A file that cannot be read at all. `str()` is one line: file, line, what was expected, how to mend it."""

    def __init__(self, file: str, line: int, expected: str, mend: str, *, column: int = 1) -> None:
        super().__init__(f"{file}:{line}:{column}: {expected} {mend}".replace("\n", " "))
        self.file = file
        self.line = line
        self.column = column
        self.expected = expected
        self.mend = mend

    def diagnosis(self) -> Diagnosis:
        """The same as a result, for reports that list malformed files beside the others."""
        return Diagnosis(self.file, self.line, self.column, "violation", "malformed", self.expected, self.mend)


def suggestion(word: str, known: list[str] | tuple[str, ...] | frozenset[str]) -> str | None:
    """The known word nearest to a misspelled one, if any is near (case does not count)."""
    folded = {candidate.casefold(): candidate for candidate in sorted(known)}
    nearest = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[nearest[0]] if nearest else None


class TooLarge(Malformed):
    """More than is read in one piece."""


class UnknownKind(Malformed):
    """A kind of file that is not read."""
