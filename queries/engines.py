"""What differs between SPARQL engines, as far as it matters to whoever asks them. Learned by running them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from queries.errors import BackendError

JSON: Final = "application/sparql-results+json"
XML: Final = "application/sparql-results+xml"


@dataclass(frozen=True)
class Engine:
    """One engine, or a family of them.

    Attributes:
        name: as the operator writes it.
        rows: the media type in which tables are asked for.
        default_graph: whether there is a default graph of its own. Without one the default graph is the union of
            everything in the store, and each query must name its graphs.
        union_parameter: the request parameter that widens the default graph by all named graphs.
        atomic: whether one update request is one transaction, and one query sees one state.
        update_path, graphs_path: where updates and graphs are taken, beside the address of queries.
        honest_construct: whether a CONSTRUCT that is cut short says so. Without, it is asked as a SELECT.
        program: the name of the one process that does all its work, and ends with all of it; "" where it has others.
    """

    name: str
    rows: str = JSON
    default_graph: bool = True
    union_parameter: str | None = None
    atomic: bool = True
    update_path: str | None = None
    graphs_path: str | None = None
    honest_construct: bool = True
    program: str = ""

    def update_url(self, query_url: str) -> str | None:
        """Where this engine takes updates, as it is installed."""
        return _beside(query_url, self.update_path)

    def graphs_url(self, query_url: str) -> str | None:
        """Where this engine takes whole graphs (Graph Store Protocol), as it is installed."""
        return _beside(query_url, self.graphs_path)


#: Any engine that keeps to the specifications and runs one update request as one transaction.
GENERIC: Final = Engine("generic")
OXIGRAPH: Final = Engine(
    "oxigraph",
    union_parameter="union-default-graph",
    update_path="update",
    graphs_path="store",
    program="oxigraph",
)
#: Its tables in JSON use forms from before the standard; its CONSTRUCT ends at ResultSetMaxRows without a word.
VIRTUOSO: Final = Engine(
    "virtuoso",
    rows=XML,
    default_graph=False,
    atomic=False,
    update_path="sparql-auth",
    graphs_path="sparql-graph-crud-auth",
    honest_construct=False,
)
ENGINES: Final = {engine.name: engine for engine in (GENERIC, OXIGRAPH, VIRTUOSO)}


def require_http(url: str) -> str:
    """The address itself. Raises BackendError where it is none of HTTP, or holds a password."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname)
        secret = parts.username is not None
        _ = parts.port
    except ValueError:
        sound = secret = False
    if not sound:
        raise BackendError(f"{url[:200]}: not the address of an endpoint; it begins with http or https")
    if secret:
        raise BackendError("the address of an endpoint holds no user and password; they come from the environment")
    return url


def _beside(query_url: str, path: str | None) -> str | None:
    if path is None:
        return None
    parts = urlsplit(query_url)
    return urlunsplit(parts._replace(path=f"{parts.path.rpartition('/')[0]}/{path}", query="", fragment=""))
