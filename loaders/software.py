"""Which software made a statement: this project, at this version, by this loader."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from ontology.namespaces import BASE

NAME: Final = "treatygraph"


@cache
def software_version() -> str:
    """The version of the installed distribution, or `0+unknown` when the code runs without being installed."""
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "0+unknown"


def software_iri() -> str:
    """The IRI of this software at this version: `software/treatygraph/0.1.0`."""
    return f"{BASE}software/{NAME}/{software_version()}"
