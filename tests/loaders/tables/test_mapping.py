"""Mappings: what is read from a CSVW description, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import RDF, URIRef

from loaders.diagnose import Malformed
from loaders.mapping import expand, load_mapping

ID = "https://w3id.org/treatygraph/id/"


def test_the_header_leaves_out_virtual_columns(tables: Callable[..., Path]) -> None:
    mapping = load_mapping(tables())
    assert "treaty" not in mapping.header
    assert mapping.header[0] == "meeting"
    assert mapping.primary_key == ("meeting", "source")
    column = mapping.column("class")
    assert column is not None
    assert column.predicate == RDF.type
    assert column.needs == {"meeting", "class"}
    source = mapping.column("source")
    assert source is not None
    assert source.predicate is None


@pytest.mark.parametrize(
    ("template", "cells", "iri"),
    [
        ("meeting/{meeting}", {"meeting": "ctl-msp-1"}, f"{ID}meeting/ctl-msp-1"),
        ("doc/{+document}", {"document": "a/res/99/7~op2"}, f"{ID}doc/a/res/99/7~op2"),
        ("doc/{document}", {"document": "a/res"}, f"{ID}doc/a%2Fres"),
        ("rdf:type", {}, str(RDF.type)),
        ("dc:title", {}, "http://purl.org/dc/terms/title"),
        ("https://x.example/{a}-{b}", {"a": "1", "b": "é"}, "https://x.example/1-%C3%A9"),
        ("place/{x}", {"x": "../../evil"}, f"{ID}place/..%2F..%2Fevil"),
    ],
)
def test_templates_follow_rfc_6570(template: str, cells: dict[str, str], iri: str) -> None:
    assert expand(template, cells) == iri


def test_a_property_may_be_a_full_iri(tables: Callable[..., Path]) -> None:
    column = load_mapping(tables()).column("start")
    assert column is not None
    assert column.predicate == URIRef("https://w3id.org/treatygraph/def#startDate")


def test_a_table_without_a_mapping_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "lonely.csv"
    table.write_text("a\n1\n")
    with pytest.raises(Malformed, match=r"lonely\.csv-metadata\.json was expected"):
        load_mapping(table)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('{"url": "t.csv",\n "tableSchema": }', 2, "JSON was expected"),
        ('{"url": "t.csv"}', 1, "tableSchema"),
        ('{"tableSchema": {"columns": [{"name": "a"}, {"name": "a"}]}}', 1, "column a stands twice"),
        ('{"tableSchema": {"columns": [{"name": "a", "datatype": "colour"}]}}', 1, "datatype colour"),
        (
            '{"tableSchema": {"aboutUrl": "x/{b}", "columns": [{"name": "a", "propertyUrl": "rdf:type"}]}}',
            1,
            "needs the column b",
        ),
        ('{"tableSchema": {"columns": [{"name": "a", "datatype": {"format": "["}}]}}', 1, "CSVW mapping"),
        ("[]", 1, "CSVW mapping"),
    ],
)
def test_a_broken_mapping_is_refused_with_its_line(tmp_path: Path, text: str, line: int, word: str) -> None:
    (tmp_path / "t.csv").write_text("a\n")
    (tmp_path / "t.csv-metadata.json").write_text(text)
    with pytest.raises(Malformed, match=word) as caught:
        load_mapping(tmp_path / "t.csv")
    assert caught.value.line == line
    assert caught.value.file.endswith("t.csv-metadata.json")
