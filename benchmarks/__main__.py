"""`python -m benchmarks`: prepare graphs, compare engines on them, write docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.curator import measure_curator
from benchmarks.dataset import generated, record
from benchmarks.figures import Figures
from benchmarks.graphs import SECTIONS, Measuring, Plan, absent
from benchmarks.large import ROWS
from benchmarks.load import generator
from benchmarks.measure import WrongAnswer
from benchmarks.process import ROOT, data_costs
from benchmarks.progress import say
from benchmarks.report import report, write

PAGE: Final = ROOT / "docs" / "performance.md"
_SIZES: Final = (100_000, 1_000_000, 10_000_000)
_QUICK: Final = (4_000, 20_000)
#: From this many statements on, fewer rounds.
_LARGE: Final = 5_000_000
#: Statements of the record in which a curator's edit is validated.
_CURATED: Final = 1_000_000
_ALL: Final = (*SECTIONS, "record", "commands", "curator")
_PACKAGES: Final = ("pyoxigraph", "oxigraph", "rdflib", "rdflib-endpoint", "uvicorn", "starlette")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run. Exit status 0 done, 1 the engines disagree or one does not answer, 2 bad use."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    sections = frozenset(asked.only or _ALL)
    figures = Figures(
        _command(sys.argv[1:] if arguments is None else arguments),
        asked.rounds or (2 if asked.quick else 30),
        asked.quick,
        _machine(),
        (_load(), 0.0),
        absent=absent(),
    )
    began = time.monotonic()
    # Ended from outside, it must still end the servers that it started.
    with suppress(ValueError):  # a thread that is not the main one may set no handler
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        _measure(asked, sections, figures)
    except (WrongAnswer, RuntimeError, OSError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    figures.seconds = time.monotonic() - began
    figures.load_average = (figures.load_average[0], _load())
    text = report(figures)
    try:
        if asked.json:
            Path(asked.json).write_text(json.dumps(figures.to_json(), indent=1) + "\n", encoding="utf-8")
        if asked.out == "-":
            print(text)
        else:
            write(Path(asked.out), text)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    say(f"done in {figures.seconds:.0f} s{'' if asked.out == '-' else f', written to {asked.out}'}")
    return 0


def _measure(asked: argparse.Namespace, sections: frozenset[str], figures: Figures) -> None:
    cache = Path(asked.cache)
    sizes = sorted(set(asked.triples or (_QUICK if asked.quick else _SIZES)))
    load_s = asked.load_seconds if asked.load_seconds is not None else (1.0 if asked.quick else 4.0)
    rows = min(ROWS, sizes[0]) if asked.quick else ROWS
    if "record" in sections and not asked.quick:
        plan = Plan(figures.rounds, load_s, rows, frozenset({"queries"}))
        figures.graphs.append(Measuring(record(cache), plan, figures.absent).run())
    if set(SECTIONS) & sections:
        for size in sizes:
            rounds = figures.rounds if size < _LARGE else max(2, figures.rounds // 3)
            data = generated(cache, size, asked.seed)
            figures.graphs.append(Measuring(data, Plan(rounds, load_s, rows, sections), figures.absent).run())
    with tempfile.TemporaryDirectory(prefix="treatygraph-bench-") as folder:
        if "commands" in sections and not asked.quick:
            say("the record: build and validate")
            costs = data_costs(Path(folder), ROOT / "data")
            figures.costs = [(cost.name, cost.seconds, cost.cpu_s) for cost in costs]
        if "curator" in sections and not asked.quick:
            say("the curators' runs")
            found = measure_curator(Path(folder) / "curator", _CURATED, say=say)
            figures.curator = [("record", f"{found.statements:,} statements in {found.files:,} files")]
            figures.curator += [(wait.way, f"{wait.cpu_s:.2f} s of processor time") for wait in found.waits]


def _machine() -> dict[str, str]:
    versions = {name: found for name in _PACKAGES if (found := _version(name))}
    return {
        f"{os.cpu_count() or 1} cores": f"({platform.machine()})",
        platform.system(): f"with Python {platform.python_version()}",
        **versions,
        "load by": generator(),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _load() -> float:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def _command(arguments: Sequence[str]) -> str:
    """What was called, without the names of files on this machine."""
    shown = ["python -m benchmarks"]
    for before, word in zip(["", *arguments], arguments, strict=False):
        if not {before, word} & {"--json", "--out", "--cache"}:
            shown.append(word)
    return " ".join(shown)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add(
        "--triples",
        type=_count,
        action="append",
        help="Statements, in all graphs; give it again for more sizes. [100000, 1000000, 10000000]",
    )
    add("--quick", action="store_true", help="Small graphs and short loads: a minute, to see that all works.")
    add("--only", choices=_ALL, action="append", help="Only this section; give it again for more.")
    add("--rounds", type=_count, help="How often each question is asked. [30]")
    add("--seed", type=int, default=1, help="Seed of the generator. [1]")
    add("--load-seconds", type=float, help="Seconds of each load. [4]")
    add("--cache", default=_cache(), help="Folder where prepared graphs are kept between runs. [%(default)s]")
    add("--json", help="Write all figures to this file too.")
    add("--out", default=str(PAGE), help="Page with the markers, or - for the terminal. [docs/performance.md]")
    return parser


def _cache() -> str:
    home = os.environ.get("XDG_CACHE_HOME")
    return str(Path(home) / "treatygraph-bench" if home else Path(tempfile.gettempdir()) / "treatygraph-bench")


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
