"""Publishing into any engine that speaks SPARQL 1.1: query, update, and the Graph Store Protocol where it has one.

Graphs are sent under the checksum of their content (`queries.record`), where no reader sees them. An engine with
transactions and a default graph then gives them their own names, all in one update request. For any other the release
gets a list of its graphs, and one statement, the new serial number, makes it live: nothing is renamed there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

import pyoxigraph as ox

from loaders.publishing.target import Content, PublishError
from queries.endpoint import Endpoint, Login
from queries.engines import Engine
from queries.errors import QueryError
from queries.library import support
from queries.record import (
    CANONICAL,
    FENCES,
    LAYOUT,
    RECORD,
    SENT,
    SERIAL,
    STAGING,
    STORE,
    TURN,
    Layout,
    Record,
    graph_iri,
    read_graphs,
    read_record,
    release_iri,
)
from queries.remote import AnswerCut, RemoteBackend
from queries.writing import Graphs, Updates

#: Statements in one request. Those with blank nodes of one graph go together, since their labels hold for a request.
BATCH: Final = 10_000
_PAGE: Final = 9_999
_LIMIT_S: Final = 3600.0
_INTEGER: Final = "<http://www.w3.org/2001/XMLSchema#integer>"


class SparqlTarget:
    """See `loaders.publishing.target.Target`. `graphs_url` None sends everything as updates."""

    def __init__(
        self,
        query_url: str,
        update_url: str,
        graphs_url: str | None,
        *,
        engine: Engine,
        login: Login | None = None,
        batch: int = BATCH,
    ) -> None:
        self._backend = RemoteBackend(query_url, engine=engine, login=login, timeout_s=_LIMIT_S)
        self._updates = Updates(Endpoint(update_url, login), _LIMIT_S)
        self._graphs = Graphs(Endpoint(graphs_url, login), _LIMIT_S) if graphs_url else None
        self._engine = engine
        self._batch = batch
        self._label = query_url
        self._layout: Layout = "direct" if engine.atomic and engine.default_graph else "versioned"
        self._page = _PAGE
        self._turn, self._fence = 0, ""
        self._record: Record | None = None
        self._listed: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._progress: dict[str, int] = {}

    @property
    def label(self) -> str:
        """The address of queries."""
        return self._label

    def live(self) -> str | None:
        """See `Target.live`."""
        with self._explained():
            self._record = read_record(self._backend.query)
            self._listed = read_graphs(self._backend.query, self._record.release) if self._record else {}
        return self._record.release if self._record else None

    def begin(self, release: str, contents: Sequence[Content]) -> None:  # noqa: ARG002
        """See `Target.begin`."""
        with self._explained():
            self._take_turn()
        self.live()
        if self._record is not None and self._record.layout != self._layout:
            raise PublishError(
                f"{self._label}: published as {self._record.layout} before, now {self._layout}; to mend: name the"
                " engine that it is with store_engine, or clear the store"
            )
        with self._explained():
            self._look()
            if self._record is None and self._layout == "direct":
                self._require_empty()
            mark = f"GRAPH <{RECORD}> {{ <{RECORD}> <{STAGING}>"
            self._updates.run(f"DELETE WHERE {{ {mark} ?old }} }}")
            self._updates.run(f'INSERT DATA {{ {mark} "{release}" }} }}')

    def held(self, release: str, contents: Sequence[Content]) -> Mapping[str, int]:  # noqa: ARG002
        """See `Target.held`. A graph that did not change since the live release is held under its own name."""
        found = {}
        for content in contents:
            size = self._sizes.get(self._place(content))
            if content.exact.count == 0:
                size = 0
            if size is not None:
                found[content.name] = size
        return found

    def write(self, release: str, content: Content, sent: Callable[[int], None]) -> None:  # noqa: ARG002
        """See `Target.write`. A large graph that was broken off is gone on with, where the last sure batch ended."""
        place = graph_iri(content.key)
        with self._explained():
            done = self._progress.get(place, 0)
            if not done and place in self._sizes:
                self._remove(place)
            triples = islice(content.triples(), done, None)
            while batch := _batch(triples, self._batch):
                self._add(place, batch)
                done += len(batch)
                if done < content.exact.count:
                    self._updates.run(
                        f'INSERT DATA {{ GRAPH <{RECORD}> {{ <{place}> <{SENT}> "{done}"^^{_INTEGER} }} }}'
                    )
                sent(len(batch))
        self._sizes[place] = done

    def read_back(self, release: str, content: Content) -> Iterator[ox.Triple]:  # noqa: ARG002
        """See `Target.read_back`."""
        place = self._place(content)
        with self._explained():
            if content.exact.count == 0 and place not in self._sizes:
                return
            if not self._engine.honest_construct:
                yield from self._pages(place)
            elif self._graphs is not None:
                body = self._graphs.read(place)
                yield from (quad.triple for quad in ox.parse(body.as_file(), format=ox.RdfFormat.N_TRIPLES))
            else:
                graphs = [place] if place else None
                result = self._backend.query("CONSTRUCT WHERE { ?s ?p ?o }", default_graphs=graphs)
                yield from (triple for triple in result if isinstance(triple, ox.Triple))

    def drop(self, release: str, content: Content) -> None:  # noqa: ARG002
        """See `Target.drop`. What is wrong under its own name is replaced by the swap."""
        place = self._place(content)
        self._listed.pop(content.name or CANONICAL, None)
        self._progress.pop(graph_iri(content.key), None)
        if place == graph_iri(content.key):
            with self._explained():
                self._updates.run(f"DELETE WHERE {{ GRAPH <{RECORD}> {{ <{place}> <{SENT}> ?done }} }}")
                self._remove(place)

    def swap(self, release: str, contents: Sequence[Content]) -> None:
        """See `Target.swap`."""
        state = [
            f'<{release_iri(release)}> <{LAYOUT}> "{self._layout}"',
            f'<{release_iri(release)}> <{SERIAL}> "{self._turn}"^^{_INTEGER}',
        ]
        insert = f"INSERT DATA {{ GRAPH <{RECORD}> {{ {' . '.join(state)} }} }}"
        with self._explained():
            if not self._complete(release, contents):
                self._list(release, contents)
                forget = [
                    f"DELETE WHERE {{ GRAPH <{RECORD}> {{ {pattern} }} }}"
                    for pattern in (f"?r <{SERIAL}> ?n", f"?r <{LAYOUT}> ?l", f"?g <{SENT}> ?n", f"?r <{STAGING}> ?s")
                ]
                if self._layout == "direct":
                    # Another publish took its turn since: then the fence is gone, and the whole request fails.
                    fence = f"MOVE GRAPH <{self._fence}> TO <{FENCES}passed>"
                    self._updates.run(" ;\n".join([fence, *self._moves(contents), *forget, insert]))
                else:
                    self._updates.run(insert)
            if self.live() != release:
                raise PublishError(f"{self._label}: the store took the release and does not show it")

    def clean(self) -> int:
        """See `Target.clean`. A reader that asks an older release meanwhile notices, and asks again."""
        assert self._record is not None
        live = self._record
        with self._explained():
            others = f"FILTER(?r != <{release_iri(live.release)}> || ?n != {live.serial})"
            old = f"GRAPH <{RECORD}> {{ ?r <{SERIAL}> ?n }}"
            self._updates.run(f"DELETE {{ {old} }} WHERE {{ {old} {others} }}")
            for pattern in (f"?g <{SENT}> ?n", f"?r <{STAGING}> ?s", f"?r <{TURN}> ?n"):
                self._updates.run(f"DELETE WHERE {{ GRAPH <{RECORD}> {{ {pattern} }} }}")
            self._look()
            kept = {RECORD, release_iri(live.release)}
            kept |= set(self._listed.values()) if self._layout == "versioned" else set()
            removed = [name for name in self._sizes if name.startswith(STORE) and name not in kept]
            for name in removed:
                self._remove(name)
        return len(removed)

    def close(self) -> None:
        """Nothing is held between requests."""

    def _place(self, content: Content) -> str:
        """Where a graph is: under its own name ("" the default graph) where the live release has it so already."""
        staged = graph_iri(content.key)
        unchanged = self._listed.get(content.name or CANONICAL) == staged
        return content.name if self._layout == "direct" and unchanged else staged

    def _take_turn(self) -> None:
        """Shut out every earlier publish: what one that was killed has sent may still be on its way.

        Where graphs have their own names its last request, the swap, needs its fence, which is taken away before the
        record is read. Where they have not, whatever it shows has a smaller serial number than what is shown here.
        """
        turns = f"SELECT ?n WHERE {{ GRAPH <{RECORD}> {{ ?of ?said ?n }} VALUES ?said {{ <{SERIAL}> <{TURN}> }} }}"
        taken = [int(row["n"].value) for row in self._backend.query(turns).rows()]
        self._turn = max(taken, default=0) + 1
        self._fence = f"{FENCES}{self._turn}-{secrets.token_hex(4)}"
        turn = f'GRAPH <{RECORD}> {{ <{RECORD}> <{TURN}> "{self._turn}"^^{_INTEGER} }}'
        self._updates.run(f"INSERT DATA {{ {turn} GRAPH <{self._fence}> {{ <{RECORD}> <{TURN}> {self._turn} }} }}")
        fences = f'SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?of <{TURN}> ?n }} FILTER(STRSTARTS(STR(?g), "{FENCES}")) }}'
        for row in list(self._backend.query(fences).rows()):
            if row["g"].value != self._fence:
                self._remove(row["g"].value)

    def _look(self) -> None:
        """Read what is in the store: the sizes of graphs, and how far those that are being sent have come."""
        self._sizes = {
            row["graph"].value: int(row["statements"].value)
            for row in self._backend.query(support("graph-sizes")).rows()
            if isinstance(row["graph"], ox.NamedNode)
        }
        if self._layout == "direct":
            for (count,) in self._backend.query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }").rows():
                self._sizes[""] = int(count.value)
        rows = self._backend.query(support("progress-of-graphs")).rows()
        self._progress = {row["graph"].value: int(row["sent"].value) for row in rows if row["graph"]}

    def _require_empty(self) -> None:
        """What somebody else put there must not be overwritten."""
        foreign = [name for name, size in self._sizes.items() if size and not name.startswith(STORE)]
        if foreign:
            raise PublishError(
                f"{self._label}: the store holds data that was not published ({foreign[0] or 'in the default graph'});"
                " to mend: clear it, or choose an empty store"
            )

    def _complete(self, release: str, contents: Sequence[Content]) -> bool:
        """Whether just this is live already."""
        listed = {content.name or CANONICAL: graph_iri(content.key) for content in contents}
        return self._record is not None and self._record.release == release and self._listed == listed

    def _list(self, release: str, contents: Sequence[Content]) -> None:
        """Write which graph of the release has which content."""
        name = release_iri(release)
        self._remove(name)
        itself, canonical = ox.NamedNode(name), ox.NamedNode(CANONICAL)
        lines = [
            ox.Triple(ox.NamedNode(graph_iri(content.key)), itself, ox.NamedNode(content.name))
            if content.name
            else ox.Triple(ox.NamedNode(graph_iri(content.key)), canonical, itself)
            for content in contents
        ]
        for at in range(0, len(lines), self._batch):
            self._add(name, lines[at : at + self._batch])
        if len(read_graphs(self._backend.query, release)) != len(contents):
            raise PublishError(f"{self._label}: the store gives back another list of graphs than was sent")

    def _moves(self, contents: Sequence[Content]) -> Iterator[str]:
        """The operations that give all graphs of a release their names, and take away those that it has no more."""
        changed = [content for content in contents if self._place(content) == graph_iri(content.key)]
        last = {content.key: content.name for content in changed}
        for content in changed:
            there = f"GRAPH <{content.name}>" if content.name else "DEFAULT"
            if content.exact.count == 0:
                yield f"DROP SILENT {there}"
            else:  # two graphs with the same content were sent once
                verb = "MOVE" if last[content.key] == content.name else "COPY"
                yield f"{verb} GRAPH <{graph_iri(content.key)}> TO {there}"
        names = {content.name for content in contents}
        for name in self._listed:
            if name != CANONICAL and name not in names:
                yield f"DROP SILENT GRAPH <{name}>"

    def _add(self, name: str, triples: Sequence[ox.Triple]) -> None:
        text = "".join(f"{triple} .\n" for triple in triples)
        if self._graphs is not None:
            self._graphs.add(name, text.encode())
        else:
            self._updates.run(f"INSERT DATA {{ GRAPH <{name}> {{\n{text}}} }}")

    def _remove(self, name: str) -> None:
        if self._graphs is not None:
            self._graphs.remove(name)
        else:
            self._updates.run(f"DROP SILENT GRAPH <{name}>")
        self._sizes.pop(name, None)

    def _pages(self, name: str) -> Iterator[ox.Triple]:
        """A graph in pages, none as large as what the engine gives at most; nobody writes to it meanwhile."""
        offset = 0
        while True:
            text = f"SELECT ?s ?p ?o WHERE {{ ?s ?p ?o }} LIMIT {self._page} OFFSET {offset}"
            try:
                rows = self._backend.query(text, default_graphs=[name]).rows()
            except AnswerCut as error:
                if error.most < 2 or self._page < error.most:
                    raise
                self._page = error.most - 1
                continue
            count = 0
            for row in rows:
                count += 1
                yield ox.Triple(row["s"], row["p"], row["o"])
            offset += count
            if count < self._page:
                return

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except QueryError as error:
            text = str(error) if str(error).startswith("http") else f"{self._label}: {error}"
            mend = "" if "to mend:" in text else "; to mend: publish again, which goes on where this one ended"
            raise PublishError(f"{text}{mend}") from error
        except (SyntaxError, OSError, ValueError) as error:
            raise PublishError(f"{self._label}: the store's answer cannot be read: {error}") from error


def _batch(triples: Iterator[ox.Triple], size: int) -> list[ox.Triple]:
    """The next statements. Those with blank nodes come first, and all of them together."""
    batch = []
    for triple in triples:
        batch.append(triple)
        blank = isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)
        if len(batch) >= size and not blank:
            break
    return batch
