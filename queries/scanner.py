"""Reads a SPARQL text just far enough to know what must not be run: SERVICE and updates.

Engines read SPARQL more leniently than the grammar: Oxigraph takes `SERVICEex:a{}` and `1SERVICE<a>{}` for a call,
and decides only while parsing whether `<` opens an IRI or compares two values. So every reading of `<` is followed, and
a word is refused wherever an engine could split SERVICE off it. What is refused too much are texts that no one writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>\s+|\#[^\n\r]*)
  | (?P<string>\"\"\"(?:[^"\\]|\\.|\"(?!\"\"))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''
      |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*(?:\\[uU][0-9A-Fa-f]+[^<>"{}|^`\\\x00-\x20]*)*>)
  | (?P<name>(?:_:|[^\W\d][\w.·-]*+:|:)
      (?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\.)(?:[\w:·-]|%[0-9A-Fa-f]{2}|\\.|\.(?=[\w:.·%\\-]))*)?)
  | (?P<variable>[?$]\w+)
  | (?P<tag>@[A-Za-z][A-Za-z0-9-]*)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<word>[^\W\d][\w.·-]*+)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")
# The prologue of a text without foreign characters and escapes, in one go: what most texts begin with.
_PROLOGUE: Final = re.compile(
    r"""(?:\s++|\#[^\n\r]*+|base\s*+<[^<>"{}|^`\x00-\x20]*+>|prefix\s++[a-z][a-z0-9_-]*+:\s*+<[^<>"{}|^`\x00-\x20]*+>)*+
        (select|ask|construct|describe)(?![\w.:·-])""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_FORMS: Final = ("select", "ask", "construct", "describe")
_UPDATES: Final = ("insert", "delete", "load", "clear", "drop", "create", "add", "move", "copy", "with")
# Functions whose value is another one each time; a word too much only means that an answer is not kept.
_VOLATILE: Final = re.compile(r"(?<![\w?$:/])(?:now|rand|(?:str)?uuid)(?:\s|\#[^\n\r]*)*\(")
# After a `<` that compares, one of these must come; `<meeting/service>` is thus known for an IRI and nothing else.
_OPERAND_KINDS: Final = frozenset({"variable", "number", "string", "name", "iri"})
_OPERAND_SIGNS: Final = frozenset("(!+-<")
_JOINERS: Final = frozenset("/<=|^&*+-!")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text: its kind (`word`, `iri`, `string`, …), its characters, where it starts and ends."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class QueryShape:
    """What a text is: `form` (select, ask, construct, describe, update, or None) and whether it may call SERVICE."""

    form: str | None
    service_at: int | None

    @property
    def kind(self) -> str | None:
        """`select`, `ask` or `construct` (which DESCRIBE is too, by its result), or None."""
        return "construct" if self.form == "describe" else self.form


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens from a place on, without blanks and comments, each `<…>` read as an IRI where it can be one."""
    while start < len(text):
        token = _token(text, start)
        start = token.end
        if token.kind != "blank":
            yield token


def inspect(text: str) -> QueryShape:
    """Read the form of a query and look for SERVICE, in the text as written and with its codepoint escapes replaced.

    `service_at` is an offset into whichever reading showed it. Takes time linear in the text.
    """
    if text.isascii() and "\\" not in text and "service" not in text.lower() and (usual := _PROLOGUE.match(text)):
        return QueryShape(usual[1].lower(), None)
    readings = [text]
    if "\\" in text:
        readings.append(_ESCAPE.sub(_unescape, text))
    # Beyond ASCII the grammar knows letters of names and nothing else, where Python knows blanks and marks (U+00A0,
    # U+FEFF): `SERVICEe:a` with such a character behind it is a call to the engine. So each is also read as a letter.
    readings += [_FOREIGN.sub("a", reading) for reading in readings if not reading.isascii()]
    found = [place for reading in readings if (place := _service(reading)) is not None]
    form = next((form for reading in reversed(readings) if (form := _form(reading)) is not None), None)
    return QueryShape(form, found[0] if found else None)


def volatile(text: str) -> bool:
    """Whether a query may have another answer each time it is asked: it calls NOW, RAND, UUID or STRUUID."""
    if "\\" in text:
        text = _ESCAPE.sub(_unescape, text)
    lower = text.lower()  # to look for words first is a hundred times as fast
    return ("now" in lower or "rand" in lower or "uuid" in lower) and _VOLATILE.search(lower) is not None


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _token(text: str, start: int) -> Token:
    match = _TOKEN.match(text, start)
    assert match is not None  # `sign` takes any character
    assert match.lastgroup is not None
    return Token(match.lastgroup, match.group(), start, match.end())


def _unescape(match: re.Match[str]) -> str:
    number = int(match.group(1) or match.group(2), 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else match.group()


def _form(text: str) -> str | None:
    """The first word after the prologue."""
    for token in tokens(text):
        word = token.text.casefold()
        if token.kind == "word" and word not in {"base", "prefix", "version"}:
            if word in _UPDATES:
                return "update"
            return word if word in _FORMS else None
        if token.kind not in {"word", "iri", "name", "string"}:
            return None
    return None


def _service(text: str) -> int | None:
    """Where some reading of the text calls SERVICE."""
    if "service" not in text.casefold():
        return None
    todo: list[tuple[int, str]] = [(0, "")]
    seen: set[int] = set()
    while todo:
        start, before = todo.pop()
        while start < len(text) and start not in seen:
            seen.add(start)
            token = _token(text, start)
            if token.kind == "iri" and _may_compare(text, start + 1):
                todo.append((start + 1, "<"))
            if token.kind != "blank":
                if _calls(text, token, before):
                    return token.start
                before = token.text if token.kind == "sign" else ""
            start = token.end
    return None


def _may_compare(text: str, start: int) -> bool:
    """Whether what follows a `<` can be the right side of a comparison."""
    following = tokens(text, start)
    first = next(following, None)
    if first is None:
        return False
    if first.kind == "name":  # `http:` is a name as well, but `//` never follows a name
        return text[first.end : first.end + 2] != "//"
    if first.kind == "word":
        second = next(following, None)
        called = second is not None and second.text == "("
        return called or first.text.casefold().startswith(("true", "false", "not", "exists"))
    if first.text == ".":
        return text[first.end : first.end + 1].isdigit()
    return first.kind in _OPERAND_KINDS or first.text in _OPERAND_SIGNS


def _calls(text: str, token: Token, before: str) -> bool:
    if token.kind not in {"word", "name", "tag"} or "service" not in token.text.casefold():
        return False
    if token.kind == "word":
        return before not in _JOINERS  # never an operand
    if token.kind == "tag":
        return True  # `@en--ltrSERVICE<a>{}`; no language is called so
    following = next(tokens(text, token.end), None)
    return following is not None and following.text == "{"  # `SERVICEex:a {`
