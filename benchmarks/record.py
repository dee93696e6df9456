"""The record itself as a graph to ask about: which things it holds of each kind that query files sample."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

FOLDER = Path(__file__).parent / "samples"


class Recorded:
    """Things of a built release."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._known: dict[str, list[str]] = {}

    def sample(self, kind: str) -> list[str]:
        """All things of a kind (IRIs), sorted."""
        if kind not in self._known:
            rows = self._store.query((FOLDER / f"{kind}.rq").read_text(encoding="utf-8"))
            assert isinstance(rows, ox.QuerySolutions)
            self._known[kind] = sorted({row["thing"].value for row in rows if isinstance(row["thing"], ox.NamedNode)})
        return self._known[kind]
