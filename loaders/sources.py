"""Sources: files of any kind, read into quads.

| file                              | read as                                                                        |
|-----------------------------------|--------------------------------------------------------------------------------|
| `.csv` with `.csv-metadata.json`  | a table with a mapping (`loaders.tables`)                                       |
| `.trig`, `.ttl`                   | curated statements, decisions, stored claims                                    |
| `.txt`, `.md`                     | a document (`loaders.documents`)                                                |

A directory is walked in sorted order. A file of another kind, or a document that no reader recognises, is reported and
left out; a file that is wrong stops the build, after all files have been looked at, so that all faults show at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse
from rdflib.namespace import DCTERMS

from loaders.cells import decode
from loaders.claims import claims
from loaders.documents import extract_file
from loaders.endings import MEDIA_TYPES
from loaders.errors import BadSources, SourceError, as_source_error
from loaders.gazetteer import Gazetteer
from loaders.provenance import PROVENANCE, activity_quads, checksum
from loaders.reconcile import CLAIMS_SUFFIX, is_source_graph
from loaders.tables import check_references, read_table
from loaders.terms import TYPE, Statement, iri, literal, quad, skolemised, statement
from loaders.trig import read_rdf_bytes
from ontology.keys import code, is_key, slug
from ontology.namespaces import GRAPH, ID, TG

DOCUMENTS: Final = (".txt", ".md")
RDF: Final = {".trig": RdfFormat.TRIG, ".ttl": RdfFormat.TURTLE}
TABLES: Final = (".csv",)
#: Larger files are refused: a source is a text or a table, not an archive.
MAX_BYTES: Final = 64 * 1024 * 1024

#: Belong to a repository or a table, not to the sources; left out without a word.
_SILENT_NAMES: Final = ("readme", "license", "licence", "changelog", "contributing", "notice")
_SILENT_SUFFIXES: Final = (".csv-metadata.json",)


@dataclass(frozen=True)
class SourceFile:
    """One file and what it says. `name` is its path from the folder that was given, the same on every machine."""

    path: Path
    name: str
    loader: str
    checksum: str
    quads: tuple[Quad, ...] = field(repr=False)

    @cached_property
    def graphs(self) -> frozenset[NamedNode]:
        """The source graphs that the file speaks for."""
        found = {item.graph_name for item in self.quads}
        return frozenset(graph for graph in found if isinstance(graph, NamedNode) and is_source_graph(graph))

    @cached_property
    def claimed(self) -> frozenset[NamedNode]:
        """The source graphs of which the file holds the claims: it stands for documents read earlier."""
        names = {str(getattr(item.graph_name, "value", "")) for item in self.quads}
        return frozenset(iri(name.removesuffix(CLAIMS_SUFFIX)) for name in names if name.endswith(CLAIMS_SUFFIX))


@dataclass
class Sources:
    """Everything that was read, and what was left out (name and reason)."""

    files: list[SourceFile] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def quads(self) -> Iterator[Quad]:
        """The quads of all files; a document that was read itself takes the place of its stored claims."""
        fresh = {graph for file in self.files if file.loader == "documents" for graph in file.graphs}
        for file in self.files:
            stale = file.claimed & fresh if file.loader != "documents" else frozenset()
            yield from _without(file.quads, stale) if stale else file.quads

    def file_of(self, graph: NamedNode) -> list[str]:
        """The names of the files that speak for a source graph, sorted."""
        return sorted(file.name for file in self.files if graph in file.graphs)


def read_sources(
    paths: Sequence[Path], *, quotations: bool = True, progress: Callable[[str, int, int], None] | None = None
) -> Sources:
    """Read files and directories.

    `quotations`: passages of documents carry the text they span (for a store of the user's own). `progress` is called
    with the name of each file, the number read before it and the number of all. Raises BadSources.
    """
    files = list(_walk(paths))
    gazetteer = _gazetteer(paths)
    found = Sources()
    errors: list[SourceError] = []
    for number, (path, name) in enumerate(files):
        if progress is not None:
            progress(name, number, len(files))
        try:
            _read(path, name, gazetteer, found, quotations=quotations)
        except BadSources as error:
            errors += error.errors
        except Exception as error:  # a stranger's file must not end in a traceback
            errors.append(as_source_error(path, error))
    errors += _doubles(found)
    errors += _complete_provenance(found)
    if errors:
        raise BadSources(sorted(set(errors), key=str))
    return found


def _walk(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for root in paths:
        if root.is_dir():
            base = root.resolve()
            for path in sorted(base.rglob("*")):
                inside = path.relative_to(base)
                if path.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                    yield path, f"{base.name}/{inside.as_posix()}"
        else:
            yield root, root.name


def _gazetteer(paths: Sequence[Path]) -> Gazetteer:
    """The names of treaties, from the first data directory among the sources that has the table."""
    for root in paths:
        if root.is_dir() and (known := Gazetteer.load(root)).treaties:
            return known
    return Gazetteer()


def _read(path: Path, name: str, gazetteer: Gazetteer, found: Sources, *, quotations: bool) -> None:
    if path.stem.casefold() in _SILENT_NAMES or path.name.endswith(_SILENT_SUFFIXES):
        return
    suffix = path.suffix.casefold()
    if suffix not in (*DOCUMENTS, *RDF, *TABLES):
        found.skipped.append((name, "not a kind of file that a loader reads"))
        return
    if not path.is_file():
        raise SourceError(path, "a file that exists", "check the path")
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(path, f"a file of at most {MAX_BYTES // 1024 // 1024} MiB", "split it")
    content = path.read_bytes()
    if suffix in TABLES:
        loader, quads = "tables", _table(path)
    elif suffix in RDF:
        loader, quads = "curated", _rdf(path, content, RDF[suffix])
    else:
        extraction = extract_file(path, gazetteer)
        if extraction.type == "Unknown":
            found.skipped.append((name, "a document of no kind that a loader recognises"))
            return
        loader, quads = "documents", claims(extraction, quotations=quotations)
    found.files.append(SourceFile(path, name, loader, checksum(content), tuple(quads)))


def _table(path: Path) -> list[Quad]:
    if not path.with_name(f"{path.name}-metadata.json").is_file():
        raise SourceError(
            path, "a mapping beside the table", f"write {path.name}-metadata.json, or take the table away"
        )
    table = read_table(path)
    problems = [*table.problems, *check_references(path)]
    if wrong := [found for found in problems if found.severity == "violation"]:
        raise BadSources([SourceError(found.file, found.message, found.hint, line=found.line) for found in wrong])
    return list(table.published())


def _rdf(path: Path, content: bytes, form: RdfFormat) -> list[Quad]:
    """Curated statements. Those outside of every graph go to the graph named after the file (Turtle has no other)."""
    text = decode(content, str(path))
    own = iri(GRAPH[slug(path.stem)])
    placed = []
    for item in skolemised(parse(text, format=form, base_iri=str(ID))):
        graph = item.graph_name
        if isinstance(graph, DefaultGraph) and form == RdfFormat.TURTLE:
            # What a Turtle file says about its own graph is provenance, everything else is the graph.
            placed.append(quad(statement(item), PROVENANCE if item.subject == own else own))
        elif isinstance(graph, DefaultGraph):
            line = _line(path, content, None)
            mend = "put it into GRAPH <../graph/…> { … }"
            raise SourceError(path, "every statement inside a named graph", mend, line=line)
        elif not _is_allowed(graph):
            mend = "name it <../graph/…> after the source; the graphs of the build itself are reserved"
            line = _line(path, content, graph)
            raise SourceError(path, f"a graph that sources may write to, not {graph}", mend, line=line)
        else:
            placed.append(item)
    return placed


def _is_allowed(graph: object) -> bool:
    if graph == PROVENANCE or is_source_graph(graph):
        return True
    name = str(getattr(graph, "value", ""))
    return name.endswith(CLAIMS_SUFFIX) and is_key(name.removeprefix(str(GRAPH)))


def _line(path: Path, content: bytes, graph: object) -> int | None:
    """The first line that says something in a graph (None: outside of every graph); the fast parser keeps no lines."""
    name = getattr(graph, "value", None)
    found = read_rdf_bytes(content, MEDIA_TYPES[path.suffix.casefold()], str(path))
    return next((item.position.line for item in found if (item.quad[3] and str(item.quad[3])) == name), None)


def _without(quads: Sequence[Quad], stale: frozenset[NamedNode]) -> Iterator[Quad]:
    """The quads of a file of stored claims, without those of the documents that have been read again."""
    names = {*stale, *(iri(f"{graph.value}{CLAIMS_SUFFIX}") for graph in stale)}
    activities = {
        item.object for item in quads if item.graph_name == PROVENANCE and item.subject in stale
    }  # whatever the record of a stale graph points to is read again with the document
    for item in quads:
        is_record = item.graph_name == PROVENANCE and (item.subject in stale or item.subject in activities)
        if item.graph_name not in names and not is_record:
            yield item


def _doubles(found: Sources) -> list[SourceError]:
    """Two files that are the same document in different words cannot both be right about where its passages are."""
    seen: dict[NamedNode, SourceFile] = {}
    errors = []
    for file in list(found.files):
        if file.loader != "documents":
            continue
        for graph in sorted(file.graphs, key=str):
            first = seen.setdefault(graph, file)
            if first is file:
                continue
            if first.checksum == file.checksum:
                found.files.remove(file)
                found.skipped.append((file.name, f"the same file as {first.name}"))
            else:
                errors.append(
                    SourceError(
                        file.path, "one file for each document", f"keep it or {first.path}, they are the same one"
                    )
                )
    return errors


def _complete_provenance(found: Sources) -> list[SourceError]:
    """Each source graph must name its source; loader, checksum and confidence are added where a file gives none."""
    records: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    for file in found.files:
        for item in file.quads:
            if item.graph_name == PROVENANCE and isinstance(item.subject, NamedNode):
                records[item.subject].add(item.predicate)
    errors = []
    for number, file in enumerate(found.files):
        added: list[Quad] = []
        for graph in sorted(file.graphs, key=str):
            if iri(DCTERMS.source) not in records[graph]:
                short = graph.value.removeprefix(str(GRAPH))
                mend = f"add GRAPH <../graph/provenance> {{ <../graph/{short}> dcterms:source <…> }}"
                errors.append(SourceError(file.path, f"a source for the graph {short}", mend))
            elif file.loader != "documents" and graph not in file.claimed:
                # Documents and stored claims bring their whole record with them.
                added += activity_quads(graph, file.loader, file.checksum)
                added.append(quad((graph, TYPE, iri(TG.SourceGraph)), PROVENANCE))
                added.append(quad((graph, iri(TG.checksum), literal(file.checksum)), PROVENANCE))
                if iri(TG.confidence) not in records[graph]:
                    curated: Statement = (graph, iri(TG.confidence), iri(code("confidence", "curated")))
                    added.append(quad(curated, PROVENANCE))
        if added:
            found.files[number] = SourceFile(file.path, file.name, file.loader, file.checksum, (*file.quads, *added))
    return errors
