"""The names of treaties that are already known, read from the curated table.

Documents may be read without it: a convention that nobody has listed is found by its title
(`loaders.grammar.treaties`). The table only makes the same treaty the same thing under all its names.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from loaders.text import DocumentError

#: Where the table stands in the data directory, and the columns that are read; lists are separated by `;`.
TABLE: Final = "tables/treaties.csv"
_COLUMNS: Final = ("code", "title", "short_titles", "abbreviations")


@dataclass(frozen=True, slots=True)
class TreatyNames:
    """One treaty: its key and what it is called. The first abbreviation is the usual one."""

    code: str
    title: str
    short_titles: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gazetteer:
    """Known treaties, by any of their names."""

    treaties: tuple[TreatyNames, ...] = ()
    _codes: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        codes: dict[str, str] = {}
        for treaty in self.treaties:
            for name in (treaty.title, *treaty.short_titles, *treaty.abbreviations):
                codes.setdefault(folded(name), treaty.code)
        object.__setattr__(self, "_codes", codes)

    @classmethod
    def load(cls, data_dir: Path | str | None) -> Gazetteer:
        """Read `tables/treaties.csv` of a data directory; no directory or no table gives an empty gazetteer.

        Raises DocumentError for a table that lacks a column or a value.
        """
        path = Path(data_dir) / TABLE if data_dir is not None else None
        if path is None or not path.is_file():
            return cls()
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise DocumentError(
                    str(path), f"the columns {', '.join(_COLUMNS)}", f"add {', '.join(missing)}", line=1
                )
            treaties = []
            for row in rows:
                if not row["code"] or not row["title"]:
                    raise DocumentError(
                        str(path), "a code and a title in every row", "fill both cells", line=rows.line_num
                    )
                treaties.append(
                    TreatyNames(row["code"], row["title"], _split(row["short_titles"]), _split(row["abbreviations"]))
                )
        return cls(tuple(treaties))

    def code(self, name: str) -> str | None:
        """The treaty of a title, short title or abbreviation, in any capitals."""
        return self._codes.get(folded(name))

    def names(self, code: str) -> TreatyNames | None:
        """The names of a treaty."""
        return next((treaty for treaty in self.treaties if treaty.code == code), None)

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """Any known name in running text, the longest first; abbreviations only in capitals.

        None if nothing is known.
        """
        long = {name for treaty in self.treaties for name in (treaty.title, *treaty.short_titles)}
        short = {name for treaty in self.treaties for name in treaty.abbreviations}
        if not long and not short:
            return None
        titles = "|".join(map(_spaced, sorted(long, key=lambda name: (-len(name), name))))
        capitals = "|".join(map(_spaced, sorted(short, key=lambda name: (-len(name), name))))
        branches = [branch for branch in (titles and f"(?i:{titles})", capitals) if branch]
        return re.compile(rf"(?<!\w)(?:{'|'.join(branches)})(?!\w)")


def folded(name: str) -> str:
    """A name without the differences that do not matter: capitals, blanks, kinds of hyphens and quotes."""
    return " ".join(name.casefold().replace("\u2019", "'").split())


def _split(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (cell or "").split(";") if part.strip())


def _spaced(name: str) -> str:
    return r"[ \n]".join(map(re.escape, name.split()))
