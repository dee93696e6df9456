"""Checking a graph against the shapes: our set queries beside pySHACL, which must find the same."""

from __future__ import annotations

import time

import pyoxigraph as ox

from benchmarks.engines import rdflib_graph
from benchmarks.measure import WrongAnswer
from ontology.shapes import validate
from queries.conformance import store_of, validate_store


def validation(store: ox.Store) -> dict[str, float]:
    """Seconds of both for the canonical graph, each from a graph that is in memory, and how many results."""
    canonical = store_of(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    graph = rdflib_graph(store)
    began = time.perf_counter()
    found = validate_store(canonical)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    expected = validate(graph)
    judge = time.perf_counter() - began
    if found != expected:
        raise WrongAnswer(f"validation: {len(found)} results, pySHACL gives {len(expected)}, and they differ")
    return {"ours": ours, "pyshacl": judge, "results": len(found)}
