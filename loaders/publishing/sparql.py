"""Publishing into any engine that speaks SPARQL 1.1: query, update, and the Graph Store Protocol where it has one.

Graphs are sent under the checksum of their content (`queries.record`), where no reader sees them. An engine with
transactions and a default graph then gives them their own names, all in one update request. For any other the release
gets a list of its graphs, and one statement, the new serial number, makes it live: nothing is renamed there.

One publish at a time holds the store (`loaders.publishing.turn`). One whose turn was taken away may still have a
request on its way, so what is under a name of the store only ever grows to be the content of that name: it is neither
cleared to be sent anew, which happens under another name, nor used once it is marked to be removed.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Final

import pyoxigraph as ox

from loaders.publishing.processes import serving
from loaders.publishing.target import Content, PublishError
from loaders.publishing.turn import Patience, Turn
from queries.endpoint import Endpoint, Login, Refused
from queries.engines import Engine
from queries.errors import QueryError, QuerySyntaxError
from queries.library import support
from queries.record import (
    CANONICAL,
    DOOMED,
    FENCES,
    LAYOUT,
    PASSES,
    RECORD,
    SENT,
    SERIAL,
    STAGING,
    STORE,
    TURN,
    Layout,
    Record,
    graph_iri,
    key_of,
    listing_iri,
    read_graphs,
    read_record,
)
from queries.remote import AnswerCut, RemoteBackend
from queries.writing import Graphs, Updates

#: Statements in one request. Those with blank nodes of one graph go together, since their labels hold for a request.
BATCH: Final = 10_000
_PAGE: Final = 9_999
_LIMIT_S: Final = 3600.0
_SIGN_S: Final = 30.0
#: Graphs that are marked in one request.
_MARKED: Final = 200
_INTEGER: Final = "<http://www.w3.org/2001/XMLSchema#integer>"


class SparqlTarget:
    """See `loaders.publishing.target.Target`. `graphs_url` None sends everything as updates.

    `take_over` takes the store away from whoever is publishing; `notice` is told why something is waited for.
    """

    def __init__(
        self,
        query_url: str,
        update_url: str,
        graphs_url: str | None,
        *,
        engine: Engine,
        login: Login | None = None,
        batch: int = BATCH,
        take_over: bool = False,
        patience: Patience | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._backend = RemoteBackend(query_url, engine=engine, login=login, timeout_s=_LIMIT_S)
        self._updates = Updates(Endpoint(update_url, login), _LIMIT_S)
        self._signs = Updates(Endpoint(update_url, login), _SIGN_S)
        self._graphs = Graphs(Endpoint(graphs_url, login), _LIMIT_S) if graphs_url else None
        self._engine = engine
        self._batch = batch
        self._label = query_url
        self._layout: Layout = "direct" if engine.atomic and engine.default_graph else "versioned"
        self._page = _PAGE
        self._taking = take_over, patience, notice
        self._turn: Turn | None = None
        self._record: Record | None = None
        self._listed: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._progress: dict[str, int] = {}
        self._doomed: set[str] = set()
        #: Where each content is, or will be, by its key; those with a wrong place have got another one.
        self._staged: dict[str, str] = {}
        self._copies = 0

    @property
    def label(self) -> str:
        """The address of queries."""
        return self._label

    def live(self) -> str | None:
        """See `Target.live`."""
        with self._explained():
            self._record = read_record(self._backend.query)
            self._listed = read_graphs(self._backend.query, self._record.listing) if self._record else {}
        return self._record.release if self._record else None

    def begin(self, release: str, contents: Sequence[Content]) -> None:  # noqa: ARG002
        """See `Target.begin`."""
        take_over, patience, notice = self._taking
        self._turn = Turn(
            self._label,
            release,
            ask=self._backend.query,
            update=self._updates.run,
            sign=self._signs.run,
            remove=self._remove,
            take_over=take_over,
            patience=patience,
            notice=notice,
        )
        with self._explained():
            self._turn.take()
        self.live()
        if self._record is not None and self._record.layout != self._layout:
            raise PublishError(
                f"{self._label}: published as {self._record.layout} before, now {self._layout}; to mend: name the"
                " engine that it is with store_engine, or clear the store"
            )
        with self._explained():
            self._look()
            if self._layout == "direct":
                self._require_passes()
                if self._record is None:
                    self._require_empty()
            self._updates.run(
                f'INSERT DATA {{ GRAPH <{RECORD}> {{ <{self._listing(release)}> <{STAGING}> "{release}" }} }}'
            )

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
        place = self._place_of_sending(content)
        with self._explained():
            done = self._progress.get(place, 0)
            if not done and place in self._sizes:
                return  # another graph with the same content was sent just now
            triples = islice(content.triples(), done, None)
            while batch := _batch(triples, self._batch):
                self._require_turn()
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
        """See `Target.drop`. It is sent anew under another name; what is wrong goes when the release is shown."""
        self._listed.pop(content.name or CANONICAL, None)
        self._staged[content.key] = self._fresh(content.key)

    def swap(self, release: str, contents: Sequence[Content]) -> None:
        """See `Target.swap`."""
        assert self._turn is not None
        listing = self._listing(release)
        state = [
            f'<{listing}> <{LAYOUT}> "{self._layout}"',
            f'<{listing}> <{SERIAL}> "{self._turn.number}"^^{_INTEGER}',
        ]
        shown = f"{{ GRAPH <{RECORD}> {{ {' . '.join(state)} }} }}"
        with self._explained():
            if not self._complete(release, contents):
                self._list(release, contents)
                self._require_unchanged(contents)
                if self._layout == "direct":
                    forget = [f"DELETE WHERE {{ GRAPH <{RECORD}> {{ ?r <{what}> ?n }} }}" for what in (SERIAL, LAYOUT)]
                    moved = sum(content.exact.count for content in contents)
                    moves = " ;\n".join([*forget, *self._moves(contents), f"INSERT DATA {shown}"])
                    with self._line() as line, self._turn.passing(moved, self._serving(line)) as first:
                        self._updates.run(f"{first} ;\n{moves}", line)
                else:
                    self._require_turn()
                    self._updates.run(f"INSERT {shown} WHERE {{ {self._turn.held} }}")
                if self._layout == "direct":
                    self._require_alone()
            if self.live() != release:
                self._require_turn()
                raise PublishError(f"{self._label}: the store took the release and does not show it")

    def clean(self) -> int:
        """See `Target.clean`. A reader that asks an older release meanwhile notices, and asks again."""
        assert self._record is not None
        assert self._turn is not None
        live, turn = self._record, self._turn
        with self._explained():
            # Never what a later publish wrote, which may have taken the turn away just now.
            shown = f"GRAPH <{RECORD}> {{ ?r <{SERIAL}> ?n ; <{LAYOUT}> ?l }}"
            self._updates.run(f"DELETE {{ {shown} }} WHERE {{ {shown} FILTER(?n < {live.serial}) }}")
            taken = f"GRAPH <{RECORD}> {{ ?r <{TURN}> ?n }}"
            self._updates.run(f"DELETE {{ {taken} }} WHERE {{ {taken} FILTER(?n < {turn.number}) }}")
            self._look()
            kept = {RECORD, live.listing}
            kept |= set(self._listed.values()) if self._layout == "versioned" else set()
            removed = [
                name
                for name in self._sizes
                if name.startswith(STORE) and name not in kept and not name.startswith((FENCES, PASSES))
            ]
            for at in range(0, len(removed), _MARKED):
                self._doom(removed[at : at + _MARKED])
            for name in removed:
                self._remove(name)
            self._forget(removed)
            turn.end()
        return len(removed)

    def close(self) -> None:
        """Give the turn back, where it was not yet. A store that cannot be reached will see that it is over."""
        if self._turn is not None:
            with suppress(QueryError):
                self._turn.end()

    @contextmanager
    def _line(self) -> Iterator[socket.socket | None]:
        """A connection for the request that moves graphs: it cannot come to another process of the engine than this one
        leads to."""
        line = self._updates.connect() if self._engine.program else None
        try:
            yield line
        finally:
            if line is not None:
                line.close()

    def _serving(self, line: socket.socket | None) -> str:
        """The process of the engine, where it is one of this machine."""
        return "" if line is None else serving(line, self._engine.program)

    def _listing(self, release: str) -> str:
        assert self._turn is not None
        return listing_iri(release, self._turn.run)

    def _place(self, content: Content) -> str:
        """Where a graph is: under its own name ("" the default graph) where the live release has it so already."""
        unchanged = key_of(self._listed.get(content.name or CANONICAL, "")) == content.key
        return content.name if self._layout == "direct" and unchanged else self._place_of_sending(content)

    def _place_of_sending(self, content: Content) -> str:
        """The graph of the store that holds a content, or the beginning of it that came; else a new one.

        Nothing of whoever sent it can still come that is not in it already: it is whole, or all its blank nodes are
        there, which come first, and statements without them may come twice.
        """
        found = self._staged.get(content.key)
        if found is None:
            there = [name for name in self._sizes if key_of(name) == content.key and name not in self._doomed]
            whole = [name for name in there if self._sizes[name] in (content.exact.count, content.value.count)]
            begun = sorted((self._progress[name], name) for name in there if name in self._progress)
            shared = [name for name in whole if self._layout == "versioned" and name in self._listed.values()]
            if whole:
                found = next(iter(shared or sorted(whole)))
            else:
                found = begun[-1][1] if begun else self._fresh(content.key)
            self._staged[content.key] = found
        return found

    def _fresh(self, key: str) -> str:
        assert self._turn is not None
        self._copies += 1
        return graph_iri(key, f"{self._turn.run}-{self._copies}")

    def _require_turn(self) -> None:
        assert self._turn is not None
        self._turn.require()

    def _require_passes(self) -> None:
        """The engine must refuse to drop a graph that is not there: showing a release rests on that."""
        try:
            self._updates.run(f"DROP GRAPH <{PASSES}none>")
        except (Refused, QuerySyntaxError):
            return
        raise PublishError(
            f"{self._label}: the engine drops a graph that is not there, so two publishes cannot be kept apart; to"
            " mend: choose another engine"
        )

    def _require_unchanged(self, contents: Sequence[Content]) -> None:
        """What was verified must still be what is shown, and be there."""
        now = read_record(self._backend.query)
        if (now is None) != (self._record is None) or (now and self._record and not now.same(self._record)):
            self._require_turn()
            raise PublishError(f"{self._label}: another release went live meanwhile; to mend: publish again")
        used = {self._place_of_sending(content) for content in contents}
        if used & self._read_doomed():
            self._require_turn()
            raise PublishError(f"{self._label}: graphs of this release were removed meanwhile; to mend: publish again")

    def _require_alone(self) -> None:
        """The request of a publish that was broken off long ago must not have taken effect just now."""
        shown = f"SELECT ?r WHERE {{ GRAPH <{RECORD}> {{ ?r <{SERIAL}> ?n }} }}"
        if len(list(self._backend.query(shown).rows())) > 1:
            raise PublishError(
                f"{self._label}: a request of an earlier publish took effect just now; to mend: clear the store, then"
                " publish again"
            )

    def _doom(self, names: Sequence[str]) -> None:
        """Say that graphs will be removed, so that no later publish uses what a request on its way may take away."""
        assert self._turn is not None
        self._require_turn()
        said = " ".join(f"<{name}> <{DOOMED}> true ." for name in names)
        self._updates.run(f"INSERT {{ GRAPH <{RECORD}> {{ {said} }} }} WHERE {{ {self._turn.held} }}")

    def _read_doomed(self) -> set[str]:
        rows = self._backend.query(f"SELECT ?g WHERE {{ GRAPH <{RECORD}> {{ ?g <{DOOMED}> ?yes }} }}").rows()
        return {row["g"].value for row in rows}

    def _forget(self, removed: Sequence[str]) -> None:
        """What the record says of graphs that are no more, and of publishes that are over."""
        assert self._record is not None
        staging = f"SELECT ?r WHERE {{ GRAPH <{RECORD}> {{ ?r <{STAGING}> ?s }} }}"
        marks = [(row["r"].value, STAGING) for row in self._backend.query(staging).rows()]
        gone = [name for name in self._doomed if name not in self._sizes]
        marks += [(name, DOOMED) for name in [*gone, *removed]]
        marks += [(name, SENT) for name in self._progress]
        for at in range(0, len(marks), _MARKED):
            values = " ".join(f"(<{of}> <{what}>)" for of, what in marks[at : at + _MARKED])
            self._updates.run(
                f"DELETE {{ GRAPH <{RECORD}> {{ ?of ?what ?said }} }}"
                f" WHERE {{ GRAPH <{RECORD}> {{ ?of ?what ?said }} VALUES (?of ?what) {{ {values} }} }}"
            )

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
        self._doomed = self._read_doomed()

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
        return self._record is not None and self._record.release == release and self._listed == self._named(contents)

    def _named(self, contents: Sequence[Content]) -> dict[str, str]:
        """What the list of the release's graphs says: names in the store by names in the release."""
        found = {}
        for content in contents:
            name = content.name or CANONICAL
            there = self._listed.get(name, "") if self._layout == "direct" else ""
            found[name] = there if key_of(there) == content.key else self._place_of_sending(content)
        return found

    def _list(self, release: str, contents: Sequence[Content]) -> None:
        """Write which graph of the release has which content."""
        name = self._listing(release)
        itself, canonical = ox.NamedNode(name), ox.NamedNode(CANONICAL)
        lines = [
            ox.Triple(ox.NamedNode(there), canonical, itself)
            if called == CANONICAL
            else ox.Triple(ox.NamedNode(there), itself, ox.NamedNode(called))
            for called, there in self._named(contents).items()
        ]
        for at in range(0, len(lines), self._batch):
            self._add(name, lines[at : at + self._batch])
        if len(read_graphs(self._backend.query, name)) != len(contents):
            raise PublishError(f"{self._label}: the store gives back another list of graphs than was sent")

    def _moves(self, contents: Sequence[Content]) -> Iterator[str]:
        """The operations that give all graphs of a release their names, and take away those that it has no more."""
        changed = [content for content in contents if self._place(content) == self._place_of_sending(content)]
        last = {content.key: content.name for content in changed}
        for content in changed:
            there = f"GRAPH <{content.name}>" if content.name else "DEFAULT"
            if content.exact.count == 0:
                yield f"DROP SILENT {there}"
            else:  # two graphs with the same content were sent once
                verb = "MOVE" if last[content.key] == content.name else "COPY"
                yield f"{verb} GRAPH <{self._place_of_sending(content)}> TO {there}"
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
            refused = isinstance(error, Refused | QuerySyntaxError)
            if refused and self._turn is not None and (lost := self._turn.lost()):
                raise PublishError(lost) from error
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
