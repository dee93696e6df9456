"""Where a cluster keeps its data: a shared directory, or what a connection document names (S3 and DynamoDB, say).

The engine is imported when a storage is opened and not before: it is an optional extra under a licence of its own.
Nothing else of this project is imported here: the workers load this module.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from queries.errors import BackendError

#: What an address of a cluster begins with: `fluree:/shared/directory`, `fluree:/etc/treatygraph/connection.json`.
SCHEME: Final = "fluree:"
_OWN: Final = ".treatygraph"
_MISSING: Final = "the distributed store needs the extra `cluster`; to mend: pip install 'treatygraph[cluster]'"


@dataclass(frozen=True)
class Storage:
    """A place that is shared by all processes of a cluster.

    `path` is a directory on a file system that all machines see, or the file of a Fluree connection document.
    """

    path: Path

    @classmethod
    def parse(cls, address: str) -> Storage:
        """The storage of an address. Raises BackendError when the address names no place."""
        path = address.removeprefix(SCHEME)
        if not address.startswith(SCHEME) or not path.strip() or path.startswith("//"):
            raise BackendError(
                f"{address[:200]}: expected {SCHEME} and a shared directory or the file of a connection document, "
                f"as in {SCHEME}/srv/treatygraph/cluster"
            )
        return cls(Path(path).absolute())

    @property
    def address(self) -> str:
        """As people write it."""
        return f"{SCHEME}{self.path}"

    @property
    def remote(self) -> bool:
        """Whether the network is needed to reach the data; a document is taken to mean that."""
        return self.path.is_file()

    @property
    def beside(self) -> Path:
        """The directory for small files of ours: the shared one, or that of the connection document."""
        return self.path.parent if self.remote else self.path

    def require(self) -> None:
        """Raises BackendError where neither a directory nor a document is there."""
        if not self.path.exists():
            raise BackendError(f"{self.address}: no such directory, and no connection document")

    @property
    def own(self) -> Path:
        """Our directory in there: indexes, the lock of publishers, the licence that was accepted."""
        return self.beside / _OWN

    def connect(self) -> Any:
        """A connection of the engine.

        Raises BackendError: the engine is not installed, the place is not there, the document is not readable.
        """
        fluree = engine()
        try:
            if self.remote:
                return fluree.connect(config=self._document())
            self.require()
            # What its index holds, 4.2.4 does not find in every query (a property that VALUES names, a computed IRI):
            # nothing is ever indexed here, and every process reads the commits themselves.
            return fluree.connect(self.path, indexing=False)
        except (fluree.FlureeError, OSError) as error:
            raise BackendError(f"{self.address}: not a storage that can be opened ({said(error)})") from error

    def _document(self) -> dict[str, Any]:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BackendError(f"{self.path}: expected a Fluree connection document in JSON-LD: {error}") from error
        if not isinstance(document, dict) or "@graph" not in document:
            raise BackendError(
                f"{self.path}: expected a Fluree connection document, an object with @context and @graph"
            )
        for node in document["@graph"]:
            if isinstance(node, dict) and node.get("@type") == "Connection":  # as above: nothing is indexed
                node.setdefault("defaults", {})["indexing"] = {"indexingEnabled": False}
        return document


def indexes_of(storage: Storage, release: str) -> Path:
    """The directory with the indexes of a release (lineage, names); it need not be there."""
    return storage.own / release


def engine() -> ModuleType:
    """The package `fluree`. Raises BackendError with the remedy where it is not installed."""
    try:
        return import_module("fluree")
    except ImportError as error:
        raise BackendError(_MISSING) from error


def installed() -> bool:
    """Whether the engine can be imported; does not import it."""
    return find_spec("fluree") is not None


def credentials() -> dict[str, str]:
    """What the engine may need of the environment to reach object storage, and nothing else of it."""
    return {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "FLUREE_"))}


def said(error: BaseException) -> str:
    """The words of the engine, on one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
