"""Everything that one run measured, as plain records: the tables, the targets and the JSON file come from these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Timing:
    """Milliseconds until the last byte. `capped`: stopped before all rounds, because they took too long together."""

    median: float
    p99: float
    rounds: int
    capped: bool = False


@dataclass
class Query:
    """One kind of query on one graph: rows of the median answer, and the times of each engine that answered right.

    `why_not`: for an engine that takes part but has no time here, what it did instead.
    """

    name: str
    kind: str
    rows: int
    times: dict[str, Timing] = field(default_factory=dict)
    why_not: dict[str, str] = field(default_factory=dict)


@dataclass
class Rate:
    """One server under load: answers a second, milliseconds for one, requests without a right answer."""

    what: str
    server: str
    per_second: float
    p50: float
    p99: float
    failures: int
    connections: int
    body_bytes: int = 0


@dataclass
class Streamed:
    """One large answer: milliseconds to the first byte and to the first row, seconds to the last, memory while it ran.

    `before_mib`, `early_mib`, `most_mib`: memory of the answering processes before, after a tenth, and at the highest.
    """

    engine: str
    rows: int
    mib: float
    seconds: float
    first_ms: float | None = None
    row_ms: float | None = None
    before_mib: float | None = None
    early_mib: float | None = None
    most_mib: float | None = None

    @property
    def rows_per_second(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


@dataclass
class Start:
    """Seconds from the start of the process to the first answer of a query."""

    engine: str
    seconds: float


@dataclass
class Held:
    """Memory of all processes of one server after each worker has answered; shared pages counted once (PSS).

    `busy_mib`: the moment after the answers; `mib`: some seconds later, at rest.
    """

    server: str
    workers: int
    mib: float
    busy_mib: float | None = None


@dataclass
class Graph:
    """One graph: statements in all graphs and in the canonical one, what preparing cost in seconds, sizes in MiB."""

    name: str
    asked: int
    statements: int
    canonical: int
    prepared: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    queries: list[Query] = field(default_factory=list)
    chain: list[Query] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    streams: list[Streamed] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    #: Seconds: `ours` and `raw` of the store stage.
    store: dict[str, float] = field(default_factory=dict)
    #: Seconds: `ours` and `pyshacl`; `results`: how many, equal in both.
    validation: dict[str, float] = field(default_factory=dict)

    #: What gave no figure, with the reason.
    failed: list[str] = field(default_factory=list)

    def rate(self, what: str, server: str) -> Rate | None:
        """The load figures of one server, None where it was not asked."""
        return next((rate for rate in self.rates if (rate.what, rate.server) == (what, server)), None)

    def start(self, engine: str) -> float | None:
        """Seconds to the first answer."""
        return next((start.seconds for start in self.starts if start.engine == engine), None)

    def streamed(self, engine: str) -> Streamed | None:
        """The large answer of an engine."""
        return next((one for one in self.streams if one.engine == engine), None)

    def memory(self, server: str, workers: int) -> float | None:
        """MiB with so many workers, at rest."""
        return next((one.mib for one in self.held if (one.server, one.workers) == (server, workers)), None)


@dataclass
class Figures:
    """A run. `absent`: engines that this machine lacks, with the reason; `costs`: seconds of commands on `data/`."""

    command: str = ""
    rounds: int = 0
    quick: bool = False
    machine: dict[str, str] = field(default_factory=dict)
    load_average: tuple[float, float] = (0.0, 0.0)
    generator: str = ""
    graphs: list[Graph] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    costs: list[tuple[str, float, float]] = field(default_factory=list)
    curator: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def generated(self) -> Iterator[Graph]:
        """The generated graphs, the smallest first."""
        return iter(sorted((graph for graph in self.graphs if graph.asked), key=lambda graph: graph.asked))

    def to_json(self) -> dict[str, Any]:
        """Everything, as a JSON object."""
        return asdict(self)
