"""Curators' decisions: which value stands in one case, whether a finding is confirmed or refuted, and for which reason.

A decision on a value is a node of class tg:Reconciliation in curated data, with tg:subject, tg:predicate, tg:prefers
and tg:reason. A decision on a finding is the finding's IRI with tg:findingState and tg:reason. Both stand in a source
graph of their own, so that it is on record who decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from loaders.errors import BuildError
from loaders.terms import TYPE, Statement, Term, iri, named, statement
from ontology.namespaces import CODE, FINDING, TG

_CLASS: Final = iri(TG.Reconciliation)
_REASON: Final = iri(TG.reason)
_STATE: Final = iri(TG.findingState)


@dataclass(frozen=True)
class ValueDecision:
    """One value preferred by a person; `subject` and `predicate` name the case."""

    node: NamedNode
    subject: NamedNode
    predicate: NamedNode
    prefers: Term
    reason: Literal
    graph: NamedNode

    def unstated(self) -> BuildError:
        """The error for a decision whose value no source states: a decision chooses, it does not add facts."""
        return BuildError(
            f"{self.node.value}: no source states {self.prefers} for {self.predicate.value} of {self.subject.value}; "
            "to mend: prefer a value that a source states, or add the source"
        )


@dataclass(frozen=True)
class FindingDecision:
    """A finding that a person has confirmed or refuted."""

    finding: NamedNode
    state: NamedNode
    reason: Literal
    graph: NamedNode


@dataclass(frozen=True)
class Decisions:
    """All decisions of the curated data."""

    values: dict[tuple[NamedNode, NamedNode], ValueDecision]
    findings: dict[NamedNode, FindingDecision]
    nodes: frozenset[NamedNode]

    def steers(self, fact: Statement) -> bool:
        """Whether a statement of a source steers the build instead of describing the world."""
        return fact[0] in self.nodes


def read_decisions(sources: Iterable[Quad]) -> Decisions:
    """Gather the decisions from the quads of the source graphs.

    Raises BuildError for one that lacks a part or a reason, and for two that decide the same case.
    """
    parts: dict[NamedNode, dict[NamedNode, Term]] = defaultdict(dict)
    graphs: dict[NamedNode, NamedNode] = {}
    listed = list(sources)
    values = {item.subject for item in listed if item.predicate == TYPE and item.object == _CLASS}
    for item in listed:
        subject = item.subject
        is_finding = isinstance(subject, NamedNode) and subject.value.startswith(str(FINDING))
        if isinstance(subject, NamedNode) and (subject in values or is_finding):
            parts[subject][item.predicate] = statement(item)[2]
            graphs[subject] = named(item.graph_name)

    decided: dict[tuple[NamedNode, NamedNode], ValueDecision] = {}
    findings: dict[NamedNode, FindingDecision] = {}
    for node in sorted(parts, key=str):
        reason = parts[node].get(_REASON)
        if not isinstance(reason, Literal):
            raise BuildError(
                f"{node.value}: a decision needs a reason; to mend: give it a tg:reason in the curated data"
            )
        if node in values:
            decision = _value_decision(node, parts[node], reason, graphs[node])
            case = (decision.subject, decision.predicate)
            if case in decided:
                other = decided[case].node.value
                raise BuildError(f"{node.value}: {other} decides the same case; to mend: keep one of the two")
            decided[case] = decision
        else:
            findings[node] = FindingDecision(node, _state(node, parts[node]), reason, graphs[node])
    return Decisions(decided, findings, frozenset(parts))


def _value_decision(node: NamedNode, of: dict[NamedNode, Term], reason: Literal, graph: NamedNode) -> ValueDecision:
    subject, predicate, prefers = (of.get(iri(term)) for term in (TG.subject, TG.predicate, TG.prefers))
    if isinstance(subject, NamedNode) and isinstance(predicate, NamedNode) and prefers is not None:
        return ValueDecision(node, subject, predicate, prefers, reason, graph)
    raise BuildError(
        f"{node.value}: a decision needs tg:subject, tg:predicate and tg:prefers; "
        "to mend: add what is missing in the curated data"
    )


def _state(node: NamedNode, of: dict[NamedNode, Term]) -> NamedNode:
    state = of.get(_STATE)
    if isinstance(state, NamedNode) and state.value.startswith(f"{CODE}finding-state/"):
        return state
    raise BuildError(
        f"{node.value}: a decision on a finding needs tg:findingState with a code of that list; "
        "to mend: write finding-state:confirmed or finding-state:refuted"
    )
