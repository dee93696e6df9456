"""Where a query calls SERVICE: the clauses written `SERVICE [SILENT] <address> { … }`, and the query without them.

Only this plain spelling is recognised. Whatever else an engine could take for a call (an escape, a prefixed name, a
variable, a call within a call) stays in the text and is refused by `queries.backend.guarded`, as it is everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from queries.scanner import Token, tokens

_FORMS: Final = frozenset({"select", "ask", "construct", "describe"})
_NO_LINE_END: Final = re.compile(r"[^\n]")
_FORM: Final = "SELECT*"  # as long as `SERVICE`, in whose place it stands; WHERE may be left out


@dataclass(frozen=True)
class Clause:
    """One call: where it starts and ends in the text, its address, its pattern from `{` to `}`, its variables."""

    start: int
    end: int
    silent: bool
    endpoint: str
    pattern_at: int
    pattern: str
    variables: frozenset[str]
    """The names that stand in the pattern, without their `?`; an answer may bind these and no others."""


@dataclass(frozen=True)
class Federated:
    """A query with calls: its text, its prologue (BASE and PREFIX), and the calls in their order, none in another."""

    text: str
    prologue: str
    clauses: tuple[Clause, ...]

    def replaced(self, by: Callable[[Clause], str]) -> str:
        """The query with something else in place of each call."""
        pieces, at = [], 0
        for clause in self.clauses:
            pieces += [self.text[at : clause.start], by(clause)]
            at = clause.end
        return "".join((*pieces, self.text[at:]))

    def without_calls(self) -> str:
        """The query with empty groups for calls, each thing at its old line and column: for checking."""
        return self.replaced(lambda clause: "{}" + _blank(self.text[clause.start + 2 : clause.end]))

    def remote_query(self, clause: Clause) -> str:
        """What the endpoint of a call is asked."""
        return f"{self.prologue}\nSELECT * WHERE {clause.pattern}"

    def padded_query(self, clause: Clause) -> str:
        """The same with each thing at the line and column that it has in the whole query: for checking."""
        first, word, last = len(self.prologue), clause.start, clause.pattern_at
        between = _blank(self.text[first:word]) + _FORM + _blank(self.text[word + len(_FORM) : last])
        return self.prologue + between + clause.pattern


def read_calls(text: str) -> Federated | None:
    """The calls of a query; None when it has none that is plainly written. Takes time linear in the text."""
    if "service" not in text.casefold():
        return None
    read = list(tokens(text))
    form = next((token for token in read if token.kind == "word" and token.text.casefold() in _FORMS), None)
    if form is None:
        return None
    found: list[Clause] = []
    at = 0
    while at < len(read):
        clause, following = _clause(text, read, at)
        if clause is not None:
            found.append(clause)
        at = following
    return Federated(text, text[: form.start], tuple(found)) if found else None


def _clause(text: str, read: list[Token], at: int) -> tuple[Clause | None, int]:
    """The call that begins with a token, and the place of the token behind it."""
    token = read[at]
    if token.kind != "word" or token.text.casefold() != "service":
        return None, at + 1
    silent = _is_word(read, at + 1, "silent")
    target, opening = at + 1 + silent, at + 2 + silent
    if opening >= len(read) or read[target].kind != "iri" or read[opening].text != "{":
        return None, at + 1
    depth = 0
    for place in range(opening, len(read)):
        sign = read[place].text if read[place].kind == "sign" else ""
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            inside = read[opening:place]
            names = frozenset(one.text[1:] for one in inside if one.kind == "variable")
            start, end = read[opening].start, read[place].end
            endpoint = read[target].text[1:-1]
            return Clause(token.start, end, silent, endpoint, start, text[start:end], names), place + 1
    return None, at + 1


def _is_word(read: list[Token], at: int, word: str) -> bool:
    return at < len(read) and read[at].kind == "word" and read[at].text.casefold() == word


def _blank(text: str) -> str:
    return _NO_LINE_END.sub(" ", text)
