"""What a user is told when a source cannot be read or a release cannot be made: one line, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class BuildError(Exception):
    """A build stopped. `str()` is one line, fit for standard error."""


class SourceError(BuildError):
    """A source file is wrong at a place. `str()` is `file:line: expected …; to mend: …`."""

    def __init__(self, file: Path | str, expected: str, mend: str, *, line: int | None = None) -> None:
        self.file = str(file)
        self.line = line
        self.expected = " ".join(expected.split())
        self.mend = " ".join(mend.split())
        place = self.file if line is None else f"{self.file}:{line}"
        super().__init__(f"{place}: {self.expected}; to mend: {self.mend}")


class BadSources(BuildError):
    """Several source files are wrong. `.errors` holds each; `str()` has one line for each."""

    def __init__(self, errors: Sequence[SourceError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


def as_source_error(file: Path | str, error: Exception) -> SourceError:
    """Give a reader's error the common form.

    Readers of documents and tables raise errors of their own with the same four attributes (file, line, expected,
    mend); whatever else a reader raises is named by its type, so that a stranger's file never shows a traceback.
    """
    if isinstance(error, SourceError):
        return error
    expected = getattr(error, "expected", None)
    if isinstance(expected, str):
        return SourceError(
            getattr(error, "file", None) or file,
            expected,
            str(getattr(error, "mend", "correct the file")),
            line=getattr(error, "line", None),
        )
    if isinstance(error, SyntaxError):
        return SourceError(file, f"well-formed RDF ({error.msg})", "correct the syntax there", line=error.lineno)
    if isinstance(error, OSError):
        return SourceError(file, f"a readable file ({error.strerror or type(error).__name__})", "check path and rights")
    return SourceError(file, f"a file its reader understands ({type(error).__name__}: {error})", "correct the file")
