"""Filling a store: as the build does it, beside the bare bulk loader, on the same statements."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pyoxigraph as ox

from loaders.release import fill_store


def store_stage(dump: Path, folder: Path) -> dict[str, float]:
    """Seconds for the build's way (`ours`) and for `bulk_load`, flush and optimise (`raw`). Both are thrown away."""
    content = dump.read_bytes()
    seconds: dict[str, float] = {}
    for name in ("raw", "ours"):
        target = folder / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        began = time.perf_counter()
        store = ox.Store(str(target))
        if name == "ours":
            fill_store(store, content)
        else:
            store.bulk_load(content, format=ox.RdfFormat.N_QUADS)
        store.flush()
        store.optimize()
        seconds[name] = time.perf_counter() - began
        statements = len(store)
        del store
        shutil.rmtree(target, ignore_errors=True)
        seconds[f"{name} statements"] = statements
    if seconds.pop("raw statements") != seconds.pop("ours statements"):
        raise RuntimeError("the two ways of loading give stores of different size")
    return seconds
