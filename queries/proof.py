"""Whether the indexes beside a store are, byte for byte, what the manifest of their release says.

An index is mapped when a release is opened, and nobody reads all of it then; a byte that was changed on its way, or by
a disk, would give wrong answers. So each is read once: a small one before the release is served, a larger one soon
afterwards, in a thread that gives way to all others. One that is not what it should be is used no longer.

Until that is known, answers made from an index must not go by the name that those of a sound one have, or whoever keeps
one would be told later that it still holds. The edition of such answers has a mark of this process alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["Examination", "Proof", "proof_of"]

_LOG: Final = logging.getLogger("treatygraph")
_MANIFEST: Final = "manifest.json"
#: What is read before the release is served takes some milliseconds each, while workers start.
SMALL_BYTES: Final = 4 * 1024 * 1024
_PIECE: Final = 1024 * 1024
#: Seconds after which the others are read: the first answers come before.
LATER_S: Final = 2.0
_LOWEST: Final = 19
#: What becomes of the questions of an index that is of no use.
_INSTEAD: Final[Mapping[str, str]] = {
    "columns.index": "counts are left to the engine",
    "lineage.index": "lineage is asked of the store",
    "names.sqlite": "names are read from the store",
}


class Proof:
    """What is known of one index. `sound` is None as long as nobody knows; then it does not change again."""

    def __init__(self, path: Path, checksum: str | None = None) -> None:
        """`checksum` is its SHA-256 by the manifest; without one there is nothing to compare: it counts as sound."""
        self.path = path
        self.sound: bool | None = True if checksum is None else None
        self._checksum = checksum
        self._mark = f"/unread-{secrets.token_hex(6)}"

    @property
    def mark(self) -> str:
        """What the edition of an answer from this index has at its end, whoever finds something meanwhile."""
        return "" if self.sound else self._mark

    def differs(self, goes_on: Callable[[], bool] = lambda: True) -> bool | None:
        """Whether it is another file than it should be; None where reading it was given up. Takes a second a gigabyte.
        Raises OSError."""
        digest = hashlib.sha256()
        piece = memoryview(bytearray(_PIECE))
        with self.path.open("rb", buffering=0) as file:
            while size := file.readinto(piece):
                digest.update(piece[:size])
                if not goes_on():
                    return None
        return digest.hexdigest() != self._checksum


def proof_of(index: Path) -> Proof:
    """For an index in the directory of a release."""
    return Proof(index, _listed(index.parent).get(index.name))


class Examination:
    """Reads the indexes of a release: the small ones while this is made, the others after `begin`."""

    def __init__(self, proofs: Iterable[Proof] = ()) -> None:
        self._ended = threading.Event()
        self._unread = [proof for proof in proofs if proof.sound is None]
        for proof in [proof for proof in self._unread if _size(proof.path) <= SMALL_BYTES]:
            self._unread.remove(proof)
            self._examine(proof, lambda _: None)

    def begin(self, give_up: Callable[[Proof], None]) -> None:
        """The release is served now. `give_up` is told of an index in which something is wrong, before its proof says
        so, and returns when it is used no longer."""
        if self._unread:
            threading.Thread(target=self._read, args=(give_up,), daemon=True, name="index-proof").start()

    def end(self) -> None:
        """The release is served no longer: what was not read yet need not be."""
        self._ended.set()

    def _read(self, give_up: Callable[[Proof], None]) -> None:
        with suppress(AttributeError, OSError):  # Linux knows the priority of a thread
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
        self._ended.wait(LATER_S)
        for proof in self._unread:
            if not self._ended.is_set():
                self._examine(proof, give_up)

    def _examine(self, proof: Proof, give_up: Callable[[Proof], None]) -> None:
        try:
            differs = proof.differs(lambda: not self._ended.is_set())
            said = "has another checksum than the manifest of its release says"
        except OSError as error:
            differs, said = True, f"cannot be read ({error.strerror or error})"
        if differs:
            instead = _INSTEAD.get(proof.path.name, "it is not used")
            _LOG.warning("%s: %s %s; to mend: run treatygraph build", instead, proof.path, said)
            give_up(proof)
        if differs is not None:
            proof.sound = not differs


def _listed(folder: Path) -> dict[str, str]:
    """The checksums of the files of a release; none where it has no manifest, or one that nobody can read."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        return {str(entry["path"]): str(entry["sha256"]) for entry in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
