"""The store of a release is filled by the fast loader, and holds exactly what the dump says."""

from __future__ import annotations

import pyoxigraph as ox

from loaders.release import fill_store

DUMP = b"""<urn:a> <urn:p> "plain" .
<urn:a> <urn:p> "plain" <urn:g> .
<urn:a> <urn:p> "a text with _:x in it"@en <urn:g> .
<urn:a> <urn:q> _:node <urn:g> .
_:node <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:g> .
"""


def test_every_line_arrives_and_blank_nodes_keep_their_labels() -> None:
    store = ox.Store()
    fill_store(store, DUMP)
    assert set(store) == set(ox.parse(DUMP, format=ox.RdfFormat.N_QUADS))
    assert ox.BlankNode("node") in {quad.subject for quad in store}


def test_a_dump_without_blank_nodes_and_an_empty_one() -> None:
    store = ox.Store()
    fill_store(store, b"".join(line for line in DUMP.splitlines(keepends=True) if b"_:" not in line))
    assert len(store) == 2
    empty = ox.Store()
    fill_store(empty, b"")
    assert len(empty) == 0
