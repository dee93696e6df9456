"""What several commands share: the release they ask, and the sources it is built from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.settings import load_settings

if TYPE_CHECKING:
    from queries.embedded import EmbeddedBackend

__all__ = ["data_directory", "opened", "release_option", "sources_with_data"]

F = TypeVar("F", bound=Callable[..., Any])


def release_option(function: F) -> F:
    """The option `--release`."""
    text = "Directory of releases, as `build --out` writes it. [default: ./release]"
    return click.option("--release", type=click.Path(path_type=Path), help=text)(function)


@contextmanager
def opened(release: Path | None) -> Iterator[EmbeddedBackend]:
    """The store of a release, read-only.

    Raises:
        BuildError: there is no release; the line says what to run.
    """
    from loaders.release import open_release
    from queries.embedded import EmbeddedBackend

    info = open_release(load_settings(release=release).release)
    backend = EmbeddedBackend(info.store, info.id)
    try:
        yield backend
    finally:
        backend.close()


def data_directory() -> Path | None:
    """The curated data: `./data`, or that of the repository from which the software runs."""
    named = load_settings().data
    beside = Path(__file__).resolve().parents[2] / "data"
    return next((folder for folder in (named, beside) if folder.is_dir()), None)


def sources_with_data(sources: Sequence[Path], *, only: bool = False) -> list[Path]:
    """What a build reads: the curated data and then the sources named, each once.

    Raises:
        click.UsageError: there is nothing to read.
    """
    data = None if only else data_directory()
    wanted = [*([data] if data else []), *sources]
    if not wanted:
        raise click.UsageError("there is no directory data here; name sources with --source PATH")
    return list({path.resolve(): path for path in wanted}.values())
