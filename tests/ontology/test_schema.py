"""What the schema reads from the Turtle files."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import URIRef
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import BadSyntax

from ontology.namespaces import CODE, ELI, TG
from ontology.schema import load_schema

ONE_LINE = """
PREFIX tg: <https://w3id.org/treatygraph/def#> PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX lineage: <https://w3id.org/treatygraph/code/lineage/>
tg:replaces a owl:ObjectProperty ; rdfs:label "replaces"@en ; tg:lineageKind lineage:succession .
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "more.ttl"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_schema_is_read_once() -> None:
    assert load_schema() is load_schema()


def test_lineage_relations_come_from_the_marks() -> None:
    found = {relation.name: relation for relation in load_schema().lineage}
    assert {"convenedUnder", "convokedBy", "takenBy", "establishedBy", "invokes", "restsOn", "provisionOf"} <= set(
        found
    )
    assert {"recalls", "follows", "previousInSeries", "adopted", "amends"} <= set(found)
    assert (found["convenedUnder"].kind, found["convenedUnder"].direction) == ("mandate", "up")
    assert (found["adopted"].kind, found["adopted"].direction) == ("outcome", "down")
    assert [name for name, relation in found.items() if relation.containment] == ["provisionOf"]
    assert all("{from}" in relation.sentence and "{to}" in relation.sentence for relation in found.values())
    assert "previousMeeting" not in found


def test_each_kind_of_lineage_has_a_relation() -> None:
    assert {relation.kind for relation in load_schema().lineage} == set(load_schema().codes("lineage"))


def test_a_new_lineage_relation_is_one_line(tmp_path: Path) -> None:
    found = {relation.name: relation for relation in load_schema(write(tmp_path, ONE_LINE)).lineage}
    assert found["replaces"].kind == "succession"
    assert found["replaces"].direction == "up"
    assert found["replaces"].sentence == "{from} – replaces – {to}"
    assert not found["replaces"].containment
    assert "replaces" not in {relation.name for relation in load_schema().lineage}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lineage:succession", "lineage:sucession", "must be a member of"),
        ("lineage:succession", 'lineage:recall ; tg:lineageDirection "sideways"', 'must be "up" or "down"'),
    ],
)
def test_a_mark_that_cannot_be_read_is_an_error(tmp_path: Path, old: str, new: str, words: str) -> None:
    schema = load_schema(write(tmp_path, ONE_LINE.replace(old, new)))
    with pytest.raises(ValueError, match=words):
        assert schema.lineage


def test_a_file_that_is_not_turtle_is_an_error(tmp_path: Path) -> None:
    with pytest.raises((BadSyntax, ParserError)):
        load_schema(write(tmp_path, "this is not Turtle"))


def test_single_valued_properties() -> None:
    functional = load_schema().functional
    assert {TG.startDate, TG.plannedEndDate, TG.entryIntoForce, TG.place, TG.conferredBy, TG.task} <= functional
    assert not {TG.concerns, TG.invokes, TG.convenedUnder, TG.invitee, TG.passage, TG.ofTreaty} & functional


def test_superclasses_and_subclasses() -> None:
    schema = load_schema()
    assert {TG.OperativeParagraph, TG.Provision, TG.Authority, ELI.LegalResourceSubdivision} <= schema.superclasses(
        TG.OperativeParagraph
    )
    assert TG.ReviewConference in schema.subclasses(TG.Meeting)
    assert TG.Decision not in schema.subclasses(TG.Meeting)


def test_labels_fall_back_to_the_name() -> None:
    assert load_schema().label(TG.convenedUnder) == "convened under"
    assert load_schema().label(CODE["meeting-type/rc"]) == "Review Conference"
    assert load_schema().label(URIRef("http://example.org/thing#name")) == "name"


def test_codes_of_an_unknown_list_name_the_known_ones() -> None:
    assert load_schema().codes("severity")["info"] == CODE["severity/info"]
    with pytest.raises(KeyError, match="severity"):
        load_schema().codes("severities")


def test_planned_terms() -> None:
    assert load_schema().planned == {TG.Position, TG.amends}
