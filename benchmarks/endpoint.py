"""rdflib-endpoint over the canonical graph of a store: `python -m benchmarks.endpoint PORT STORE`."""

from __future__ import annotations

import sys

import pyoxigraph as ox
import uvicorn
from rdflib_endpoint import SparqlEndpoint

from benchmarks.engines import LOOPBACK, rdflib_graph


def main(port: int, store: str) -> None:
    """Load, then serve."""
    graph = rdflib_graph(ox.Store.read_only(store))
    uvicorn.run(SparqlEndpoint(graph=graph, path="/sparql"), host=LOOPBACK, port=port, log_config=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
