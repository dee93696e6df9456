"""Canonical TriG: one text for one set of quads, and nothing lost."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.canonical import canonical_trig
from ontology.namespaces import BASE, CODE, GRAPH, ID, TG

_names = st.text(alphabet="ab/~.,=:-_19é", min_size=0, max_size=12)
_plain = st.builds(
    lambda base, rest, fragment: f"{base}{rest}{fragment}",
    st.sampled_from([str(ID), BASE, f"{CODE}force/", str(GRAPH), "http://example.org/", "urn:x:"]),
    _names,
    st.sampled_from(["", "#", "#char=1,2"]),
)
_iris = st.one_of(_plain, _names.map(lambda rest: f"{TG}{rest}")).map(ox.NamedNode)
_literals = st.one_of(
    st.text(max_size=20).map(ox.Literal),
    st.text(max_size=9).map(lambda text: ox.Literal(text, language="en")),
    st.integers().map(lambda n: ox.Literal(str(n), datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer"))),
    st.sampled_from(["007", "+1", "x", ""]).map(
        lambda text: ox.Literal(text, datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
    ),
    st.sampled_from(["2031-02-03"]).map(
        lambda text: ox.Literal(text, datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date"))
    ),
)
_quads = st.builds(ox.Quad, _iris, _iris, st.one_of(_iris, _literals), st.one_of(_iris, st.just(ox.DefaultGraph())))


@given(st.lists(_quads, max_size=15))
def test_what_is_written_reads_back_the_same(quads: list[ox.Quad]) -> None:
    text = canonical_trig(quads)
    assert set(ox.parse(text, format=ox.RdfFormat.TRIG)) == set(quads)
    assert canonical_trig(ox.parse(text, format=ox.RdfFormat.TRIG)) == text


def test_one_changed_fact_is_one_changed_line() -> None:
    def text(year: int) -> str:
        node = ox.NamedNode(f"{ID}meeting/ctl-msp-7")
        number = ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")
        facts = [(TG.ordinal, 7), (TG.year, year), (TG.session, 3)]
        return canonical_trig(
            ox.Quad(node, ox.NamedNode(str(p)), ox.Literal(str(n), datatype=number), ox.NamedNode(str(GRAPH["x"])))
            for p, n in facts
        )

    before, after = text(2031).splitlines(), text(2032).splitlines()
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        ("    tg:year 2031 .", "    tg:year 2032 .")
    ]
    assert before[0] == f"BASE <{ID}>"
    assert "GRAPH <../graph/x> {" in before


def test_blank_nodes_are_refused() -> None:
    with pytest.raises(TypeError, match="blank"):
        canonical_trig([ox.Quad(ox.BlankNode("b"), ox.NamedNode("urn:p"), ox.Literal("x"))])
