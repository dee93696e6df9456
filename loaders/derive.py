"""Derivation: rules add what follows from the canonical statements, and say of each triple from what it follows.

A rule is a CONSTRUCT query (`queries/rules/*.rq`). With each triple it constructs a node of class tg:Derivation that
names the triple, the statements that it was derived from (prov:wasDerivedFrom) and the rule (tg:byRule). The rules run
in the order of their file names, again and again until none adds anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, NamedNode, QueryTriples, Store
from rdflib.namespace import PROV

from loaders.errors import BuildError
from loaders.terms import TYPE, Statement, Term, digest, iri, named, quad, statement
from ontology.namespaces import BASE, GRAPH, TG
from queries.catalogue import Catalogue, StoredQuery

RULES: Final = iri(GRAPH["rules"])
#: Rounds after which rules that still add something are taken to run for ever.
MAX_ROUNDS: Final = 25

_DERIVATION: Final = iri(TG.Derivation)
_SUBJECT, _PREDICATE, _OBJECT = (iri(term) for term in (TG.subject, TG.predicate, TG.object))
_FROM: Final = iri(PROV.wasDerivedFrom)
_BY: Final = iri(TG.byRule)


@dataclass
class Derived:
    """What the rules have added: `statements` are the derived triples, `derivations` the nodes that explain them."""

    statements: set[Statement] = field(default_factory=set)
    derivations: set[Statement] = field(default_factory=set)
    rounds: int = 0


def derive(store: Store, rules: Catalogue) -> Derived:
    """Run the rules on a store and add what they derive to its default graph and to `graph/rules`.

    Raises BuildError for a rule that fails, that constructs a triple without a derivation, or that never ends.
    """
    result = Derived()
    while True:
        result.rounds += 1
        added = 0
        for rule in rules.values():
            added += _apply(store, rule, result)
        if not added:
            return result
        if result.rounds >= MAX_ROUNDS:
            raise BuildError(
                f"rules still add statements after {MAX_ROUNDS} rounds; "
                "to mend: find the rule that makes new things out of its own results"
            )


def _apply(store: Store, rule: StoredQuery, result: Derived) -> int:
    """Run one rule once; the number of statements that are new."""
    try:
        answer = store.query(rule.text)
    except (SyntaxError, RuntimeError, OSError) as error:
        raise BuildError(f"{rule.name}.rq: the rule cannot be run ({error}); to mend: correct the query") from error
    if not isinstance(answer, QueryTriples):
        raise BuildError(f"{rule.name}.rq: a rule must be a CONSTRUCT query; to mend: rewrite it as one")
    facts, derivations = _sorted_out(rule, (statement(triple) for triple in answer))
    fresh = (facts - result.statements) | (derivations - result.derivations)
    result.statements |= facts
    result.derivations |= derivations
    store.extend(item for fact in fresh for item in (quad(fact), quad(fact, RULES)))
    return len(fresh)


def _sorted_out(rule: StoredQuery, triples: Iterable[Statement]) -> tuple[set[Statement], set[Statement]]:
    """Tell derived triples from the nodes that explain them, and give those nodes their names."""
    nodes: dict[BlankNode, set[tuple[NamedNode, Term]]] = defaultdict(set)
    facts: set[Statement] = set()
    for subject, predicate, value in triples:
        if isinstance(subject, BlankNode):
            nodes[subject].add((predicate, value))
        elif isinstance(value, BlankNode):
            raise BuildError(
                f"{rule.name}.rq: the rule makes a thing without a name; to mend: construct blank nodes "
                "only as derivations"
            )
        else:
            facts.add((subject, predicate, value))
    derivations: set[Statement] = set()
    explained: set[Statement] = set()
    for parts in nodes.values():
        fact = _explained(rule, parts)
        explained.add(fact)
        derivations.update(_named(fact, parts))
    if unexplained := sorted(facts - explained, key=str):
        raise BuildError(
            f"{rule.name}.rq: no derivation for {_shown(unexplained[0])}; "
            "to mend: construct a tg:Derivation with each triple"
        )
    if unstated := sorted(explained - facts, key=str):
        raise BuildError(
            f"{rule.name}.rq: a derivation explains {_shown(unstated[0])}, which the rule does not construct; "
            "to mend: construct the triple too"
        )
    return facts, derivations


def _explained(rule: StoredQuery, parts: set[tuple[NamedNode, Term]]) -> Statement:
    """The triple that a derivation names. Raises BuildError for a node that is no complete derivation."""
    of = dict(sorted(parts, key=str))
    subject, predicate, value = (of.get(term) for term in (_SUBJECT, _PREDICATE, _OBJECT))
    complete = isinstance(subject, NamedNode) and isinstance(predicate, NamedNode) and value is not None
    if not complete or (TYPE, _DERIVATION) not in parts or _FROM not in of or _BY not in of:
        raise BuildError(
            f"{rule.name}.rq: a derivation is incomplete; to mend: construct its class, tg:subject, tg:predicate, "
            "tg:object, prov:wasDerivedFrom and tg:byRule"
        )
    assert value is not None
    return named(subject), named(predicate), value


def _named(fact: Statement, parts: set[tuple[NamedNode, Term]]) -> Iterator[Statement]:
    content = sorted(f"{predicate} {value}" for predicate, value in parts)
    node = iri(f"{BASE}derivation/{digest(*map(str, fact), *content)}")
    for predicate, value in parts:
        yield node, predicate, value


def _shown(fact: Statement) -> str:
    return " ".join(map(str, fact))
