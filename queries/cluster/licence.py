"""The licence of the engine: shown once, accepted by a setting, remembered beside the data. Nothing waits for a key.

Fluree is not open source: it is under the Business Source License 1.1, and each operator is a licensee of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, metadata, version
from typing import Final

from queries.cluster.storage import Storage, engine
from queries.errors import BackendError

#: What the setting must say; the identifier of the licence at spdx.org.
LICENCE: Final = "BUSL-1.1"
_FILE: Final = "licence-accepted"
NOTICE: Final = (
    "licence: the distributed store is Fluree {version}, under the Business Source License 1.1 (BUSL-1.1), which is not"
    " an open-source licence; each version becomes Apache-2.0 four years after its release. Its additional grant covers"
    " data whose contents you determine, offered through an API or a SPARQL endpoint that is read-only for others; it"
    " excludes letting others keep their own databases or schemas in it. You are the licensee: read LICENSE in the"
    " package fluree."
)


def require_licence(storage: Storage, accepted: str, tell: Callable[[str], None]) -> None:
    """Go on only where the operator has accepted the licence, now (`accepted`) or before, for this storage.

    The notice is told once, at acceptance. Raises BackendError: not accepted, not installed, another licence by now.
    """
    engine()
    named = installed_licence()
    file = storage.own / _FILE
    try:
        remembered = file.read_text(encoding="utf-8").split()
    except OSError:
        remembered = []
    if named in remembered:
        return
    if accepted != named:
        tell(NOTICE.format(version=_version()))
        raise BackendError(
            f"{storage.address}: the licence of the engine is not accepted for this store; to mend: read the notice,"
            f" then set TREATYGRAPH_ACCEPT_LICENCE={named} or give --accept-licence {named} once"
        )
    tell(NOTICE.format(version=_version()))
    try:
        storage.own.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{named}\n", encoding="utf-8")
    except OSError as error:
        tell(f"licence: {file}: the acceptance cannot be remembered ({error.strerror or error}); keep the setting")


def installed_licence() -> str:
    """The licence that the installed engine declares: `BUSL-1.1` for all versions that are allowed here."""
    try:
        return metadata("fluree")["License-Expression"] or LICENCE
    except (PackageNotFoundError, KeyError):
        return LICENCE


def _version() -> str:
    return version("fluree")
