"""Columns of small stores, and answers that can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from loaders.columns import columns
from queries.columns.door import Door
from queries.columns.file import FILE


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Door]:
    """Makes the columns of a store, and opens them as a worker does."""
    path = tmp_path_factory.mktemp("columns") / FILE

    def door(store: ox.Store, **how: Any) -> Door:
        path.unlink(missing_ok=True)  # what was mapped before stays as it was
        path.write_bytes(columns(store, "r1"))
        return Door(str(path), **how)

    return door


def written(answer: Any) -> Counter[tuple[str, ...]]:
    """The rows of an answer in whatever order, each cell as N-Triples writes it."""
    return Counter(tuple(map(str, row)) for row in answer)


@pytest.fixture(scope="session")
def rows() -> Callable[[Any], Counter[tuple[str, ...]]]:
    """See `written`."""
    return written


@pytest.fixture(scope="session")
def fill() -> Callable[[Path, ox.Store], Path]:
    """Writes a store to disk, with its columns beside it; the directory of the store."""

    def write(folder: Path, store: ox.Store, release: str = "r1") -> Path:
        folder.mkdir(exist_ok=True)
        target = ox.Store(folder / "store")
        target.bulk_extend(iter(store))
        target.flush()
        (folder / FILE).write_bytes(columns(target, release))
        return folder / "store"

    return write
