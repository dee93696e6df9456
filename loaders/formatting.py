"""Formatting: the one form of each kind of data file, so that a comparison of two versions shows facts only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from loaders.canonical import canonical_trig
from loaders.cells import decode
from loaders.diagnose import Malformed
from loaders.positions import pipeline_quad
from loaders.tables import canonical_csv
from loaders.trig import read_rdf

MAPPING: Final = ".csv-metadata.json"


def canonical(path: Path) -> str:
    """The text that a data file should have: a table, a mapping of one, or TriG. Raises `Malformed`.

    Comments at the head of a TriG file are kept; others would be lost, so a file that has them is refused.
    """
    if path.name.endswith(MAPPING):
        return _mapping(path)
    if path.suffix == ".csv":
        return canonical_csv(path)
    if path.suffix == ".trig":
        return _trig(path)
    raise Malformed(str(path), 1, f"Files of the kind “{path.suffix}” have no one form.", "Leave it out.")


def formattable(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and below the directories named all that have one form; sorted within each."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file for file in path.rglob("*") if file.suffix in (".csv", ".trig") or file.name.endswith(MAPPING)
            )
        else:
            yield path


def unformatted(paths: Iterable[Path]) -> list[Path]:
    """The files that do not have their one form."""
    return [path for path in formattable(paths) if path.read_bytes() != canonical(path).encode()]


def rewrite(paths: Iterable[Path]) -> list[Path]:
    """Give files their one form; those that had to be changed are returned."""
    changed = unformatted(paths)
    for path in changed:
        path.write_text(canonical(path), encoding="utf-8", newline="\n")
    return changed


def _mapping(path: Path) -> str:
    try:
        document = json.loads(decode(path.read_bytes(), str(path)))
    except json.JSONDecodeError as error:
        raise Malformed(str(path), error.lineno, f"JSON was expected: {error.msg}.", "", column=error.colno) from error
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _trig(path: Path) -> str:
    text = decode(path.read_bytes(), str(path))
    lines = text.split("\n")
    head = 0
    while head < len(lines) and lines[head].startswith("#"):
        head += 1
    for number, line in enumerate(lines[head:], start=head + 1):
        if line.lstrip().startswith("#"):
            expected = "A comment here would be lost."
            raise Malformed(
                str(path), number, expected, "Move it to the head of the file, or state it as rdfs:comment."
            )
    comments = "".join(f"{line}\n" for line in lines[:head])
    try:
        return comments + canonical_trig(pipeline_quad(positioned.quad) for positioned in read_rdf(path))
    except TypeError as error:
        expected = "Blank nodes have no one form."
        raise Malformed(str(path), 1, expected, "Give each thing a name.") from error
