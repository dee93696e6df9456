"""The tools on the whole record, in this process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

import pytest

from .speaking import ID, Call, places, said  # isort: skip - it skips what needs the extra

import anyio
from anyio.from_thread import BlockingPortal
from mcp import Client
from mcp.types import CallToolResult

from api.mcp.local import LocalGraph
from api.mcp.server import make_server
from loaders.release import ReleaseInfo
from queries.catalogue import Catalogue
from queries.embedded import EmbeddedBackend


@pytest.fixture(scope="module")
def graph(record: ReleaseInfo) -> Iterator[LocalGraph]:
    found = LocalGraph(EmbeddedBackend(record.store, record.id))
    yield found
    found.close()


@pytest.fixture(scope="module")
def inside(portal: BlockingPortal, graph: LocalGraph) -> Iterator[Call]:
    with portal.wrap_async_context_manager(Client(make_server(graph))) as client:
        yield lambda name, /, **arguments: portal.call(partial(client.call_tool, name, arguments))


def test_every_fact_about_any_thing_has_a_source(inside: Call, graph: LocalGraph, record: ReleaseInfo) -> None:
    ours = f'FILTER(STRSTARTS(STR(?s), "{ID}"))'
    rows = graph.sparql(f"SELECT DISTINCT ?s WHERE {{ ?s a ?c {ours} }} ORDER BY ?s", 60).rows
    things = [row["s"]["value"] for row in rows if row["s"]]
    for iri in random.Random(7).sample(things, 40):
        result = inside("resolve", name=iri, limit=100)
        found = said(result)
        assert found["thing"]["iri"] == iri
        assert found["release"] == record.id
        assert found["evidence"] is True
        bare = [fact["property"] for fact in found["facts"] if not fact["sources"]]
        assert not bare, f"{iri}: {bare}"
        assert all(source["document"].startswith("https://") for fact in found["facts"] for source in fact["sources"])


@pytest.mark.parametrize("question", sorted(Catalogue.load("questions")))
def test_every_question_is_asked_with_its_example_and_answered_with_evidence(inside: Call, question: str) -> None:
    example = Catalogue.load("questions")[question].example()
    found = said(inside("ask", question=question, parameters=example, limit=10))
    assert found["rows"], "the example of a question has an answer"
    assert all(row["statements"] for row in found["rows"])
    assert all(one["sources"] for row in found["rows"] for one in row["statements"])


def test_by_what_authority_was_the_21st_meeting_convened(inside: Call) -> None:
    """QUESTIONS.md, 1: read by hand from the note verbale and the resolution."""
    found = said(inside("lineage", thing="aplc-msp-21", kinds=["mandate"], depth=1))
    above = {edge["to"].removeprefix(ID): edge for edge in found["edges"] if edge["from"] == f"{ID}meeting/aplc-msp-21"}
    paragraph = "doc/a/res/77/63~op10"
    assert {paragraph, "meeting/aplc-msp-20~convene-aplc-msp-21", "treaty/aplc~art11.1"} <= set(above)
    assert (f"{ID}doc/a/res/77/63", "op10") in {place[:2] for place in places(above[paragraph]["sources"])}


def test_calls_at_the_same_time_do_not_mix(graph: LocalGraph) -> None:
    async def go() -> None:
        async with Client(make_server(graph)) as client:
            names = ["aplc-msp-21", "a/res/77/63", "ccm-msp-12", "aplc-rc-4"] * 3

            async def one(name: str) -> None:
                result = await client.call_tool("resolve", {"name": name, "limit": 1})
                assert isinstance(result, CallToolResult)
                assert said(result)["thing"]["key"] == name

            async with anyio.create_task_group() as tasks:
                for name in names:
                    tasks.start_soon(one, name)

    anyio.run(go)
