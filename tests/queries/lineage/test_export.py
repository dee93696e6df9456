"""Every form of an answer: read back by something that knows the form, and safe whatever a label holds."""

from __future__ import annotations

import io
import json
import re
import time
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import UnsupportedFormat
from queries.evidence import Source
from queries.export import FORMATS, export
from queries.layout import lay_out
from queries.lineage import Edge, Lineage, lineage
from queries.paths import path
from queries.things import Thing

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "</text><script>alert(1)</script> \"quoted\" & 'more' \x00\x1b\ud800 \\ `x` #quot; ]] --> {to}"


@pytest.fixture(scope="module")
def backend(small: Any) -> Any:
    return small.CountingBackend(small.store())


@pytest.fixture(scope="module")
def answer(backend: Any, small: Any) -> Lineage:
    return lineage(backend, f"{small.ID}meeting/ctl-msp-5")


@pytest.fixture(scope="module")
def nasty() -> Lineage:
    things = (Thing("urn:a", "urn:a", "Meeting", NASTY), Thing("urn:b", "urn:b", "NoSuchType", NASTY * 9))
    source = Source("urn:d<x>", "op1", 1, 2, "extracted")
    edges = tuple(
        Edge(s, f"urn:{NASTY}", o, NASTY, "no-such-kind", True, NASTY, (source,))
        for s, o in (("urn:a", "urn:b"), ("urn:b", "urn:a"), ("urn:a", "urn:a"))
    )
    return Lineage("urn:a", "r", things, edges)


def test_node_link_is_read_by_networkx(answer: Lineage) -> None:
    graph = nx.node_link_graph(json.loads(export(answer, "node-link")), edges="links")
    assert nx.is_isomorphic(graph, answer.graph)
    assert graph.nodes[answer.thing]["label"] == "5th Meeting of the States Parties (CTL)"


def test_graphml_is_read_by_networkx(answer: Lineage) -> None:
    graph = nx.read_graphml(io.BytesIO(export(answer, "graphml").encode()), force_multigraph=True)
    assert set(graph.nodes) == {node.iri for node in answer.nodes}
    assert graph.number_of_edges() == len(answer.edges)
    assert any("op4, characters 900 to 990" in data["sources"] for _, _, data in graph.edges(data=True))


def test_jsonld_is_read_by_an_rdf_parser(answer: Lineage, small: Any) -> None:
    triples = list(ox.parse(export(answer, "jsonld"), format=ox.RdfFormat.JSON_LD))
    said = {(t.subject.value, t.predicate.value, t.object.value) for t in triples}
    for edge in answer.edges:
        assert (edge.subject, edge.predicate, edge.object) in said
    assert (
        answer.thing,
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "5th Meeting of the States Parties (CTL)",
    ) in said
    passages = {o for _, p, o in said if p == f"{small.TG}passage"}
    assert f"{small.ID}doc/a/res/91/7#char=900,990" in passages


def test_mermaid_and_dot_have_every_thing_and_statement(answer: Lineage) -> None:
    mermaid = export(answer, "mermaid").splitlines()
    assert mermaid[0] == "flowchart LR"
    assert sum('["' in line for line in mermaid) == len(answer.nodes)
    assert sum("->" in line for line in mermaid) == len(answer.edges)
    dot = export(answer, "dot")
    assert dot.startswith("digraph lineage {")
    assert dot.count(" -> ") == len(answer.edges)


def test_the_tree_shows_each_statement_once_with_its_sources(answer: Lineage) -> None:
    text = export(answer, "text")
    lines = text.splitlines()
    assert lines[0] == "5th Meeting of the States Parties (CTL) [ctl-msp-5]"
    assert sum("→" in line for line in lines) == len(answer.edges)
    assert "→ convened under: A/RES/91/7, operative paragraph 4 [a/res/91/7~op4]" in text
    assert "source: a/res/91/7 op4, characters 900 to 990 (extracted)" in text
    assert text.count("(above)") + text.count("(below)") == len(answer.edges) - len(answer.nodes) + 1


def test_the_tree_of_what_follows_points_back(backend: Any, small: Any) -> None:
    text = export(lineage(backend, f"{small.ID}treaty/ctl~art9.1", direction="down"), "text")
    assert "← invokes: Decision of the 4th Meeting (CTL) to convene the 5th" in text


def test_the_tree_of_a_whole_shows_its_parts(backend: Any, small: Any) -> None:
    lines = export(lineage(backend, f"{small.ID}doc/a/res/91/7"), "text").splitlines()
    part = next(n for n, line in enumerate(lines) if "← provision of: A/RES/91/7, operative paragraph 4" in line)
    assert "→ invokes: CTL article 10(1)" in lines[part + 2]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20, unique=True),
    st.sampled_from(["up", "down", "both"]),
)
def test_every_statement_of_any_answer_stands_in_the_tree_once(lines: list[tuple[int, int]], direction: str) -> None:
    things = tuple(Thing(f"urn:{n}", f"urn:{n}", "Document", f"T{n}") for n in range(7))
    edges = tuple(Edge(f"urn:{a}", "urn:p", f"urn:{b}", "recalls", "recall", True, "s") for a, b in lines)
    text = export(Lineage("urn:0", "r", things, edges, direction=direction), "text")
    assert sum("recalls: T" in line for line in text.splitlines()) == len(edges)


def test_a_chain_of_a_thousand_things_has_every_form() -> None:
    things = tuple(Thing(f"urn:{n}", f"urn:{n}", "Document", f"T{n}") for n in range(1000))
    ends = [(n, n + k) for n in range(999) for k in (1, 2, 3, 5, 8) if n + k < 1000]
    edges = tuple(Edge(f"urn:{a}", "urn:p", f"urn:{b}", "recalls", "recall", True, "s") for a, b in ends)
    for form in FORMATS:
        started = time.process_time()
        assert export(Lineage("urn:0", "r", things, edges), form)
        assert time.process_time() - started < 20, form


def test_a_cut_answer_says_so_in_the_tree(backend: Any, small: Any) -> None:
    assert "cut off at 3 things" in export(lineage(backend, f"{small.ID}meeting/ctl-msp-5", limit=3), "text")


def test_an_unknown_format_is_told() -> None:
    with pytest.raises(UnsupportedFormat, match="graphml"):
        export(Lineage("urn:a", "r", (), ()), "pdf")


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_hostile_labels_break_nothing(nasty: Lineage, form: str) -> None:
    text = export(nasty, form)
    if form in {"svg", "graphml"}:
        root = ElementTree.fromstring(text.encode("utf-8"))
        assert not [e for e in root.iter() if e.tag.endswith("script")]
    elif form in {"json", "node-link"}:
        json.loads(text)
    elif form == "mermaid":
        assert "<script" not in text
        assert all(line.count('"') == 2 for line in text.splitlines()[1:])
    elif form == "dot":
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
        assert '"' not in bare
        assert "script" not in bare


def test_an_empty_answer_has_every_form() -> None:
    empty = Lineage("urn:a", "r", (Thing("urn:a", "urn:a", "Meeting", "A"),), ())
    for form in FORMATS:
        assert export(empty, form)


class TestDrawing:
    def elements(self, text: str, name: str) -> list[ElementTree.Element]:
        return list(ElementTree.fromstring(text.encode()).iter(SVG + name))

    def test_every_line_tells_sentence_and_source(self, answer: Lineage) -> None:
        curves = [e for e in self.elements(export(answer, "svg"), "path") if e.find(SVG + "title") is not None]
        titles = [str(e.findtext(SVG + "title")) for e in curves]
        assert len(titles) == len(answer.edges)
        assert all(edge.sentence in title for edge, title in zip(answer.edges, titles, strict=True))
        assert any("Source: a/res/91/7 op4, characters 900 to 990 (extracted)" in title for title in titles)
        assert all(e.get("marker-end") or e.get("marker-start") for e in curves)

    def test_kinds_differ_by_more_than_colour(self, answer: Lineage) -> None:
        curves = [e for e in self.elements(export(answer, "svg"), "path") if e.find(SVG + "title") is not None]
        looks = {(e.get("stroke"), e.get("stroke-dasharray")) for e in curves}
        assert len(looks) == len({edge.kind for edge in answer.edges}) == len({dash for _, dash in looks})

    def test_boxes_do_not_overlap(self, answer: Lineage) -> None:
        heights = {node.iri: 60.0 for node in answer.nodes}
        layout = lay_out([n.iri for n in answer.nodes], answer.rightwards(), heights)
        for one in answer.nodes:
            for other in answer.nodes:
                if one != other and layout.layers[one.iri] == layout.layers[other.iri]:
                    assert abs(layout.centres[one.iri] - layout.centres[other.iri]) >= 60
        for left, right in answer.rightwards():
            assert layout.layers[left] < layout.layers[right]

    def test_it_is_the_same_each_time_and_holds_nothing_active(self, answer: Lineage) -> None:
        text = export(answer, "svg")
        assert text == export(answer, "svg")
        assert not re.search(r"<script|<style|<foreignObject|\son\w+=|href=|style=", text)

    def test_links_are_escaped_and_only_where_given(self, answer: Lineage) -> None:
        text = export(answer, "svg", link=lambda iri: f'/x?a=1&b="{iri[-3:]}"' if "meeting" in iri else None)
        links = self.elements(text, "a")
        assert 0 < len(links) < len(answer.nodes)
        assert str(links[0].get("href")).startswith('/x?a=1&b="')

    def test_a_chain_runs_from_left_to_right(self, backend: Any, small: Any) -> None:
        found = path(backend, f"{small.ID}person/ines-dalva", f"{small.ID}doc/a/res/91/7")
        layout = lay_out([n.iri for n in found.nodes], found.rightwards(), {})
        assert [layout.layers[node] for node in found.chains[0]] == [0, 1, 2, 3]
        assert ElementTree.fromstring(export(found, "svg"))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=40))
    def test_any_graph_can_be_laid_out(self, lines: list[tuple[int, int]]) -> None:
        things = [str(n) for n in range(15)]
        layout = lay_out(things, [(str(a), str(b)) for a, b in lines], dict.fromkeys(things, 50.0))
        assert set(layout.layers) == set(layout.centres) == set(things)
        assert len(layout.bends) == len(lines)
        for column in set(layout.layers.values()):
            centres = sorted(layout.centres[t] for t in things if layout.layers[t] == column)
            assert all(b - a > 71.9 for a, b in pairwise(centres))
            assert all(25 - 1e-6 <= c <= layout.height - 25 + 1e-6 for c in centres)

    def test_an_answer_at_the_limit_is_drawn_in_seconds(self) -> None:
        things = [str(n) for n in range(1000)]
        chain = [(str(n), str(n + k)) for n in range(1000) for k in range(1, 20) if n + k < 1000]
        wild = [(str(n * 7919 % 1000), str(n * 104729 % 997)) for n in range(20_000)]
        for lines in (chain, wild):
            started = time.process_time()
            lay_out(things, lines, dict.fromkeys(things, 50.0))
            assert time.process_time() - started < 20
