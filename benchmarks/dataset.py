"""The graphs on disk: generated, loaded and indexed once, kept between runs.

    CACHE/{what}-{digest}/data.nq             N-Quads (generated graphs only)
    CACHE/{what}-{digest}/release/            what `treatygraph serve` serves: store, indexes, manifest
    CACHE/{what}-{digest}/prepared.json       how long each step took, and what the graph holds

The digest is that of everything that decides about the statements, so a changed generator makes a new folder. A folder
without `prepared.json` was not finished and is made again; indexes are made again when the code that makes them
changes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import pyoxigraph as ox

from benchmarks.figures import Graph
from benchmarks.generate import Extent, generate
from benchmarks.process import ROOT, treatygraph
from benchmarks.progress import say, told
from benchmarks.record import Recorded
from benchmarks.workload import Things
from loaders.adjacency import adjacency
from loaders.columns import columns
from loaders.release import open_release
from loaders.textindex import write_text_index
from queries.adjacency import FILE as LINEAGE
from queries.columns.file import FILE as COLUMNS
from queries.embedded import EmbeddedBackend
from queries.names import read_names
from queries.textindex import FILE as NAMES
from queries.textindex import available

T = TypeVar("T")
_PREPARED: Final = "prepared.json"
_RELEASE: Final = "benchmark000"
_LINES: Final = 200_000
#: Files that decide about the statements, and about the bytes of the indexes.
_STATEMENTS: Final = ("benchmarks/generate.py", "benchmarks/writing.py")
_INDEXES: Final = (
    *("loaders/adjacency.py", "loaders/textindex.py", "queries/adjacency.py", "queries/packed.py", "queries/names.py"),
    *("queries/evidence.py", "queries/things.py", "queries/textindex.py", "queries/support", "ontology"),
)
_COLUMNS: Final = ("loaders/columns.py", "queries/columns/file.py", "queries/packed.py")
_RECORD: Final = ("data", "loaders", "queries", "ontology")


@dataclass(frozen=True)
class Dataset:
    """A prepared graph: `release` is the folder that is served, `nquads` its text where it was generated."""

    name: str
    asked: int
    folder: Path
    release: Path
    release_id: str
    things: Things
    about: dict[str, Any]

    @property
    def store(self) -> Path:
        """The directory of the store."""
        return self.release / "store"

    @property
    def nquads(self) -> Path:
        """All statements, one a line."""
        return self.folder / "data.nq"

    def graph(self) -> Graph:
        """A record for the figures, with what is known before measuring."""
        about = self.about
        return Graph(
            self.name, self.asked, about["statements"], about["canonical"], dict(about["seconds"]), dict(about["sizes"])
        )


def generated(cache: Path, size: int, seed: int) -> Dataset:
    """A generated graph of at least so many statements, from the cache or made now."""
    folder = cache / f"generated-{size}-{seed}-{_digest(_STATEMENTS)}"
    if (about := _known(folder)) is None:
        about = _make(folder, size, seed)
    if about.get("indexes") != (indexes := _digest(_INDEXES)):
        about = _index(folder, {**about, "indexes": indexes})
    if about.get("columns") != (made := _digest(_COLUMNS)):
        about = _columns(folder, {**about, "columns": made})
    extent = Extent([(code, years) for code, years in about["treaties"]], about["statements"])
    return Dataset(f"generated {size:,}", size, folder, folder / "release", _RELEASE, extent, about)


def record(cache: Path) -> Dataset:
    """The release that `treatygraph build` makes of the data of this source tree."""
    folder = cache / f"record-{_digest(_RECORD)}"
    if (about := _known(folder)) is None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        say("the record: treatygraph build")
        seconds = {"build": _timed(lambda: treatygraph("build", "--out", str(folder / "release")))[1]}
        info = open_release(folder / "release")
        about = _finish(folder, info.path, {"seconds": seconds})
    info = open_release(folder / "release")
    things = Recorded(ox.Store.read_only(str(info.store)))
    return Dataset("the record", 0, folder, info.path, info.id, things, about)


def _make(folder: Path, size: int, seed: int) -> dict[str, Any]:
    shutil.rmtree(folder, ignore_errors=True)
    release = folder / "release"
    release.mkdir(parents=True)
    seconds: dict[str, float] = {}
    extent = Extent()
    say(f"{size:,} statements: generate")
    lines = told(generate(size, extent, seed), size, "generated")
    _, seconds["generate"] = _timed(lambda: _write(folder / "data.nq", lines))
    say("  load, optimise")
    _, seconds["load"] = _timed(lambda: _load(release / "store", folder / "data.nq", extent.lines))
    return _finish(folder, release, {"seconds": seconds, "treaties": [list(one) for one in extent.treaties]})


def _index(folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    """The indexes, made as the build makes them, and what else a served folder has."""
    release = folder / "release"
    store = ox.Store.read_only(str(release / "store"))
    seconds = dict(about["seconds"])
    say(f"{about['statements']:,} statements: index of lineage")
    content, seconds["lineage index"] = _timed(lambda: adjacency(store, _RELEASE))
    (release / LINEAGE).write_bytes(content)
    if available():
        say("  index of names")
        (release / NAMES).unlink(missing_ok=True)
        names = read_names(EmbeddedBackend(store, _RELEASE))
        _, seconds["names index"] = _timed(lambda: write_text_index(release / NAMES, names, _RELEASE))
    manifest = {"release": _RELEASE, "counts": {}, "inputs": [], "files": []}
    (release / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (release / "void.ttl").write_text("", encoding="utf-8")
    return _finish(folder, release, {**about, "seconds": seconds})


def _columns(folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    """The columns alone, which are made in a fraction of the time of the other indexes."""
    release = folder / "release"
    say(f"{about['statements']:,} statements: columns")
    store = ox.Store.read_only(str(release / "store"))
    content, seconds = _timed(lambda: columns(store, _RELEASE))
    (release / COLUMNS).write_bytes(content)
    return _finish(folder, release, {**about, "seconds": {**about["seconds"], "columns": seconds}})


def _finish(folder: Path, release: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Count, measure and remember."""
    store = ox.Store.read_only(str(release / "store"))
    sizes = {
        name: (release / name).stat().st_size / 2**20
        for name in (LINEAGE, COLUMNS, NAMES)
        if (release / name).is_file()
    }
    sizes["store"] = sum(path.stat().st_size for path in (release / "store").rglob("*") if path.is_file()) / 2**20
    about = {
        **about,
        "statements": len(store),
        "canonical": sum(1 for _ in store.quads_for_pattern(None, None, None, ox.DefaultGraph())),
        "sizes": sizes,
    }
    (folder / _PREPARED).write_text(json.dumps(about), encoding="utf-8")
    return about


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        while chunk := list(islice(lines, _LINES)):
            file.write("\n".join(chunk) + "\n")


def _load(folder: Path, path: Path, total: int) -> None:
    """Chunks, so that one sees how it goes; the bare loader at once is measured in `benchmarks.storing`."""
    store = ox.Store(str(folder))
    with path.open("rb") as file:
        chunks = iter(lambda: b"".join(islice(file, 5 * _LINES)), b"")
        for number, chunk in enumerate(chunks, 1):
            store.bulk_load(chunk, format=ox.RdfFormat.N_QUADS)
            if total > 5 * _LINES:
                say(f"  loaded {min(total, number * 5 * _LINES):,} of {total:,}")
    store.flush()
    store.optimize()


def _known(folder: Path) -> dict[str, Any] | None:
    try:
        known: dict[str, Any] = json.loads((folder / _PREPARED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known


def _digest(names: Sequence[str]) -> str:
    sums = hashlib.sha256(f"pyoxigraph {version('pyoxigraph')}".encode())
    for top in (ROOT / name for name in names):
        for path in [top] if top.is_file() else sorted(path for path in top.rglob("*") if _decides(path)):
            sums.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return sums.hexdigest()[:12]


def _decides(path: Path) -> bool:
    return path.is_file() and path.suffix in {".py", ".rq", ".ttl", ".csv", ".trig", ".json", ".jsonld"}


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began
