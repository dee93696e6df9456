"""Data files with the places of their statements: which there are, and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from loaders.diagnose import Diagnosis
from loaders.endings import ENDINGS, TABLE
from loaders.positions import PositionedQuad


def data_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and the data files below the directories named, sorted within each; each once.

    Raises FileNotFoundError for a path that does not exist.
    """
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            below = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS and file.is_file())
        elif path.is_file():
            below = [path]
        else:
            raise FileNotFoundError(f"{path}: no such file or directory")
        for file in below:
            if file not in seen:
                seen.add(file)
                yield file


def read_file(path: Path, *, references: bool = True) -> tuple[list[PositionedQuad], list[Diagnosis]]:
    """The statements of a file, and what is wrong with a table. Raises Malformed for what cannot be read.

    `references`: whether to look into other tables for the rows that a table names.
    """
    # The readers are read here: who checks one table does not wait for the parser of Turtle.
    if path.suffix != TABLE:
        from loaders.trig import read_rdf

        return read_rdf(path), []
    from loaders.tables import check_references, read_table

    table = read_table(path)
    return table.quads, [*table.problems, *(check_references(path) if references else [])]
