"""In which language a text is written, by its letters and its commonest words; None if they do not tell."""

from __future__ import annotations

import re
from typing import Final

_SCRIPTS: Final = (
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
)
_WORDS: Final = {
    "en": frozenset(
        (
            *("the", "of", "and", "to", "in", "that", "is", "on", "for"),
            *("with", "by", "as", "which", "its", "from", "at"),
        )
    ),
    "fr": frozenset(
        (
            *("le", "la", "les", "des", "et", "du", "une", "en", "que"),
            *("dans", "pour", "sur", "par", "aux", "est", "ses"),
        )
    ),
    "es": frozenset(
        (*("el", "los", "las", "del", "y", "una", "que", "por", "con"), *("para", "se", "su", "en", "al", "es", "sus"))
    ),
}
_LETTERS = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[a-z\u00e0-\u00ff]+")
#: Only the beginning is looked at; a share of common words below this is no evidence.
_SAMPLE: Final = 20_000
_SHARE: Final = 0.12


def language_of(text: str) -> str | None:
    """ISO 639-1 code of one of the six official languages, or None."""
    sample = text[:_SAMPLE]
    letters = len(_LETTERS.findall(sample))
    if not letters:
        return None
    for code, script in _SCRIPTS:
        if len(script.findall(sample)) > letters / 2:
            return code
    words = _WORD.findall(sample.lower())
    if len(words) < 5:
        return None
    score, code = max((sum(word in common for word in words), code) for code, common in sorted(_WORDS.items()))
    return code if score >= _SHARE * len(words) else None
