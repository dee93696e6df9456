"""What decides how data are read and judged, as one checksum: by it one knows when a kept result is worthless."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import pyoxigraph
import rdflib

#: The packages whose code, vocabulary, shapes and queries have a say. Nothing above them has.
PACKAGES: Final = ("loaders", "ontology", "queries")
_ENDINGS: Final = (".py", ".ttl", ".rq")


@cache
def fingerprint() -> str:
    """SHA-256 (hexadecimal) of the code, vocabulary, shapes and queries of this software and of what it reads with."""
    total = hashlib.sha256()
    total.update(f"{platform.python_version()} {rdflib.__version__} {pyoxigraph.__version__}".encode())
    for package in PACKAGES:
        for name, file in _below(files(package), package):
            total.update(f"\n{name}\n".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        name = f"{path}/{item.name}"
        if item.name.endswith(_ENDINGS):
            yield name, item
        elif item.is_dir() and item.name != "__pycache__":
            yield from _below(item, name)
