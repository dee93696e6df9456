"""The graphs of a release, with the checksums that its dump gives them."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import IO, cast

import pyoxigraph as ox

from loaders.publishing.digest import Summing
from loaders.publishing.target import Content, Progress, PublishError
from loaders.release import ReleaseInfo
from ontology.namespaces import GRAPH

_TOLD_EVERY = 20_000


def read_contents(release: ReleaseInfo, progress: Progress) -> list[Content]:
    """All graphs of a release, the canonical one first, then by name.

    The dump is the truth: it is read once, in bounded memory, and gives the checksums; the statements that are sent
    come from the release's store, where each graph can be read by itself. Raises PublishError where the dump is damaged
    or names graphs outside of `graph/`, which readers of a shared store would not find.
    """
    total = int(release.manifest.get("counts", {}).get("statements", 0))
    sums: dict[str, Summing] = defaultdict(Summing)
    sums[""] = Summing()
    done = 0
    try:
        with gzip.open(release.dump, "rb") as dump:
            for quad in ox.parse(cast("IO[bytes]", dump), format=ox.RdfFormat.N_QUADS):
                name = quad.graph_name
                sums["" if isinstance(name, ox.DefaultGraph) else name.value].add(quad.triple)
                done += 1
                if done % _TOLD_EVERY == 0:
                    progress("read", done, max(total, done))
    except (OSError, EOFError, SyntaxError) as error:
        raise PublishError(f"{release.dump}: the dump cannot be read ({error}); to mend: build the release") from error
    progress("read", done, done)
    for name in sums:
        if name and not name.startswith(str(GRAPH)):
            raise PublishError(f"{release.path}: {name}: expected graphs under {GRAPH}; to mend: rename the source")
    try:
        store = ox.Store.read_only(str(release.store))
    except (OSError, RuntimeError, ValueError) as error:
        raise PublishError(f"{release.store}: not a store that can be opened ({error})") from error
    return [Content(name, *sums[name].result(), _reader(store, name)) for name in sorted(sums)]


def _reader(store: ox.Store, name: str) -> Callable[[], Iterator[ox.Triple]]:
    graph = ox.NamedNode(name) if name else ox.DefaultGraph()

    def read() -> Iterator[ox.Triple]:
        for blank in (True, False):
            for quad in store.quads_for_pattern(None, None, None, graph):
                if blank is (isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)):
                    yield quad.triple

    return read
