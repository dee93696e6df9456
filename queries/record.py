"""What stands in a store elsewhere about the releases in it: which one readers see, and where its graphs are.

All of it is in graphs under `https://w3id.org/treatygraph/store/`, which belong to no release and are never shown:

* `store/record`: for each release that is or was live its serial number (the greatest is live) and its layout; and
  the greatest number that a publish has taken, its turn, which becomes the serial number of what it shows;
* `store/graph/{key}`: a graph by the checksum of its content, sent and perhaps not yet seen by readers;
* `store/fence/{turn}-…`: the publish that may go on; a request of an earlier one that is still on its way fails;
* `store/release/{id}`: which of those contents has which name in this release. The property there is the name of the
  release too, so that one pattern finds the graphs of one release, wherever it stands in a query.

In the layout `direct` the graphs of the live release have their own names, and the canonical graph is the default
graph. In the layout `versioned`, for engines without transactions or without a default graph, nothing is ever renamed:
a query is sent with the names that its graphs have in the store (`queries.rewriting`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast

from ontology.namespaces import BASE
from queries.errors import BackendError
from queries.library import support
from queries.results import QueryResult

Layout: TypeAlias = Literal["direct", "versioned"]

STORE: Final = f"{BASE}store/"
RECORD: Final = f"{STORE}record"
SERIAL: Final = f"{STORE}serial"
LAYOUT: Final = f"{STORE}layout"
STAGING: Final = f"{STORE}staging"
SENT: Final = f"{STORE}sent"
TURN: Final = f"{STORE}turn"
FENCES: Final = f"{STORE}fence/"
CANONICAL: Final = f"{STORE}canonical"
_RELEASES: Final = f"{STORE}release/"
_GRAPHS: Final = f"{STORE}graph/"


def release_iri(identifier: str) -> str:
    """The node of a release in the record, and the graph that lists its graphs."""
    return f"{_RELEASES}{identifier}"


def graph_iri(key: str) -> str:
    """The graph of a content, by its checksum."""
    return f"{_GRAPHS}{key}"


def is_internal(name: str) -> bool:
    """Whether a graph is one of those that no reader sees."""
    return name.startswith(STORE)


@dataclass(frozen=True)
class Record:
    """The live release of a store; `serial` counts how often one went live, so it also tells A from a second A.

    `staging` is the id of a release that is being sent. `graphs` gives, in the layout `versioned`, the name in the
    store for each name of a graph; that of the canonical graph stands under `CANONICAL`.
    """

    release: str
    serial: int
    layout: Layout
    staging: str | None = None
    graphs: dict[str, str] = field(default_factory=dict, compare=False)

    def same(self, other: Record) -> bool:
        """Whether both tell of the same release, gone live at the same time."""
        return (self.release, self.serial) == (other.release, other.serial)


def read_record(ask: Callable[[str], QueryResult]) -> Record | None:
    """The record of a store, without the names of its graphs; None where no release was published. One query."""
    for row in ask(support("published-release")).rows():
        layout, serial = row["layout"].value, row["serial"].value
        if layout not in ("direct", "versioned") or not serial.isdigit():
            raise BackendError(f"the record of the store has a layout {layout!r} that this version does not know")
        staging = row["staging"].value if row["staging"] else None
        return Record(row["release"].value.removeprefix(_RELEASES), int(serial), cast("Layout", layout), staging)
    return None


def read_graphs(ask: Callable[[str], QueryResult], release: str) -> dict[str, str]:
    """The names in the store by the names in the release. Two queries."""
    listing = release_iri(release)
    graphs = f"SELECT ?graph ?name WHERE {{ GRAPH <{listing}> {{ ?graph <{listing}> ?name }} }}"
    default = f"SELECT ?graph WHERE {{ GRAPH <{listing}> {{ ?graph <{CANONICAL}> ?release }} }}"
    found = {row["name"].value: row["graph"].value for row in ask(graphs).rows()}
    found.update((CANONICAL, row["graph"].value) for row in ask(default).rows())
    return found
