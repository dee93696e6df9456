"""What a user of the command line is told when something fails: one line for each fault, and the exit status."""

from __future__ import annotations

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
    from api.problems import Problem
    from api.settings import SettingsError
    from loaders.build import ReleaseRefused
    from loaders.diagnose import Malformed
    from loaders.errors import BadSources, BuildError
    from queries.errors import QueryError

    match error:
        case BadSources():
            return Failure(tuple(_line(str(one)) for one in error.errors))
        case ReleaseRefused():
            shown = tuple(_line(str(violation)) for violation in error.report.violations)
            return Failure((*shown, _line(f"nothing is published: {len(shown)} violations of the shapes")), _VIOLATIONS)
        case BuildError() | Malformed() | QueryError() | SettingsError() | Problem():
            return Failure((_line(str(error)),))
        case OSError():
            named = f"{error.filename}: " if error.filename else ""
            return Failure((_line(f"{named}{error.strerror or error}"),))
        case _:
            hint = "please report it; TREATYGRAPH_DEBUG=1 shows the details"
            return Failure((_line(f"treatygraph: unexpected {type(error).__name__}: {error} ({hint})"),))


def _line(text: str) -> str:
    return " ".join(text.split())
