"""The catalogue: query files with a header, which users, rules and the audit share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from rdflib import Graph

from queries.errors import CatalogueError, ParameterError, QueryError
from queries.header import listing, mapping, read_header, words
from queries.parameters import Parameter, parameter
from queries.scanner import inspect
from queries.values import UNDEF, fill, values_blocks

KINDS: Final = ("questions", "rules", "audit", "gaps")
_SEVERITIES: Final = ("violation", "warning", "info")
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_FORM: Final = {
    "questions": ("select", "ask", "construct", "describe"),
    "rules": ("construct",),
    "audit": ("select",),
    "gaps": ("select",),
}


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """One file of the catalogue. `text` runs as it stands, with the example values of its parameters.

    `questions` are the numbers in QUESTIONS.md; `rule` and `severity` belong to audit files, `rule` to rules too;
    `header` holds every field as written.
    """

    name: str
    kind: str
    form: str
    title: str
    description: str
    text: str
    parameters: dict[str, Parameter] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    questions: tuple[int, ...] = ()
    rule: str = ""
    severity: str = ""
    tags: tuple[str, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)

    def bind(self, values: Mapping[str, object] | None = None, /, **named: object) -> str:
        """The query with these values instead of the examples: `bind(meeting="aplc-msp-21")`.

        A list gives several alternatives. Every parameter that is not optional must be given; an optional one that
        is left out matches anything. Values are written as typed terms, so that none can change the query.
        Raises ParameterError.
        """
        given = {**(values or {}), **named}
        if unknown := sorted(set(given) - set(self.parameters)):
            known = ", ".join(self.parameters) or "none"
            raise ParameterError(f"{self.name} has no parameter {unknown[0][:100]}; it has {known}")
        blocks: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for name, one in self.parameters.items():
            value = given.get(name)
            if value is None or value == "":
                if not one.optional:
                    about = one.description.rstrip(".")
                    raise ParameterError(f"parameter {name} is missing ({about}), such as {one.example}")
                blocks[name,] = [(UNDEF,)]
                continue
            several = value if isinstance(value, list | tuple) else [value]
            blocks[name,] = [(one.term(item),) for item in several]
        return fill(self.text, blocks)

    def example(self) -> dict[str, str]:
        """The example values, by parameter."""
        return {name: one.example for name, one in self.parameters.items()}


class Catalogue(Mapping[str, StoredQuery]):
    """Stored queries by name, in the order of their names."""

    def __init__(self, queries: Mapping[str, StoredQuery]) -> None:
        self._queries = dict(sorted(queries.items()))

    @classmethod
    def load(cls, kind: str = "questions", directory: Path | str | None = None) -> Catalogue:
        """Read `questions`, `rules`, `audit` or `gaps`, of this package or of a directory. Raises CatalogueError."""
        if kind not in KINDS:
            raise CatalogueError(f"no such kind of query: {kind}; there are {', '.join(KINDS)}")
        return cls(_of_package(kind) if directory is None else _of_folder(Path(directory), kind))

    def as_rdf(self, endpoint: str) -> Graph:
        """The queries in the example format of SPARQL endpoints; `endpoint` is the address that answers them."""
        from queries.examples import as_rdf

        return as_rdf(self.values(), endpoint)

    def names(self) -> list[str]:
        """All names, sorted."""
        return list(self._queries)

    def __getitem__(self, name: str) -> StoredQuery:
        return self._queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


@cache
def _of_package(kind: str) -> dict[str, StoredQuery]:
    """The queries of this package, which are read once: pages and reports ask for them again and again."""
    return _of_folder(files("queries").joinpath(kind), kind)


def _of_folder(folder: Traversable, kind: str) -> dict[str, StoredQuery]:
    found: dict[str, StoredQuery] = {}
    if folder.is_dir():
        for file in sorted(folder.iterdir(), key=lambda f: f.name):
            if file.name.endswith(".rq"):
                one = read_query(file.read_text(encoding="utf-8"), file.name, kind)
                found[one.name] = one
    return found


def read_query(text: str, filename: str, kind: str) -> StoredQuery:
    """Read one file and check that its header is complete. Raises CatalogueError, which names the file."""
    name = filename.removesuffix(".rq")
    if not _NAME.match(name):
        raise CatalogueError(f"{filename}: name query files in kebab-case, as in mandate-of-meeting.rq")
    header = read_header(text, filename)
    shape = inspect(text)
    if shape.form not in _FORM[kind]:
        raise CatalogueError(f"{filename}: expected a query of the form {' or '.join(_FORM[kind]).upper()}")
    if shape.service_at is not None:
        raise CatalogueError(f"{filename}: SERVICE is refused")
    parameters = {n: parameter(n, said, filename) for n, said in mapping(header, "parameters", filename).items()}
    columns = {n: " ".join(str(said).split()) for n, said in mapping(header, "columns", filename).items()}
    one = StoredQuery(
        name=name,
        kind=kind,
        form=shape.form,
        title=words(header, "title", filename),
        description=words(header, "description", filename),
        text=text,
        parameters=parameters,
        columns=columns,
        questions=_numbers(header, filename),
        rule=words(header, "rule", filename, needed=kind in ("rules", "audit")),
        severity=words(header, "severity", filename, needed=kind == "audit"),
        tags=tuple(str(tag) for tag in listing(header, "tags")),
        header=header,
    )
    _check(one, filename)
    return one


def _numbers(header: Mapping[str, Any], filename: str) -> tuple[int, ...]:
    numbers = listing(header, "question")
    if not all(isinstance(n, int) for n in numbers):
        raise CatalogueError(f"{filename}: question must be a list of numbers")
    return tuple(numbers)


def _check(one: StoredQuery, filename: str) -> None:
    """What the reading of single fields cannot see."""
    blocks = {names[0] for names, _, _ in values_blocks(one.text) if len(names) == 1}
    for name in one.parameters:
        if name not in blocks:
            raise CatalogueError(f"{filename}: parameter {name} needs a line VALUES ?{name} {{ … }}")
    if one.kind == "questions" and one.form == "select" and not one.columns:
        raise CatalogueError(f"{filename}: columns are missing: say what each column holds")
    if one.kind == "audit" and one.severity not in _SEVERITIES:
        raise CatalogueError(f"{filename}: severity must be one of {', '.join(_SEVERITIES)}")
    try:
        one.bind(one.example())
    except QueryError as error:
        raise CatalogueError(f"{filename}: {error}") from None
