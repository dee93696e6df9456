"""The key of a document: by its symbol, else its reference, else `{type}/{date}/{what it is about}`."""

from __future__ import annotations

from datetime import date
from typing import Final

from ontology.keys import slug, symbol_key

_FOLDERS: Final = {"NoteVerbale": "note-verbale", "Letter": "letter", "Resolution": "resolution", "Report": "report"}


def document_key(
    kind: str, *, symbol: str | None, reference: str | None, dated: date | None, about: str | None, checksum: str
) -> str:
    """The key.

    A document that says neither what it is about nor when gets the head of its checksum: it stays itself.
    """
    if symbol is not None:
        return symbol_key(symbol)
    if reference is not None:
        return symbol_key(reference)
    if kind not in _FOLDERS or (dated is None and about is None):
        return f"unknown/{checksum[:12]}"
    when = dated.isoformat() if dated else "undated"
    return f"{_FOLDERS[kind]}/{when}/{slug(about) if about else checksum[:12]}"
