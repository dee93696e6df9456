"""The parts of a query text: a query is taken apart and put together again where the engine cannot do as it says.

The parts are found by the tokens of `queries.scanner`. Whoever puts parts together lets the engine of the embedded
store read the result, so that a text that was taken apart wrongly is an error and never another question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from queries.errors import QueryRefused
from queries.scanner import Token, tokens

_FORMS: Final = frozenset({"select", "ask", "construct", "describe"})
_PROLOGUE: Final = frozenset({"word", "iri", "name", "string"})
_AFTER_HEAD: Final = frozenset({"from", "where"})
_MODIFIERS: Final = frozenset({"limit", "offset", "values", "having", "group"})
_GIVE_IRIS: Final = frozenset({"iri", "uri", "bnode", "if", "coalesce", "sample", "min", "max"})
_ORDER: Final = (
    " {way}(IF(BOUND({term}), IF(isIRI({term}), 2, IF(isBlank({term}), 1, 3)), 0))"
    ' {way}(IF(isIRI({term}), STR({term}), "")) {way}({term}) '
)
_RESOURCES: Final = frozenset({"variable", "iri", "name"})


@dataclass(frozen=True)
class Parts:
    """A query: `prologue form head datasets body`, without comments.

    `head` is the projection of a SELECT, the template of a CONSTRUCT (without its braces), what a DESCRIBE describes.
    `datasets` are IRIs as written, each with whether it is NAMED. `body` begins with WHERE or a brace, and is empty for
    a DESCRIBE without one; `variables` are those of the head.
    """

    prologue: str
    form: str
    head: str
    datasets: tuple[tuple[bool, str], ...]
    body: str
    variables: tuple[str, ...]


def take_apart(text: str) -> Parts:
    """The parts of a query that the embedded engine has accepted. Raises QueryRefused where they cannot be told."""
    found = list(tokens(text))
    start = next((at for at, token in enumerate(found) if _word(token) in _FORMS), None)
    if start is None or any(token.kind not in _PROLOGUE for token in found[:start]):
        raise QueryRefused("form", "this store must see the form of a query: write SELECT, ASK, CONSTRUCT or DESCRIBE")
    form = _word(found[start])
    head, rest = _head(form, found[start + 1 :])
    datasets, body = _datasets(rest)
    if head is None:  # CONSTRUCT WHERE { pattern }: the pattern is the template
        opening = next((at for at, token in enumerate(body) if token.text == "{"), len(body))
        head = body[opening + 1 : _closing(body, opening)]
    names = dict.fromkeys(token.text[1:] for token in head if token.kind == "variable")
    return Parts(_joined(found[:start]), form, _joined(head), tuple(datasets), _joined(body), tuple(names))


def with_order_by_term(text: str) -> str:
    """The text with each ORDER BY such that IRIs are ordered by their letters, as W3C SPARQL 1.1 Query, 15.1, says.

    The engine orders IRIs by the numbers that it gave them. So each condition becomes three: the kind of the term
    (unbound, blank node, IRI, literal), the letters where it is an IRI, and the condition itself. Only variables can be
    asked for their kind, so an expression stays as it is; one that may give an IRI is refused (QueryRefused).
    """
    found = list(tokens(text))
    pieces: list[str] = []
    at = copied = 0
    while at + 1 < len(found):
        if _word(found[at]) == "order" and _word(found[at + 1]) == "by":
            at += 2
            while (condition := _condition(found, at)) is not None:
                direction, start, end = condition
                last = end + 1 if direction else end
                inside = [token for token in found[start : end + 1] if token.text not in {"(", ")"}]
                if len(inside) == 1 and inside[0].kind == "variable":
                    pieces += [text[copied : found[at].start], _ORDER.format(way=direction, term=inside[0].text)]
                    copied = found[last].end
                elif any(_word(token) in _GIVE_IRIS for token in inside):
                    raise QueryRefused(
                        "engine", "the distributed store cannot order by this; BIND it to a variable first"
                    )
                at = last + 1
            continue
        at += 1
    return "".join([*pieces, text[copied:]])


def extremes(text: str) -> frozenset[str]:
    """The names of the variables that hold a MIN or a MAX."""
    found = list(tokens(text))
    names = set()
    for at, token in enumerate(found[:-1]):
        if _word(token) in {"min", "max"} and found[at + 1].text == "(":
            after = _bracket(found, at + 1) + 1
            if after + 1 < len(found) and _word(found[after]) == "as":
                names.add(found[after + 1].text[1:])
    return frozenset(names)


def _condition(found: list[Token], at: int) -> tuple[str, int, int] | None:
    """A condition of ORDER BY at this token: its direction, its first and its last token; None where there is none.

    With a direction, the tokens are those within its brackets.
    """
    if at >= len(found):
        return None
    word = _word(found[at])
    following = found[at + 1].text if at + 1 < len(found) else ""
    if word in {"asc", "desc"} and following == "(":
        return word.upper(), at + 2, _bracket(found, at + 1) - 1
    if found[at].kind == "variable":
        return "", at, at
    if found[at].text == "(":
        return "", at, _bracket(found, at)
    if found[at].kind in {"word", "name", "iri"} and following == "(" and word not in _MODIFIERS:
        return "", at, _bracket(found, at + 1)
    return None


def _bracket(found: list[Token], opening: int) -> int:
    depth = 0
    for at in range(opening, len(found)):
        depth += {"(": 1, ")": -1}.get(found[at].text, 0)
        if depth == 0:
            return at
    return len(found) - 1


def _head(form: str, found: list[Token]) -> tuple[list[Token] | None, list[Token]]:
    """What stands before the dataset, and the rest; None for a template that is written as the pattern."""
    if form == "construct":
        if not found or found[0].text != "{":
            return None, found
        end = _closing(found, 0)
        return found[1:end], found[end + 1 :]
    at = depth = 0
    if form == "describe":
        while at < len(found) and (found[at].kind in _RESOURCES or found[at].text == "*"):
            at += 1
    elif form == "select":
        while at < len(found) and (depth or not (_word(found[at]) in _AFTER_HEAD or found[at].text == "{")):
            depth += {"(": 1, ")": -1}.get(found[at].text, 0)
            at += 1
    return found[:at], found[at:]


def _datasets(found: list[Token]) -> tuple[list[tuple[bool, str]], list[Token]]:
    datasets: list[tuple[bool, str]] = []
    at = 0
    while at + 1 < len(found) and _word(found[at]) == "from":
        named = _word(found[at + 1]) == "named"
        at += 2 if named else 1
        datasets.append((named, found[at].text if at < len(found) else ""))
        at += 1
    return datasets, found[at:]


def _closing(found: list[Token], opening: int) -> int:
    depth = 0
    for at in range(opening, len(found)):
        depth += {"{": 1, "}": -1}.get(found[at].text, 0)
        if depth == 0:
            return at
    return len(found)


def _word(token: Token) -> str:
    return token.text.casefold() if token.kind == "word" else ""


def _joined(found: list[Token]) -> str:
    """The tokens as they stood, with one blank for whatever blanks and comments were between them."""
    pieces: list[str] = []
    for before, token in zip([None, *found], found, strict=False):
        if before is not None and token.start > before.end:
            pieces.append(" ")
        pieces.append(token.text)
    return "".join(pieces)
