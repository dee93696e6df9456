"""Validation of a release: its files, its shapes and the rules across records, each with the line of its dump."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pyoxigraph import DefaultGraph, NamedNode, Store, Triple

from loaders.crossrecord import offences
from loaders.diagnose import Diagnosis
from loaders.release import DUMP, MANIFEST, ReleaseInfo
from loaders.terms import statement
from loaders.vocabulary import schema_quads
from ontology.shapes import LEVELS
from queries.conformance import store_of, validate_store


def validate_release(release: ReleaseInfo, *, levels: Sequence[str] = LEVELS) -> list[Diagnosis]:
    """Everything that is wrong in a release; results sorted by file and line.

    A result stands at the first line of the (uncompressed) dump that is about the thing and, where it names one, the
    property and the value. Files that are missing or damaged come under the rule `damaged-release`, and alone.
    """
    if damage := release.damage():
        hint = "Run treatygraph build again."
        return [_diagnosis(release, MANIFEST, 1, f"{what}.", hint) for what in damage]
    store = Store.read_only(str(release.store))
    schema = {statement(item) for item in schema_quads()}
    facts = [statement(item) for item in store.quads_for_pattern(None, None, None, DefaultGraph())]
    shown = store_of(Triple(*fact) for fact in facts if fact not in schema)
    found = [
        _About(one.shape, one.severity, one.message, one.hint, one.focus, one.path or "", one.value or "")
        for one in validate_store(shown, levels=levels)
    ]
    for one in offences(store):
        value = one.values[-1] if one.values else ""
        path = next((path for path in one.paths if _states(store, one.subject, path)), "")
        found.append(_About(one.rule, one.severity, one.message, one.hint, one.subject, path, value))
    return sorted(_placed(release, found), key=Diagnosis.sort_key)


class _About(NamedTuple):
    """A result that has no place yet."""

    rule: str
    severity: str
    message: str
    hint: str
    subject: str
    path: str
    value: str


def _states(store: Store, subject: str, path: str) -> bool:
    found = store.quads_for_pattern(NamedNode(subject), NamedNode(path), None, DefaultGraph())
    return next(iter(found), None) is not None


def _placed(release: ReleaseInfo, found: Sequence[_About]) -> Iterator[Diagnosis]:
    """The results with the lines of the dump, which is read once."""
    wanted = {one.subject for one in found}
    lines: dict[tuple[str, ...], int] = {}
    with gzip.open(release.dump, "rt", encoding="utf-8") as dump:
        for number, line in enumerate(dump, 1):
            subject, _, rest = line.partition(" ")
            if subject[1:-1] not in wanted:
                continue
            path, _, value = rest.partition(" ")
            keys = ((subject[1:-1],), (subject[1:-1], path[1:-1]), (subject[1:-1], path[1:-1], _text(value)))
            for key in keys:
                lines.setdefault(key, number)
    for one in found:
        rule, severity, message, hint, subject, path, value = one
        number = lines.get((subject, path, value)) or lines.get((subject, path)) or lines.get((subject,)) or 1
        yield Diagnosis(
            str(release.path / DUMP), number, 1, severity, rule, message, hint, subject, path=path, value=value
        )


def _text(value: str) -> str:
    """The IRI or the text of the object at the beginning of the rest of a line."""
    if value.startswith("<"):
        return value[1 : value.index(">")]
    return value[1 : value.find('"', 1)] if value.startswith('"') else value.partition(" ")[0]


def _diagnosis(release: ReleaseInfo, name: str, line: int, message: str, hint: str) -> Diagnosis:
    return Diagnosis(str(release.path / name), line, 1, "violation", "damaged-release", message, hint)
