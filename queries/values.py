"""Terms as SPARQL text, and the VALUES blocks of a query, which is where parameters go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from ontology.namespaces import ID
from queries.errors import ParameterError
from queries.scanner import Token, tokens

_NOT_IN_IRI: Final = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: Stands for "any" in a VALUES block.
UNDEF: Final = "UNDEF"


@lru_cache(maxsize=8192)
def iri_text(iri: str) -> str:
    """An absolute IRI in angle brackets. Raises ParameterError for characters that no IRI holds (injection)."""
    try:
        if _NOT_IN_IRI.search(iri):
            raise ValueError
        ox.NamedNode(iri)
    except ValueError:  # a half of a surrogate pair is one too
        raise ParameterError(f"not an IRI: {iri[:200]!r}") from None
    return f"<{iri}>"


def string_text(text: str, language: str | None = None) -> str:
    """A plain or language-tagged literal with every special character escaped."""
    if language is not None and not re.fullmatch(r"[A-Za-z]+(-[A-Za-z0-9]+)*", language):
        raise ParameterError(f"not a language tag: {language[:50]!r}")
    if any(0xD800 <= ord(c) < 0xE000 or c == "\0" for c in text):
        raise ParameterError("a text may hold no NUL and no half of a surrogate pair")
    quoted = "".join(_ESCAPES.get(c, c) for c in text)
    return f'"{quoted}"' if language is None else f'"{quoted}"@{language}'


def integer_text(value: int | str) -> str:
    """A whole number, as `"5"^^xsd:integer` is written short."""
    text = str(value).strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ParameterError(f"not a whole number: {text[:50]!r}")
    return str(int(text))


def date_text(value: date | str) -> str:
    """A date `2022-12-07`, typed."""
    text = value.isoformat() if isinstance(value, date) else value.strip()
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise ParameterError(f"not a date: {text[:50]!r}; write it as 2022-12-07") from None
    return f'"{text}"^^<{_XSD}date>'


def id_text(path: str) -> str:
    """`meeting/aplc-msp-21` as its full IRI in angle brackets."""
    return iri_text(str(ID) + path)


def fill(text: str, blocks: Mapping[tuple[str, ...], Sequence[Sequence[str]]]) -> str:
    """Put rows of terms (already SPARQL text) into the VALUES blocks of the named variables.

    `{("s", "p"): [("<a>", "<b>")]}` fills `VALUES (?s ?p) { … }`, `{("s",): [("<a>",)]}` fills `VALUES ?s { … }`, each
    wherever it stands. Raises ParameterError when the query has no such block.
    """
    pieces: list[str] = []
    done = 0
    filled: set[tuple[str, ...]] = set()
    for names, start, end in values_blocks(text):
        if names not in blocks:
            continue
        single = len(names) == 1
        rows = [" ".join(row) if single else f"({' '.join(row)})" for row in blocks[names]]
        pieces += [text[done:start], " ".join(["{", *rows, "}"])]
        done = end
        filled.add(names)
    if missing := sorted(set(blocks) - filled):
        raise ParameterError(f"the query has no VALUES block for {', '.join('?' + n for n in missing[0])}")
    return "".join([*pieces, text[done:]])


def values_blocks(text: str) -> list[tuple[tuple[str, ...], int, int]]:
    """The VALUES blocks of a query: their variables, and where their `{ … }` starts and ends."""
    found: list[tuple[tuple[str, ...], int, int]] = []
    stream = list(tokens(text))
    for at, token in enumerate(stream):
        if token.kind == "word" and token.text.casefold() == "values":
            names, opening = _names(stream, at + 1)
            closing = next((t for t in stream[opening:] if t.text == "}"), None)
            if closing is not None and stream[opening].text == "{":
                found.append((names, stream[opening].start, closing.end))
    return found


def _names(stream: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    names: list[str] = []
    while at < len(stream) - 1 and stream[at].text != "{":
        if stream[at].kind == "variable":
            names.append(stream[at].text[1:])
        at += 1
    return tuple(names), at
