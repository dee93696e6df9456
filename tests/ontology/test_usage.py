"""Every term that the project uses is declared, and every declared term is used or marked as planned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ontology.namespaces import TG
from ontology.schema import load_schema, local_name

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "data", "loaders", "ontology", "queries")
SUFFIXES = {".csv", ".csv-metadata.json", ".html", ".json", ".py", ".rq", ".trig", ".ttl"}
#: `tg:name`, `TG.name`, `TG["name"]`, `def#name`: how a term is written in data, queries, templates and Python.
USE = re.compile(r"""(?:(?<![\w-])tg:|\bTG\.|\bTG\[["']|def#)([A-Za-z][A-Za-z0-9]*)""")
#: `code("scheme", "member")`, `CODE["scheme/member"]`, `<../code/scheme/member>`: how a code is written.
CODE_USE = re.compile(
    r"""(?:\bcode\(\s*["']|\bCODE\[["']|\.\./code/)([a-z-]+)(?:/|["'],\s*["'])([a-z0-9][a-z0-9-]*)["'>\]]"""
)
#: `scheme:member`, where the file binds the prefix.
PREFIX = re.compile(r"PREFIX\s+([a-z-]+):\s*<[^>]*code/([a-z-]+)/>", re.IGNORECASE)
#: Attributes of rdflib's Namespace that are no terms.
NAMESPACE_METHODS = {"term"}
#: Files that declare terms, or are generated from those that do: a term that stands only there is not used.
DECLARING = {"ontology/treatygraph.ttl", "ontology/mappings.ttl", "ontology/context.jsonld"}


def sources() -> Iterator[tuple[str, str]]:
    """Relative path and text of every file that may use terms."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and name.endswith(tuple(SUFFIXES)) and name not in DECLARING:
                yield name, path.read_text(encoding="utf-8")


def uses() -> dict[str, set[str]]:
    """Local name of each term used, to the files that use it."""
    found: dict[str, set[str]] = {}
    for name, text in sources():
        for match in USE.finditer(text):
            if match[1] not in NAMESPACE_METHODS:
                found.setdefault(match[1], set()).add(name)
    return found


def test_every_used_term_is_declared() -> None:
    declared = {local_name(term) for term in load_schema().classes | load_schema().properties}
    unknown = {name: sorted(where) for name, where in sorted(uses().items()) if name not in declared}
    assert not unknown, f"used and not declared in ontology/treatygraph.ttl: {unknown}"


def test_every_declared_term_is_used_or_planned() -> None:
    used, schema = uses(), load_schema()
    examples_and_shapes = ("ontology/examples/", "ontology/shapes/")
    busy = {name for name, where in used.items() if not all(file.startswith(examples_and_shapes) for file in where)}
    idle = sorted(
        local_name(term)
        for term in (schema.classes | schema.properties) - schema.planned
        # A class is in use where one of its subclasses is.
        if not busy & {local_name(each) for each in schema.subclasses(term)}
    )
    assert not idle, f'declared in {TG} but used nowhere; use them or mark them tg:status "planned": {idle}'


def test_every_used_code_is_declared() -> None:
    schema = load_schema()
    known = {f"{scheme}/{member}" for scheme in schema.schemes() for member in schema.codes(scheme)}
    unknown: dict[str, set[str]] = {}
    seen = 0
    for name, text in sources():
        used = {f"{match[1]}/{match[2]}" for match in CODE_USE.finditer(text)}
        for prefix, scheme in PREFIX.findall(text):
            used |= {f"{scheme}/{member}" for member in re.findall(rf"(?<![\w-]){prefix}:([a-z0-9][a-z0-9-]*)", text)}
        seen += len(used)
        # The examples hold codes that are wrong on purpose.
        for code in used - known - {"task/example"}:
            if not code.endswith("/no-such-code"):
                unknown.setdefault(code, set()).add(name)
    assert seen, "the patterns find no code at all"
    assert not unknown, f"used and not declared in ontology/codes.ttl: {unknown}"
