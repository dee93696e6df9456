"""Constraints of SHACL as set queries: for each constraint one query that finds all who break it.

A query gives the things and values that may be at fault. For most constraints these are exactly those that are; where
the engine of the store and pySHACL read a value differently (dates that do not exist, line ends in a pattern), the
query casts the wider net and `queries.judgement` decides as pySHACL does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, XSD
from rdflib.term import Node, XSDToPython

from ontology.constraints import Constraint, Shape, Target, Unread

#: The values of these datatypes that look like this are well formed for everyone; the others are looked at again.
_FORMS: Final = {
    XSD.date: "^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$",
    XSD.integer: "^-?(0|[1-9][0-9]{0,17})$",
    XSD.boolean: "^(true|false)$",
}
#: Datatypes whose values cannot be ill formed.
_FREE: Final = {XSD.string, RDF.langString, XSD.anyURI}
#: What a regular expression may hold so that both engines read it alike.
_PLAIN_PATTERN: Final = re.compile(
    r"(?:[A-Za-z0-9 /_:;,~#@=<>%!&'\"^$.|*+-]|\\[.+*?()|^$/-]|\(|\)|\[\^?[^\]\[\\&]+\]|\?|\{\d+(?:,\d*)?\})*"
)
_KINDS: Final = {
    SH.IRI: "isIRI({0})",
    SH.Literal: "isLITERAL({0})",
    SH.BlankNode: "isBLANK({0})",
    SH.BlankNodeOrIRI: "(isBLANK({0}) || isIRI({0}))",
    SH.BlankNodeOrLiteral: "(isBLANK({0}) || isLITERAL({0}))",
    SH.IRIOrLiteral: "(isIRI({0}) || isLITERAL({0}))",
}
_SIGNS: Final = {"MinInclusive": ">=", "MaxInclusive": "<=", "MinExclusive": ">", "MaxExclusive": "<"}
_PAIRS: Final = {"LessThan": "<", "LessThanOrEquals": "<="}
_COUNTS: Final = {"MinCount": "<", "MaxCount": ">", "QualifiedMinCount": "<", "QualifiedMaxCount": ">"}
#: Constraints of which the query gives suspects, not culprits.
JUDGED: Final = frozenset({"Datatype", "Pattern", *_SIGNS, *_PAIRS})

Classes = Callable[[Node], Sequence[str]]


@dataclass(frozen=True)
class Query:
    """A query for one constraint of one shape.

    Its columns are ?focus, and where a value is at fault ?value, and where two values are compared ?other. `judged`:
    its rows are suspects. `{given}` in the text stands for the things to which the check is limited.
    """

    shape: Shape
    constraint: Constraint
    text: str
    judged: bool

    def limited(self, given: Iterable[str] | None) -> str:
        """The query over the whole graph (None), or over these IRIs only."""
        limit = "" if given is None else "VALUES ?focus { " + " ".join(f"<{iri}>" for iri in given) + " }"
        return self.text.replace("{given}", limit)


@dataclass
class Compiler:
    """Turns a shape into queries. `classes` gives for a class its subclasses and itself, as they are written."""

    classes: Classes
    _numbers: count[int] = field(default_factory=count)

    def queries(self, shape: Shape) -> list[Query]:
        """One query per constraint. Raises Unread for what pySHACL must check."""
        return [
            Query(shape, constraint, text, constraint.component in JUDGED)
            for constraint in shape.constraints
            if (text := self._query(shape, constraint)) is not None
        ]

    def _query(self, shape: Shape, constraint: Constraint) -> str | None:
        targets = self._targets(shape)
        name = constraint.component
        if name == "Property" or (shape.path is None and (name in _COUNTS or name in _PAIRS or name == "UniqueLang")):
            raise Unread(name)
        if shape.path is None:
            broken = self._value(constraint, "?focus", outermost=True)
            return f"SELECT DISTINCT ?focus WHERE {{ {{given}} {targets} FILTER({broken}) }}"
        step = f"?focus {shape.path.n3()} ?value"
        if name in _COUNTS:
            return self._counting(constraint, targets, step)
        if name == "HasValue":
            found = f"FILTER NOT EXISTS {{ ?focus {shape.path.n3()} {_term(constraint.term)} }}"
            return f"SELECT DISTINCT ?focus WHERE {{ {{given}} {targets} {found} }}"
        if name == "UniqueLang":
            tagged = f'{step} FILTER(isLITERAL(?value) && LANG(?value) != "") BIND(LCASE(LANG(?value)) AS ?tag)'
            several = "GROUP BY ?focus ?tag HAVING(COUNT(DISTINCT ?value) > 1)"
            return f"SELECT ?focus WHERE {{ {{given}} {targets} {tagged} }} {several}"
        if name in _PAIRS:
            pair = f"{step} . ?focus {_term(constraint.term)} ?other"
            wrong = f"FILTER(!COALESCE(DATATYPE(?value) = DATATYPE(?other) && ?value {_PAIRS[name]} ?other, false))"
            return f"SELECT DISTINCT ?focus ?value ?other WHERE {{ {{given}} {targets} {pair} {wrong} }}"
        if self._same(shape):
            targets = ""
        broken = self._value(constraint, "?value", outermost=True)
        return f"SELECT DISTINCT ?focus ?value WHERE {{ {{given}} {targets} {step} FILTER({broken}) }}"

    def _counting(self, constraint: Constraint, targets: str, step: str) -> str:
        least = constraint.component.endswith("MinCount")
        kept = ""
        if constraint.shapes:
            kept = f" FILTER(!({self._violated(constraint.shapes[0], '?value')}))"
        if not kept and least and constraint.number == 1:
            return f"SELECT DISTINCT ?focus WHERE {{ {{given}} {targets} FILTER NOT EXISTS {{ {step} }} }}"
        if least and constraint.number == 1:
            return f"SELECT DISTINCT ?focus WHERE {{ {{given}} {targets} FILTER NOT EXISTS {{ {step}{kept} }} }}"
        values = f"OPTIONAL {{ {step}{kept} }}" if least else f"{step}{kept}"
        rule = f"HAVING(COUNT(DISTINCT ?value) {_COUNTS[constraint.component]} {constraint.number})"
        return f"SELECT ?focus WHERE {{ {{given}} {targets} {values} }} GROUP BY ?focus {rule}"

    def _targets(self, shape: Shape) -> str:
        parts = [self._target(target) for target in shape.targets]
        if not parts:
            raise Unread("no target")
        return parts[0] if len(parts) == 1 else " UNION ".join(parts)

    def _target(self, target: Target) -> str:
        fresh = self._fresh()
        if target.kind == "node":
            return f"{{ VALUES ?focus {{ {_term(target.term)} }} }}"
        if target.kind == "class":
            classes = " ".join(self.classes(target.term))
            triple = f"VALUES {fresh} {{ {classes} }} ?focus {RDF.type.n3()} {fresh}"
        elif target.kind == "subjects-of":
            triple = f"?focus {_term(target.term)} {fresh}"
        else:
            triple = f"{fresh} {_term(target.term)} ?focus"
        return f"{{ SELECT DISTINCT ?focus WHERE {{ {{given}} {triple} }} }}"

    @staticmethod
    def _same(shape: Shape) -> bool:
        """Whether the target is the property that is checked, so that its triples need to be walked only once."""
        return [(target.kind, target.term) for target in shape.targets] == [("subjects-of", shape.path)]

    def _fresh(self) -> str:
        return f"?v{next(self._numbers)}"

    def _violated(self, shape: Shape, node: str) -> str:
        """An expression that is true where the node breaks the shape."""
        parts: list[str] = []
        for constraint in shape.constraints:
            parts.append(
                self._value(constraint, node) if shape.path is None else self._step(constraint, node, shape.path)
            )
        return " || ".join(f"({part})" for part in parts) or "false"

    def _step(self, constraint: Constraint, node: str, path: URIRef) -> str:
        """An expression that is true where the values of a property of the node break the constraint."""
        name, fresh = constraint.component, self._fresh()
        step = f"{node} {path.n3()} {fresh}"
        match name, constraint.number:
            case "MinCount", 1:
                return f"NOT EXISTS {{ {step} }}"
            case "MaxCount", 0:
                return f"EXISTS {{ {step} }}"
            case "QualifiedMinCount", 1:
                return f"NOT EXISTS {{ {step} FILTER(!({self._violated(constraint.shapes[0], fresh)})) }}"
            case "HasValue", _:
                return f"NOT EXISTS {{ {node} {path.n3()} {_term(constraint.term)} }}"
        if name in _COUNTS or name in _PAIRS or name == "UniqueLang":
            raise Unread(f"{name} within a shape")
        return f"EXISTS {{ {step} FILTER({self._value(constraint, fresh)}) }}"

    def _value(self, constraint: Constraint, value: str, *, outermost: bool = False) -> str:
        """An expression that is true where one value breaks the constraint (or may, for the judged ones)."""
        name, term = constraint.component, constraint.term
        if name in JUDGED and not outermost and not (name == "Datatype" and term in _FREE):
            raise Unread(f"{name} within a shape")
        inner = [f"({self._violated(shape, value)})" for shape in constraint.shapes]
        match name:
            case "Node" | "And" | "Property":
                return " || ".join(inner) or "false"
            case "Not":
                return f"!{inner[0]}"
            case "Or":
                return " && ".join(inner) or "true"
            case "Class":
                fresh, classes = self._fresh(), ", ".join(self.classes(_known(term)))
                return f"NOT EXISTS {{ {value} {RDF.type.n3()} {fresh} FILTER({fresh} IN ({classes})) }}"
            case _:
                return _plain(constraint, value)


def _plain(constraint: Constraint, value: str) -> str:
    """An expression that is true where a value breaks a constraint that refers to no other triples."""
    name, term = constraint.component, constraint.term
    if name in _SIGNS:
        same = f"DATATYPE({value}) = {_term(term.datatype)}" if isinstance(term, Literal) else "false"
        return f"!COALESCE({same} && {value} {_SIGNS[name]} {_term(term)}, false)"
    match name:
        case "NodeKind" if term in _KINDS:
            return f"!{_KINDS[URIRef(str(term))].format(value)}"
        case "In":
            return " && ".join(f"!sameTerm({value}, {_term(member)})" for member in constraint.terms) or "true"
        case "HasValue":
            return f"!sameTerm({value}, {_term(term)})"
        case "MinLength" | "MaxLength":
            sign = ">=" if name == "MinLength" else "<="
            return f"!COALESCE(STRLEN(STR({value})) {sign} {constraint.number}, false)"
        case "LanguageIn":
            return _language(constraint, value)
        case "Datatype":
            return _datatype(term, value)
        case "Pattern":
            return _pattern(term, value)
    raise Unread(name)


def _language(constraint: Constraint, value: str) -> str:
    tags = [str(tag) for tag in constraint.terms]
    if any("-" in tag for tag in tags):
        raise Unread("a language tag with a region")
    fits = " || ".join(f"LANGMATCHES(LANG({value}), {Literal(tag).n3()})" for tag in tags) or "false"
    return f"!COALESCE({fits}, false)"


def _datatype(term: Node | None, value: str) -> str:
    if term in (RDFS.Literal, RDFS.Datatype) or not isinstance(term, URIRef):
        raise Unread("a datatype of datatypes")
    same = f"DATATYPE({value}) = {term.n3()}"
    if term in _FREE or term not in XSDToPython:
        return f"!COALESCE({same}, false)"
    form = _FORMS.get(term)
    return "true" if form is None else f"!COALESCE({same} && REGEX(STR({value}), {Literal(form).n3()}), false)"


def _pattern(term: Node | None, value: str) -> str:
    if not isinstance(term, Literal):
        raise Unread("a pattern that is not a text")
    if not _PLAIN_PATTERN.fullmatch(str(term)) or "(?" in str(term):
        return "true"  # Two engines may read it differently: each value is looked at again.
    return f"!COALESCE(REGEX(STR({value}), {term.n3()}), false)"


def _known(term: Node | None) -> Node:
    if term is None:
        raise Unread("a constraint without a parameter")
    return term


def _term(term: Node | None) -> str:
    """A term as SPARQL writes it. Raises Unread for a blank node, which a query cannot name."""
    if isinstance(term, URIRef | Literal):
        return term.n3()
    raise Unread("a blank node as a value")
