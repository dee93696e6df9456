"""Rules and audit queries on a small invented graph, from files of the tests' own."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from loaders.decisions import FindingDecision
from loaders.derive import derive
from loaders.errors import BuildError
from loaders.findings import FINDINGS, Findings, audit
from ontology.namespaces import FINDING, GRAPH, ID, TG
from queries.catalogue import Catalogue

HEAD = """#+ title: A title
#+ description: What it does.
#+ rule: {name}
#+ severity: warning
#+ why: It matters.
BASE <https://w3id.org/treatygraph/id/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
PREFIX prov: <http://www.w3.org/ns/prov#>
"""
FOLLOWS = """CONSTRUCT { ?a tg:follows ?c .
  [] a tg:Derivation ; tg:subject ?a ; tg:predicate tg:follows ; tg:object ?c ; prov:wasDerivedFrom ?b ;
     tg:byRule <rule/follows> }
WHERE { ?a tg:follows ?b . ?b tg:follows ?c }"""


def catalogue(folder: Path, kind: str, **files: str) -> Catalogue:
    for name, text in files.items():
        (folder / f"{name}.rq").write_text(HEAD.format(name=name) + text, encoding="utf-8")
    return Catalogue.load(kind, folder)


def chain(length: int) -> ox.Store:
    store = ox.Store()
    for number in range(length):
        store.add(ox.Quad(doc(number), ox.NamedNode(str(TG.follows)), doc(number + 1)))
    return store


def doc(number: int) -> ox.NamedNode:
    return ox.NamedNode(f"{ID}doc/d{number}")


def test_rules_run_until_nothing_new_and_each_triple_is_explained(tmp_path: Path) -> None:
    store = chain(5)
    derived = derive(store, catalogue(tmp_path, "rules", follows=FOLLOWS))
    pairs = {(s.value, o.value) for s, _, o in derived.statements}
    assert pairs == {(doc(a).value, doc(b).value) for a in range(4) for b in range(a + 2, 6)}
    rules = ox.NamedNode(str(GRAPH["rules"]))
    for subject, predicate, value in derived.statements:
        assert ox.Quad(subject, predicate, value, rules) in store
        assert ox.Quad(subject, predicate, value) in store
        asked = store.query(
            f"ASK {{ GRAPH <{GRAPH['rules']}> {{ ?d a <{TG.Derivation}> ; <{TG.subject}> {subject} ; "
            f"<{TG.predicate}> {predicate} ; <{TG.object}> {value} ; <{TG.byRule}> ?r }} }}"
        )
        assert bool(asked)
    assert not [quad for quad in store if isinstance(quad.subject, ox.BlankNode)]


def test_derivations_have_the_same_names_in_every_run(tmp_path: Path) -> None:
    rules = catalogue(tmp_path, "rules", follows=FOLLOWS)
    assert derive(chain(4), rules).derivations == derive(chain(4), rules).derivations


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CONSTRUCT { ?b tg:follows ?a } WHERE { ?a tg:follows ?b }", "no derivation for"),
        (FOLLOWS.replace("?a tg:follows ?c .\n", "", 1), "which the rule does not construct"),
        (FOLLOWS.replace("prov:wasDerivedFrom ?b ;", ""), "incomplete"),
        ("CONSTRUCT { ?a tg:follows [] } WHERE { ?a tg:follows ?b }", "without a name"),
        (
            "CONSTRUCT { ?n tg:follows ?a . [] a tg:Derivation ; tg:subject ?n ; tg:predicate tg:follows ; "
            "tg:object ?a ; prov:wasDerivedFrom ?a ; tg:byRule <rule/x> } "
            'WHERE { ?a tg:follows ?b BIND(IRI(CONCAT(STR(?a), "x")) AS ?n) }',
            "rounds",
        ),
    ],
)
def test_a_rule_that_cannot_be_trusted_stops_the_build(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        derive(chain(2), catalogue(tmp_path, "rules", bad=text))


CHECK = """SELECT ?about ?document ?value1 ?value2 ?message WHERE {
  ?about tg:follows ?x . BIND(<doc/paper> AS ?document) BIND("1" AS ?value1) BIND("2" AS ?value2)
  BIND(CONCAT("It follows ", STR(?x)) AS ?message) }"""


def facts(found: Findings) -> dict[str, set[str]]:
    of: dict[str, set[str]] = {}
    for quad in found.quads:
        assert quad.graph_name == FINDINGS
        of.setdefault(quad.predicate.value.rpartition("#")[2], set()).add(str(getattr(quad.object, "value", "")))
    return of


def test_rows_become_findings(tmp_path: Path) -> None:
    found = audit(chain(1), catalogue(tmp_path, "audit", odd=CHECK), {})
    of = facts(found)
    assert (found.count, found.open, dict(found.by_severity)) == (1, 1, {"warning": 1})
    assert of["about"] == {doc(0).value}
    assert of["document"] == {f"{ID}doc/paper"}
    assert of["value1"] | of["value2"] == of["value"] == {"1", "2"}
    assert of["message"] == {f"It follows {doc(1).value}"}
    assert of["findingState"] == {"https://w3id.org/treatygraph/code/finding-state/open"}
    assert {quad.subject.value.rpartition("/")[0] for quad in found.quads} == {f"{FINDING}odd"}


def test_a_finding_keeps_its_name_and_one_wording(tmp_path: Path) -> None:
    twice = chain(1)
    twice.add(ox.Quad(doc(0), ox.NamedNode(str(TG.follows)), doc(9)))
    checks = catalogue(tmp_path, "audit", odd=CHECK)
    one, two = audit(chain(1), checks, {}), audit(twice, checks, {})
    assert {q.subject for q in one.quads} == {q.subject for q in two.quads}
    assert len(facts(two)["message"]) == 1


def test_a_decision_closes_a_finding_and_one_on_nothing_is_reported(tmp_path: Path) -> None:
    checks = catalogue(tmp_path, "audit", odd=CHECK)
    name = audit(chain(1), checks, {}).quads[0].subject
    gone = ox.NamedNode(str(FINDING["odd/000000000000"]))
    decisions = {
        node: FindingDecision(
            node,
            ox.NamedNode("https://w3id.org/treatygraph/code/finding-state/refuted"),
            ox.Literal("seen in print", language="en"),
            ox.NamedNode(str(GRAPH["decisions"])),
        )
        for node in (name, gone)
    }
    found = audit(chain(1), checks, decisions)
    assert facts(found)["findingState"] == {"https://w3id.org/treatygraph/code/finding-state/refuted"}
    assert facts(found)["reason"] == {"seen in print"}
    assert (found.count, found.open, found.stale) == (1, 0, [gone])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT ?about WHERE { ?about tg:follows ?x }", "lacks"),
        ('SELECT ?message WHERE { BIND("m" AS ?message) }', "lacks"),
    ],
)
def test_a_check_that_says_too_little_stops_the_build(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        audit(chain(1), catalogue(tmp_path, "audit", bad=text), {})
