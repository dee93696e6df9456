"""Reports that are kept: who validates the same files again, with the same software, is told the same at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from loaders.diagnose import Diagnosis
from loaders.endings import TABLE
from loaders.fingerprint import fingerprint
from loaders.shelf import Shelf


def report_name(files: Sequence[Path], levels: Sequence[str]) -> str:
    """The name of the report about these files: it tells everything apart that a result can depend on.

    That is, besides the software, their names and bytes, and for a table what lies beside it: mappings, and tables that
    it refers to.
    """
    beside = {path for folder in {file.parent for file in files if file.suffix == TABLE} for path in folder.iterdir()}
    read = sorted({*files, *(path for path in beside if path.name.endswith((TABLE, f"{TABLE}-metadata.json")))})
    total = sha256()
    for path in read:
        kind = "file" if path.is_file() else "none"
        digest = sha256(path.read_bytes()).hexdigest() if kind == "file" else ""
        total.update(json.dumps([str(path), kind, digest]).encode())
    total.update(json.dumps([str(path) for path in files]).encode())
    group = sha256(json.dumps([fingerprint(), *levels]).encode()).hexdigest()[:16]
    return f"{group}-{total.hexdigest()[:32]}.report"


def kept_report(shelf: Shelf, name: str) -> list[Diagnosis] | None:
    """The report of that name, if there is one that can be read."""
    path = shelf.get(name)
    try:
        return None if path is None else [Diagnosis(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None


def keep_report(shelf: Shelf, name: str, found: Sequence[Diagnosis]) -> None:
    """Put a report on the shelf; where it cannot be written, it is not kept."""
    text = json.dumps([asdict(one) for one in found])
    try:
        shelf.keep(name, lambda path: path.write_text(text, encoding="utf-8"))
    except OSError:
        return
