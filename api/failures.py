"""What a user of the command line is told when something fails: one line for each fault, and the exit status."""

from __future__ import annotations

import sys
from dataclasses import dataclass

__all__ = ["Failure", "explain"]

_VIOLATIONS = 1
_BAD_INPUT = 2


@dataclass(frozen=True)
class Failure:
    """The lines for standard error, and the exit status."""

    lines: tuple[str, ...]
    status: int = _BAD_INPUT


def explain(error: Exception) -> Failure:
    """The failure for an exception; what nobody foresaw is told in one line as well."""
    # Read here and not at the top: a command that goes well does not wait for packages that it never uses.
    from loaders.errors import BadSources, BuildError

    if isinstance(error, BadSources):
        return Failure(tuple(_line(str(one)) for one in error.errors))
    if isinstance(error, _of("loaders.build", "ReleaseRefused")):
        shown = tuple(_line(str(violation)) for violation in error.report.violations)  # type: ignore[attr-defined]
        return Failure((*shown, _line(f"nothing is published: {len(shown)} violations of the shapes")), _VIOLATIONS)
    told = (
        *_of("loaders.diagnose", "Malformed"),
        *_of("queries.errors", "QueryError"),
        *_of("api.settings", "SettingsError"),
        *_of("api.problems", "Problem"),
    )
    if isinstance(error, (BuildError, *told)):
        return Failure((_line(str(error)),))
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return Failure((_line(f"{named}{error.strerror or error}"),))
    hint = "please report it; TREATYGRAPH_DEBUG=1 shows the details"
    return Failure((_line(f"treatygraph: unexpected {type(error).__name__}: {error} ({hint})"),))


def _of(module: str, name: str) -> tuple[type[Exception], ...]:
    """The exception of a module; none while nobody has read the module, and so nobody can have raised it."""
    return (getattr(sys.modules[module], name),) if module in sys.modules else ()


def _line(text: str) -> str:
    return " ".join(text.split())
