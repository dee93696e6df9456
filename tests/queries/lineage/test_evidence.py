"""The sources of a statement, in their order: claim, ground of the rule, passage of the subject, graph."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from queries.backend import Link
from queries.evidence import Source, sources_of

NOTE = "doc/note-verbale/2031-02-03/ctl-msp-5"


@pytest.fixture(scope="module")
def backend(small: Any) -> Any:
    return small.CountingBackend(small.store())


def evidence(backend: Any, small: Any, subject: str, relation: str, target: str) -> list[tuple[Any, ...]]:
    link = Link(small.ID + subject, relation if ":" in relation else small.TG + relation, small.ID + target)
    sources = sources_of(backend, [link])[link]
    return [(s.document.removeprefix(small.ID), s.part, s.start, s.end, s.confidence) for s in sources]


def test_a_claim_goes_first(backend: Any, small: Any) -> None:
    found = evidence(backend, small, "meeting/ctl-msp-5", "convokedBy", NOTE)
    assert found == [(NOTE, "p3", 40, 90, "extracted")]


def test_a_derived_statement_shows_the_passages_of_its_ground(backend: Any, small: Any) -> None:
    found = evidence(backend, small, "doc/a/res/91/7", "recalls", "doc/a/res/90/8")
    assert found == [("doc/a/res/91/7", "pp2", 50, 99, "extracted")]


def test_of_two_documents_with_one_mandate_only_the_one_that_says_it(backend: Any, small: Any) -> None:
    """The note speaks of the same mandate, but not of the article that the resolution invokes."""
    found = evidence(backend, small, "doc/a/res/91/7~op4", "invokes", "treaty/ctl~art10.1")
    assert found == [("doc/a/res/91/7", "op4", 900, 990, "extracted")]
    both = evidence(backend, small, "meeting/ctl-msp-5", "convenedUnder", "doc/a/res/91/7~op4")
    assert [source[0] for source in both] == ["doc/a/res/91/7", NOTE]


def test_a_statement_about_a_statement_has_the_passage_of_its_subject(backend: Any, small: Any) -> None:
    found = evidence(backend, small, "citation/a/res/91/7~pp2/ctl-msp-3", "cited", "meeting/ctl-msp-3")
    assert found == [("doc/a/res/91/7", "pp2", 100, 150, "extracted")]


def test_else_the_source_that_states_it_though_it_be_no_document(backend: Any, small: Any) -> None:
    found = evidence(backend, small, "meeting/ctl-rc-1", "adopted", "doc/ctl-rc-1/action-plan")
    assert found == [("source/handbook", None, None, None, "curated")]


def test_a_ground_without_passage_gives_its_source(backend: Any, small: Any) -> None:
    found = evidence(backend, small, "meeting/ctl-msp-3", "president", "person/ines-dalva")
    assert found == [("source/handbook", None, None, None, "curated")]


def test_what_nobody_says_has_no_source(backend: Any, small: Any) -> None:
    assert evidence(backend, small, "meeting/ctl-msp-3", "recalls", "meeting/ctl-msp-5") == []


def test_many_statements_in_few_queries(small: Any) -> None:
    backend = small.CountingBackend(small.store())
    links = [Link(f"urn:s{n}", "urn:p", f"urn:o{n}") for n in range(200)]
    assert set(sources_of(backend, links)) == set(links)
    assert backend.asked <= 10


def test_a_passage_without_description_is_read_from_its_name(small: Any) -> None:
    store = ox.Store()
    graph, node = ox.NamedNode("urn:g"), ox.NamedNode(f"{small.ID}mandate/x")
    passage = ox.NamedNode(f"{small.ID}doc/x#char=7,12")
    store.add(ox.Quad(node, ox.NamedNode(f"{small.TG}passage"), passage, graph))
    link = Link(node.value, "urn:p", "urn:o")
    assert sources_of(small.CountingBackend(store), [link])[link] == (Source(f"{small.ID}doc/x", None, 7, 12, None),)
