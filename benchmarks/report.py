"""The report: Markdown tables, put between two markers of a page whose other words are written by people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.chain import WAYS
from benchmarks.engines import DISK, ENGINES, KEPT, MEMORY, OURS, OXIGRAPH
from benchmarks.figures import Figures, Graph, Held, Query, Timing
from benchmarks.measure import CAP_S
from benchmarks.targets import targets

BEGIN: Final = "<!-- bench:begin -->"
END: Final = "<!-- bench:end -->"
_BUSY: Final = 1.0
_MARKS: Final = {True: "met", False: "**not met**", None: "–"}


def report(figures: Figures) -> str:
    """The whole report."""
    parts = [*_run(figures), *_targets(figures)]
    for graph in figures.graphs:
        parts += _graph(graph)
    parts += _together(figures)
    return "\n\n".join(parts)


def write(page: Path, text: str) -> None:
    """Put the report between the markers of the page. Raises ValueError where the page has not both, once."""
    old = page.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        raise ValueError(f"{page}: expected one {BEGIN} and one {END}; to mend: put the two lines back")
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _run(figures: Figures) -> Iterator[str]:
    yield f"Command: `{figures.command}` ({figures.rounds} rounds, {figures.seconds:,.0f} seconds in all)."
    machine = "; ".join(f"{name} {value}" for name, value in figures.machine.items())
    before, after = figures.load_average
    load = f"Load average {before:.1f} before the run and {after:.1f} after it, which is the benchmark's own."
    if before > _BUSY:
        load = (
            f"**Noisy**: load average {before:.1f} before the run began, so others were at work; {after:.1f} after it."
        )
    yield f"Machine: {machine}. {load} Read the ratios, which are taken within the run."
    if figures.quick:
        yield "A quick run: it shows that everything works, not how fast it is."
    if figures.absent:
        yield "Absent: " + "; ".join(f"{name} ({why})" for name, why in sorted(figures.absent.items())) + "."


def _targets(figures: Figures) -> Iterator[str]:
    found = targets(figures)
    if not found:
        return
    met, missed, unknown = (sum(target.met is answer for target in found) for answer in (True, False, None))
    yield "### Targets"
    yield (
        "At one million statements where no other size is named. Worked out from the tables below; a dash was not"
        f" measured or has no figure to meet. {met} met, {missed} not met, {unknown} without an answer."
    )
    yield _table(
        ["what", "target", "measured", ""],
        ([target.what, target.wanted, target.measured, _MARKS[target.met]] for target in found),
    )


def _graph(graph: Graph) -> Iterator[str]:
    name = graph.name[0].upper() + graph.name[1:]
    yield f"### {name}: {graph.statements:,} statements, {graph.canonical:,} of them canonical"
    done = ", ".join(f"{name} {seconds:,.1f} s" for name, seconds in graph.prepared.items())
    sizes = ", ".join(f"{name} {mib:,.0f} MiB" for name, mib in graph.sizes.items())
    yield f"Prepared once: {done}. On disk: {sizes}."
    if graph.queries:
        yield (
            "Median / p99 in milliseconds until the last byte of the answer. Every text is new to every engine, but for"
            f" the column `{KEPT}`."
        )
        yield _queries(graph.queries, ENGINES)
        yield "Ratios of the medians (above 1: the first is slower):"
        yield _ratios(graph.queries)
    if graph.rates:
        connections = graph.rates[0].connections
        yield f"Under load, {connections} connections that stay open:"
        yield _rates(graph)
    if graph.streams:
        yield f"A result of {graph.streams[0].rows:,} rows, as JSON:"
        yield _streams(graph)
    if graph.failed:
        yield "Without a figure: " + "; ".join(graph.failed).replace("<", "‹") + "."
    if graph.starts or graph.held:
        yield "Start, and memory of all processes of the server (pages that they share counted once):"
        rows = [[start.engine, "start to first answer", f"{start.seconds:.2f} s"] for start in graph.starts]
        rows += [[held.server, f"memory with {held.workers} workers", _held(held)] for held in graph.held]
        yield _table(["engine", "what", "measured"], rows)
    if graph.store:
        ours, raw = graph.store["ours"], graph.store["raw"]
        yield f"Store stage of the build: {ours:.1f} s; raw `bulk_load`, flush, optimise: {raw:.1f} s."
    if graph.validation:
        ours, judge, found = (graph.validation[name] for name in ("ours", "pyshacl", "results"))
        yield f"Validation: {ours:.2f} s; pySHACL {judge:.2f} s ({found:,.0f} results, equal in both)."


def _queries(queries: Sequence[Query], order: Sequence[str]) -> str:
    names = [name for name in order if any(name in (*query.times, *query.why_not) for query in queries)]
    notes: list[str] = []
    rows = []
    for query in queries:
        cells = []
        for name in names:
            why = query.why_not.get(name)
            if why is not None:
                note = f"{name}: {why}"
                if note not in notes:
                    notes.append(note)
                cells.append(f"– ({notes.index(note) + 1})")
            else:
                cells.append(_pair(query.times.get(name)))
        rows.append([query.kind, f"{query.rows:,}", *cells])
    table = _table(["question", "rows", *names], rows)
    below = [f"({number}) {note.replace('|', '/').replace('<', '‹')}" for number, note in enumerate(notes, 1)]
    if any(timing.capped for query in queries for timing in query.times.values()):
        below.append(f"\\* stopped when its rounds had taken {CAP_S:.0f} s together.")
    return "\n\n".join([table, *(["  \n".join(below)] if below else [])])


def _ratios(queries: Sequence[Query]) -> str:
    pairs = ((OURS, MEMORY), (OURS, DISK), (OURS, OXIGRAPH), (KEPT, OURS))
    rows = []
    for query in queries:
        cells = []
        for one, other in pairs:
            times = query.times.get(one), query.times.get(other)
            cells.append(f"{times[0].median / times[1].median:.2f}" if times[0] and times[1] else "–")
        rows.append([query.kind.split(":")[0], *cells])
    return _table(["question", *(f"{one} ÷ {other}" for one, other in pairs)], rows)


def _rates(graph: Graph) -> str:
    rows = [
        [
            rate.what,
            rate.server,
            f"{rate.per_second:,.0f}" if rate.per_second >= 10 else f"{rate.per_second:.2f}",
            f"{_digits(rate.p50)} / {_digits(rate.p99)}",
            f"{rate.body_bytes:,}",
            f"{rate.failures:,}",
        ]
        for rate in graph.rates
    ]
    return _table(["asked", "server", "answers a second", "p50 / p99 ms", "bytes of an answer", "failures"], rows)


def _streams(graph: Graph) -> str:
    rows = [
        [
            f"{one.engine}{', `serialize` in process' if one.first_ms is None else ''}",
            *("–" if ms is None else f"{ms:,.0f} ms" for ms in (one.first_ms, one.row_ms)),
            f"{one.seconds:.1f} s",
            f"{one.rows_per_second:,.0f}",
            f"{one.mib / one.seconds:,.0f}",
            " / ".join(_whole(mib) for mib in (one.before_mib, one.early_mib, one.most_mib)),
        ]
        for one in graph.streams
    ]
    head = ["engine", "first byte", "first row", "last byte", "rows a second", "MiB a second"]
    return _table([*head, "MiB before / early / at most"], rows)


def _together(figures: Figures) -> Iterator[str]:
    chains = [(graph, query) for graph in figures.graphs if graph.asked for query in graph.chain]
    if chains:
        yield "### Mandate chain: does its cost grow with the graph?"
        yield (
            "From the twelfth meeting of a treaty up to the first of its series, one question at a time, median / p99"
            " in milliseconds. The property paths run on the `oxigraph` server. Bare: the things reached. Explained:"
            " each link with labels, source graph and passage. `/lineage` gives that, with a sentence for each link."
        )
        names = [name for name in WAYS if all(name in query.times for _, query in chains)]
        rows = [
            [f"{graph.statements:,}", str(query.rows), *(_pair(query.times[name]) for name in names)]
            for graph, query in chains
        ]
        if len(chains) > 1:
            (first, before), (last, after) = chains[0], chains[-1]
            growth = [f"× {after.times[name].median / before.times[name].median:.2f}" for name in names]
            rows.append([f"growth (the graph: × {last.statements / first.statements:.0f})", "", *growth])
        yield _table(["statements", "things reached", *names], rows)
    if figures.costs or figures.curator:
        yield "### The record: commands"
        rows = [[name, f"{seconds:.1f} s", f"{cpu:.1f} s"] for name, seconds, cpu in figures.costs]
        yield _table(["command", "time", "processor time"], rows)
        if figures.curator:
            yield _table(["curator's run", "measured"], figures.curator)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _pair(timing: Timing | None) -> str:
    if timing is None:
        return "–"
    return f"{_digits(timing.median)} / {_digits(timing.p99)}" + (r" \*" if timing.capped else "")


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _held(held: Held) -> str:
    busy = "" if held.busy_mib is None else f"{held.busy_mib:,.0f} MiB after reading the whole graph, "
    return f"{busy}{held.mib:,.0f} MiB at rest"
