"""Validation: everything that is wrong in data files, each with its place and how to mend it.

The checks, in the order in which a curator meets them: the file can be read (`Malformed` if not); values have the form
of their datatype; classes, properties and codes are declared (with the nearest declared name); documents are named
after their symbols; tables name only rows that exist; the SHACL shapes hold. One mistake gives one result: where two
checks see the same place, the plainer one speaks.

Several sources may give one thing different values: each source has a graph of its own, and the build chooses
(`loaders.reconcile`). That a thing has two values is therefore wrong only within one graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rdflib import DCTERMS, Graph, Literal, URIRef

from loaders.attribution import unattributed
from loaders.cells import decode, read_cells
from loaders.crossrecord import diagnoses, offences, record_of
from loaders.diagnose import Diagnosis, Malformed, TooLarge, UnknownKind
from loaders.errors import BuildError
from loaders.files import data_files, read_file
from loaders.lexical import fault
from loaders.mapping import TableMapping, load_mapping, mapping_path
from loaders.positions import Place, PositionedQuad, PositionMap, pipeline_quad
from loaders.since import Change
from loaders.tables import read_table_bytes
from loaders.trig import FORMATS, read_rdf_bytes
from ontology.namespaces import CODE, ID, TG
from ontology.shapes import ValidationResult
from ontology.shapes import validate as check_shapes
from ontology.vocabulary import misnamed_documents, undeclared_terms
from queries.conformance import store_of, validate_store

#: Levels of shapes that data files must hold. Labels are minted by the build, so `editorial` is for releases.
LEVELS: Final = ("core", "profile")
#: Largest upload, in bytes, and the most statements that one upload may hold.
SIZE_LIMIT: Final = 10_000_000
STATEMENT_LIMIT: Final = 100_000
#: The most statements of an upload that the rules across records are run on.
RULES_LIMIT: Final = 5_000
CSV: Final = "text/csv"


@dataclass
class _Files:
    """What has been read so far."""

    quads: dict[str, list[PositionedQuad]] = field(default_factory=lambda: defaultdict(list))
    found: list[Diagnosis] = field(default_factory=list)


def validate_paths(
    paths: Iterable[Path], *, levels: Sequence[str] = LEVELS, since: str | None = None
) -> list[Diagnosis]:
    """Check files, and all data files below directories, together; results sorted by file and line.

    A file that cannot be read gives a result with the rule `malformed`, and the others are still checked.
    With `since`, a revision of git, only what has changed is checked: the files that differ, and wherever they stand
    the things that a changed statement can affect. Raises FileNotFoundError for a path that does not exist,
    BuildError for an unknown revision.
    """
    given = list(paths)
    listed = list(data_files(given))
    change = None if since is None else Change(since, given)
    if change is not None and not change.files:
        return []
    files = _Files()
    for path in listed:
        try:
            files.quads[str(path)], problems = read_file(path)
            files.found.extend(problems)
        except Malformed as error:
            files.found.append(error.diagnosis())
    files.found.extend(unattributed(files.quads))
    affected = None if change is None else change.affected(files.quads)
    found = _check(files, levels, affected)
    if change is None or affected is None:
        return found
    return [result for result in found if change.touches(result.file) or result.subject in affected]


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
    kind = media_type.partition(";")[0].strip().casefold()
    files = _Files()
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
        return _check(files, levels, across=False)
    return _check(files, levels)


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


def _check(
    files: _Files, levels: Sequence[str], affected: set[str] | None = None, *, across: bool = True
) -> list[Diagnosis]:
    """Check what has been read; `affected` limits the shapes to these things."""
    places = PositionMap()
    for name, quads in files.quads.items():
        places.add(name, quads)
        files.found.extend(_lexical_faults(name, quads))
        files.found.extend(_unknown_terms(name, quads))
        files.found.extend(_misnamed(name, quads, places))
    faulty = {(result.file, result.line, result.column) for result in files.found}
    incomplete = {result.subject for result in files.found if result.subject}
    for result in _shape_results(files, places, levels, affected):
        # A misspelled property is missing as well, and a bad value breaks more than one shape: that was said already.
        known = (result.file, result.line, result.column) in faulty
        if not known and (result.value or result.subject not in incomplete):
            files.found.append(result)
    if levels and across:
        files.found.extend(_across_records(files, places))
    return sorted(set(files.found), key=Diagnosis.sort_key)


def _across_records(files: _Files, places: PositionMap) -> list[Diagnosis]:
    """What the rules across records say. Nothing, where a statement cannot be stored: that has been reported."""
    try:
        store = record_of(pipeline_quad(positioned.quad) for quads in files.quads.values() for positioned in quads)
    except (TypeError, ValueError, BuildError):
        return []
    known = {(result.subject, result.value) for result in files.found}
    fresh = [one for one in offences(store) if not any((one.subject, value) in known for value in one.values)]
    return list(diagnoses(fresh, places, store))


def _lexical_faults(name: str, quads: Iterable[PositionedQuad]) -> Iterator[Diagnosis]:
    """Literals that do not have the form of their datatype."""
    for positioned in quads:
        subject, predicate, value, _ = positioned.quad
        wrong = fault(str(value), value.datatype) if isinstance(value, Literal) else None
        if wrong is not None:
            place = Place(name, positioned.position)
            about = (str(subject), str(predicate), str(value))
            yield _violation(place, "bad-value", wrong.message, wrong.hint, about)


def _unknown_terms(name: str, quads: Sequence[PositionedQuad]) -> Iterator[Diagnosis]:
    """Classes, properties and codes that nobody declared."""
    suspects = {(subject, term): near for subject, term, near in undeclared_terms(_graph(quads))}
    if not suspects:
        return
    for positioned in quads:
        subject, predicate, value, _ = positioned.quad
        for term, position in ((predicate, positioned.predicate or positioned.position), (value, positioned.position)):
            key = (str(subject), str(term))
            if key in suspects:
                near = suspects[key]
                hint = f"Did you mean {compact(near)}?" if near else "Use a declared one, or declare it in ontology/."
                message = f"{compact(str(term))} is not declared in the ontology."
                place = Place(name, position)
                yield _violation(place, "unknown-term", message, hint, (str(subject), "", str(term)))


def _misnamed(name: str, quads: Sequence[PositionedQuad], places: PositionMap) -> Iterator[Diagnosis]:
    """Documents whose IRI does not follow from their symbol."""
    for subject, symbol, wanted in misnamed_documents(_graph(quads)):
        place = places.find(subject, str(DCTERMS.identifier), symbol)
        if place is not None and place.file == name:
            message = f"The document {symbol} cannot be named {compact(subject)}."
            hint = f"Its name follows from its symbol: {compact(wanted)}. Correct the one or the other."
            about = (subject, str(DCTERMS.identifier), symbol)
            yield _violation(place, "misnamed-document", message, hint, about)


def _shape_results(
    files: _Files, places: PositionMap, levels: Sequence[str], affected: set[str] | None
) -> Iterator[Diagnosis]:
    """What the SHACL shapes say, each at the statement at fault, else where its subject first stands.

    Of several results about one value the gravest speaks. Values without the form of their datatype have been reported
    and are left out: they cannot be compared.
    """
    faulty = {(result.subject, result.path, result.value) for result in files.found if result.rule == "bad-value"}
    everything = [
        positioned
        for name in sorted(files.quads)
        for positioned in files.quads[name]
        if tuple(str(term) for term in positioned.quad[:3]) not in faulty
    ]
    if not everything or not levels:
        return
    crowded = _crowded(everything)
    seen: set[tuple[str, str | None, str]] = set()
    for result in _check_shapes(everything, levels, affected):
        if result.component.startswith("MaxCount") and (result.focus, result.path or "") not in crowded:
            continue
        key = (result.focus, result.path, result.value or "")
        place = places.find(result.focus, result.path, result.value)
        if place is None or (result.value and key in seen):
            continue
        seen.add(key)
        yield _from_shape(result, place)


def _check_shapes(
    quads: Sequence[PositionedQuad], levels: Sequence[str], affected: set[str] | None
) -> list[ValidationResult]:
    """What the shapes say about these statements, the fast way where the store can hold them."""
    try:
        store = store_of(pipeline_quad(positioned.quad) for positioned in quads)
    except (TypeError, ValueError):  # An IRI with a blank in it, for instance: the slow engine does not mind.
        nodes = None if affected is None else [URIRef(iri) for iri in affected]
        return check_shapes(_graph(quads), focus_nodes=nodes, levels=levels)
    return validate_store(store, focus_nodes=affected, levels=levels)


def _from_shape(result: ValidationResult, place: Place) -> Diagnosis:
    about = (result.focus, result.path or "", result.value or "")
    return replace(
        _violation(place, result.shape, result.message, result.hint, about),
        severity=result.severity,
    )


def _crowded(quads: Iterable[PositionedQuad]) -> set[tuple[str, str]]:
    """Subject and predicate of which one single graph holds several values."""
    seen: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for positioned in quads:
        subject, predicate, value, graph = positioned.quad
        seen[(str(subject), str(predicate), str(graph))].add(str(value))
    return {(subject, predicate) for (subject, predicate, _), values in seen.items() if len(values) > 1}


def _graph(quads: Iterable[PositionedQuad]) -> Graph:
    graph = Graph(bind_namespaces="none")
    for positioned in quads:
        graph.add(positioned.quad[:3])
    return graph


def compact(iri: str) -> str:
    """An IRI as a curator writes it: `tg:Meeting`, `meeting-type:msp`, `<doc/a/res/77/63>`."""
    if iri.startswith(str(TG)):
        return f"tg:{iri.removeprefix(str(TG))}"
    if iri.startswith(str(CODE)):
        scheme, _, member = iri.removeprefix(str(CODE)).partition("/")
        return f"{scheme}:{member}" if member else f"code:{scheme}"
    return f"<{iri.removeprefix(str(ID))}>"


def _violation(place: Place, rule: str, message: str, hint: str, about: tuple[str, str, str]) -> Diagnosis:
    """A violation at a place; `about` is subject, path and value, each empty where there is none."""
    subject, path, value = about
    at = place.position
    return Diagnosis(
        place.file, at.line, at.column, "violation", rule, message, hint, subject, path=path, value=value, cell=at.cell
    )
