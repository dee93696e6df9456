"""RDF files: places of statements, agreement of the two parsers, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from loaders.diagnose import Malformed, UnknownKind
from loaders.positions import LineIndex, PositionedQuad, pipeline_quad
from loaders.trig import DEPTH_LIMIT, FORMATS, LITERAL_LIMIT, read_rdf, read_rdf_bytes

HEAD = """\
BASE <https://w3id.org/treatygraph/id/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX : <https://tides.example/>
"""

spaces = st.sampled_from([" ", "  ", "\n", " \n\t", " # a comment; with <brackets> [\n  "])
iris = st.sampled_from(
    [
        "<meeting/ctl-msp-1>",
        "<../graph/x>",
        "<doc/a/res/99/7~op1>",
        "<#char=1,2>",
        "tg:Meeting",
        ":a",
        ":",
        "<https://x.example/é>",
    ]
)
literals = st.sampled_from(
    [
        *('"plain"', "'single'", '"with \\"quotes\\" and ; . , ] }"', '"""long\n"text" # no comment"""', '"été"@fr-CA'),
        *('"2031-05-05"^^xsd:date', '"x"^^<https://x.example/d>', "21", "-3", "4.5", "1e3", "true", "false"),
    ]
)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """Turtle statements of one subject with varied white space, lists of objects, blank nodes and collections."""

    def node(depth: int) -> str:
        kind = draw(st.integers(0, 9 if depth else 7))
        if kind <= 3:
            return draw(iris)
        if kind <= 7:
            return draw(literals)
        if kind == 8:
            return f"[{draw(spaces)}{verbs(depth - 1)}{draw(spaces)}]"
        items = [node(depth - 1) for _ in range(draw(st.integers(0, 3)))]
        return f"({draw(spaces)}{draw(spaces).join(items)}{draw(spaces)})"

    def verbs(depth: int) -> str:
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            values = f"{draw(spaces)},{draw(spaces)}".join(node(depth) for _ in range(draw(st.integers(1, 3))))
            parts.append(f"{draw(st.sampled_from(['a', 'tg:about', ':p', '<p>']))} {values}")
        return f"{draw(spaces)};{draw(spaces)}".join(parts)

    return f"{draw(iris)}{draw(spaces)}{verbs(2)}{draw(spaces)}.{draw(spaces)}"


def canonical(quads: list[pyoxigraph.Quad]) -> set[str]:
    dataset = pyoxigraph.Dataset(quads)
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def written_at(text: str, positioned: PositionedQuad) -> str:
    line = text.split("\n")[positioned.position.line - 1 :]
    return "\n".join(line)[positioned.position.column - 1 :]


@settings(max_examples=150, deadline=None)
@given(st.lists(statements(), min_size=1, max_size=3), st.booleans())
def test_both_parsers_read_the_same_and_each_object_is_where_it_is_said_to_be(parts: list[str], in_graph: bool) -> None:
    body = "\n".join(parts)
    text = HEAD + (f"GRAPH <../graph/x> {{\n{body}\n}}\n" if in_graph else body + "\n")
    found = read_rdf_bytes(text.encode(), "application/trig", "t.trig")
    judged = list(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TRIG))
    assert canonical([pipeline_quad(positioned.quad) for positioned in found]) == canonical(judged)
    for positioned in found:
        value, here = positioned.quad[2], written_at(text, positioned)
        assert here
        if isinstance(value, Literal) and not str(positioned.quad[1]).startswith("http://www.w3.org/1999/02/22"):
            written = here.lstrip("\"'")
            assert written.startswith(str(value)[:4].replace('"', '\\"')[:4]) or here.startswith('"with')
        elif isinstance(value, URIRef) and "rdf-syntax-ns" not in str(positioned.quad[1]) + str(value):
            assert here[0] in "<:t"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>\"'[](){}.,;:@#^_ab\\\n \té1", max_size=60), st.sampled_from(sorted(FORMATS)))
def test_rubbish_is_read_or_refused_in_one_line(text: str, media_type: str) -> None:
    refused: Malformed | None = None
    found: list[PositionedQuad] = []
    try:
        found = read_rdf_bytes(text.encode(), media_type, "rubbish")
    except Malformed as error:
        refused = error
    lines = text.count("\n") + 1
    assert all(1 <= positioned.position.line <= lines for positioned in found)
    if refused is not None:
        assert "\n" not in str(refused)
        assert 1 <= refused.line <= lines + 1


def test_places_of_predicates_are_known() -> None:
    text = HEAD + "<meeting/ctl-msp-1> a tg:Meeting ;\n  tg:strat 3 ,\n    4 ; tg:end [ tg:x 5 ] .\n"
    found = read_rdf_bytes(text.encode(), "text/turtle", "t.ttl")
    places = {str(p.quad[2]): (p.predicate, p.position) for p in found if isinstance(p.quad[2], Literal)}
    assert {value: (p.line, p.column) for value, (p, _) in places.items() if p} == {
        "3": (6, 3),
        "4": (6, 3),
        "5": (7, 18),
    }
    assert {value: (o.line, o.column) for value, (_, o) in places.items()} == {"3": (6, 12), "4": (7, 5), "5": (7, 23)}


@pytest.mark.parametrize(
    ("media_type", "text", "line", "column", "word"),
    [
        ("text/turtle", HEAD + "<a> tg:b tgg:c .", 5, 10, "prefix tgg: has not been declared. Declare"),
        ("text/turtle", HEAD + '<a> tg:b "c .\n', 5, 10, "left open|Compare"),
        ("text/turtle", HEAD + "<a> tg:b .", 5, 10, "not a valid RDF object. Check the punctuation"),
        ("text/turtle", HEAD + "<a> tg:b <c> ", 5, None, "left open"),
        ("text/turtle", "<a b> <c> <d> .", 1, None, "Write the name between"),
        ("application/trig", "GRAPH <g> { <a> <b> <c> ", 1, None, "Not well-formed"),
        ("application/n-triples", "<http://a> <http://b> .", 1, None, "Not well-formed"),
        ("application/ld+json", '{\n"@id": "a",\n"b" "c"}', 3, None, "Not well-formed"),
        ("application/ld+json", '{"@id": "a",\n"@context": "https://evil.example/c"}', 2, None, "nothing is fetched"),
        ("text/turtle", "<a> <b> '\xff'", 1, 10, "not UTF-8"),
    ],
)
def test_mistakes_are_named_with_their_place(
    media_type: str, text: str, line: int, column: int | None, word: str
) -> None:
    data = text.encode("latin-1") if "\xff" in text else text.encode()
    with pytest.raises(Malformed, match=word) as caught:
        read_rdf_bytes(data, media_type, "t")
    assert caught.value.line == line
    assert column is None or caught.value.column == column
    assert "\n" not in str(caught.value)


def test_n_quads_have_a_line_each() -> None:
    text = '<http://a> <http://b> _:x .\n\n# a comment\n  _:x <http://b> "y" <http://g> .\n'
    found = read_rdf_bytes(text.encode(), "application/n-quads", "t.nq")
    assert [(p.position.line, p.position.column) for p in found] == [(1, 1), (4, 3)]
    assert found[0].quad[2] == found[1].quad[0]
    assert found[1].quad[3] == URIRef("http://g")


def test_json_ld_values_are_found() -> None:
    text = '{\n "@id": "meeting/ctl-msp-1",\n "https://x.example/b": ["été", {"@id": "place/port-amity"}]\n}'
    found = read_rdf_bytes(text.encode(), "application/ld+json", "t.jsonld")
    places = {str(p.quad[2]).rpartition("/")[2]: (p.position.line, p.position.column) for p in found}
    assert places == {"été": (3, 26), "port-amity": (3, 41)}


def test_deep_nesting_and_huge_literals_are_refused() -> None:
    deep = "<a> <b> " + "[ <b> " * (DEPTH_LIMIT + 1) + "1" + " ]" * (DEPTH_LIMIT + 1) + " ."
    with pytest.raises(Malformed, match="Nested deeper"):
        read_rdf_bytes(deep.encode(), "text/turtle", "t")
    with pytest.raises(Malformed, match="at most"):
        read_rdf_bytes(f'<a> <b> "{"x" * (LITERAL_LIMIT + 1)}" .'.encode(), "text/turtle", "t")


def test_forms_of_rdf_1_2_that_one_parser_does_not_know_still_have_lines() -> None:
    text = 'VERSION "1.2"\n<a> <b> "c" .\n'
    (found,) = read_rdf_bytes(text.encode(), "text/turtle", "t")
    assert found.position.line == 2
    with pytest.raises(Malformed, match=r"RDF 1\.2"):
        read_rdf_bytes(b"<a> <b> <<( <c> <d> <e> )>> .", "text/turtle", "t")


def test_kinds_of_files_are_told_by_their_ending(tmp_path: Path) -> None:
    (tmp_path / "a.rdf").write_text("<x/>")
    with pytest.raises(UnknownKind, match=r"“\.rdf” are not read"):
        read_rdf(tmp_path / "a.rdf")
    (tmp_path / "a.nt").write_text("<http://a> <http://b> <http://c> .\n")
    assert len(read_rdf(tmp_path / "a.nt")) == 1


@given(st.text(alphabet="ab\n\ré", max_size=30), st.integers(0, 40))
def test_offsets_become_lines_and_columns(text: str, offset: int) -> None:
    place = LineIndex(text).position(offset)
    before = text[: min(offset, len(text))]
    assert place.line == before.count("\n") + 1
    assert place.column == len(before) - (before.rfind("\n") + 1) + 1
    assert LineIndex(text).line(place.line) == text.split("\n")[place.line - 1].rstrip("\r")
