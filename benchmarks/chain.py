"""The mandate chain of a meeting, in graphs of several sizes: does its cost grow with the graph?

The same question twice. As a SPARQL property path, on the peer's server: once bare (the things reached), once with what
`/lineage` says of each link (labels, source graph, passage). And as our traversal, over HTTP and in this process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlencode

from benchmarks.engines import Embedded, Http, rows_of
from benchmarks.figures import Query
from benchmarks.measure import CAP_S, Times, WrongAnswer, timed
from benchmarks.workload import FOLDER, Question, Things, read
from queries.lineage import Lineage, lineage

DEPTH: Final = 30
HTTP: Final = "`/lineage` over HTTP"
INSIDE: Final = "lineage in process"
PATH: Final = "property path, bare"
EXPLAINED: Final = "property path, explained"
WAYS: Final = (PATH, EXPLAINED, HTTP, INSIDE)


@dataclass(frozen=True)
class Ways:
    """Whom to ask: our server, the peer's server where there is one, our back end in this process."""

    ours: Http
    peer: Http | None
    inside: Embedded


def chain_questions(things: Things, most: int) -> tuple[Question, Question]:
    """The property path, bare and explained, about the same meetings."""
    bare = read(FOLDER / "queries" / "04-mandate-chain.rq", things, most)
    return bare, read(FOLDER / "paths" / "chain-explained.rq", things, most)


def lineage_path(thing: str) -> str:
    """The path of a GET that asks for the mandate chain."""
    return f"/lineage?{urlencode(_asked(thing))}"


def measure_chain(things: Things, rounds: int, ways: Ways) -> Query:
    """Check each meeting, then measure. Raises WrongAnswer where path and lineage reach or link different things."""
    bare, explained = chain_questions(things, min(rounds, 12))
    times = {name: Times() for name in WAYS}
    reached = [_checked(bare, explained, at, ways, times[EXPLAINED]) for at in range(len(bare.things))]
    result = Query("chain", "mandate chain", sorted(reached)[len(reached) // 2])
    for turn in range(rounds):
        at = turn % len(bare.things)
        asked: dict[str, Callable[[], object]] = {
            HTTP: partial(ways.ours.send, lineage_path(bare.things[at]), "application/json"),
            INSIDE: partial(_inside, ways.inside, bare.things[at]),
        }
        if ways.peer is not None:
            for name, question in ((PATH, bare), (EXPLAINED, explained)):
                text = question.fresh(question.texts[at], 7_000_000 + turn)
                asked[name] = partial(ways.peer.ask, text, question.media_type)
        for name, way in asked.items():
            if not times[name].capped:
                times[name].values.append(timed(way))
                times[name].capped = sum(times[name].values) > 2000 * CAP_S
    result.times = {name: one.timing() for name, one in times.items() if one.values}
    return result


def _checked(bare: Question, explained: Question, at: int, ways: Ways, slow: Times) -> int:
    """How many things are reached, equal in all ways of asking. The explained path of a large graph takes minutes: then
    the time of this one asking, which is put into `slow`, is all that is measured of it."""
    thing = bare.things[at]
    said = json.loads(ways.ours.send(lineage_path(thing), "application/json"))
    nodes = {node["iri"] for node in said["nodes"]} - {thing}
    if nodes != {node.iri for node in _inside(ways.inside, thing).nodes} - {thing}:
        raise WrongAnswer(f"{thing}: the lineage in process reaches other things than the one over HTTP")
    if ways.peer is None:
        return len(nodes)
    rows = [json.loads(row) for row in rows_of(ways.peer.ask(bare.texts[at], bare.media_type), bare.media_type)]
    if nodes != {row["reached"][1] for row in rows} - {thing}:
        raise WrongAnswer(f"{thing}: the path reaches {len(rows)} things, the lineage {len(nodes)}")
    if at < 3 and not slow.capped:
        edges = {(edge["from"], edge["relation"], edge["to"]) for edge in said["edges"]}
        began = time.perf_counter()
        answer = ways.peer.ask(explained.texts[at], explained.media_type)
        seconds = time.perf_counter() - began
        if seconds > CAP_S:
            slow.values.append(seconds * 1000)
            slow.capped = True
        rows = [json.loads(row) for row in rows_of(answer, "")]
        links = {(row["from"][1], row["relation"][1].rpartition("#")[2], row["to"][1]) for row in rows}
        if edges != links:
            raise WrongAnswer(f"{thing}: the path explained gives {len(links)} links, the lineage {len(edges)}")
    return len(nodes)


def _asked(thing: str) -> dict[str, str]:
    return {"thing": thing, "kind": "mandate", "depth": str(DEPTH)}


def _inside(engine: Embedded, thing: str) -> Lineage:
    return lineage(engine.backend, thing, kinds=["mandate"], depth=DEPTH)
