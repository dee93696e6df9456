"""Measuring one graph: every section of the report that is about a graph, each by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from typing import Final

import pyoxigraph as ox

from benchmarks import large, servers
from benchmarks.chain import EXPLAINED, HTTP, PATH, Ways, chain_questions, lineage_path, measure_chain
from benchmarks.dataset import Dataset
from benchmarks.engines import (
    DISK,
    ENDPOINT,
    KEPT,
    MEMORY,
    OURS,
    OXIGRAPH,
    POST,
    VIRTUOSO,
    Again,
    Embedded,
    Engine,
    Raw,
    Rdflib,
    query_path,
)
from benchmarks.figures import Graph, Held, Rate, Start
from benchmarks.load import CONNECTIONS, NUMBER_OF_PATHS, load
from benchmarks.measure import compare
from benchmarks.process import first_answers
from benchmarks.progress import say
from benchmarks.servers import JSON, Server
from benchmarks.storing import store_stage
from benchmarks.validation import validation
from benchmarks.virtuoso import missing as missing_virtuoso
from benchmarks.virtuoso import virtuoso
from benchmarks.workload import NUMBER, Question, questions

SECTIONS: Final = ("queries", "load", "large", "memory", "store", "validation")
POINT: Final = "point"
SERIES: Final = "series"
LINEAGE: Final = "mandate chain"
#: Kinds of question under load, by the file that asks.
_SHORT: Final = {POINT: "01-point", SERIES: "02-series"}
NEW, BEFORE = "never asked before", "asked before"
_RDFLIB_MOST: Final = 150_000
_JUDGED_MOST: Final = 150_000
_STORED_MOST: Final = 1_500_000
_WORKERS: Final = (1, 4)
#: Statements up to which the explained property path is asked under load, and how: each takes many seconds.
_EXPLAINED_MOST: Final = 1_500_000
_EXPLAINED_CONNECTIONS: Final = 2
_EXPLAINED_S: Final = {100_000: 20.0, 1_000_000: 100.0}
#: After this long, workers that have read the whole graph have been replaced.
_REST_S: Final = 8.0


@dataclass(frozen=True)
class Plan:
    """How much to measure: rounds of each question, seconds of each load, rows of the large answer, which sections."""

    rounds: int
    load_s: float
    rows: int
    sections: frozenset[str]


def absent() -> dict[str, str]:
    """Engines that this machine lacks, with the reason."""
    why = {
        OXIGRAPH: servers.missing_oxigraph(),
        VIRTUOSO: missing_virtuoso(),
        ENDPOINT: servers.missing_endpoint(),
    }
    return {name: reason for name, reason in why.items() if reason is not None}


class Measuring:
    """One graph, its engines and what they did."""

    def __init__(self, data: Dataset, plan: Plan, lacking: dict[str, str]) -> None:
        self.data = data
        self.plan = plan
        self.result: Graph = data.graph()
        self._lacking = lacking
        self._small = data.asked > 0 and data.about["statements"] <= _RDFLIB_MOST

    def run(self) -> Graph:
        """All sections that were asked for."""
        say(f"{self.data.name}: {self.result.statements:,} statements")
        sections = self.plan.sections
        with ExitStack() as stack:
            running = self._servers(stack)
            if {"queries", "load", "large"} & sections:
                self._with_servers(running, sections)
        if "memory" in sections:
            self._memory()
        if "store" in sections and self.data.asked and self.result.statements <= _STORED_MOST:
            say("  store stage of the build, beside bulk_load")
            self.result.store = store_stage(self.data.nquads, self.data.folder / "stored")
        if "validation" in sections and self.result.statements <= _JUDGED_MOST:
            say("  validation, beside pySHACL")
            self.result.validation = validation(ox.Store.read_only(str(self.data.store)))
        return self.result

    def _servers(self, stack: ExitStack) -> dict[str, Server]:
        data = self.data
        starting: dict[str, Callable[[], Server]] = {OURS: lambda: stack.enter_context(servers.ours(data.release))}
        if OXIGRAPH not in self._lacking:
            starting[OXIGRAPH] = lambda: stack.enter_context(servers.oxigraph(data.store))
        if VIRTUOSO not in self._lacking and data.asked:
            folder = data.folder / "virtuoso"
            starting[VIRTUOSO] = lambda: stack.enter_context(virtuoso(folder, data.nquads, self.result.statements))
        if ENDPOINT not in self._lacking and self._small:
            starting[ENDPOINT] = lambda: stack.enter_context(servers.endpoint(data.store))
        running = {name: start() for name, start in starting.items()}
        self.result.starts = [Start(name, server.started_s) for name, server in running.items()]
        self.result.starts += [Start(cost.name, cost.seconds) for cost in first_answers(data.store)]
        return running

    def _with_servers(self, running: dict[str, Server], sections: frozenset[str]) -> None:
        if "queries" in sections:
            self._queries(running)
        if "load" in sections:
            self._load(running)
        if "large" in sections:
            self._large(running)

    def _queries(self, running: dict[str, Server]) -> None:
        data, rounds = self.data, self.plan.rounds
        links = {name: server.connect() for name, server in running.items()}
        inside = Embedded(data.store, data.release_id)
        engines: list[Engine] = [Raw(MEMORY, self._in_memory()), Raw(DISK, ox.Store.read_only(str(data.store))), inside]
        engines += [links[name] for name in (OXIGRAPH, OURS) if name in links]
        engines.append(Again(KEPT, links[OURS]))
        engines += [links[name] for name in (VIRTUOSO, ENDPOINT) if name in links]
        if self._small:
            engines.append(Rdflib(ox.Store.read_only(str(data.store))))
        for question in questions(data.things, rounds):
            query = compare(question, engines, rounds)
            self.result.queries.append(query)
            odd = "".join(f"; {name} {why.split(':')[0]}" for name, why in query.why_not.items())
            say(f"  {question.name}: {query.rows:,} rows, equal in {len(query.times)} engines{odd}")
        if data.asked:  # in the record, chains differ in length, and a thing may have several names
            # Of few things the second answer would be a kept one: here all are worked out.
            with servers.ours(data.release, cache_mb="0") as forgetful, closing(forgetful.connect()) as link:
                ways = Ways(link, links.get(OXIGRAPH), inside)
                self.result.chain.append(measure_chain(data.things, rounds, ways))
            say(f"  mandate chain: {self.result.chain[-1].rows} things, equal as path and as lineage")
        for link in links.values():
            link.close()

    def _in_memory(self) -> ox.Store:
        store = ox.Store()
        if self.data.nquads.is_file():
            say("  load into memory")
            store.bulk_load(path=str(self.data.nquads), format=ox.RdfFormat.N_QUADS)
        else:
            store.bulk_extend(ox.Store.read_only(str(self.data.store)))
        return store

    def _load(self, running: dict[str, Server]) -> None:
        every = {question.name: question for question in questions(self.data.things, NUMBER_OF_PATHS)}
        for what, name in _SHORT.items():
            question = every[name]
            for server in running.values():
                paths = _paths(server.path, question, NUMBER)
                self._loaded(f"{what}, {NEW}", server, paths, question.media_type)
                if server.name in (OURS, OXIGRAPH):
                    posted = [POST + path for path in paths]
                    self._loaded(f"{what} by POST, {NEW}", server, posted, question.media_type)
            ours = running[OURS]
            kept = _paths(ours.path, question, "")[:200]
            link = ours.connect()
            for path in kept:
                link.send(path, JSON)
            link.close()
            self._loaded(f"{what}, {BEFORE}", ours, kept, question.media_type)
            rate = self.result.rate(f"{what}, {BEFORE}", ours.name)
            with servers.floor(rate.body_bytes if rate else 0) as floor:
                self._loaded(f"{what}, {BEFORE}", floor, kept, question.media_type)
        bare, explained = chain_questions(self.data.things, NUMBER_OF_PATHS)
        paths = [lineage_path(thing) for thing in bare.things]
        with servers.ours(self.data.release, cache_mb="0") as forgetful:
            self._loaded(f"{LINEAGE}: {HTTP}", forgetful, paths, "application/json")
        self._loaded(f"{LINEAGE}: {HTTP}, {BEFORE}", running[OURS], paths, "application/json")
        for name in (OXIGRAPH, ENDPOINT):
            if name in running:
                server = running[name]
                self._loaded(f"{LINEAGE}: {PATH}", server, _paths(server.path, bare, NUMBER), JSON)
        if OXIGRAPH in running and self.result.statements <= _EXPLAINED_MOST:
            # One takes the server up to half a minute: few are asked, for longer.
            server, seconds = running[OXIGRAPH], _EXPLAINED_S.get(self.data.asked)
            asked = _paths(server.path, explained, NUMBER)
            few = _EXPLAINED_CONNECTIONS
            self._loaded(f"{LINEAGE}: {EXPLAINED}", server, asked, JSON, seconds=seconds, connections=few)

    def _loaded(
        self,
        what: str,
        server: Server,
        paths: list[str],
        accept: str,
        *,
        seconds: float | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        try:
            rate = load(what, server, paths, accept, seconds=seconds or self.plan.load_s, connections=connections)
        except RuntimeError as error:  # a server that fails under load has no figure, and the report says so
            self.result.failed.append(f"{what}: {' '.join(str(error).split())[:200]}")
            say(f"  {self.result.failed[-1]}")
            if server.name == OURS:  # no answer is not an unknown speed: the target is missed
                self.result.rates.append(Rate(what, OURS, 0.0, 0.0, 0.0, 1, CONNECTIONS))
            return
        self.result.rates.append(rate)
        say(f"  {what}: {server.name} {rate.per_second:,.0f}/s, {rate.failures} failures")

    def _large(self, running: dict[str, Server]) -> None:
        rows = min(self.plan.rows, self.result.statements)
        if not self.data.asked or rows < 0.95 * self.plan.rows:
            return
        self.result.streams.append(large.raw(ox.Store.read_only(str(self.data.store)), rows))
        for name in (OURS, OXIGRAPH):
            if name in running:
                try:
                    self.result.streams.append(large.served(running[name], rows))
                except RuntimeError as error:
                    self.result.failed.append(str(error))
                    say(f"  {error}")
                    continue
                say(f"  {rows:,} rows: {name} in {self.result.streams[-1].seconds:.1f} s")

    def _memory(self) -> None:
        """With one worker and with several, each of which has answered something that touches much of the graph."""
        chosen = [question for question in questions(self.data.things, 4) if question.name[:2] in ("06", "12")]
        for workers in _WORKERS:
            with servers.ours(self.data.release, workers) as server:
                # As many at once as there are workers, so that each of them answers.
                with ThreadPoolExecutor(workers) as asking:
                    list(asking.map(partial(_ask_all, server, chosen), range(workers)))
                busy = server.memory_mib()
                time.sleep(_REST_S)
                mib = server.memory_mib()
                if mib is not None and busy is not None:
                    self.result.held.append(Held(server.name, workers, mib, busy))
                    say(f"  memory with {workers} workers: {busy:,.0f} MiB, at rest {mib:,.0f} MiB")


def _ask_all(server: Server, asked: list[Question], number: int) -> None:
    link = server.connect()
    for question in asked:
        link.ask(question.fresh(question.texts[0], 9_000_000 + number), JSON)
    link.close()


def _paths(path: str, question: Question, number: str) -> list[str]:
    return [query_path(path, question.fresh(text, number)) for text in question.texts]
