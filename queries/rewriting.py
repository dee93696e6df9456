"""Queries for stores that hold more than one release: each sees the graphs of its release and no other.

Both ways change only what stands at `GRAPH` and `FROM`; everything else of the text is sent as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox
from rdflib.plugins import sparql

from ontology.namespaces import GRAPH
from queries.errors import QuerySyntaxError
from queries.instances import closing
from queries.record import CANONICAL, STORE
from queries.scanner import Token, tokens
from queries.values import iri_text

#: A graph that is never there.
NOWHERE: Final = f"{STORE}none"
_FORMS: Final = frozenset({"select", "ask", "construct", "describe"})
_KEPT: Final = "treatygraph_kept_"


@dataclass(frozen=True)
class Rewritten:
    """A query with the names that its graphs have in the store, and the default graphs of its request."""

    text: str
    default_graphs: tuple[str, ...]


def shown(text: str) -> str:
    """The query with each `GRAPH ?name` kept to graphs of releases: names of a shared store are not seen.

    For stores in which the graphs of the release have their own names.
    """
    edits = [
        (end.end, end.end, f' FILTER(STRSTARTS(STR({name.text}), "{GRAPH}"))')
        for _, name, end in _clauses(text)
        if name.kind == "variable"
    ]
    return _edited(text, edits)


def located(
    text: str,
    listing: str,
    graphs: Mapping[str, str],
    *,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
    union: bool = False,
) -> Rewritten:
    """The query with the names that the graphs of a release have in the store; `listing` lists them (`queries.record`).

    `GRAPH ?name { … }` becomes a join with the list of the release's graphs, so that `?name` is what it is everywhere
    else; a constant becomes a filter, because Virtuoso, told a default graph, finds nothing under a constant; those of
    FROM become graphs of the request. The dataset of the request comes before FROM, as the protocol says.
    Raises QuerySyntaxError.
    """
    names = _Names(text)
    edits, stated_default, stated_named = _dataset(text, names)
    if not default_graphs and not named_graphs:
        default_graphs, named_graphs = stated_default, stated_named
    limited = bool(default_graphs or named_graphs)
    seen = [name for name in dict.fromkeys(named_graphs) if name in graphs and name != CANONICAL]
    number = -1
    for number, (_, name, end) in enumerate(_clauses(text)):
        kept = f"?{_KEPT}{number}"
        if name.kind == "variable":
            more = f" GRAPH {kept}_list {{ {kept} <{listing}> {name.text} }}"
            if limited:
                listed = " ".join(iri_text(one) for one in seen)
                more += f" VALUES {name.text} {{ {listed} }}" if seen else " FILTER(false)"
        else:
            stated = names.resolved(name)
            visible = stated != CANONICAL and (not limited or stated in seen)
            more = f" FILTER({kept} = <{graphs.get(stated, NOWHERE) if visible else NOWHERE}>)"
        edits += [(name.start, name.end, kept), (end.end, end.end, more)]
    if number >= 0:
        edits += _columns(text)
    if limited:
        asked = [graphs.get(name, NOWHERE) for name in default_graphs if name != CANONICAL] or [NOWHERE]
    else:
        asked = list(graphs.values()) if union else [graphs.get(CANONICAL, NOWHERE)]
    return Rewritten(_edited(text, edits), tuple(dict.fromkeys(asked)))


class _Names:
    """Resolves the IRIs of a query by its prologue, which Turtle reads as SPARQL does."""

    def __init__(self, text: str) -> None:
        first = next((token for token in tokens(text) if _word(token, *_FORMS)), None)
        self._prologue = text[: first.start] if first else ""

    def resolved(self, token: Token) -> str:
        """The IRI of a token. Raises QuerySyntaxError."""
        try:
            said = next(iter(ox.parse(f"{self._prologue}\n{token.text} a {token.text} .", format=ox.RdfFormat.TURTLE)))
        except (SyntaxError, StopIteration) as error:
            raise QuerySyntaxError(f"expected the IRI of a graph, not {token.text[:100]}") from error
        return str(said.subject.value) if isinstance(said.subject, ox.NamedNode) else NOWHERE


def _clauses(text: str) -> Iterator[tuple[Token, Token, Token]]:
    """For each GRAPH clause: its keyword, its name, and the bracket that closes it."""
    if "graph" not in text.casefold():
        return
    found = list(tokens(text))
    for at in range(len(found) - 2):
        if (
            _word(found[at], "graph")
            and found[at + 1].kind in {"variable", "iri", "name"}
            and found[at + 2].text == "{"
        ):
            yield found[at], found[at + 1], found[closing(found, at + 2)]


def _dataset(text: str, names: _Names) -> tuple[list[tuple[int, int, str]], list[str], list[str]]:
    """The FROM clauses: edits that take them out, and their graphs."""
    edits: list[tuple[int, int, str]] = []
    default: list[str] = []
    named: list[str] = []
    if "from" not in text.casefold():
        return edits, default, named
    found = list(tokens(text))
    at, depth = 0, 0
    while at < len(found):
        token = found[at]
        depth += (token.text in "([") - (token.text in ")]") if token.kind == "sign" else 0
        if token.text == "{" and depth == 0:
            break
        if depth == 0 and _word(token, "from") and at + 1 < len(found):
            only = _word(found[at + 1], "named")
            graph = found[min(at + 1 + only, len(found) - 1)]
            if graph.kind in {"iri", "name"}:
                (named if only else default).append(names.resolved(graph))
                edits.append((token.start, graph.end, " "))
        at += 1
    return edits, default, named


def _columns(text: str) -> list[tuple[int, int, str]]:
    """`SELECT *` with the columns that it has, since the join brings more."""
    found = list(tokens(text))
    at = next((n for n, token in enumerate(found) if _word(token, *_FORMS)), None)
    if at is None or not _word(found[at], "select"):
        return []
    star = next((token for token in found[at + 1 : at + 3] if not _word(token, "distinct", "reduced")), None)
    if star is None or star.text != "*":
        return []
    try:
        algebra = sparql.prepareQuery(text).algebra
    except RecursionError as error:
        raise QuerySyntaxError("too many brackets inside one another") from error
    except Exception as error:
        raise QuerySyntaxError(" ".join(str(error).split())[:200]) from error
    columns = " ".join(f"?{name}" for name in sorted(algebra["PV"]))
    return [(star.start, star.end, f" {columns} ")] if columns else []


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, said in sorted(edits, reverse=True):
        text = text[:start] + said + text[end:]
    return text


def _word(token: Token, *words: str) -> bool:
    return token.kind == "word" and token.text.casefold() in words
