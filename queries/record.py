"""What stands in a store elsewhere about the releases in it: which one readers see, and where its graphs are.

All of it is in graphs under `https://w3id.org/treatygraph/store/`, which belong to no release and are never shown:

* `store/record`: for each release that is or was live its serial number (the greatest is live) and its layout; the
  numbers that publishes have taken, their turns, each of which becomes the serial number of what it shows; and how far
  the one that is under way has come;
* `store/graph/{key}.{…}`: a graph by the checksum of its content and whoever sent it first, perhaps not yet seen by
  readers. A name is never used for another graph;
* `store/fence/{…}`: a publish that is under way: who, since when, what (`loaders.publishing.turn`);
* `store/pass/{…}`: what it needs to show its release; whoever takes its turn away takes this away with it;
* `store/release/{id}/{…}`: which of those contents has which name in this release. The property there is the name of
  the list too, so that one pattern finds the graphs of one release, wherever it stands in a query.

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
DOOMED: Final = f"{STORE}doomed"
FENCES: Final = f"{STORE}fence/"
PASSES: Final = f"{STORE}pass/"
CANONICAL: Final = f"{STORE}canonical"
_RELEASES: Final = f"{STORE}release/"
_GRAPHS: Final = f"{STORE}graph/"


def listing_iri(release: str, run: str) -> str:
    """The node of a release in the record, and the graph that lists its graphs; `run` names the publish."""
    return f"{_RELEASES}{release}/{run}"


def graph_iri(key: str, copy: str) -> str:
    """A graph by the checksum of its content; `copy` names who sends it."""
    return f"{_GRAPHS}{key}.{copy}"


def key_of(name: str) -> str:
    """The checksum in the name of a graph of a store; "" where it is none."""
    return name.removeprefix(_GRAPHS).partition(".")[0] if name.startswith(_GRAPHS) else ""


def is_internal(name: str) -> bool:
    """Whether a graph is one of those that no reader sees."""
    return name.startswith(STORE)


@dataclass(frozen=True)
class Record:
    """The live release of a store; `serial` counts how often one went live, so it also tells A from a second A.

    `listing` is the graph that lists its graphs. `staging` is the id of a release that is being sent. `graphs` gives,
    in the layout `versioned`, the name in the store for each name of a graph; that of the canonical graph stands under
    `CANONICAL`.
    """

    release: str
    serial: int
    layout: Layout
    listing: str
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
        listing = row["release"].value
        release = listing.removeprefix(_RELEASES).partition("/")[0]
        return Record(release, int(serial), cast("Layout", layout), listing, staging)
    return None


def read_graphs(ask: Callable[[str], QueryResult], listing: str) -> dict[str, str]:
    """The names in the store by the names in the release, from the list of one. Two queries."""
    graphs = f"SELECT ?graph ?name WHERE {{ GRAPH <{listing}> {{ ?graph <{listing}> ?name }} }}"
    default = f"SELECT ?graph WHERE {{ GRAPH <{listing}> {{ ?graph <{CANONICAL}> ?release }} }}"
    found = {row["name"].value: row["graph"].value for row in ask(graphs).rows()}
    found.update((CANONICAL, row["graph"].value) for row in ask(default).rows())
    return found
