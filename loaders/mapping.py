"""Mappings: what the columns of a table mean, in the W3C form "CSV on the Web" (CSVW).

The mapping of `meetings.csv` is `meetings.csv-metadata.json` beside it. Read from it: `url`, `dc:title`,
`dc:description`, and of the `tableSchema` `aboutUrl`, `primaryKey`, `foreignKeys` and `columns` with `name`, `titles`,
`datatype` (`base`, `format`), `lang`, `separator`, `null`, `required`, `virtual`, `aboutUrl`, `propertyUrl`,
`valueUrl`, `suppressOutput`. URLs are URI templates (RFC 6570) over the row's cells, relative to
`https://w3id.org/treatygraph/id/`.

Two things go beyond csv2rdf, because the data need them: a cell with a `separator` and a `valueUrl` gives one link for
each item; and a template that names an empty cell gives nothing at all instead of half an IRI.

The columns `source` and `confidence`, and `X_source` and `X_confidence` for a single column X, say where a row or a
cell comes from (`loaders.citations`); they carry no property.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import uritemplate
from rdflib import XSD, URIRef
from rdflib.namespace import DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SKOS

from loaders.diagnose import Malformed
from ontology.namespaces import ID, OA, SCHEMA

#: Prefixes that CSVW knows without declaration (RDFa initial context), as far as the data use them.
_PREFIXES: Final = {
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
    "skos": str(SKOS),
    "dc": str(DCTERMS),
    "dcterms": str(DCTERMS),
    "foaf": str(FOAF),
    "prov": str(PROV),
    "org": str(ORG),
    "oa": str(OA),
    "schema": str(SCHEMA),
}

#: A relative reference without dot segments: what `urljoin` would only append.
_PLAIN_KEY: Final = re.compile(r"\w[\w.~@%-]*(?:/\w[\w.~@%-]*)*", re.ASCII)

#: CSVW datatypes that tables may use.
DATATYPES: Final[Mapping[str, URIRef]] = {
    "string": XSD.string,
    "date": XSD.date,
    "integer": XSD.integer,
    "nonNegativeInteger": XSD.nonNegativeInteger,
    "gYear": XSD.gYear,
    "boolean": XSD.boolean,
    "anyURI": XSD.anyURI,
}


@dataclass(frozen=True)
class Column:
    """One column of a table; `predicate` is None where the column only feeds templates or says the source."""

    name: str
    predicate: URIRef | None = None
    about: str | None = None
    value: str | None = None
    datatype: str = "string"
    format: re.Pattern[str] | None = None
    lang: str | None = None
    separator: str | None = None
    null: frozenset[str] = frozenset({""})
    required: bool = False
    virtual: bool = False

    @cached_property
    def needs(self) -> frozenset[str]:
        """The names of the cells that the column's templates need."""
        return variables(self.about or "") | variables(self.value or "")


@dataclass(frozen=True)
class ForeignKey:
    """Each value of `column` must occur in the column `target_column` of the table `table` (a file beside this one)."""

    column: str
    table: str
    target_column: str


@dataclass(frozen=True)
class TableMapping:
    """The meaning of one table."""

    path: Path
    title: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = field(default=())

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The names that the first line of the table must hold, in this order."""
        return tuple(column.name for column in self.columns if not column.virtual)

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in reversed(self.columns)}


def mapping_path(table: Path) -> Path:
    """Where the mapping of a table lies: `meetings.csv-metadata.json` beside `meetings.csv`."""
    return table.with_name(table.name + "-metadata.json")


def load_mapping(table: Path) -> TableMapping:
    """Read the mapping of a table. Raises `Malformed` if it is absent or not a mapping that we can follow."""
    path = mapping_path(table)
    if not path.is_file():
        expected = f"No mapping says what its columns mean: {path.name} was expected beside it."
        raise Malformed(str(table), 1, expected, "Write one (see data/README.md) or move the table out of the data.")
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text)
    except json.JSONDecodeError as error:
        mend = "Look for a comma, a colon, a bracket or a quotation mark there or just before."
        raise Malformed(
            str(path), error.lineno, f"JSON was expected: {error.msg}.", mend, column=error.colno
        ) from error
    try:
        return _mapping(document, path)
    except _ColumnError as error:
        line, column = _place(text, error.name)
        mend = "Compare it with the columns of another table."
        raise Malformed(str(path), line, f"The column {error.name} {error}.", mend, column=column) from error
    except (KeyError, TypeError, AttributeError, ValueError, re.error) as error:
        expected = f"This is not a CSVW mapping that can be followed: {error}."
        raise Malformed(str(path), 1, expected, "Compare it with the mapping of another table.") from error


class _ColumnError(ValueError):
    """What is wrong with one column: `str()` goes on after its name."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(fault)
        self.name = name


def _place(text: str, name: str) -> tuple[int, int]:
    """Line and column at which a mapping names a column (the last time, if it does so twice)."""
    found = [match.start() for match in re.finditer(rf'"name"\s*:\s*{re.escape(json.dumps(name))}', text)]
    offset = found[-1] if found else 0
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _mapping(document: dict[str, Any], path: Path) -> TableMapping:
    schema = document["tableSchema"]
    about = schema.get("aboutUrl")
    columns = tuple(_column(column, about) for column in schema["columns"])
    names = [column.name for column in columns]
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise _ColumnError(doubles[0], "stands twice")
    for column in columns:
        unknown = sorted(column.needs - set(names))
        if column.predicate is not None and unknown:
            raise _ColumnError(column.name, f"has a template that needs the column {unknown[0]}, which does not exist")
    keys = schema.get("primaryKey", [])
    return TableMapping(
        path=path,
        title=str(document.get("dc:title", path.name)),
        columns=columns,
        primary_key=tuple([keys] if isinstance(keys, str) else keys),
        foreign_keys=tuple(
            ForeignKey(key["columnReference"], key["reference"]["resource"], key["reference"]["columnReference"])
            for key in schema.get("foreignKeys", [])
        ),
    )


def _column(raw: dict[str, Any], about: str | None) -> Column:
    datatype = raw.get("datatype", "string")
    pattern = None
    if isinstance(datatype, dict):
        pattern = datatype.get("format")
        datatype = datatype.get("base", "string")
    if datatype not in DATATYPES:
        raise _ColumnError(raw["name"], f"has the datatype {datatype}, which is none of {', '.join(DATATYPES)}")
    null = raw.get("null", "")
    prop = None if raw.get("suppressOutput") else raw.get("propertyUrl")
    return Column(
        name=raw["name"],
        predicate=None if prop is None else URIRef(expand(prop, {})),
        about=raw.get("aboutUrl", about),
        value=raw.get("valueUrl"),
        datatype=datatype,
        format=None if pattern is None else re.compile(pattern),
        lang=raw.get("lang"),
        separator=raw.get("separator"),
        null=frozenset([null] if isinstance(null, str) else null) | {""},
        required=bool(raw.get("required", False)),
        virtual=bool(raw.get("virtual", False)),
    )


def variables(template: str) -> frozenset[str]:
    """The names of the cells that a template needs."""
    return frozenset(_names(template))


def expand(template: str, cells: Mapping[str, str]) -> str:
    """The IRI that a template gives for a row's cells: expanded, prefixes resolved, relative to `id/`."""
    return _expanded(template, tuple(cells.get(name) for name in _names(template)))


@lru_cache(maxsize=65_536)
def _expanded(template: str, values: tuple[str | None, ...]) -> str:
    """Remembered: the columns of a row are about one thing, and the rows of a table name the same things often."""
    cells: dict[str, Any] = {
        name: value for name, value in zip(_names(template), values, strict=True) if value is not None
    }
    text = str(uritemplate.expand(template, cells))
    if _PLAIN_KEY.fullmatch(text):
        return f"{ID}{text}"
    prefix, colon, local = text.partition(":")
    if colon and prefix in _PREFIXES and not local.startswith("//"):
        return _PREFIXES[prefix] + local
    return urljoin(str(ID), text)


@lru_cache(maxsize=4096)
def _names(template: str) -> tuple[str, ...]:
    return tuple(str(name) for name in uritemplate.variables(template))
