"""The lineage of the record itself: the chains that the project exists for, each step with document and passage."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest

from loaders.release import ReleaseInfo
from ontology.keys import folder_of
from queries.embedded import EmbeddedBackend
from queries.export import export
from queries.lineage import Lineage, lineage
from queries.paths import path
from queries.resolve import resolve


@pytest.fixture(scope="module")
def answering(record: ReleaseInfo) -> Iterator[EmbeddedBackend]:
    backend = EmbeddedBackend(record.store, record.id)
    yield backend
    backend.close()


def statements(answer: Lineage) -> set[tuple[str, str, str]]:
    keys = {node.iri: node.key for node in answer.nodes}
    return {(keys[edge.subject], edge.relation, keys[edge.object]) for edge in answer.edges}


@pytest.mark.parametrize("name", ["21st Meeting of the States Parties", "APLC MSP 21", "aplc-msp-21"])
def test_by_what_authority_was_the_21st_meeting_convened(answering: EmbeddedBackend, name: str) -> None:
    answer = lineage(answering, resolve(answering, name).iri, direction="up", kinds=["mandate"])
    decision, note = "aplc-msp-20~convene-aplc-msp-21", "note-verbale/2023-01-16/aplc-msp-21"
    assert {
        ("aplc-msp-21", "convenedUnder", "aplc~art11.1"),
        ("aplc-msp-21", "convenedUnder", decision),
        ("aplc-msp-21", "convenedUnder", "a/res/77/63~op10"),
        ("aplc-msp-21", "convokedBy", note),
        (decision, "invokes", "aplc~art11.1"),
        (decision, "restsOn", "aplc-rc-4~convene-aplc-msp"),
        (decision, "takenBy", "aplc-msp-20"),
        ("aplc-rc-4~convene-aplc-msp", "takenBy", "aplc-rc-4"),
        ("a/res/77/63~op10", "invokes", "aplc~art12.1"),
        ("a/res/77/63~op10", "invokes", "aplc~art12.3"),
        ("a/res/77/63~op10", "provisionOf", "a/res/77/63"),
    } <= statements(answer)
    assert ("aplc-msp-21", "convenedUnder", "aplc~art12.1") not in statements(answer), "the wrong article is no basis"
    for edge in answer.edges:
        assert edge.sources, f"no source: {edge.sentence}"
    own = next(e for e in answer.edges if e.object.endswith("~op10") and e.subject.endswith("aplc-msp-21"))
    assert (own.sources[0].document.rpartition("/doc/")[2], own.sources[0].part) == ("a/res/77/63", "op10")
    assert own.sources[0].start is not None


def test_the_reverse_reaches_the_meeting(answering: EmbeddedBackend) -> None:
    answer = lineage(answering, resolve(answering, "APLC article 11(1)").iri, direction="down", kinds=["mandate"])
    assert {"aplc-msp-20~convene-aplc-msp-21", "aplc-msp-21"} <= {node.key for node in answer.nodes}


@pytest.mark.parametrize(
    ("meeting", "resolution", "note"),
    [
        ("ccm-msp-12", "a/res/78/32~op9", "note-verbale/2024-02-15/ccm-msp-12"),
        ("ccm-msp-11", "a/res/77/79~op9", "oda/2023-00050"),
    ],
)
def test_the_meetings_on_cluster_munitions(
    answering: EmbeddedBackend, meeting: str, resolution: str, note: str
) -> None:
    found = statements(lineage(answering, resolve(answering, meeting).iri, kinds=["mandate"]))
    assert {(meeting, "convenedUnder", resolution), (meeting, "convokedBy", note)} <= found
    if meeting == "ccm-msp-12":
        assert (meeting, "convenedUnder", "ccm~art11.1") in found
        assert (meeting, "convenedUnder", "ccm-msp-11~convene-ccm-msp-12") in found


def test_from_a_president_to_a_resolution(answering: EmbeddedBackend) -> None:
    start, end = resolve(answering, "Suraya Dalil").iri, resolve(answering, "A/RES/77/63").iri
    answer = path(answering, start, end)
    assert answer.chains
    for chain in answer.chains:
        hops = answer.hops(chain)
        assert all(hops)
        assert all(edge.sentence for hop in hops for edge in hop)
        assert any("Suraya Dalil" in edge.sentence for edge in hops[0])


def test_every_form_can_be_written(answering: EmbeddedBackend) -> None:
    answer: Any = lineage(answering, resolve(answering, "aplc-msp-21").iri)
    for form in ("text", "mermaid", "dot", "graphml", "svg", "jsonld"):
        assert "77/63" in export(answer, form)


def test_the_index_gives_for_every_thing_what_the_store_gives(answering: EmbeddedBackend) -> None:
    slow = _without_index(answering)
    rows = answering.query("SELECT DISTINCT ?thing WHERE { ?thing a ?type FILTER(isIRI(?thing)) }").rows()
    things = sorted(row["thing"].value for row in rows if folder_of(row["thing"].value))
    assert len(things) > 500
    for thing in things:
        for direction in ("up", "down"):
            fast = lineage(answering, thing, direction=direction).to_json()
            assert fast == lineage(slow, thing, direction=direction).to_json(), (thing, direction)


def _without_index(answering: EmbeddedBackend) -> EmbeddedBackend:
    assert answering.adjacency is not None
    slow = copy(answering)
    slow.adjacency = None
    return slow
