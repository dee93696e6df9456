"""The targets of the service, and whether one run met them: worked out of its figures, never written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.chain import EXPLAINED, HTTP, PATH
from benchmarks.engines import DISK, ENDPOINT, KEPT, MEMORY, OURS, OXIGRAPH, RDFLIB, VIRTUOSO
from benchmarks.figures import Figures, Graph, Query
from benchmarks.graphs import BEFORE, LINEAGE, NEW, POINT, SERIES
from benchmarks.servers import FLOOR

#: The size that the targets are about.
SIZE: Final = 1_000_000
_AGGREGATES: Final = ("06-year-and-verb", "07-agreement", "10-count-distinct", "12-full-scan")
#: MiB that the answering processes may grow while a large answer goes out.
_FLAT_MIB: Final = 64.0
#: Part of what the graph grows by that each further worker may grow by.
_SHARED: Final = 0.1


@dataclass(frozen=True)
class Target:
    """What is wanted, what was measured (both as people read them), and whether it was met; None: not measured."""

    what: str
    wanted: str
    measured: str
    met: bool | None


def targets(figures: Figures) -> list[Target]:
    """All targets, in the order of the page."""
    graphs = list(figures.generated())
    if not graphs:
        return []
    main = min(graphs, key=lambda graph: abs(graph.asked - SIZE))
    small, largest = graphs[0], graphs[-1]
    return [
        *_lineage(main, small, largest),
        *_new(main, small),
        *_before(main),
        *_aggregates(main),
        *_every_kind(small),
        *_large(main if main.streams else largest),
        _start(largest),
        _memory(small, largest),
        _at_least("`build`: store stage beside raw `bulk_load`", _speed(main.store), 0.8, main),
    ]


def _lineage(main: Graph, small: Graph, largest: Graph) -> Iterator[Target]:
    for way, said in (
        (EXPLAINED, "with labels, sources and passages, as ours gives"),
        (PATH, "only the things reached"),
    ):
        peer = _per_second(main, f"{LINEAGE}: {way}", OXIGRAPH)
        for asked, kept in (("", "no answer kept"), (f", {BEFORE}", BEFORE)):
            ours = _per_second(main, f"{LINEAGE}: {HTTP}{asked}", OURS)
            what = f"`/lineage` mandate chain, {kept}, against the Oxigraph server ({said})"
            yield _at_least(what, _over(ours, peer), 5, main)
    before, after = (_median(graph.chain, HTTP) for graph in (small, largest))
    what = f"`/lineage` latency: {_size(largest)} against {_size(small)} statements"
    if small is largest:
        yield Target(what, "at most 1.5 x", "one size only", None)
    else:
        yield _at_most(what, _over(after, before), 1.5)


def _new(main: Graph, small: Graph) -> Iterator[Target]:
    for kind in (POINT, SERIES):
        what = f"{kind}, {NEW}"
        for peer, least, graph in ((OXIGRAPH, 0.8, main), (VIRTUOSO, 2.5, main), (ENDPOINT, 7.0, small)):
            ratio = _over(_per_second(graph, what, OURS), _per_second(graph, what, peer))
            yield _at_least(f"{what}: against {peer}", ratio, least, graph)
        rate = main.rate(what, OURS)
        yield _at_most(f"{what}: p99 against p50", _over(rate.p99, rate.p50) if rate else None, 5)


def _before(main: Graph) -> Iterator[Target]:
    for kind in (POINT, SERIES):
        what = f"{kind}, {BEFORE}"
        ratio = _over(_per_second(main, what, OURS), _per_second(main, what, FLOOR))
        yield _at_least(f"{what}: against {FLOOR}", ratio, 0.7, main)


def _aggregates(main: Graph) -> Iterator[Target]:
    for query in main.queries:
        if query.name in _AGGREGATES:
            short = query.kind.split(":")[0] if query.name != "06-year-and-verb" else "aggregate by year and verb"
            engine = _over(_time(query, OURS), _time(query, MEMORY))
            yield _at_most(f"{short}: time against the engine in memory", engine, 1.2)
            kept, columns = (
                _over(_time(query, KEPT), _time(query, MEMORY)),
                _over(_time(query, OURS), _time(query, VIRTUOSO)),
            )
            said = [
                f"{_ratio(kept)} asked before" if kept else "",
                f"{_ratio(columns)} of {VIRTUOSO}" if columns else "",
            ]
            yield Target(f"{short}: on the way to {VIRTUOSO}", "no figure", ", ".join(filter(None, said)) or "–", None)


def _every_kind(small: Graph) -> Iterator[Target]:
    for peer in (RDFLIB, ENDPOINT):
        ratios = {q.kind.split(":")[0]: r for q in small.queries if (r := _over(_time(q, OURS), _time(q, peer)))}
        what = f"every kind of query against {peer} ({_size(small)})"
        if not ratios:
            yield Target(what, "faster", "–", None)
            continue
        worst = max(ratios, key=lambda kind: ratios[kind])
        faster = len([ratio for ratio in ratios.values() if ratio < 1])
        said = f"{faster} of {len(ratios)} faster; least: {worst}, {1 / ratios[worst]:.1f} x"
        yield Target(what, "faster", said, all(ratio < 1 for ratio in ratios.values()))


def _large(graph: Graph) -> Iterator[Target]:
    ours, raw = graph.streamed(OURS), graph.streamed(DISK)
    what = f"{ours.rows:,} rows" if ours else "a million rows"
    first = ours.first_ms if ours else None
    yield Target(
        f"{what}: first byte", "under 100 ms", f"{first:.0f} ms" if first else "–", first < 100 if first else None
    )
    if ours and ours.early_mib is not None and ours.most_mib is not None:
        grown = ours.most_mib - ours.early_mib
        said = f"{ours.early_mib:,.0f} MiB early, at most {ours.most_mib:,.0f} MiB"
        yield Target(f"{what}: memory flat", f"grows by at most {_FLAT_MIB:.0f} MiB", said, grown <= _FLAT_MIB)
    else:
        yield Target(f"{what}: memory flat", f"grows by at most {_FLAT_MIB:.0f} MiB", "–", None)
    speed = _over(ours.rows_per_second, raw.rows_per_second) if ours and raw else None
    yield _at_least(f"{what}: speed against raw `serialize`", speed, 0.7, graph)


def _start(largest: Graph) -> Target:
    seconds = largest.start(OURS)
    what = f"start to first answer, {_size(largest)} statements on disk"
    return Target(what, "under 2 s", f"{seconds:.2f} s" if seconds else "–", seconds < 2 if seconds else None)


def _memory(small: Graph, largest: Graph) -> Target:
    """Each worker has its own Python; what must not be there again for each is the graph."""
    what = f"memory of a further worker: {_size(largest)} against {_size(small)} statements"
    wanted = f"grows by less than {_SHARED:.0%} of what the store grows by"
    further = []
    for graph in (small, largest):
        one, four = (graph.memory(OURS, workers) for workers in (1, 4))
        further.append((four - one) / 3 if one is not None and four is not None else None)
    before, after = further
    if small is largest or before is None or after is None:
        return Target(what, wanted, "–", None)
    store = largest.sizes["store"] - small.sizes["store"]
    said = f"{before:,.0f} and {after:,.0f} MiB for each further worker; the stores differ by {store:,.0f} MiB"
    return Target(what, wanted, said, after - before < _SHARED * store)


def _at_least(what: str, ratio: float | None, least: float, graph: Graph) -> Target:
    about = "" if abs(graph.asked - SIZE) < SIZE / 10 else f" ({_size(graph)})"
    return Target(what + about, f"at least {least:g} x", _ratio(ratio), None if ratio is None else ratio >= least)


def _at_most(what: str, ratio: float | None, most: float) -> Target:
    return Target(what, f"at most {most:g} x", _ratio(ratio), None if ratio is None else ratio <= most)


def _ratio(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f} x" if ratio < 10 else f"{ratio:,.0f} x"


def _size(graph: Graph) -> str:
    return f"{graph.asked / 1_000_000:g} million" if graph.asked >= 100_000 else f"{graph.asked:,}"


def _over(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _speed(seconds: dict[str, float]) -> float | None:
    return _over(seconds.get("raw"), seconds.get("ours"))


def _per_second(graph: Graph, what: str, server: str) -> float | None:
    rate = graph.rate(what, server)
    return rate.per_second if rate else None


def _time(query: Query, engine: str) -> float | None:
    timing = query.times.get(engine)
    return timing.median if timing else None


def _median(queries: list[Query], way: str) -> float | None:
    return next((_time(query, way) for query in queries), None)
