"""CONSTRUCT by way of SELECT, for engines whose CONSTRUCT ends early without saying so, where a SELECT says it.

The engine gives the rows of the pattern; the template is filled here, by the embedded engine, with a VALUES block of
the rows: so variables that are unbound, literals as subjects and blank nodes of the template mean what they always do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import pyoxigraph as ox

from queries.errors import QueryRefused, QuerySyntaxError
from queries.scanner import Token, tokens
from queries.values import iri_text

_BATCH: Final = 500
_REMEMBERED: Final = 200_000
_DEPTH: Final = 100
_BLANK: Final = "urn:treatygraph:blank:"
_NOTHING: Final = "treatygraph_row"


@dataclass(frozen=True)
class Template:
    """A CONSTRUCT taken apart: `select` is asked, and `filled` makes triples of its rows."""

    select: str
    text: str
    variables: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Template:
        """Take a CONSTRUCT apart. Raises QuerySyntaxError; QueryRefused for a DESCRIBE."""
        found = list(tokens(text))
        start = next((at for at, token in enumerate(found) if _is(token, "construct", "describe")), None)
        if start is None:
            raise QuerySyntaxError("expected CONSTRUCT")
        if _is(found[start], "describe"):
            raise QueryRefused("describe", "this store cuts a DESCRIBE short without a word; ask a CONSTRUCT")
        prologue = text[: found[start].start]
        at = start + 1
        if at < len(found) and found[at].text == "{":
            end = closing(found, at)
            inside, rest = found[at + 1 : end], text[found[end].end :]
            template = text[found[at].end : found[end].start]
        else:  # CONSTRUCT WHERE { … }: the pattern is the template
            opening = next((n for n in range(at, len(found)) if found[n].text == "{"), None)
            if opening is None:
                raise QuerySyntaxError("expected {")
            end = closing(found, opening)
            inside, rest = found[opening + 1 : end], text[found[start].end :]
            template = text[found[opening].end : found[end].start]
        variables = tuple(dict.fromkeys(token.text[1:] for token in inside if token.kind == "variable"))
        columns = " ".join(f"?{name}" for name in variables) or f"(1 AS ?{_NOTHING})"
        names = variables or (_NOTHING,)
        listed = " ".join(f"?{name}" for name in names)
        filling = f"{prologue}CONSTRUCT {{{template}}} WHERE {{ VALUES ({listed}) {{ %s }} }}"
        return cls(f"{prologue}SELECT {columns} {rest}", filling, names)

    def filled(self, rows: Iterator[ox.QuerySolution]) -> Iterator[ox.Triple]:
        """The triples of the template for these rows; each once, as far as 200,000 can be remembered."""
        seen: set[ox.Triple] = set()
        nothing = ox.Store()
        head, _, tail = self.text.rpartition("%s")
        while batch := list(islice(rows, _BATCH)):
            values = " ".join(f"({' '.join(_text(row[name]) for name in self.variables)})" for row in batch)
            made = nothing.query(head + values + tail)
            assert isinstance(made, ox.QueryTriples)
            for triple in made:
                whole = _restored(triple)
                if whole not in seen:
                    if len(seen) < _REMEMBERED:
                        seen.add(whole)
                    yield whole


def closing(found: Sequence[Token], at: int) -> int:
    """The place of the bracket that closes the one at a place. Raises QuerySyntaxError."""
    depth = 0
    for place in range(at, len(found)):
        if found[place].text in {"{", "(", "["}:
            depth += 1
            if depth > _DEPTH:
                raise QuerySyntaxError(f"more than {_DEPTH} brackets inside one another")
        elif found[place].text in {"}", ")", "]"}:
            depth -= 1
            if depth == 0:
                return place
    raise QuerySyntaxError("expected }")


def _is(token: Token, *words: str) -> bool:
    return token.kind == "word" and token.text.casefold() in words


def _text(term: object) -> str:
    if term is None:
        return "UNDEF"
    if isinstance(term, ox.BlankNode):
        return f"<{_BLANK}{term.value}>"
    return iri_text(term.value) if isinstance(term, ox.NamedNode) else str(term)


def _restored(triple: ox.Triple) -> ox.Triple:
    if _BLANK not in str(triple):
        return triple
    ends = [
        ox.BlankNode(re.sub(f"^{_BLANK}", "", end.value))
        if isinstance(end, ox.NamedNode) and end.value.startswith(_BLANK)
        else end
        for end in (triple.subject, triple.object)
    ]
    return ox.Triple(ends[0], triple.predicate, ends[1])  # type: ignore[arg-type]
