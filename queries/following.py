"""Back ends of stores into which somebody else publishes."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from queries.backend import Backend


@runtime_checkable
class Following(Backend, Protocol):
    """A back end whose release changes when another one is published into its store."""

    def refresh(self) -> str:
        """Ask the store which release is live, and serve that one from now on; its id. Raises BackendError."""


@runtime_checkable
class Prompt(Following, Protocol):
    """One whose `refresh` is so quick that it is asked before each answer: none is older than the last publish."""

    @property
    def prompt(self) -> bool:
        """True."""
