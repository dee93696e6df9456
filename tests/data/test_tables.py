"""The committed tables: keys, dates, sources, codes, form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from rdflib import RDF, SKOS, Literal, URIRef
from rdflib.term import Node

from loaders.cells import decode, read_cells
from loaders.citations import PUBLISHABLE, UNVERIFIED
from loaders.diagnose import SEVERITIES
from loaders.formatting import formattable, unformatted
from loaders.mapping import load_mapping
from loaders.tables import TableResult, check_references, read_table
from loaders.validate import validate_paths
from ontology.keys import is_key, key_of
from ontology.namespaces import CODE, GRAPH, ID, TG
from ontology.schema import load_schema

DATA = Path(__file__).parents[2] / "data"
TABLES = sorted((DATA / "tables").glob("*.csv"))


@cache
def read(path: Path) -> TableResult:
    return read_table(path)


#: Tables that hold what other sources say, errors among them; the audit finds these.
CLAIMS = ("meeting_claims", "outcomes_other", "treaties_other", "treaty_actions", "votes")


def triples(without: tuple[str, ...] = ()) -> Iterator[tuple[Node, URIRef, Node, URIRef | None]]:
    for path in TABLES:
        if path.stem not in without:
            for positioned in read(path).quads:
                yield positioned.quad


def values(predicate: URIRef) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for subject, verb, value, _ in triples(CLAIMS):
        if verb == predicate:
            found[key_of(str(subject))].add(str(value))
    return found


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
class TestEveryTable:
    def test_is_read_without_a_problem(self, path: Path) -> None:
        result = read(path)
        assert [str(problem) for problem in result.problems] == []
        assert result.rows > 0
        assert result.quads

    def test_refers_only_to_rows_that_exist(self, path: Path) -> None:
        assert [str(found) for found in check_references(path)] == []

    def test_has_a_source_and_a_confidence_in_every_row(self, path: Path) -> None:
        rows = read_cells(decode(path.read_bytes(), path.name), path.name)
        header = [cell.text for cell in rows[0]]
        assert header[-2:] == ["source", "confidence"]
        for row in rows[1:]:
            assert row[-2].text.strip(), f"{path.name}, line {row[-2].position.line}"
            assert row[-1].text in PUBLISHABLE, f"{path.name}, line {row[-1].position.line}"

    def test_says_nothing_from_memory(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert UNVERIFIED not in text
        assert "memory" not in text

    def test_has_unix_line_ends_and_no_byte_order_mark(self, path: Path) -> None:
        data = path.read_bytes()
        assert b"\r" not in data
        assert not data.startswith(b"\xef\xbb\xbf")
        assert data.endswith(b"\n")

    def test_has_a_mapping_with_a_title_for_every_column(self, path: Path) -> None:
        mapping = load_mapping(path)
        assert mapping.primary_key
        # CSV on the Web wants the columns that are not in the file behind those that are.
        virtual = [column.virtual for column in mapping.columns]
        assert virtual == sorted(virtual)
        assert mapping.title != mapping.path.name

    def test_every_statement_stands_in_a_graph_with_a_record(self, path: Path) -> None:
        result = read(path)
        recorded = {quad[0] for quad in result.records() if quad[1] == RDF.type and quad[2] == TG.SourceGraph}
        assert {positioned.quad[3] for positioned in result.quads} <= recorded


def test_the_data_are_formatted() -> None:
    wrong = [str(path.relative_to(DATA.parent)) for path in unformatted([DATA / "tables"])]
    assert wrong == [], f"run: treatygraph format {' '.join(wrong)}"
    assert len(list(formattable([DATA / "tables"]))) == 2 * len(TABLES)


def test_validation_finds_no_violation() -> None:
    found = [str(result) for result in validate_paths([DATA / "tables"]) if result.severity == SEVERITIES[0]]
    assert found == []


def test_every_code_is_declared() -> None:
    schema = load_schema()
    declared = {str(iri) for scheme in schema.schemes() for iri in schema.codes(scheme).values()}
    used = {str(value) for _, _, value, _ in triples() if str(value).startswith(str(CODE))}
    assert used
    assert used <= declared


def test_every_key_has_the_form_of_a_key() -> None:
    things = {
        str(term) for subject, _, value, _ in triples() for term in (subject, value) if str(term).startswith(str(ID))
    }
    assert [thing for thing in sorted(things) if not is_key(key_of(thing))] == []


def test_graphs_are_named_after_sources() -> None:
    graphs = {str(graph) for *_, graph in triples()}
    assert all(graph.startswith(str(GRAPH)) for graph in graphs)


def test_nothing_ends_before_it_starts() -> None:
    for first, last in ((TG.startDate, TG.endDate), (TG.plannedStartDate, TG.plannedEndDate)):
        starts, ends = values(first), values(last)
        assert ends.keys() <= starts.keys()
        for key, days in ends.items():
            assert max(starts[key]) <= min(days), key


def test_the_year_of_a_meeting_is_that_of_its_first_day() -> None:
    years = values(TG.year)
    for predicate in (TG.startDate, TG.plannedStartDate):
        for key, days in values(predicate).items():
            if key in years:
                assert {day[:4] for day in days} == years[key], key


def test_ordinals_follow_the_dates_within_a_series() -> None:
    series, ordinals, starts = values(TG.inSeries), values(TG.ordinal), values(TG.startDate)
    members: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for key, names in series.items():
        if key in ordinals:
            (name,) = names
            (ordinal,) = ordinals[key]
            members[name].append((int(ordinal), min(starts.get(key, {"9999"}))))
    assert {len(found) for name, found in members.items() if name.endswith("/aplc-msp")} == {23}
    for name, found in members.items():
        if name.rpartition("/")[2].startswith(("aplc-", "ccm-")):
            assert [ordinal for ordinal, _ in sorted(found)] == list(range(1, len(found) + 1)), name
        days = [day for _, day in sorted(found) if day != "9999"]
        assert days == sorted(days), name


def test_the_key_of_a_meeting_says_what_its_row_says() -> None:
    kinds, ordinals, treaties = values(TG.meetingType), values(TG.ordinal), values(TG.ofTreaty)
    for key, names in values(TG.inSeries).items():
        treaty, kind, nominal = key.rsplit("-", 2)
        assert names == {f"{ID}series/{treaty}-{kind}"}, key
        assert kinds[key] == {f"{CODE}meeting-type/{kind}"}, key
        assert treaties[key] == {f"{ID}treaty/{treaty}"}, key
        assert ordinals.get(key, {nominal}) == {nominal}, key


def test_documents_are_named_after_their_symbols() -> None:
    found = [result for result in validate_paths([DATA / "tables"]) if result.rule == "misnamed-document"]
    assert found == []


def test_resolutions_are_adopted_before_they_are_distributed() -> None:
    adopted = values(TG.adoptionDate)
    for key, days in values(TG.distributionDate).items():
        assert max(adopted[key]) <= min(days), key


def test_the_annual_resolutions_on_mines_are_complete() -> None:
    treaty = f"{ID}treaty/aplc"
    sessions = {
        int(session)
        for key, treaties in values(TG.ofTreaty).items()
        if treaty in treaties and key.startswith("a/res/")
        for session in values(TG.session)[key]
    }
    assert sessions == set(range(51, 81))


def test_the_sources_differ_only_where_it_is_known() -> None:
    functional = {str(predicate) for predicate in load_schema().functional} | {str(SKOS.prefLabel)}
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for subject, predicate, value, _ in triples(CLAIMS):
        if str(predicate) in functional:
            said[(key_of(str(subject)), str(predicate).rpartition("#")[2])].add(str(value))
    assert {slot: sorted(found) for slot, found in said.items() if len(found) > 1} == {
        ("aplc-rc-4", "startDate"): ["2019-11-25", "2019-11-26"],
    }


def test_provisions_say_what_they_govern() -> None:
    governs, provides = values(TG.governs), values(TG.provides)
    for treaty in ("aplc", "ccm"):
        assert governs[f"{treaty}~art11.1"] == {f"{CODE}meeting-type/msp"}
        assert governs[f"{treaty}~art12.1"] == {f"{CODE}meeting-type/rc"}
        assert provides[f"{treaty}~art11.2"] == provides[f"{treaty}~art12.1"] == {f"{CODE}task/convene"}
        assert provides[f"{treaty}~art14.1"] == {f"{CODE}task/finance"}
    assert provides["aplc~art11.4"] == provides["ccm~art11.3"] == provides["aplc~art12.3"] == {f"{CODE}task/invite"}


def test_labels_are_english() -> None:
    for _, predicate, value, _ in triples():
        if predicate == SKOS.prefLabel:
            assert isinstance(value, Literal)
            assert value.language == "en"
