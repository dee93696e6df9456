"""A release: an immutable directory with the store, the dump, the description and the manifest.

    OUT/current            -> the release that is served (a symbolic link, replaced at once)
    OUT/{id}/store/           the Oxigraph store, opened read-only by whoever serves it
    OUT/{id}/dump.nq.gz       everything as N-Quads, sorted, compressed without a time stamp
    OUT/{id}/lineage.index    links, labels and sources, to be mapped into memory: lineage without queries
    OUT/{id}/columns.index    the canonical graph by columns, to be mapped into memory: counts over all of it
    OUT/{id}/names.sqlite     all names by word, beginning and similarity (SQLite, FTS5)
    OUT/{id}/void.ttl         VoID and DCAT: what is in it, and how much
    OUT/{id}/quality.json     coverage, gaps, findings, results of the shapes, sources by confidence
    OUT/{id}/CITATION.cff     how to cite it; .zenodo.json: how to deposit it
    OUT/{id}/manifest.json    id, date, software, counts, checksums of inputs and files

The id is the beginning of the SHA-256 of the dump before compression: equal input gives the same id, and no clock time
stands anywhere. The store is a product of the dump; its own files may differ from build to build. The indexes are
too, but equal from build to build (that of names with one version of SQLite): the manifest has their checksums. A
release without them answers all the same.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from pyoxigraph import RdfFormat, Store, parse

from loaders.errors import BuildError
from loaders.software import NAME, software_version
from queries.adjacency import FILE as LINEAGE
from queries.columns.file import FILE as COLUMNS
from queries.textindex import FILE as NAMES
from queries.textindex import available

STORE: Final = "store"
DUMP: Final = "dump.nq.gz"
DESCRIPTION: Final = "void.ttl"
MANIFEST: Final = "manifest.json"
CURRENT: Final = "current"
#: How a blank node begins (a text may hold it too, which does no harm).
_BLANK: Final = b"_:"


@dataclass(frozen=True)
class ReleaseInfo:
    """A release that can be opened. `path` is the real directory, also where it was reached through `current`."""

    path: Path
    id: str
    manifest: Mapping[str, Any]

    @property
    def store(self) -> Path:
        """The directory of the store."""
        return self.path / STORE

    @property
    def dump(self) -> Path:
        """The dump: sorted N-Quads, gzip."""
        return self.path / DUMP

    @property
    def description(self) -> Path:
        """The VoID and DCAT description, in Turtle."""
        return self.path / DESCRIPTION

    def damage(self) -> list[str]:
        """What is wrong with the files of the release, by the checksums of its manifest; empty for a sound one."""
        found = []
        for entry in self.manifest.get("files", ()):
            path = self.path / entry["path"]
            if not path.is_file():
                found.append(f"{entry['path']} is missing")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
                found.append(f"{entry['path']} has another checksum than the manifest says")
        if not self.store.is_dir():
            found.append(f"{STORE} is missing")
        return found


def open_release(path: Path | str) -> ReleaseInfo:
    """Find the release at a path: a release directory, a link to one, or a folder of releases with `current`.

    Links are resolved once, so that a swap meanwhile does not mix two releases. Raises BuildError.
    """
    given = Path(path)
    for candidate in (given / CURRENT, given):
        manifest = candidate / MANIFEST
        if manifest.is_file():
            real = candidate.resolve()
            try:
                content = json.loads((real / MANIFEST).read_text(encoding="utf-8"))
                return ReleaseInfo(real, str(content["release"]), content)
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise BuildError(f"{manifest}: not a manifest; to mend: run treatygraph build") from error
    raise BuildError(f"{given}: no release here; to mend: run treatygraph build")


def release_id(dump: bytes) -> str:
    """The id of a release by its dump, uncompressed: 12 hexadecimal digits."""
    return hashlib.sha256(dump).hexdigest()[:12]


def write_release(
    folder: Path,
    lines: Sequence[str],
    *,
    description: str,
    counts: Mapping[str, int],
    inputs: Sequence[tuple[str, str]],
    papers: Mapping[str, str] | None = None,
    date: str | None = None,
) -> str:
    """Write a whole release into an empty folder and return its id.

    `lines` are sorted N-Quads without line ends; `inputs` name and SHA-256 of each source file; `papers` are further
    files (name to text), such as the quality report; `date` is the day up to which the record goes. Raises OSError.
    """
    # Who only opens releases need not wait for what writes them.
    from loaders.adjacency import adjacency
    from loaders.columns import columns
    from loaders.textindex import write_text_index
    from queries.embedded import EmbeddedBackend
    from queries.names import read_names

    dump = "".join(f"{line}\n" for line in lines).encode()
    store = Store(folder / STORE)
    fill_store(store, dump)
    store.flush()
    store.optimize()
    identifier = release_id(dump)
    (folder / LINEAGE).write_bytes(adjacency(store, identifier))
    (folder / COLUMNS).write_bytes(columns(store, identifier))
    if available():
        write_text_index(folder / NAMES, read_names(EmbeddedBackend(store, identifier)), identifier)
    # The store lets go of its files when the last reference is gone.
    del store
    (folder / DUMP).write_bytes(compressed(dump))
    (folder / DESCRIPTION).write_text(description, encoding="utf-8", newline="\n")
    for name, text in (papers or {}).items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    names = (DUMP, DESCRIPTION, *sorted(papers or ()), LINEAGE, COLUMNS, NAMES)
    manifest = {
        "release": identifier,
        "date": date,
        "software": {"name": NAME, "version": software_version()},
        "counts": dict(counts),
        "inputs": [{"path": name, "sha256": checksum} for name, checksum in sorted(inputs)],
        "files": [_entry(folder, name) for name in names if (folder / name).exists()],
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    return identifier


def fill_store(store: Store, dump: bytes) -> None:
    """Load sorted N-Quads into an empty store.

    The store's own loader is several times as fast as adding statements one by one, but gives blank nodes new labels:
    lines that may hold one are parsed here.
    """
    named, blank = dump, b""
    if _BLANK in dump:
        lines = dump.splitlines(keepends=True)
        named = b"".join(line for line in lines if _BLANK not in line)
        blank = b"".join(line for line in lines if _BLANK in line)
    store.bulk_load(named, format=RdfFormat.N_QUADS)
    if blank:
        store.bulk_extend(parse(blank, format=RdfFormat.N_QUADS))


def compressed(content: bytes) -> bytes:
    """Gzip without time and file name, so that equal content gives equal bytes."""
    buffer = BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()


def _entry(folder: Path, name: str) -> dict[str, str | int]:
    content = (folder / name).read_bytes()
    return {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
