"""Validation: everything that is wrong in data files, each with its place and how to mend it.

The checks, in the order in which a curator meets them: the file can be read (`Malformed` if not); values have the form
of their datatype; classes, properties and codes are declared (with the nearest declared name); documents are named
after their symbols; tables name only rows that exist; the SHACL shapes hold. One mistake gives one result: where two
checks see the same place, the plainer one speaks.

Several sources may give one thing different values: each source has a graph of its own, and the build chooses
(`loaders.reconcile`). That a thing has two values is therefore wrong only within one graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from loaders.attribution import unattributed
from loaders.cells import decode, read_cells
from loaders.checking import Files, check
from loaders.diagnose import Diagnosis, Malformed, TooLarge, UnknownKind
from loaders.files import data_files, read_file
from loaders.keeping import keep_report, kept_report, report_name
from loaders.mapping import TableMapping, load_mapping, mapping_path
from loaders.plainchecks import compact
from loaders.shelf import Shelf
from loaders.tables import read_table_bytes
from loaders.uncollected import uncollected

__all__ = ["LEVELS", "compact", "exit_status", "validate_bytes", "validate_paths"]

#: Levels of shapes that data files must hold. Labels are minted by the build, so `editorial` is for releases.
LEVELS: Final = ("core", "profile")
#: Largest upload, in bytes, and the most statements that one upload may hold.
SIZE_LIMIT: Final = 10_000_000
STATEMENT_LIMIT: Final = 100_000
#: The most statements of an upload that the rules across records are run on. They take time in proportion to a record
#: such as ours, but not to one made to hold them up: a gap in one series of 500, 1,000 and 2,000 meetings is looked for
#: in 0.4, 1.8 and 7.6 s (`series-gap`), so in half an hour at `STATEMENT_LIMIT`; and no query can be stopped here.
RULES_LIMIT: Final = 5_000
CSV: Final = "text/csv"

#: Told of each file that is read: how many are done, of how many, and the file's name.
Progress: TypeAlias = Callable[[int, int, str], None]


def validate_paths(
    paths: Iterable[Path],
    *,
    levels: Sequence[str] = LEVELS,
    since: str | None = None,
    shelf: Shelf | None = None,
    progress: Progress | None = None,
) -> list[Diagnosis]:
    """Check files, and all data files below directories, together; results sorted by file and line.

    A file that cannot be read gives a result with the rule `malformed`, and the others are still checked.
    With `since`, a revision of git, only what has changed is checked (`loaders.since`). On a `shelf` is kept what need
    not be read or found out again; the results are the same without one. `progress` is told of files that are read.
    Raises FileNotFoundError for a path that does not exist, BuildError for an unknown revision.
    """
    given = list(paths)
    for path in given:
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or directory")
    if since is not None:
        from loaders.since import validate_since

        return validate_since(given, since, levels, shelf=shelf, progress=progress)
    listed = list(data_files(given))
    name = None if shelf is None else report_name(listed, levels)
    if shelf is not None and name is not None and (known := kept_report(shelf, name)) is not None:
        return known
    with uncollected():
        found = _validate(listed, levels, progress)
    if shelf is not None and name is not None:
        keep_report(shelf, name, found)
    return found


def _validate(listed: Sequence[Path], levels: Sequence[str], progress: Progress | None) -> list[Diagnosis]:
    files = Files()
    for at, path in enumerate(listed):
        if progress is not None:
            progress(at, len(listed), str(path))
        try:
            files.quads[str(path)], problems = read_file(path)
            files.found.extend(problems)
        except Malformed as error:
            files.found.append(error.diagnosis())
    files.found.extend(unattributed(files.quads))
    return check(files, levels)


def validate_bytes(
    data: bytes,
    media_type: str,
    name: str,
    *,
    levels: Sequence[str] = LEVELS,
    tables: Path | None = None,
    limit: int = SIZE_LIMIT,
) -> list[Diagnosis]:
    """Check one document in memory. Nothing is fetched, and what is too large is refused before it is read.

    A table (`text/csv`) is read by the mapping in the directory `tables` that has its columns. Raises `Malformed`
    (with line and column) for what cannot be read, and its kinds `TooLarge` and `UnknownKind`.
    """
    if len(data) > limit:
        raise TooLarge(name, 1, f"At most {limit} bytes are read; this has {len(data)}.", "Check it in parts.")
    from loaders.trig import FORMATS, read_rdf_bytes  # Read here: who checks tables does not wait for it.

    kind = media_type.partition(";")[0].strip().casefold()
    files = Files()
    if kind == CSV:
        result = read_table_bytes(data, _known_mapping(data, name, tables), Path(name), STATEMENT_LIMIT)
        files.quads[name] = result.quads
        files.found = result.problems
    elif kind in FORMATS:
        files.quads[name] = read_rdf_bytes(data, kind, name, STATEMENT_LIMIT)
    else:
        expected = f"The media type “{kind}” is not read."
        raise UnknownKind(name, 1, expected, f"Use one of: {', '.join(sorted(FORMATS))}, {CSV}.")
    if len(files.quads[name]) > RULES_LIMIT:
        # Said, not silent: a rule that compares every record with every other must not keep a server busy for minutes.
        message = f"The rules across records were not run: this has more than {RULES_LIMIT} statements."
        files.found.append(
            Diagnosis(name, 1, 1, "info", "not-checked", message, "Check it in parts, or by treatygraph validate.")
        )
        return check(files, levels, rules=[])
    return check(files, levels)


def exit_status(found: Iterable[Diagnosis]) -> int:
    """The exit status of a command: 2 for a file that could not be read, 1 for a violation, else 0."""
    rules = {(result.rule, result.severity) for result in found}
    if any(rule == "malformed" for rule, _ in rules):
        return 2
    return 1 if any(severity == "violation" for _, severity in rules) else 0


def _known_mapping(data: bytes, name: str, tables: Path | None) -> TableMapping:
    """The mapping whose columns are those of the first line; by preference the one that has the table's name."""
    rows = read_cells(decode(data, name), name)
    header = tuple(cell.text.strip() for cell in rows[0]) if rows else ()
    known = sorted(tables.glob("*.csv-metadata.json")) if tables is not None else []
    mappings = [load_mapping(path.with_name(path.name.removesuffix("-metadata.json"))) for path in known]
    fitting = [mapping for mapping in mappings if mapping.header == header]
    named = [mapping for mapping in mappings if mapping.path.name == mapping_path(Path(name)).name]
    if fitting or named:
        return (fitting or named)[0]
    expected = "No known table has these columns."
    raise Malformed(name, 1, expected, f"The known tables are: {', '.join(path.name.split('.')[0] for path in known)}.")
