"""The seam between questions and stores: what every back end can do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from queries.errors import QueryRefused, QuerySyntaxError
from queries.results import Kind, QueryResult
from queries.scanner import inspect

if TYPE_CHECKING:
    from queries.adjacency import Adjacency

Direction: TypeAlias = Literal["up", "down", "both"]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """One stored statement; all three are IRIs.

    Where evidence is looked up, the object may be a literal as N-Triples writes it: `"5"^^<…>`. No IRI begins so.
    """

    subject: str
    predicate: str
    object: str


class Relation(Protocol):
    """What traversal must know of a property (`ontology.schema.LineageRelation` has it, and more)."""

    @property
    def iri(self) -> object:
        """The property; `str()` of it is its IRI."""

    @property
    def direction(self) -> str:
        """`up` or `down`: where its subject-to-object sense leads."""


class Backend(Protocol):
    """A store that answers. Implementations are safe to use from several threads."""

    @property
    def release(self) -> str:
        """The name of the release that is asked; answers of one release never change."""

    def query(
        self,
        text: str,
        *,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        union: bool = False,
        timeout_s: float | None = None,
    ) -> QueryResult:
        """Ask a SPARQL 1.1 query.

        The default graph is the canonical graph; `union` widens it by all named graphs; `default_graphs` and
        `named_graphs` (IRIs) replace the dataset, and FROM with it, as the protocol says. Raises QuerySyntaxError,
        QueryRefused (SERVICE, updates); BackendError and QueryTimeout may come up later, while the result is read.
        """

    def neighbours(
        self, frontier: Sequence[str], relations: Sequence[Relation], direction: Direction
    ) -> Iterable[Link]:
        """The links of the relations at the things of the frontier (IRIs), in one query per few hundred things.

        `up` follows each relation towards authority (against the triple where the relation is marked `down`).
        """

    def close(self) -> None:
        """Let go of the store."""


def adjacency_of(backend: Backend) -> Adjacency | None:
    """The lineage index of a back end that has one in an attribute `adjacency`: what stands there need not be asked."""
    return getattr(backend, "adjacency", None)


def basis_of(backend: Backend) -> str:
    """What answers of several steps, and whatever is kept of a release, are made of: an attribute `basis` of back ends
    that may find an index damaged, else the release. What was made of another basis is to be made anew."""
    return getattr(backend, "basis", None) or backend.release


def lineage_edition_of(backend: Backend) -> str:
    """Decides, with the question, the bytes of an answer about lineage; to be read before the answer is made."""
    return getattr(backend, "lineage_edition", None) or backend.release


def guarded(text: str) -> Kind | None:
    """Refuse what is never run; the kind of the query, or None where the scanner cannot tell and the engine must.

    Raises QueryRefused for SERVICE and updates. Nothing is sent anywhere before this has passed.
    """
    shape = inspect(text)
    if shape.service_at is not None:
        raise QueryRefused("service", "SERVICE is refused: this endpoint asks no other")
    if shape.form == "update":
        raise QueryRefused("update", "updates are refused: a release never changes")
    kinds: dict[str | None, Kind] = {"select": "select", "ask": "ask", "construct": "construct"}
    return kinds.get(shape.kind)


def unreadable() -> QuerySyntaxError:
    """The error for a text whose form nobody knows."""
    return QuerySyntaxError("expected SELECT, ASK, CONSTRUCT or DESCRIBE after the prologue")
