"""Writing to the terminal: tables for people, bytes for programs. The only module that imports rich."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from loaders.build import Step

__all__ = ["BuildProgress", "build_progress", "note", "steps", "table", "write"]

#: Where the output is no terminal: wide enough that few cells are broken.
_WIDE: Final = 160


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None) -> None:
    """Print a table; a cell that is too long is broken into lines, never cut."""
    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    printed = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        printed.add_column(escape(column), overflow="fold")
    for row in rows:
        printed.add_row(*(escape(_printable(cell)) for cell in row))
    console.print(printed)


def write(pieces: Iterable[bytes]) -> None:
    """Write bytes to standard output as they come."""
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """A remark on standard error, which does not disturb what a program reads."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(_printable(text)))


def _printable(text: str) -> str:
    """Without control characters: data must not be able to steer the terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)


class BuildProgress:
    """Shows where a build is: a moving line on a terminal, one line for each stage elsewhere."""

    def __init__(self, progress: Progress | None) -> None:
        from loaders.build import STAGES  # which only a build waits for

        self._progress = progress
        self._stages = STAGES
        self._task: TaskID | None = progress.add_task(STAGES[0], total=None) if progress else None
        self._stage = ""

    def __call__(self, step: Step) -> None:
        if self._progress is not None and self._task is not None:
            text = f"{step.stage} {step.detail}".strip()
            self._progress.update(self._task, description=escape(text), completed=step.done, total=step.total or None)
        elif step.stage != self._stage:
            self._stage = step.stage
            note(f"{self._stages.index(step.stage) + 1}/{len(self._stages)} {step.stage}")


@contextmanager
def build_progress() -> Iterator[BuildProgress]:
    """The progress of a build, on standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield BuildProgress(None)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield BuildProgress(progress)


@contextmanager
def steps(titles: Mapping[str, str]) -> Iterator[Callable[[str, int, int], None]]:
    """The progress of work that has steps, on standard error: called with a step, what is done of it, and of how much.

    A bar for each step on a terminal, one line for each elsewhere. `titles` gives the words for each step.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        said: set[str] = set()

        def tell(step: str, done: int, total: int) -> None:  # noqa: ARG001
            if step not in said:
                said.add(step)
                note(f"{len(said)}/{len(titles)} {titles[step]}")

        yield tell
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {step: progress.add_task(escape(title), total=None, visible=False) for step, title in titles.items()}

        def show(step: str, done: int, total: int) -> None:
            progress.update(tasks[step], completed=done, total=total, visible=True)

        yield show
