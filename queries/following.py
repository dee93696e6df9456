"""Back ends of stores into which somebody else publishes."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from queries.backend import Backend


@runtime_checkable
class Following(Backend, Protocol):
    """A back end whose release changes when another one is published into its store."""

    def refresh(self) -> str:
        """Ask the store which release is live, and serve that one from now on; its id. Raises BackendError."""
