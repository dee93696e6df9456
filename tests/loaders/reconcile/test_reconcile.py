"""The written order of authority, case by case, on invented sources."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pyoxigraph as ox
import pytest

from loaders.errors import BuildError
from loaders.reconcile import Canonical, reconcile
from ontology.namespaces import GRAPH, ID, TG

PREFIXES = f"""BASE <{ID}>
PREFIX tg: <{TG}>
PREFIX code: <https://w3id.org/treatygraph/code/>
PREFIX confidence: <https://w3id.org/treatygraph/code/confidence/>
PREFIX precision: <https://w3id.org/treatygraph/code/precision/>
PREFIX authority: <https://w3id.org/treatygraph/code/authority/>
PREFIX task: <https://w3id.org/treatygraph/code/task/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX org: <http://www.w3.org/ns/org#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""

#: A note of the Secretary-General, a page of the unit of the convention, a resolution, a newspaper.
SOURCES = """
GRAPH <../graph/provenance> {
  <../graph/note> dcterms:source <doc/note> ; tg:confidence confidence:extracted .
  <../graph/page> dcterms:source <source/page> ; tg:confidence confidence:sourced-exactly .
  <source/page> foaf:page <https://www.lanterns.example.org/meetings> .
  <../graph/resolution> dcterms:source <doc/a/res/85/12> ; tg:confidence confidence:extracted .
  <../graph/library> dcterms:source <source/library> ; tg:confidence confidence:sourced-exactly .
  <../graph/paper> dcterms:source <source/paper> ; tg:confidence confidence:sourced-secondary .
}
GRAPH <../graph/note> {
  <doc/note> tg:issuer <body/un-secretary-general> ; tg:issueDate "2031-02-03"^^xsd:date .
  <meeting/ctl-msp-7> tg:convenedBy <body/un-secretary-general> ; tg:ofTreaty <treaty/ctl> .
  <meeting/ctl-msp-6> tg:ofTreaty <treaty/ctl> .
}
GRAPH <../graph/resolution> { <doc/a/res/85/12> tg:issuer <body/un-general-assembly> }
GRAPH <../graph/library> { <body/ctl-unit> tg:ofTreaty <treaty/ctl> ; tg:website "lanterns.example.org" }
"""


def quads(text: str) -> list[ox.Quad]:
    return list(ox.parse(PREFIXES + SOURCES + text, format=ox.RdfFormat.TRIG))


def node(path: str) -> ox.NamedNode:
    return ox.NamedNode(f"{ID}{path}")


def values(result: Canonical, subject: str, predicate: str) -> set[str]:
    name = ox.NamedNode(str(TG[predicate])) if "://" not in predicate else ox.NamedNode(predicate)
    return {value.value for s, p, value in result.statements if s == node(subject) and p == name}


def authority(result: Canonical) -> set[str]:
    return {q.object.value.rpartition("/")[2] for q in result.reconciliations if q.predicate.value == str(TG.authority)}


@pytest.mark.parametrize(
    ("subject", "winner", "loser", "step"),
    [
        # the document about itself, a part of it, and a statement named after a part of it
        ("doc/a/res/85/12", "resolution", "library", "self"),
        ("doc/a/res/85/12~op3", "resolution", "note", "self"),
        ("deadline/a/res/85/12~op3", "resolution", "library", "self"),
        ("doc/note", "note", "library", "self"),
        # the organiser: the convener of meetings of the treaty, and the unit whose web page it is
        ("meeting/ctl-msp-6", "note", "library", "organiser"),
        ("meeting/ctl-msp-6", "note", "resolution", "organiser"),
        ("meeting/ctl-msp-6", "page", "resolution", "organiser"),
        ("meeting/ctl-msp-6", "page", "paper", "organiser"),
        # two organisers: what a person has read in the source goes before what a program has read
        ("meeting/ctl-msp-6", "page", "note", "organiser"),
        # an organiser of meetings is nobody in particular for a resolution
        ("doc/a/res/84/1", "library", "note", "other"),
        ("doc/a/res/84/1", "note", "paper", "other"),
        # a longer symbol is another document
        ("doc/a/res/85/123", "library", "resolution", "other"),
        ("deadline/a/res/85/123~op1", "library", "resolution", "other"),
    ],
)
def test_authority(subject: str, winner: str, loser: str, step: str) -> None:
    for right, wrong in (("2031-01-01", "2031-01-02"), ("2031-01-02", "2031-01-01")):
        result = reconcile(
            quads(
                f'GRAPH <../graph/{winner}> {{ <{subject}> tg:dueDate "{right}"^^xsd:date }} '
                f'GRAPH <../graph/{loser}> {{ <{subject}> tg:dueDate "{wrong}"^^xsd:date }}'
            )
        )
        assert values(result, subject, "dueDate") == {right}
        assert authority(result) == {step}
        assert result.conflicts == 1


def test_the_later_date_of_issue_breaks_a_tie_then_the_name_of_the_graph() -> None:
    dated = """
    GRAPH <../graph/provenance> {
      <../graph/old> dcterms:source <doc/old> ; tg:confidence confidence:extracted .
      <../graph/new> dcterms:source <doc/new> ; tg:confidence confidence:extracted . }
    GRAPH <../graph/old> { <doc/old> tg:issueDate "2030-01-01"^^xsd:date . <doc/a/res/84/1> tg:session 83 }
    GRAPH <../graph/new> { <doc/new> tg:issueDate "2030-01-02"^^xsd:date . <doc/a/res/84/1> tg:session 84 }"""
    assert values(reconcile(quads(dated)), "doc/a/res/84/1", "session") == {"84"}
    undated = dated.replace("tg:issueDate", "tg:unknown")
    assert values(reconcile(quads(undated)), "doc/a/res/84/1", "session") == {"84"}  # graph/new < graph/old
    undated = undated.replace("graph/old", "graph/aaa")
    assert values(reconcile(quads(undated)), "doc/a/res/84/1", "session") == {"83"}


def test_a_weak_claim_in_a_strong_source_is_weak() -> None:
    claim = """
    GRAPH <../graph/library> { <doc/a/res/84/1> tg:session 83 }
    GRAPH <../graph/note> { <doc/a/res/84/1> tg:session 84 }
    """
    weak = """GRAPH <../graph/library~claims> {
      <../claim/1> a tg:Claim ; tg:subject <doc/a/res/84/1> ; tg:predicate tg:session ; tg:object 83 ;
        tg:inSource <../graph/library> ; tg:confidence confidence:sourced-secondary }"""
    assert values(reconcile(quads(claim)), "doc/a/res/84/1", "session") == {"83"}
    assert values(reconcile(quads(claim + weak)), "doc/a/res/84/1", "session") == {"84"}


def test_units_of_an_organiser_organise_too() -> None:
    text = """
    GRAPH <../graph/provenance> { <../graph/branch> dcterms:source <doc/branch> ; tg:confidence confidence:extracted }
    GRAPH <../graph/branch> { <doc/branch> tg:issuer <body/branch> . <meeting/ctl-msp-6> tg:year 2030 }
    GRAPH <../graph/resolution> { <meeting/ctl-msp-6> tg:year 2029 }
    GRAPH <../graph/library> { <body/branch> org:subOrganizationOf <body/office> .
      <body/office> org:unitOf <body/un-secretary-general> . <body/un-secretary-general> org:unitOf <body/branch> }"""
    result = reconcile(quads(text))
    assert values(result, "meeting/ctl-msp-6", "year") == {"2030"}
    assert authority(result) == {"organiser"}


CONFLICT = """
GRAPH <../graph/note> { <meeting/ctl-msp-6> tg:year 2030 } GRAPH <../graph/paper> { <meeting/ctl-msp-6> tg:year 2029 }
"""
DECISION = """
GRAPH <../graph/provenance> { <../graph/decisions> dcterms:source <source/board> ; tg:confidence confidence:curated }
GRAPH <../graph/decisions> { <../decision/1> a tg:Reconciliation ; tg:subject <meeting/ctl-msp-6> ;
  tg:predicate tg:year ; tg:prefers 2029 ; tg:reason "the hall was booked for that year"@en }
"""


def test_a_curators_decision_overrides_with_its_reason() -> None:
    assert values(reconcile(quads(CONFLICT)), "meeting/ctl-msp-6", "year") == {"2030"}
    result = reconcile(quads(CONFLICT + DECISION))
    assert values(result, "meeting/ctl-msp-6", "year") == {"2029"}
    assert authority(result) == {"curated-decision"}
    said = {(q.predicate.value, q.object.value) for q in result.reconciliations}
    assert (str(TG.reason), "the hall was booked for that year") in said
    assert (str(TG.over), "2030") in said
    assert (str(TG.overSource), str(GRAPH["note"])) in said
    assert (str(TG.inSource), str(GRAPH["paper"])) in said
    # The decision steers; it is not itself a canonical statement.
    assert not [s for s, _, _ in result.statements if s.value.endswith("decision/1")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tg:prefers 2029", "tg:prefers 2011", "no source states"),
        ("tg:predicate tg:year", "tg:predicate tg:ordinal", "no source states"),
        (' ; tg:reason "the hall was booked for that year"@en', "", "needs a reason"),
        ("tg:prefers 2029 ;", "", "tg:prefers"),
    ],
)
def test_a_decision_without_ground_is_refused(old: str, new: str, message: str) -> None:
    assert old in DECISION
    with pytest.raises(BuildError, match=message) as caught:
        reconcile(quads(CONFLICT + DECISION.replace(old, new)))
    assert "to mend" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_decisions_of_one_case_are_refused() -> None:
    with pytest.raises(BuildError, match="same case"):
        reconcile(quads(CONFLICT + DECISION + DECISION.replace("decision/1", "decision/2")))


def test_what_can_have_many_values_is_united() -> None:
    text = """GRAPH <../graph/note> { <meeting/ctl-msp-6> tg:purpose "lamps"@en ; a tg:Meeting }
    GRAPH <../graph/paper> { <meeting/ctl-msp-6> tg:purpose "buoys"@en ; a tg:MeetingOfStatesParties }"""
    result = reconcile(quads(text))
    assert values(result, "meeting/ctl-msp-6", "purpose") == {"lamps", "buoys"}
    assert len(values(result, "meeting/ctl-msp-6", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")) == 2
    assert result.conflicts == 0


def test_one_preferred_label_for_each_language() -> None:
    text = """GRAPH <../graph/library> { <body/b> skos:prefLabel "Lamp Office"@en, "Office des lampes"@fr }
    GRAPH <../graph/note> { <body/b> skos:prefLabel "Office of Lamps"@en }"""
    result = reconcile(quads(text))
    label = "http://www.w3.org/2004/02/skos/core#prefLabel"
    assert values(result, "body/b", label) == {"Lamp Office", "Office des lampes"}


def test_the_precision_comes_from_the_source_of_the_dates() -> None:
    text = """
    GRAPH <../graph/page> { <meeting/ctl-msp-6> tg:startDate "2030-06-03"^^xsd:date ; tg:datePrecision precision:day }
    GRAPH <../graph/note> { <meeting/ctl-msp-6> tg:year 2030 ; tg:datePrecision precision:year }"""
    result = reconcile(quads(text))
    assert {v.rpartition("/")[2] for v in values(result, "meeting/ctl-msp-6", "datePrecision")} == {"day"}
    assert result.conflicts == 0
    # also where the weaker source alone gives the date
    weaker = text.replace("graph/page", "graph/paper")
    assert {v.rpartition("/")[2] for v in values(reconcile(quads(weaker)), "meeting/ctl-msp-6", "datePrecision")} == {
        "day"
    }
    # where that source is silent, a date is a date: that the note knew only the year says nothing
    silent = text.replace(" ; tg:datePrecision precision:day", "")
    assert values(reconcile(quads(silent)), "meeting/ctl-msp-6", "datePrecision") == set()


def test_equal_values_are_no_conflict_and_nothing_is_invented() -> None:
    text = """GRAPH <../graph/note> { <meeting/ctl-msp-6> tg:year 2030 ; tg:ordinal 6 }
    GRAPH <../graph/paper> { <meeting/ctl-msp-6> tg:year 2030 ; tg:ordinal 5 }"""
    given = quads(text)
    result = reconcile(given)
    assert result.conflicts == 1
    stated = {(q.subject, q.predicate, q.object) for q in given}
    assert result.statements <= stated


def test_the_order_of_reading_does_not_matter() -> None:
    text = CONFLICT + DECISION + "GRAPH <../graph/note> { <doc/a/res/84/1> tg:session 4 } "
    text += "GRAPH <../graph/page> { <doc/a/res/84/1> tg:session 5 }"
    given = quads(text)
    first = reconcile(given)
    shuffle = random.Random(7)
    for _ in range(5):
        shuffle.shuffle(given)
        again = reconcile(given)
        assert again.statements == first.statements
        assert _lines(again.reconciliations) == _lines(first.reconciliations)


def _lines(given: Iterable[ox.Quad]) -> list[str]:
    return sorted(map(str, given))
