"""One spelling of a set of quads: canonical TriG, sorted throughout, so that one changed fact is one changed line.

The form is that of the hand-written data: `BASE …/id/`, prefixes for vocabularies and code lists, one graph after the
other, one subject after the other, `a` first and then the predicates in the order of their IRIs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad
from rdflib.namespace import XSD

from loaders.terms import TYPE, Term, statement
from ontology.namespaces import BASE, CODE, ID, PREFIXES

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_CODE = re.compile(re.escape(str(CODE)) + r"([a-z][a-z0-9-]*)/([^/]+)\Z")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
#: `id:` would only ever shorten folders; keys need the angle brackets.
_NAMESPACES = sorted(
    ((name, iri) for name, iri in PREFIXES.items() if name not in ("id", "code")), key=lambda pair: -len(pair[1])
)


def canonical_trig(quads: Iterable[Quad]) -> str:
    """The quads as canonical TriG, with a line feed at the end; the same set always gives the same text."""
    graphs: dict[str, dict[str, dict[str, set[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    writer = _Writer()
    for item in quads:
        subject, predicate, value = statement(item)
        graph = "" if isinstance(item.graph_name, DefaultGraph) else writer.term(_node(item.graph_name))
        # `a` sorts before every other predicate because its sort key is empty.
        verb = "" if predicate == TYPE else writer.term(predicate)
        graphs[graph][writer.term(subject)][verb].add(writer.term(value))
    blocks = [_block(name, graphs[name]) for name in sorted(graphs)]
    head = [f"BASE <{ID}>", *(f"PREFIX {name}: <{iri}>" for name, iri in sorted(writer.used.items()))]
    return "\n".join(head) + "\n\n" + "\n".join(blocks)


def _block(name: str, subjects: dict[str, dict[str, set[str]]]) -> str:
    indent = "  " if name else ""
    body = "".join(_subject(indent, subject, subjects[subject]) for subject in sorted(subjects))
    return f"GRAPH {name} {{\n{body}}}\n" if name else body


def _subject(indent: str, subject: str, predicates: dict[str, set[str]]) -> str:
    lines = [f"{verb or 'a'} {', '.join(sorted(predicates[verb]))}" for verb in sorted(predicates)]
    return f"{indent}{subject} " + f" ;\n{indent}  ".join(lines) + " .\n"


def _node(name: object) -> NamedNode:
    if not isinstance(name, NamedNode):
        raise TypeError(f"canonical TriG has only named graphs, not {name}")
    return name


class _Writer:
    """Shortens terms and remembers which prefixes it has used."""

    def __init__(self) -> None:
        self.used: dict[str, str] = {}

    def term(self, term: Term) -> str:
        if isinstance(term, NamedNode):
            return self._iri(term.value)
        if isinstance(term, Literal):
            return self._literal(term)
        raise TypeError("canonical TriG holds no blank nodes; give each node a name")

    def _literal(self, term: Literal) -> str:
        datatype = term.datatype.value
        if datatype == str(XSD.integer) and _INTEGER.match(term.value):
            return term.value
        if datatype == str(XSD.boolean) and term.value in ("true", "false"):
            return term.value
        if term.language or datatype == str(XSD.string):
            return str(term)
        return f"{Literal(term.value)}^^{self._iri(datatype)}"

    def _iri(self, value: str) -> str:
        if code := _CODE.match(value):
            return self._prefixed(code[1], f"{CODE}{code[1]}/", code[2]) or f"<{value}>"
        for name, namespace in _NAMESPACES:
            if value.startswith(namespace) and (short := self._prefixed(name, namespace, value[len(namespace) :])):
                return short
        return f"<{_relative(value)}>"

    def _prefixed(self, name: str, namespace: str, local: str) -> str | None:
        if not _LOCAL.match(local) or self.used.get(name, namespace) != namespace:
            return None
        self.used[name] = namespace
        return f"{name}:{local}"


def _relative(value: str) -> str:
    """The IRI relative to `id/` where resolving it gives the same IRI back, else the IRI itself."""
    for base, up in ((str(ID), ""), (BASE, "../")):
        if not value.startswith(base):
            continue
        rest = value[len(base) :]
        path = re.split(r"[?#]", rest)[0].split("/")
        if all(part not in ("", ".", "..") for part in path) and ":" not in path[0]:
            return up + rest
        return value
    return value
