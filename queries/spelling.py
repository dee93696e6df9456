"""Spellings: what a person may have meant by a text, as keys and as names to look up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from ontology.keys import FOLDERS, is_key, symbol_key
from ontology.namespaces import ID

_PART_NAMES: Final = {
    "op": r"op(?:erative)?\.?\s*(?:para(?:graph)?\.?)?",
    "pp": r"(?:pp|preambular\s+para(?:graph)?|preambular)\.?",
    "p": r"(?:para(?:graph)?|p)\.?",
}
_NUMBERED: Final = "(?:" + "|".join(f"(?P<{k}>{v})" for k, v in _PART_NAMES.items()) + r")\s*(?P<number>\d+)"
_PART: Final = re.compile(rf"(?P<whole>.+?)[\s,;:]+{_NUMBERED}\Z", re.IGNORECASE)
_PART_FIRST: Final = re.compile(rf"{_NUMBERED},?\s+of\s+(?:the\s+)?(?P<whole>.+)\Z", re.IGNORECASE)
_ARTICLE: Final = re.compile(
    r"\b(?:art(?:icle)?\.?)\s*(?P<article>\d+)(?:\s*\(\s*(?P<inner>\d+)\s*\)|\s*\.\s*(?P<dotted>\d+)"
    r"|\s*,?\s*para(?:graph)?\.?\s*(?P<spelt>\d+))?",
    re.IGNORECASE,
)
_ORDINAL: Final = re.compile(r"(\d+)(?:st|nd|rd|th)\Z")
_FOREIGN_DIGIT: Final = re.compile(r"(?![0-9])\d")
_LANGUAGES: Final = ("en", None, "fr", "es", "ru", "ar", "zh")


def western_digits(text: str) -> str:
    """The digits of every script as 0 to 9: `٧٧/٦٣` is 77/63."""
    return text if text.isascii() else _FOREIGN_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), text)


def tidy(text: str) -> str:
    """One kind of blank, digit, hyphen and quotation mark; no blanks at the ends."""
    plain = western_digits(unicodedata.normalize("NFKC", text).replace("\N{SOFT HYPHEN}", ""))
    plain = re.sub(r"[\u2018\u2019]", "'", re.sub(r"[\u201c\u201d]", '"', plain))
    return " ".join(plain.split())


def candidate_keys(text: str) -> list[str]:
    """Keys, without folder, that the text may stand for, the likeliest first; none of them need exist."""
    tidied = tidy(text)
    found = [tidied.casefold(), symbol_key(tidied), *_parts(tidied), *_meetings(tidied)]
    return [key for key in dict.fromkeys(found) if is_key(key)]


def candidate_iris(text: str) -> list[str]:
    """IRIs that the text may stand for, in the order of the folders for each key."""
    if "://" in text:
        return [text.strip()]
    found: list[str] = []
    for key in candidate_keys(text.removeprefix("id:")):
        if key.partition("/")[0] in FOLDERS:
            found.append(f"{ID}{key}")
        found += [f"{ID}{folder}/{key}" for folder in FOLDERS]
    return list(dict.fromkeys(found))


def candidate_names(text: str) -> list[tuple[str, str | None]]:
    """Literals (text and language) to look up as they stand: the usual ways to write one name."""
    tidied = tidy(text)
    forms = [text, tidied, tidied.replace("'", "\u2019"), tidied.replace("-", "\u2013")]
    forms += [re.sub(r"[\u2010-\u2015]", "-", tidied)]
    forms += [tidied.upper(), tidied.title(), tidied[:1].upper() + tidied[1:]]
    return [(form, language) for form in dict.fromkeys(forms) for language in _LANGUAGES if form]


def split_part(text: str) -> tuple[str, str] | None:
    """The whole and the suffix of the part, when a text names a part of something.

    `A/RES/91/7, op. 4` gives `A/RES/91/7` and `op4`; `article 9(1) of the Tin Lantern Convention` gives `Tin Lantern
    Convention` and `art9.1`.
    """
    tidied = tidy(text)
    if match := _PART.match(tidied) or _PART_FIRST.match(tidied):
        kind = next(name for name in _PART_NAMES if match.group(name))
        return match.group("whole"), f"{kind}{match.group('number')}"
    if match := _ARTICLE.search(tidied):
        paragraph = match.group("inner") or match.group("dotted") or match.group("spelt")
        rest = f"{tidied[: match.start()]} {tidied[match.end() :]}".strip(" ,;:")
        whole = re.sub(r"^(?:of\s+)?(?:the\s+)?", "", rest, flags=re.IGNORECASE)
        return whole, f"art{match.group('article')}" + (f".{paragraph}" if paragraph else "")
    return None


def _parts(text: str) -> Iterator[str]:
    split = split_part(text)
    if split:
        yield f"{symbol_key(split[0])}~{split[1]}"


def _meetings(text: str) -> Iterator[str]:
    """`CTL MSP 5`, `5th MSP of CTL`, `CTL 5MSP` give `ctl-msp-5`: two words and a number, in any order."""
    pieces = re.findall(r"\d+(?:st|nd|rd|th)\b|\d+|[^\W\d_]+", text.casefold())
    words = [piece for piece in pieces if piece.isalpha() and piece not in {"of", "the"}]
    numbers = [_ORDINAL.sub(r"\1", piece) for piece in pieces if not piece.isalpha()]
    if len(words) == 2 and len(numbers) == 1:
        yield f"{words[0]}-{words[1]}-{int(numbers[0])}"
        yield f"{words[1]}-{words[0]}-{int(numbers[0])}"
