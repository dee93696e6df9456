"""The tools over the real protocol: sessions of the SDK's client with a spawned server, on a release and on a service.

`call` speaks to each way of serving in turn: standard input and output on a release, HTTP on a release, standard input
and output on a running service. All must say the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from .speaking import ID, RESOLUTION, Call, listening, places, said, spawned, text  # isort: skip - it skips what needs the extra

from anyio.from_thread import BlockingPortal
from mcp import Client, MCPError
from mcp.types import CallToolResult

from api.mcp.tools import ROWS_BYTES
from loaders.release import ReleaseInfo
from queries.catalogue import Catalogue

MEETING = f"{ID}meeting/ctl-msp-5"
TOOLS = {"resolve", "search", "lineage", "path", "questions", "ask", "findings", "sparql"}


@pytest.fixture(scope="module", params=["stdio on a release", "http on a release", "stdio on a service"])
def session(
    request: pytest.FixtureRequest, portal: BlockingPortal, release: ReleaseInfo, server: Any
) -> Iterator[Client]:
    if request.param == "http on a release":
        with (
            listening("--release", str(release.path)) as address,
            portal.wrap_async_context_manager(Client(address)) as client,
        ):
            yield client
        return
    asked = ("--url", server.address) if request.param == "stdio on a service" else ("--release", str(release.path))
    with portal.wrap_async_context_manager(Client(spawned(*asked))) as client:
        yield client


@pytest.fixture(scope="module")
def call(portal: BlockingPortal, session: Client) -> Call:
    def ask(name: str, /, **arguments: Any) -> CallToolResult:
        found = portal.call(partial(session.call_tool, name, arguments))
        assert isinstance(found, CallToolResult)
        return found

    return ask


# Each tool.


def test_the_tools_tell_what_they_take_and_give(portal: BlockingPortal, session: Client) -> None:
    tools = {tool.name: tool for tool in portal.call(session.list_tools).tools}
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert tool.description
        assert tool.title
        assert tool.output_schema is not None
        assert {"release"} <= set(tool.output_schema["properties"])
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{tool.name}: {name}"


def test_resolve_gives_every_fact_with_its_passage(call: Call, release: ReleaseInfo) -> None:
    found = said(call("resolve", name="resolution 91/7"))
    assert found["thing"]["iri"] == RESOLUTION
    assert found["release"] == release.id
    (adopted,) = [fact for fact in found["facts"] if fact["property"].endswith("#adoptionDate")]
    assert adopted["value"] == "2030-12-05"
    assert (RESOLUTION, None, 1) in places(adopted["sources"])


def test_resolve_pages(call: Call) -> None:
    first = said(call("resolve", name="ctl-msp-5", limit=2))
    assert len(first["facts"]) == 2 < first["total"]
    second = said(call("resolve", name="ctl-msp-5", limit=100, cursor=first["cursor"]))
    assert second["cursor"] is None
    whole = said(call("resolve", name="ctl-msp-5", limit=100))
    assert [*first["facts"], *second["facts"]] == whole["facts"]


def test_search_says_who_knows_of_each_hit(call: Call) -> None:
    found = said(call("search", q="lantern"))
    assert found["results"]
    assert all(hit["sources"] for hit in found["results"])
    assert found["evidence"] is True


def test_lineage_gives_each_link_with_its_passage(call: Call, release: ReleaseInfo) -> None:
    result = call("lineage", thing="ctl-msp-5", kinds=["mandate"], depth=1)
    found = said(result)
    links = {edge["to"]: edge for edge in found["edges"] if edge["from"] == MEETING}
    assert set(links) == {
        f"{RESOLUTION}~op4",
        f"{ID}meeting/ctl-msp-4~convene-ctl-msp-5",
        f"{ID}treaty/ctl~art9.1",
        f"{ID}doc/note-verbale/2031-02-03/ctl-msp-5",
    }
    assert (RESOLUTION, "op4", 900) in places(links[f"{RESOLUTION}~op4"]["sources"])
    assert f"Release {release.id}." in text(result)
    assert "a/res/91/7 op4, characters 900 to 990" in text(result)
    assert {node["iri"] for node in found["nodes"]} == {
        end for edge in found["edges"] for end in (edge["from"], edge["to"])
    }


def test_lineage_pages(call: Call) -> None:
    first = said(call("lineage", thing="ctl-msp-5", limit=2))
    assert len(first["edges"]) == 2 < first["total"]
    assert said(call("lineage", thing="ctl-msp-5", limit=2, cursor=first["cursor"]))["edges"] != first["edges"]


def test_path_explains_every_hop(call: Call) -> None:
    found = said(call("path", start="Inês Dalva", end="A/RES/91/7"))
    (chain, *_) = found["chains"]
    assert (chain[0], chain[-1]) == (f"{ID}person/ines-dalva", RESOLUTION)
    (president,) = [edge for edge in found["edges"] if edge["relation"] == "president"]
    assert [one["document"] for one in president["sources"]] == [f"{ID}source/handbook"]
    # What the invented record states without a source is shown as such.
    bare = [edge for edge in found["edges"] if not edge["sources"]]
    assert text(call("path", start="Inês Dalva", end="A/RES/91/7")).count("  no evidence") == len(bare)


def test_a_thing_and_itself_are_told_apart_from_things_far_apart(call: Call) -> None:
    answer = call("path", start="A/RES/91/7", end="a/res/91/7")
    assert not said(answer)["evidence"]
    assert f"both names mean {RESOLUTION}" in text(answer)


def test_a_word_of_no_question_is_told(call: Call) -> None:
    answer = call("questions", about="zebras")
    assert said(answer)["questions"] == []
    assert "None of the" in text(answer)
    assert "'zebras'" in text(answer)


def test_questions_are_listed_with_their_parameters(call: Call) -> None:
    every = said(call("questions"))
    assert {one["question"] for one in every["questions"]} == set(Catalogue.load("questions"))
    some = said(call("questions", about="presided"))
    assert [one["question"] for one in some["questions"]] == ["president-of-meeting"]
    assert some["questions"][0]["parameters"]["meeting"]["type"] == "thing"


def test_ask_gives_the_statements_behind_each_row(call: Call) -> None:
    found = said(call("ask", question="president-of-meeting", parameters={"meeting": "ctl-msp-3"}))
    assert {row["values"]["personLabel"] for row in found["rows"]} == {"Inês Dalva"}
    stated = {(one["subject"], one["predicate"], one["object"]) for one in found["rows"][0]["statements"]}
    president = "https://w3id.org/treatygraph/def#president"
    assert (f"{ID}meeting/ctl-msp-3", president, f"{ID}person/ines-dalva") in stated
    assert all(one["sources"] for row in found["rows"] for one in row["statements"])
    assert f"{ID}meeting/ctl-msp-3" in found["query"]


def test_findings_give_their_passages(call: Call) -> None:
    found = said(call("findings", document="A/RES/91/7"))
    (one,) = found["findings"]
    assert one["values"] == ["CTL article 10(1)", "CTL article 9(1)"]
    assert (RESOLUTION, "op4", 900) in places(one["sources"])
    assert said(call("findings"))["total"] == 3
    page = said(call("findings", limit=1, cursor="1"))
    assert (len(page["findings"]), page["cursor"]) == (1, "2")


def test_sparql_gives_rows_and_who_says_so(call: Call) -> None:
    adopted = "<https://w3id.org/treatygraph/def#adoptionDate>"
    query = f"SELECT ?of ?day WHERE {{ VALUES ?of {{ <{RESOLUTION}> }} ?of {adopted} ?day }}"
    found = said(call("sparql", query=query))
    (row,) = found["rows"]
    assert row["values"]["day"] == "2030-12-05"
    assert (RESOLUTION, None, 1) in places(row["statements"][0]["sources"])
    assert found["cut"] is False
    assert said(call("sparql", query="ASK { ?s ?p ?o }"))["rows"][0]["values"] == {"answer": True}


# What is not whole, or not known, says so.


def test_rows_that_are_cut_never_look_whole(call: Call) -> None:
    result = call("sparql", query="SELECT ?s WHERE { ?s ?p ?o }", rows=3)
    found = said(result)
    assert (len(found["rows"]), found["cut"], found["cut_by"]) == (3, True, "rows")
    assert found["note"].startswith("CUT")
    assert text(result).splitlines()[1].startswith("CUT")
    exact = said(call("sparql", query="SELECT ?s WHERE { ?s ?p ?o } LIMIT 3", rows=3))
    assert (len(exact["rows"]), exact["cut"]) == (3, False)


def test_rows_are_cut_by_bytes_too(call: Call) -> None:
    """Values of 64 KiB, made by the query itself."""
    doubled = "BIND('x' AS ?v0)" + "".join(f" BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(16))
    found = said(call("sparql", query=f"SELECT ?v16 ?s WHERE {{ {doubled} ?s ?p ?o }}", rows=50))
    assert (found["cut"], found["cut_by"]) == (True, "bytes")
    assert 0 < len(json.dumps([row["values"] for row in found["rows"]])) <= ROWS_BYTES


def test_a_query_past_its_time_gives_nothing(call: Call) -> None:
    slow = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?c) < STR(?i)) }"
    result = call("sparql", query=slow, seconds=1)
    assert result.is_error
    assert text(result) == "the query was stopped because it took too long; nothing of its answer is given"
    assert said(call("sparql", query="ASK {}"))["rows"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search", {"q": "zzzzqqqq"}),
        ("lineage", {"thing": "São Tomé"}),
        ("path", {"start": "São Tomé", "end": "Inês Dalva"}),
        ("ask", {"question": "president-of-meeting", "parameters": {"meeting": "ctl-msp-5"}}),
        ("findings", {"rule": "no-such-rule"}),
        ("sparql", {"query": "SELECT * WHERE { <x:a> <x:b> ?c }"}),
        ("sparql", {"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"}),
    ],
)
def test_without_evidence_it_says_so(call: Call, release: ReleaseInfo, tool: str, arguments: dict[str, Any]) -> None:
    result = call(tool, **arguments)
    found = said(result)
    assert found["evidence"] is False
    assert found["note"].startswith(f"No evidence in release {release.id}")
    assert f"No evidence in release {release.id}" in text(result)


def test_an_unknown_name_is_an_error_with_suggestions(call: Call, release: ReleaseInfo) -> None:
    result = call("resolve", name="ctl-msp-55")
    assert result.is_error
    assert text(result).startswith(f"no evidence in release {release.id}: nothing is called 'ctl-msp-55'")
    assert "ctl-msp-5" in text(result)


# Hostile and careless.

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("resolve", {"name": ""}, "name"),
    ("resolve", {"name": "x" * 501}, "name"),
    ("resolve", {"name": "a\x00b"}, ""),
    ("resolve", {"name": "<javascript:alert(1)>"}, ""),
    ("resolve", {"name": f"{ID}meeting/x> ?p ?o . ?s ?p <x:y"}, ""),
    ("resolve", {"name": "4th Meeting of the States Parties"}, "cgb-msp-4"),
    ("resolve", {}, "name"),
    ("resolve", {"name": "ctl-msp-5", "limit": 0}, "limit"),
    ("resolve", {"name": "ctl-msp-5", "limit": "many"}, "limit"),
    ("resolve", {"name": "ctl-msp-5", "cursor": "-1"}, "cursor"),
    ("resolve", {"name": "ctl-msp-5", "cursor": "99999"}, "cursor"),
    ("resolve", {"name": "ctl-msp-5", "wrong": 1}, "wrong"),
    ("resolve", {"name": ["ctl-msp-5"]}, "name"),
    ("search", {"q": ""}, "q"),
    ("lineage", {"thing": "ctl-msp-5", "kinds": ["nonsense"]}, "kinds"),
    ("lineage", {"thing": "ctl-msp-5", "direction": "sideways"}, "direction"),
    ("lineage", {"thing": "ctl-msp-5", "depth": 10**9}, "depth"),
    ("path", {"start": "ctl-msp-5", "end": "nowhere at all"}, "no evidence"),
    ("ask", {"question": "no-such-question"}, "no-such-question"),
    ("ask", {"question": "../../etc/passwd"}, "there is no question"),
    ("ask", {"question": "president-of-meetin"}, "president-of-meeting"),
    ("ask", {"question": "president-of-meeting"}, "meeting"),
    ("ask", {"question": "president-of-meeting", "parameters": {"wrong": "x"}}, "wrong"),
    ("ask", {"question": "president-of-meeting", "parameters": {"meeting": "> } UNION {"}}, ""),
    ("ask", {"question": "president-of-meeting", "parameters": "text"}, "parameters"),
    ("findings", {"severity": "grave"}, "severity"),
    ("findings", {"document": "no such document"}, "no evidence"),
    ("sparql", {"query": "SELECT * WHERE {"}, "line 1"),
    ("sparql", {"query": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}, "SERVICE"),
    ("sparql", {"query": "SELECT * { \\u0053ERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}, ""),
    ("sparql", {"query": "INSERT DATA { <x:a> <x:b> <x:c> }"}, "updates"),
    ("sparql", {"query": "LOAD <http://127.0.0.1:1/>"}, "updates"),
    ("sparql", {"query": "CONSTRUCT WHERE { ?s ?p ?o }"}, "SELECT"),
    ("sparql", {"query": "SELECT " + "(" * 19_000}, ""),
    ("sparql", {"query": "SELECT * {} #" + "x" * 20_001}, "query"),
    ("sparql", {"query": "ASK {}", "seconds": 31}, "seconds"),
    ("sparql", {"query": "ASK {}", "rows": 201}, "rows"),
    ("nonsense", {}, "nonsense"),
]


def test_what_is_wrong_is_one_line(call: Call) -> None:
    for tool, arguments, expected in WRONG:
        result = call(tool, **arguments)
        told = f"{tool} {str(arguments)[:80]}: {text(result)[:300]}"
        assert result.is_error, told
        assert "\n" not in text(result), told
        assert 5 < len(text(result)) < 1000, told
        assert "Traceback" not in text(result), told
        assert expected in text(result), told
    assert said(call("search", q="lantern"))["results"]


def test_things_and_questions_are_resources(portal: BlockingPortal, session: Client) -> None:
    def read(uri: str) -> Any:
        (content,) = portal.call(session.read_resource, uri).contents
        return json.loads(content.text)

    base = "https://w3id.org/treatygraph/"
    listed = [str(one.uri) for one in portal.call(session.list_resources).resources]
    assert listed == [f"{base}query/"]
    assert len(read(f"{base}query/")["questions"]) == len(Catalogue.load("questions"))
    assert read(f"{base}query/president-of-meeting")["title"]
    assert read(f"{RESOLUTION}~op4")["thing"]["key"] == "a/res/91/7~op4"
    for wrong in (f"{ID}meeting/nowhere", f"{base}query/nowhere", f"{ID}../../etc/passwd", "file:///etc/passwd"):
        with pytest.raises(MCPError) as caught:
            read(wrong)
        assert "\n" not in str(caught.value)
