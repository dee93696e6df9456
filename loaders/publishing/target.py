"""What a store must be able to do so that a release can be published into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import pyoxigraph as ox

from loaders.errors import BuildError
from loaders.publishing.digest import Digest
from loaders.release import ReleaseInfo

#: Called with a step (`read`, `send`, `verify`, `show`), the number of statements done, and of all.
Progress: TypeAlias = Callable[[str, int, int], None]


class PublishError(BuildError):
    """A release could not be published; `str()` is one line. Readers see what they saw before."""


@dataclass(frozen=True)
class Content:
    """One graph of a release.

    `name` is the IRI of the graph, "" for the canonical graph, which readers see as the default graph. `exact` and
    `value` are its checksums by the release's dump: of the letters, and of the values (see `digest`).
    """

    name: str
    exact: Digest
    value: Digest
    read: Callable[[], Iterator[ox.Triple]]

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name the content; equal graphs of two releases have equal keys."""
        return self.exact.key

    def triples(self) -> Iterator[ox.Triple]:
        """All statements, those with blank nodes first, so that one request can hold them all; in the same order each
        time."""
        return self.read()


class Target(Protocol):
    """A store into which releases are published. One publish at a time writes to it.

    Each method may raise PublishError. Whatever is killed, and wherever, the same call made again by a later publish
    goes on or starts anew; nothing is mended by hand.
    """

    @property
    def label(self) -> str:
        """What the store is called in messages: its address, without credentials."""

    def live(self) -> str | None:
        """The id of the release that readers see; None where none was published."""

    def begin(self, release: str, contents: Sequence[Content]) -> None:
        """Get ready for a release: check that the store can take it; shut out earlier publishes that were killed."""

    def held(self, release: str, contents: Sequence[Content]) -> Mapping[str, int]:
        """Which of these graphs the store holds for this release, by name, each with the number of its statements.

        A graph that readers see already, and that did not change, may count as held: it is not sent again.
        """

    def write(self, release: str, content: Content, sent: Callable[[int], None]) -> None:
        """Write one whole graph where no reader sees it, in batches of bounded size. Doing it again changes nothing.

        `sent` is told how many more statements have arrived.
        """

    def read_back(self, release: str, content: Content) -> Iterable[ox.Triple]:
        """The statements of a graph as the store gives them back; never fewer without an error."""

    def drop(self, release: str, content: Content) -> None:
        """Remove a graph that is held and wrong, so that it is sent anew."""

    def swap(self, release: str, contents: Sequence[Content]) -> None:
        """Show readers this release, all of it at once; all its graphs are held and verified."""

    def clean(self) -> int:
        """Remove what no reader can see any more, and what abandoned publishes left; how many graphs were removed."""

    def close(self) -> None:
        """Let go of the store."""


@runtime_checkable
class Keeping(Protocol):
    """A target that keeps files of the release beside the data, for readers."""

    def keep(self, release: ReleaseInfo) -> None:
        """Remember which; they are there when `swap` has shown the release. Raises PublishError."""
