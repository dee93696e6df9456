"""The report: Markdown tables, put between two markers of a page whose other words are written by people."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.chain import EXPLAINED, HTTP, INSIDE, PATH, Chain
from benchmarks.engines import EMBEDDED, OUR_SERVER, PEER_SERVER, RAW, RDFLIB
from benchmarks.load import Load
from benchmarks.measure import CAP_S, Measured, Times
from benchmarks.process import Cost

BEGIN: Final = "<!-- bench:begin -->"
END: Final = "<!-- bench:end -->"
_ENGINES: Final = (RAW, EMBEDDED, PEER_SERVER, OUR_SERVER, RDFLIB)


@dataclass
class SizeReport:
    """All that was measured on one graph."""

    asked: int
    statements: int
    canonical: int
    load_s: float
    disk_mib: float
    measured: list[Measured] = field(default_factory=list)
    started: list[tuple[str, float, float | None, float | None]] = field(default_factory=list)
    inside: list[Cost] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)


def report(
    command: str, rounds: int, sizes: Sequence[SizeReport], chains: Sequence[Chain], data: Sequence[Cost]
) -> str:
    """The whole report."""
    parts = [f"Command: `{command}` ({rounds} rounds).", _machine(), *_size_parts(sizes)]
    parts += ["### Mandate chain: does its cost grow with the graph?", _chains(chains)]
    if data:
        parts += ["### Building and validating `data/`", _costs(data)]
    return "\n\n".join(parts)


def write(page: Path, text: str) -> None:
    """Put the report between the markers of the page. Raises ValueError where the page has not both, once."""
    old = page.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise ValueError(f"{page}: expected one {BEGIN} and one {END}; to mend: put the two lines back")
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _machine() -> str:
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    cores = os.cpu_count() or 1
    engines = ", ".join(f"{name} {_version(name)}" for name in ("pyoxigraph", "oxigraph", "rdflib", "uvicorn"))
    noise = f"**noisy**: load average {busy:.1f} at the end" if busy > 1.5 else f"load average {busy:.1f} at the end"
    return (
        f"Machine: {cores} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()};"
        f" {engines}. {noise}, the benchmark's own included. Read the ratios, which are taken within the run."
    )


def _size_parts(sizes: Sequence[SizeReport]) -> Iterable[str]:
    for size in sizes:
        yield f"### {size.statements:,} statements ({size.canonical:,} of them in the canonical graph)"
        yield (
            f"Generated, loaded and optimised in {size.load_s:.1f} s; {size.disk_mib:.0f} MiB on disk."
            " Median / p99 in milliseconds until the last byte of the answer."
        )
        yield _queries(size)
        yield _ratios(size)
        yield "Start-up and memory:"
        yield _starts(size)
        if size.loads:
            yield "Load: clients that ask the short questions at once, each waiting for its answer."
            yield _loads(size.loads)


def _queries(size: SizeReport) -> str:
    names = [name for name in _ENGINES if any(name in measured.times for measured in size.measured)]
    rows = [
        [measured.question.kind, f"{measured.rows:,}", *(_pair(measured.times.get(name)) for name in names)]
        for measured in size.measured
    ]
    table = _table(["question", "rows", *names], rows)
    if any(times.capped for measured in size.measured for times in measured.times.values()):
        table += f"\n\n\\* stopped when its rounds had taken {CAP_S:.0f} s together."
    return table


def _ratios(size: SizeReport) -> str:
    pairs = [(EMBEDDED, RAW), (OUR_SERVER, PEER_SERVER), (OUR_SERVER, EMBEDDED)]
    rows = []
    for measured in size.measured:
        medians = {name: times.median for name, times in measured.times.items() if times.values}
        rows.append([measured.question.kind, *(f"{medians[a] / medians[b]:.2f}" for a, b in pairs)])
    return "Ratios of the medians (above 1: the first is slower):\n\n" + _table(
        ["question", *(f"{a} ÷ {b}" for a, b in pairs)], rows
    )


def _starts(size: SizeReport) -> str:
    rows = [[name, f"{took:.2f} s", _mib(idle), _mib(after)] for name, took, idle, after in size.started]
    rows += [[f"{c.name} (new process)", f"{c.seconds:.2f} s", "–", _mib(c.memory_mib)] for c in size.inside]
    head = [
        "engine",
        "start to first answer",
        "resident after the first answer",
        "after all questions (process: at most)",
    ]
    return _table(head, rows)


def _loads(loads: Sequence[Load]) -> str:
    rows = [
        [
            one.server,
            str(one.clients),
            f"{one.per_second:,.0f}",
            f"{one.times.median:.2f} / {one.times.p99:.2f}" if one.times.values else "–",
            str(one.failures),
        ]
        for one in loads
    ]
    return _table(["server", "clients", "answers per second", "median / p99 ms", "failures"], rows)


def _chains(chains: Sequence[Chain]) -> str:
    names = (PATH, EXPLAINED, HTTP, INSIDE)
    rows = [
        [f"{chain.statements:,}", str(chain.reached), *(_pair(chain.times[name]) for name in names)] for chain in chains
    ]
    if len(chains) > 1:
        first, last = chains[0], chains[-1]
        growth = [f"× {last.times[name].median / first.times[name].median:.2f}" for name in names]
        rows.append([f"growth (the graph: × {last.statements / first.statements:.1f})", "", *growth])
    head = ["statements", "things reached", *names]
    return (
        "From the twelfth meeting of a treaty up to the first of its series, median / p99 in milliseconds. The property"
        " paths run on the `oxigraph` server. Bare: the things reached. Explained: each link with labels, source graph"
        " and passage. `/lineage` gives that, with a sentence for each link.\n\n" + _table(head, rows)
    )


def _costs(costs: Sequence[Cost]) -> str:
    rows = [[c.name, f"{c.seconds:.1f} s", f"{c.cpu_s:.1f} s", _mib(c.memory_mib)] for c in costs]
    return _table(["command", "time", "processor time", "largest resident memory"], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _pair(times: Times | None) -> str:
    if times is None or not times.values:
        return "–"
    mark = r" \*" if times.capped else ""
    return f"{_digits(times.median)} / {_digits(times.p99)}{mark}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _mib(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} MiB"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(absent)"
