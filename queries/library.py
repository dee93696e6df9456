"""The query files that belong to this package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

FOLDERS: Final = ("questions", "rules", "audit", "support")


@cache
def support(name: str) -> str:
    """The text of `support/{name}.rq`, a query that the package itself needs."""
    return files("queries").joinpath("support", f"{name}.rq").read_text(encoding="utf-8")
