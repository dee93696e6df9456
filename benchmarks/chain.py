"""The mandate chain of a meeting, in graphs of several sizes: does its cost grow with the graph?

The same question twice. As a SPARQL property path, on the peer's server: once bare (the things reached), once with what
`/lineage` says of each link (labels, source graph, passage). And as our traversal, over HTTP and in this process.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.engines import Embedded, Http, rows_of
from benchmarks.generate import Extent
from benchmarks.measure import Times, WrongAnswer, timed
from benchmarks.workload import Question, questions
from queries.lineage import Lineage, lineage

DEPTH: Final = 30
HTTP: Final = "`/lineage` over HTTP"
INSIDE: Final = "lineage in process"
PATH: Final = "property path, bare"
EXPLAINED: Final = "property path, explained"


@dataclass
class Chain:
    """Times of one graph size: statements, things reached (median), times by way of asking."""

    statements: int
    reached: int
    times: dict[str, Times]


@dataclass(frozen=True)
class Ways:
    """Whom to ask: our server, the peer's server, our back end in this process."""

    ours: Http
    peer: Http
    inside: Embedded


def measure_chain(statements: int, extent: Extent, rounds: int, ways: Ways) -> Chain:
    """Check each meeting, then measure. Raises WrongAnswer where path and lineage reach or link different things."""
    by_name = {question.name: question for question in questions(extent, rounds, "paths")}
    bare, explained = by_name["chain"], by_name["chain-explained"]
    reached = [_checked(bare, explained, thing, ways) for thing in bare.things]
    times = {name: Times() for name in (PATH, EXPLAINED, HTTP, INSIDE)}
    for turn in range(rounds):
        at = turn % len(bare.things)
        thing = bare.things[at]
        asked: dict[str, Callable[[], object]] = {
            PATH: partial(ways.peer.ask, bare.texts[at], bare.media_type),
            EXPLAINED: partial(ways.peer.ask, _about(explained, thing), explained.media_type),
            HTTP: partial(ways.ours.get, "/lineage", **_asked(thing)),
            INSIDE: partial(_inside, ways.inside, thing),
        }
        for name, way in asked.items():
            times[name].values.append(timed(way))
    return Chain(statements, sorted(reached)[len(reached) // 2], times)


def _checked(bare: Question, explained: Question, thing: str, ways: Ways) -> int:
    """How many things are reached, equal in all ways of asking."""
    said = json.loads(ways.ours.get("/lineage", **_asked(thing)))
    nodes = {node["iri"] for node in said["nodes"]} - {thing}
    edges = {(edge["from"], edge["relation"], edge["to"]) for edge in said["edges"]}
    rows = [json.loads(row) for row in rows_of(ways.peer.ask(_about(bare, thing), bare.media_type), bare.media_type)]
    if nodes != {row["reached"][1] for row in rows}:
        raise WrongAnswer(f"{thing}: the path reaches {len(rows)} things, the lineage {len(nodes)}")
    rows = [json.loads(row) for row in rows_of(ways.peer.ask(_about(explained, thing), explained.media_type), "")]
    links = {(row["from"][1], row["relation"][1].rpartition("#")[2], row["to"][1]) for row in rows}
    if edges != links:
        raise WrongAnswer(f"{thing}: the path explained gives {len(links)} links, the lineage {len(edges)}")
    if nodes != {node.iri for node in _inside(ways.inside, thing).nodes} - {thing}:
        raise WrongAnswer(f"{thing}: the lineage in process reaches other things than the one over HTTP")
    return len(nodes)


def _about(question: Question, thing: str) -> str:
    return question.texts[question.things.index(thing)]


def _asked(thing: str) -> dict[str, str]:
    return {"thing": thing, "kind": "mandate", "depth": str(DEPTH)}


def _inside(engine: Embedded, thing: str) -> Lineage:
    return lineage(engine.backend, thing, kinds=["mandate"], depth=DEPTH)
