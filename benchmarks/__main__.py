"""`python -m benchmarks`: generate graphs, compare engines on them, write docs/performance.md."""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from benchmarks.chain import Chain, Ways, measure_chain
from benchmarks.engines import Embedded, Engine, Raw, Rdflib
from benchmarks.generate import Extent, generate
from benchmarks.load import load
from benchmarks.measure import WrongAnswer, compare
from benchmarks.process import ROOT, Cost, data_costs, first_answers
from benchmarks.report import SizeReport, report, write
from benchmarks.servers import make_release, our_server, peer_server
from benchmarks.workload import questions

PAGE: Final = ROOT / "docs" / "performance.md"
_RDFLIB_MOST: Final = 110_000
_SIZES: Final = (100_000, 1_000_000)
#: Questions short enough for the load generator, by the number of their file.
_SHORT: Final = ("01", "02", "03", "04", "05", "09")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run. Exit status 0 done, 1 the engines disagree or one does not answer, 2 bad use."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    sizes = sorted(set(asked.triples or _SIZES))
    command = " ".join(["python -m benchmarks", *(sys.argv[1:] if arguments is None else arguments)])
    began = time.monotonic()
    reports: list[SizeReport] = []
    chains: list[Chain] = []
    try:
        with tempfile.TemporaryDirectory(prefix="treatygraph-bench-") as folder:
            for size in sizes:
                one, chain = _one(Path(folder) / str(size), size, asked)
                reports.append(one)
                chains.append(chain)
            data: list[Cost] = []
            if not asked.no_data:
                _say("data: build and validate")
                data = data_costs(Path(folder), ROOT / "data")
    except (WrongAnswer, RuntimeError, OSError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    text = report(command, asked.rounds, reports, chains, data)
    if asked.out == "-":
        print(text)
    else:
        try:
            write(Path(asked.out), text)
        except (OSError, ValueError) as error:
            parser.error(str(error))
    _say(f"done in {time.monotonic() - began:.0f} s{'' if asked.out == '-' else f', written to {asked.out}'}")
    return 0


def _one(folder: Path, size: int, asked: argparse.Namespace) -> tuple[SizeReport, Chain]:
    folder.mkdir()
    extent = Extent()
    began = time.perf_counter()
    store = folder / "store"
    statements, canonical = _fill(store, generate(size, extent, asked.seed))
    disk = sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) / 2**20
    result = SizeReport(size, statements, canonical, time.perf_counter() - began, disk)
    _say(f"{statements:,} statements: loaded in {result.load_s:.1f} s")
    with ExitStack() as stack:
        peer = stack.enter_context(peer_server(store))
        ours = stack.enter_context(our_server(make_release(folder / "release", store)))
        idle = [(server, server.memory_mib()) for server in (peer, ours)]
        inside, peer_link, our_link = Embedded(store), peer.connect(), ours.connect()
        engines: list[Engine] = [Raw(store), inside, peer_link, our_link]
        if size <= _RDFLIB_MOST and not asked.no_rdflib:
            engines.append(Rdflib(generate(size, Extent(), asked.seed)))
        workload = questions(extent, asked.rounds)
        for question in workload:
            result.measured.append(compare(question, engines, asked.rounds))
            _say(f"  {question.name}: {result.measured[-1].rows:,} rows, equal in all engines")
        chain = measure_chain(statements, extent, asked.rounds, Ways(our_link, peer_link, inside))
        _say(f"  mandate chain: {chain.reached} things, equal as path and as lineage")
        short = [question for question in workload if question.name.startswith(_SHORT)]
        if asked.load_seconds > 0:
            for server in (peer, ours):
                result.loads.append(load(server, short, clients=asked.clients, seconds=asked.load_seconds))
        result.started = [(server.name, server.started_s, before, server.memory_mib()) for server, before in idle]
        result.inside = first_answers(store)
    return result, chain


def _fill(store: Path, lines: Iterator[str]) -> tuple[int, int]:
    """Load N-Quads into a new store; the statements in all graphs, and in the default graph."""
    target = ox.Store(str(store))
    while chunk := list(islice(lines, 500_000)):
        target.bulk_load(io.BytesIO("\n".join(chunk).encode()), format=ox.RdfFormat.N_QUADS)
    target.flush()
    target.optimize()
    return len(target), sum(1 for _ in target.quads_for_pattern(None, None, None, ox.DefaultGraph()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add(
        "--triples",
        type=_count,
        action="append",
        help="Statements, in all graphs; give it again for more sizes. [100000, 1000000]",
    )
    add("--rounds", type=_count, default=30, help="How often each question is asked. [30]")
    add("--seed", type=int, default=1, help="Seed of the generator. [1]")
    add("--clients", type=_count, default=4, help="Clients of the load generator, at most 64. [4]")
    add("--load-seconds", type=float, default=5.0, help="Seconds of load for each server, at most 60; 0: none. [5]")
    add("--no-rdflib", action="store_true", help="Leave rdflib out (it takes part up to 110000 statements).")
    add("--no-data", action="store_true", help="Leave out building and validating data/.")
    add("--out", default=str(PAGE), help="Page with the markers, or - for the terminal. [docs/performance.md]")
    return parser


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise ValueError(text)
    return number


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
