"""The dataset of a query, written into its text: the engine takes it from nowhere else.

Without a dataset the default graph is the canonical one, and all named graphs can be asked, as everywhere here. A
graph that the release does not have is an empty one, as in the embedded store; the engine alone would refuse the query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pyoxigraph as ox

from queries.cluster.anatomy import Parts

_NOTHING: Final = ox.Store()


def stated(parts: Parts) -> tuple[list[str], list[str]] | None:
    """The graphs of the FROM and FROM NAMED of a text, as full IRIs; None where it has neither."""
    if not parts.datasets:
        return None
    rows = " ".join(f"({str(named).lower()} {iri})" for named, iri in parts.datasets)
    answer = _NOTHING.query(f"{parts.prologue} SELECT ?named ?graph {{ VALUES (?named ?graph) {{ {rows} }} }}")
    assert isinstance(answer, ox.QuerySolutions)
    found = [(row["named"].value == "true", row["graph"].value) for row in answer]
    return [iri for named, iri in found if not named], [iri for named, iri in found if named]


def clauses(
    graphs: tuple[Sequence[str], Sequence[str]] | None, *, union: bool, known: Iterable[str], ledger: str
) -> str:
    """The FROM clauses for default graphs and named graphs (None: the whole release), "" where none are needed.

    `union` widens the default graph by all named graphs that the query may see. `known` are the named graphs of the
    release, `ledger` the name of its ledger, which to the engine is the name of the default graph.
    """
    held = frozenset(known)
    if graphs is None:
        if not union:
            return ""
        default, named = [ledger, *sorted(held)], sorted(held)
    else:
        default = [iri for iri in dict.fromkeys(graphs[0]) if iri in held]
        named = [iri for iri in dict.fromkeys(graphs[1]) if iri in held]
    if not default and not named:
        # The engine keeps an empty graph in every ledger; a dataset of that alone is one without any statement.
        default = [f"urn:fluree:{ledger}#config"]
    return " ".join([*(f"FROM <{iri}>" for iri in default), *(f"FROM NAMED <{iri}>" for iri in named)])
