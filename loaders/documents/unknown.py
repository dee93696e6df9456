"""Documents of no known kind: what can be read without knowing what they are."""

from __future__ import annotations

from typing import Any

from loaders.documents.page import Page, body_paragraphs
from loaders.gazetteer import Gazetteer
from loaders.grammar.treaties import find_treaties
from loaders.text import NormalisedText


def read(source: NormalisedText, gazetteer: Gazetteer) -> tuple[Page, dict[str, Any]]:
    """Every block of running text is a body paragraph. No date, no issuer, no symbol: that would be a guess."""
    paragraphs = body_paragraphs([block for block in source.blocks if block.kind == "prose"])
    return Page(source, paragraphs, find_treaties(source.text, gazetteer)), {}
