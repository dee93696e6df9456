"""Shortest chains, explained."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import networkx as nx
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.errors import ParameterError
from queries.paths import Paths, path, path_relations


@pytest.fixture(scope="module")
def backend(small: Any) -> Any:
    return small.CountingBackend(small.store())


def chains(answer: Paths, small: Any) -> list[list[str]]:
    return [[node.removeprefix(small.ID) for node in chain] for chain in answer.chains]


def test_from_a_person_to_a_resolution(backend: Any, small: Any) -> None:
    answer = path(backend, f"{small.ID}person/ines-dalva", f"{small.ID}doc/a/res/91/7")
    assert chains(answer, small) == [["person/ines-dalva", "meeting/ctl-msp-3", "doc/a/res/91/7~pp2", "doc/a/res/91/7"]]
    hops = answer.hops(answer.chains[0])
    assert [[edge.relation for edge in hop] for hop in hops] == [["president"], ["cites"], ["is_part_of"]]
    assert hops[0][0].sources[0].document == f"{small.ID}source/handbook"


def test_a_hub_is_crossed_only_when_nothing_else_leads_there(small: Any) -> None:
    """Two resolutions about one treaty; then a longer chain of recalls between them, which says more."""
    store = ox.Store()
    one, two, three, four = (ox.NamedNode(f"{small.ID}doc/a/res/{n}/1") for n in range(1, 5))
    treaty = ox.NamedNode(f"{small.ID}treaty/ctl")
    of_treaty, recalls = ox.NamedNode(f"{small.TG}ofTreaty"), ox.NamedNode(f"{small.TG}recalls")
    store.extend([ox.Quad(one, of_treaty, treaty), ox.Quad(four, of_treaty, treaty)])
    backend = small.CountingBackend(store)
    assert path(backend, one.value, four.value).chains == ((one.value, treaty.value, four.value),)
    store.extend([ox.Quad(four, recalls, three), ox.Quad(three, recalls, two), ox.Quad(two, recalls, one)])
    assert path(backend, one.value, four.value).chains == ((one.value, two.value, three.value, four.value),)
    assert path(backend, one.value, treaty.value).chains == ((one.value, treaty.value),), "an end may be a hub"


def test_only_lineage_when_a_kind_is_asked_for(backend: Any, small: Any) -> None:
    start, end = f"{small.ID}person/ines-dalva", f"{small.ID}doc/a/res/91/7"
    assert path(backend, start, end, kinds=["mandate"]).chains == ()
    found = path(backend, f"{small.ID}meeting/ctl-msp-5", f"{small.ID}meeting/ctl-rc-1", kinds=["mandate"])
    assert chains(found, small) == [
        [
            "meeting/ctl-msp-5",
            "meeting/ctl-msp-4~convene-ctl-msp-5",
            "meeting/ctl-rc-1~convene-ctl-msp",
            "meeting/ctl-rc-1",
        ]
    ]


def test_the_json_tells_the_chains(backend: Any, small: Any) -> None:
    start, end = f"{small.ID}meeting/ctl-msp-5", f"{small.ID}doc/a/res/91/7"
    said = path(backend, start, end).to_json()
    assert (said["thing"], said["from"], said["to"]) == (start, start, end)
    assert said["chains"][0][0] == start
    assert said["chains"][0][-1] == end
    joined = {frozenset((edge["from"], edge["to"])) for edge in said["edges"]}
    assert all(frozenset(pair) in joined for chain in said["chains"] for pair in pairwise(chain))
    assert all(edge["sentence"] for edge in said["edges"])


def test_a_thing_is_its_own_chain_and_strangers_have_none(backend: Any, small: Any) -> None:
    thing = f"{small.ID}meeting/ctl-msp-5"
    assert path(backend, thing, thing).chains == ((thing,),)
    nothing = path(backend, thing, f"{small.ID}place/sao-tome")
    assert nothing.chains == ()
    assert {node.key for node in nothing.nodes} == {"ctl-msp-5", "sao-tome"}


def test_too_few_hops_find_nothing_and_say_that_more_was_to_search(backend: Any, small: Any) -> None:
    answer = path(backend, f"{small.ID}person/ines-dalva", f"{small.ID}doc/a/res/91/7", hops=2)
    assert answer.chains == ()
    assert answer.truncated
    with pytest.raises(ParameterError):
        path(backend, "urn:a", "urn:b", hops=0)


def test_relations_of_paths_come_from_the_ontology() -> None:
    names = {relation.name for relation in path_relations()}
    assert {"president", "conferredBy", "cites", "holder", "convenedUnder"} <= names
    assert not names & {"passage", "inSource", "force", "predicate", "wasDerivedFrom", "confidence", "about"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=24), st.integers(0, 11), st.integers(0, 11))
def test_all_shortest_chains_of_random_graphs(small: Any, pairs: set[tuple[int, int]], one: int, other: int) -> None:
    """The search from both ends finds just what NetworkX finds on the whole graph."""
    store = ox.Store()
    names = [f"{small.ID}doc/a/res/{n}/1" for n in range(12)]
    recalls = ox.NamedNode(f"{small.TG}recalls")
    store.extend(ox.Quad(ox.NamedNode(names[a]), recalls, ox.NamedNode(names[b])) for a, b in pairs)
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from((names[a], names[b]) for a, b in pairs)
    expected: set[tuple[str, ...]] = set()
    if nx.has_path(graph, names[one], names[other]):
        expected = {tuple(p) for p in nx.all_shortest_paths(graph, names[one], names[other])}
    answer = path(small.CountingBackend(store), names[one], names[other], hops=12)
    assert set(answer.chains) == expected if len(expected) <= 25 else len(answer.chains) == 25
