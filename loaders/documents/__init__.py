"""Reading documents: recognise the kind, read everything the text states.

`extract` and `extract_file` are the doors.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from loaders.documents import letter, mentions, note_verbale, obligations, resolution, unknown
from loaders.documents.identity import document_key
from loaders.documents.page import Page
from loaders.documents.recognise import LETTER, NOTE, RESOLUTION, UNKNOWN, recognise
from loaders.extraction import Extraction
from loaders.gazetteer import Gazetteer
from loaders.grammar.language import language_of
from loaders.text import MAX_BYTES, DocumentError, NormalisedText, normalise

__all__ = ["DocumentError", "extract", "extract_file"]


def extract(raw: bytes | str, *, name: str, gazetteer: Gazetteer) -> Extraction:
    """Read one document (text or Markdown, UTF-8).

    A text of no known kind gives type `Unknown` with what could be read. Raises DocumentError only for what is no
    text: another encoding, or more than `loaders.text.MAX_BYTES`.
    """
    source = normalise(raw, name=name)
    checksum = hashlib.sha256(raw.encode("utf-8") if isinstance(raw, str) else raw).hexdigest()
    kind = recognise(source)
    found = _read(kind, source, gazetteer, checksum)
    if found is None:  # the marks are there, but not in the form of such a document
        kind, found = UNKNOWN, unknown.read(source, gazetteer)
    page, fields = found
    announcement = fields.pop("announcement", ())
    key = document_key(
        kind,
        symbol=fields.get("symbol"),
        reference=fields.get("reference"),
        dated=page.dated,
        about=page.focus or page.treaties.main,
        checksum=checksum,
    )
    common = _common(page, source)
    common["meetings"] = (*common["meetings"], *announcement)
    return Extraction(type=kind, key=key, name=name, checksum=checksum, **(common | fields))


def extract_file(path: Path | str, gazetteer: Gazetteer) -> Extraction:
    """Read one file. Raises DocumentError as `extract` does, and OSError where the file cannot be read."""
    path = Path(path)
    if path.stat().st_size > MAX_BYTES:  # before it is in memory
        raise DocumentError(str(path), f"a document of at most {MAX_BYTES} bytes", "split the file")
    return extract(path.read_bytes(), name=path.name, gazetteer=gazetteer)


def _read(kind: str, source: NormalisedText, gazetteer: Gazetteer, checksum: str) -> tuple[Page, dict[str, Any]] | None:
    if kind == RESOLUTION:
        return resolution.read(source, gazetteer, f"unknown/{checksum[:12]}")
    if kind == NOTE:
        return note_verbale.read(source, gazetteer)
    return letter.read(source, gazetteer) if kind == LETTER else None


def _common(page: Page, source: NormalisedText) -> dict[str, Any]:
    """What every kind of document may state."""
    deadlines = obligations.read_deadlines(page)
    events = obligations.read_events(page)
    return {
        "language": language_of(source.text),
        "treaty": page.treaties.main,
        "paragraphs": page.paragraphs,
        "treaties": mentions.read_treaties(page),
        "resolutions": mentions.read_resolutions(page),
        "provisions": mentions.read_provisions(page),
        "meetings": mentions.read_meetings(page),
        "deadlines": deadlines,
        "cost_rules": obligations.read_cost_rules(page),
        "participation": mentions.read_counts(page),
        "outcomes": mentions.read_outcomes(page),
        "weekdays": obligations.read_weekdays(page, deadlines, events),
        "events": events,
        "contacts": obligations.read_contacts(page),
        "footnotes": mentions.read_footnotes(page),
        "text": source.text,
    }
