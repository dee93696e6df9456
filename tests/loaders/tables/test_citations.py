"""Citations: parts, names of graphs and records, faults."""

from __future__ import annotations

import pytest
from rdflib import DCTERMS, FOAF, PROV, RDF, URIRef

from loaders.citations import Citation
from ontology.namespaces import CODE, GRAPH, ID, TG

WHOLE = "doc:a/res/99/7 (para. 3; footnote) ; https://www.lanterns.example/1 (home page) ; owner/repo:data/a.csv"


def test_parts_documents_and_pages_are_told_apart() -> None:
    citation = Citation(WHOLE, "sourced-exactly")
    assert citation.parts == (
        "doc:a/res/99/7 (para. 3; footnote)",
        "https://www.lanterns.example/1 (home page)",
        "owner/repo:data/a.csv",
    )
    assert citation.documents == (ID["doc/a/res/99/7"],)
    assert citation.pages == (URIRef("https://www.lanterns.example/1"),)
    assert citation.faults() == []


def test_the_graph_is_named_after_the_first_part_and_the_whole() -> None:
    citation = Citation(WHOLE, "sourced-exactly")
    assert str(citation.graph).startswith(f"{GRAPH}a-res-99-7-para-3-footnote-")
    assert str(citation.source).startswith(f"{ID}source/a-res-99-7-para-3-footnote-")
    assert citation.graph == Citation(WHOLE, "sourced-exactly").graph
    assert citation.graph != Citation(WHOLE, "sourced-secondary").graph
    assert citation.source == Citation(WHOLE, "sourced-secondary").source
    long = Citation("https://www.lanterns.example/" + "a-very-long-path/" * 9, "sourced-exactly")
    assert len(str(long.graph).removeprefix(str(GRAPH))) <= 40 + 1 + 6


def test_the_record_names_every_part() -> None:
    citation = Citation(WHOLE, "sourced-secondary")
    record = {quad[:3] for quad in citation.record()}
    assert {quad[3] for quad in citation.record()} == {GRAPH["provenance"]}
    assert (citation.graph, RDF.type, TG.SourceGraph) in record
    assert (citation.graph, DCTERMS.source, citation.source) in record
    assert (citation.graph, PROV.hadPrimarySource, ID["doc/a/res/99/7"]) in record
    assert (citation.graph, TG.confidence, CODE["confidence/sourced-secondary"]) in record
    assert (citation.source, FOAF.page, URIRef("https://www.lanterns.example/1")) in record
    assert sum(predicate == TG.locator for _, predicate, _ in record) == 3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "missing"),
        ("doc:", "does not name a document"),
        ("doc:A/RES 1", "does not name a document"),
        ("https://a b", "not a web address"),
        ("javascript:alert(1) ; https://x.example/<script>", "not a web address"),
    ],
)
def test_bad_citations_say_what_is_wrong(text: str, word: str) -> None:
    assert word in " ".join(Citation(text, "sourced-exactly").faults())


def test_only_web_pages_become_links() -> None:
    assert Citation("javascript:alert(1)", "sourced-exactly").pages == ()
