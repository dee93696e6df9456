"""Query files: headers are complete, parameters are bound as terms and as nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import SH

from queries.catalogue import KINDS, Catalogue, StoredQuery, read_query
from queries.embedded import EmbeddedBackend
from queries.errors import CatalogueError, ParameterError
from queries.examples import as_rdf
from queries.library import support
from queries.scanner import inspect
from queries.values import fill, values_blocks

QUERY = """#+ title: Meetings of a series
#+ description: >-
#+   Meetings with their ordinals,
#+   in order.
#+ question: [12, 15]
#+ parameters:
#+   meeting: {type: thing, class: Meeting, description: A meeting., example: ctl-msp-5}
#+   least: {type: integer, description: Smallest ordinal., example: 3}
#+   name: {type: string, description: A name., example: "5th Meeting"}
#+   since: {type: date, description: A day., example: 2031-01-01}
#+   force: {type: code, description: A force., example: force/requests, optional: true}
#+ columns: {ordinal: The number of the meeting.}
#+ tags: [meeting, series]
BASE <https://w3id.org/treatygraph/id/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
PREFIX force: <https://w3id.org/treatygraph/code/force/>
SELECT ?ordinal ?name ?since ?force WHERE {
  VALUES ?meeting { <meeting/ctl-msp-5> }
  VALUES ?least { 3 }
  VALUES ?name { "5th Meeting" }
  VALUES ?since { "2031-01-01"^^<http://www.w3.org/2001/XMLSchema#date> }
  VALUES ?force { force:requests }
  ?meeting tg:ordinal ?ordinal .
  FILTER(?ordinal >= ?least)
}
"""
GIVEN: dict[str, Any] = {"meeting": "ctl-msp-5", "least": 3, "name": "x", "since": "2031-01-01"}


@pytest.fixture(scope="module")
def stored() -> StoredQuery:
    return read_query(QUERY, "meetings-of-series.rq", "questions")


@pytest.fixture(scope="module")
def backend(small: Any) -> EmbeddedBackend:
    return EmbeddedBackend(small.store())


def rows(backend: EmbeddedBackend, text: str) -> list[dict[str, ox.NamedNode | ox.Literal | None]]:
    result = backend.query(text)
    return [{name: row[name] for name in result.variables} for row in result.rows()]


def test_a_header_is_read(stored: StoredQuery) -> None:
    assert (stored.name, stored.form, stored.questions) == ("meetings-of-series", "select", (12, 15))
    assert stored.description == "Meetings with their ordinals, in order."
    assert list(stored.parameters) == ["meeting", "least", "name", "since", "force"]
    assert stored.parameters["meeting"].class_ == "Meeting"
    assert stored.parameters["since"].example == "2031-01-01"
    assert stored.columns == {"ordinal": "The number of the meeting."}
    assert stored.tags == ("meeting", "series")


def test_it_runs_as_it_stands_and_with_its_examples(stored: StoredQuery, backend: EmbeddedBackend) -> None:
    assert len(rows(backend, stored.text)) == 1
    assert rows(backend, stored.bind(stored.example())) == rows(backend, stored.text)


def test_values_are_bound_as_typed_terms(stored: StoredQuery, backend: EmbeddedBackend) -> None:
    text = stored.bind(meeting="ctl-msp-4", least="2", name='a "b"\n\\', since=date(2030, 2, 1), force="force/decides")
    (row,) = rows(backend, text)
    assert row["ordinal"] == ox.Literal("4", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
    assert row["name"] == ox.Literal('a "b"\n\\')
    assert row["since"] == ox.Literal("2030-02-01", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date"))
    assert row["force"] == ox.NamedNode("https://w3id.org/treatygraph/code/force/decides")


def test_a_thing_is_given_as_iri_path_or_key(stored: StoredQuery, backend: EmbeddedBackend) -> None:
    for thing in ("ctl-msp-4", "meeting/ctl-msp-4", "https://w3id.org/treatygraph/id/meeting/ctl-msp-4"):
        assert len(rows(backend, stored.bind({**GIVEN, "meeting": thing}))) == 1


def test_an_optional_parameter_matches_anything(stored: StoredQuery) -> None:
    assert "VALUES ?force { UNDEF }" in stored.bind(GIVEN)


def test_several_values_are_alternatives(stored: StoredQuery, backend: EmbeddedBackend) -> None:
    both = stored.bind({**GIVEN, "meeting": ["ctl-msp-4", "ctl-msp-5"]})
    assert len(rows(backend, both)) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"meeting": None}, "meeting is missing"),
        ({"nothing": "x"}, "no parameter nothing"),
        ({"least": "three"}, "least: not a whole number"),
        ({"least": "1 } SERVICE <http://x/> { ?s ?p ?o"}, "not a whole number"),
        ({"since": "2031-02-30"}, "not a date"),
        ({"since": "01/02/2031"}, "write it as 2022-12-07"),
        ({"force": "requests"}, "not a code"),
        ({"force": "force/x> } #"}, "not a code"),
        ({"meeting": "https://x/> } SERVICE <http://y/>"}, "not an IRI"),
        ({"meeting": "no such thing"}, "not an IRI or key"),
        ({"meeting": "urn:a b"}, "not an IRI"),
        ({"name": "\ud800"}, "surrogate"),
    ],
)
def test_a_wrong_value_is_told(stored: StoredQuery, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        stored.bind({**GIVEN, **wrong})


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_no_text_changes_the_query(name: str) -> None:
    stored = read_query(QUERY, "meetings-of-series.rq", "questions")
    text = stored.bind({**GIVEN, "name": name})
    assert inspect(text).service_at is None
    store = ox.Store()
    meeting = ox.NamedNode("https://w3id.org/treatygraph/id/meeting/ctl-msp-5")
    store.add(ox.Quad(meeting, ox.NamedNode("https://w3id.org/treatygraph/def#ordinal"), ox.Literal(5)))
    solutions = store.query(text)
    assert isinstance(solutions, ox.QuerySolutions)
    (row,) = solutions
    assert row["name"] == ox.Literal(name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#+ title: Meetings of a series\n", "", "title is missing"),
        ("#+ description: >-\n#+   Meetings with their ordinals,\n#+   in order.\n", "", "description is missing"),
        ("#+ columns: {ordinal: The number of the meeting.}\n", "", "columns are missing"),
        ("type: integer", "type: number", "type must be one of"),
        ("example: 3}", "example: three}", "not a whole number"),
        ("description: A day.,", "", "description is missing"),
        ("  VALUES ?least { 3 }\n", "", r"needs a line VALUES \?least"),
        ("#+ question: [12, 15]", "#+ question: twelve", "list of numbers"),
        ("#+ tags: [meeting", "#+ tags: [meeting]]", "x.rq:13: the header is not YAML"),
        ("SELECT ?ordinal ?name ?since ?force", "DROP ALL #", "expected a query of the form"),
        ("  ?meeting tg:ordinal", "  SERVICE <urn:x> {} ?meeting tg:ordinal", "SERVICE is refused"),
        ("optional: true", "optinal: true", "unknown field optinal"),
    ],
)
def test_a_badly_written_file_is_told_by_name(old: str, new: str, said: str) -> None:
    assert old in QUERY
    with pytest.raises(CatalogueError, match=said) as raised:
        read_query(QUERY.replace(old, new), "x.rq", "questions")
    assert str(raised.value).startswith("x.rq")


def test_other_mistakes_in_files(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no header"):
        read_query("SELECT * {}", "x.rq", "questions")
    with pytest.raises(CatalogueError, match="kebab-case"):
        read_query(QUERY, "Meetings Of.rq", "questions")
    with pytest.raises(CatalogueError, match="CONSTRUCT"):
        read_query(QUERY, "x.rq", "rules")
    with pytest.raises(CatalogueError, match="no such kind"):
        Catalogue.load("answers")
    assert len(Catalogue.load("questions", tmp_path)) == 0


def test_a_directory_is_a_catalogue(tmp_path: Path) -> None:
    for name in ("b-two.rq", "a-one.rq", "notes.txt"):
        (tmp_path / name).write_text(QUERY, encoding="utf-8")
    found = Catalogue.load("questions", tmp_path)
    assert found.names() == list(found) == ["a-one", "b-two"]
    assert found.get("a-one") is found["a-one"]
    assert found.get("none") is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalogue_of_this_package_is_complete_and_runs(kind: str, backend: EmbeddedBackend) -> None:
    catalogue = Catalogue.load(kind)
    for query in catalogue.values():
        result = backend.query(query.text)
        assert list(result) is not None
        if kind == "audit":
            assert {"about", "message"} <= set(result.variables), query.name
        if kind == "questions" and query.form == "select":
            assert set(result.variables) == set(query.columns), f"{query.name}: columns of the header and of the query"


def test_queries_as_shared_examples(stored: StoredQuery) -> None:
    graph = as_rdf([stored], "https://example.org/sparql")
    node = URIRef("https://w3id.org/treatygraph/query/meetings-of-series")
    assert (node, RDF.type, SH.SPARQLExecutable) in graph
    assert (node, RDF.type, SH.SPARQLSelectExecutable) in graph
    assert graph.value(node, SH.select) == Literal(stored.text)
    assert graph.value(node, URIRef("https://schema.org/target")) == URIRef("https://example.org/sparql")
    declared = graph.value(node, SH.prefixes)
    prefixes = {str(graph.value(d, SH.prefix)) for d in graph.objects(declared, SH.declare)}
    assert {"tg", "eli", "skos"} <= prefixes
    assert len(list(graph.objects(node, SH.parameter))) == 5
    again = Graph().parse(data=graph.serialize(format="turtle"), format="turtle")
    assert set(again) == set(graph)


def test_all_questions_as_shared_examples() -> None:
    catalogue = Catalogue.load()
    graph = catalogue.as_rdf("https://example.org/sparql")
    assert len(set(graph.subjects(RDF.type, SH.SPARQLExecutable))) == len(catalogue)


def test_blocks_are_filled_wherever_they_stand() -> None:
    text = 'SELECT * { values ?x{<urn:a>} # VALUES ?x { }\n VALUES (?x ?y) { (1 "VALUES ?x {}") } VALUES ?x { 2 } }'
    assert [names for names, _, _ in values_blocks(text)] == [("x",), ("x", "y"), ("x",)]
    filled = fill(text, {("x",): [("3",), ("4",)], ("x", "y"): [("5", "6")]})
    assert filled == "SELECT * { values ?x{ 3 4 } # VALUES ?x { }\n VALUES (?x ?y) { (5 6) } VALUES ?x { 3 4 } }"
    with pytest.raises(ParameterError, match=r"\?z"):
        fill(text, {("z",): []})


def test_the_queries_of_the_package_itself_are_sparql(small: Any) -> None:
    folder = Path(__file__).parents[3] / "queries" / "support"
    names = sorted(path.stem for path in folder.glob("*.rq"))
    assert names
    for name in names:
        EmbeddedBackend(ox.Store()).query(support(name))
