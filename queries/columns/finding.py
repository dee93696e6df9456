"""Whether a release has columns that can be used: the server decides it once, for all workers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from queries.columns.file import FILE, ColumnFile
from queries.errors import BackendError

_LOG: Final = logging.getLogger("treatygraph")


def usable(store: Path | str, release: str) -> Path | None:
    """The columns beside a store, if they are sound and of this very release; a line in the log where they are not."""
    path = Path(store).parent / FILE
    if not path.is_file():
        return None
    try:
        found = ColumnFile(path).release
    except BackendError as error:
        _LOG.warning("counts are left to the engine: %s", error)
        return None
    if found != release:
        _LOG.warning("counts are left to the engine: %s: made for release %s, not for %s", path, found[:80], release)
        return None
    return path
