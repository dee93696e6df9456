"""Reads a SPARQL text strictly: is it a counting question of the narrow kind that columns answer?

    SELECT (?group | (COUNT(*) AS ?n) | (COUNT(DISTINCT? ?x) AS ?n))+
    WHERE { triples of variables, IRIs and literals; FILTER(?property IN (IRIs) && …) on variables of properties }
    GROUP BY ?group+  ORDER BY (?column | ASC(?column) | DESC(?column))+  LIMIT n  OFFSET n

What is not surely one, in every sign, is none: the engine answers it. Specification: SPARQL 1.1 Query, 19.8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from queries.columns.question import Column, Pattern, Place, Question, Way, limits
from queries.scanner import Token, tokens

_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_MOST_PATTERNS: Final = 16
_MOST_CONSTANTS: Final = 200
_LARGEST: Final = 9


class _Other(Exception):
    """Not one of these questions."""


@lru_cache(maxsize=64)
def read(text: str) -> Question | None:
    """The question of a text; None where it is another one, or where anything about it is in doubt."""
    # Beyond ASCII, and in escapes, engines and this reader may differ about where a word ends.
    if not text.isascii() or "\\" in text:
        return None
    try:
        return _Reader(text).question()
    except _Other:
        return None


@dataclass
class _Reader:
    text: str
    at: int = 0
    constants: list[str] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    allowed: dict[str, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tokens = [*tokens(self.text), Token("end", "", len(self.text), len(self.text))]

    def question(self) -> Question:
        """The whole text."""
        prologue = self._prologue()
        columns = self._columns()
        self._word("where")
        self._group_pattern()
        groups = self._groups()
        order = self._order()
        limit, offset = limits(self._word, self._number)
        if self._next.kind != "end":
            raise _Other
        self._check(columns, groups)
        names = {column.name for column in columns}
        if any(name not in names for name, _ in order):
            raise _Other
        return Question(
            prologue,
            tuple(self.constants),
            tuple(self.patterns),
            self.allowed,
            columns,
            groups or (),
            groups is not None,
            order,
            limit,
            offset,
        )

    def _check(self, columns: tuple[Column, ...], groups: tuple[str, ...] | None) -> None:
        """What the grammar does not say: which variables may stand where."""
        within = frozenset[str]().union(*(pattern.variables for pattern in self.patterns))
        predicates = {pattern.predicate for pattern in self.patterns}
        names = [column.name for column in columns]
        counted = [column for column in columns if column.way is not None]
        fine = (
            0 < len(self.patterns) <= _MOST_PATTERNS
            and len(self.constants) <= _MOST_CONSTANTS
            and bool(counted)
            and len(set(names)) == len(names)
            and len(set(groups or ())) == len(groups or ())
            and within.issuperset(groups or ())
            and within.issuperset(column.of for column in counted if column.of)
            and within.isdisjoint(column.name for column in counted)
            and all(column.name in (groups or ()) for column in columns if column.way is None)
            and all(name in predicates for name in self.allowed)
        )
        if not fine:
            raise _Other

    # The tokens.

    @property
    def _next(self) -> Token:
        return self._tokens[self.at]

    def _take(self) -> Token:
        token = self._tokens[self.at]
        if token.kind == "end":  # it stays, so that there is always a next one
            raise _Other
        self.at += 1
        return token

    def _is(self, *signs: str) -> bool:
        """Whether these signs follow; they are taken then."""
        following = self._tokens[self.at : self.at + len(signs)]
        found = [token.text for token in following if token.kind == "sign"] == list(signs)
        self.at += len(signs) if found else 0
        return found

    def _need(self, *signs: str) -> None:
        if not self._is(*signs):
            raise _Other

    def _word(self, *words: str) -> bool:
        """Whether these words follow, in any case; they are taken then."""
        following = self._tokens[self.at : self.at + len(words)]
        found = [token.text.lower() for token in following if token.kind == "word"] == list(words)
        self.at += len(words) if found else 0
        return found

    def _variable(self) -> str:
        token = self._take()
        if token.kind != "variable":
            raise _Other
        return token.text[1:]

    def _number(self) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > _LARGEST:
            raise _Other
        return int(token.text)

    # The grammar.

    def _prologue(self) -> str:
        while True:
            start = self._next.start
            if self._word("select"):
                return self.text[:start]
            if self._word("base"):
                kinds = ["iri"]
            elif self._word("prefix"):
                kinds = ["name", "iri"]
            else:
                raise _Other
            if [self._take().kind for _ in kinds] != kinds:
                raise _Other

    def _columns(self) -> tuple[Column, ...]:
        found: list[Column] = []
        while self._next.text not in ("{", "") and self._next.kind != "word":
            found.append(Column(self._variable()) if self._next.kind == "variable" else self._count())
        return tuple(found)

    def _count(self) -> Column:
        self._need("(")
        if not self._word("count"):
            raise _Other
        self._need("(")
        way: Way = "rows"
        of = ""
        if not self._is("*"):
            way = "distinct" if self._word("distinct") else "values"
            of = self._variable()
        self._need(")")
        if not self._word("as"):
            raise _Other
        name = self._variable()
        self._need(")")
        return Column(name, way, of)

    def _group_pattern(self) -> None:
        self._need("{")
        open_end = False  # whether a `.` must come before the next triple
        while not self._is("}"):
            if self._word("filter"):
                self._filter()
                self._is(".")
                open_end = False
            elif open_end:
                raise _Other
            else:
                self._triples()
                open_end = not self._is(".")

    def _triples(self) -> None:
        subject = self._term(_SUBJECTS)
        while True:
            predicate = self._predicate()
            while True:
                self.patterns.append(Pattern(subject, predicate, self._term(_OBJECTS)))
                if not self._is(","):
                    break
            if not self._is(";"):
                return
            while self._is(";"):
                pass
            if self._next.text in (".", "}") or self._next.text.lower() == "filter":
                return

    def _predicate(self) -> Place:
        if self._next.kind == "word" and self._next.text == "a":
            self._take()
            return self._constant(_TYPE)
        return self._term(_SUBJECTS)

    def _term(self, kinds: frozenset[str]) -> Place:
        token = self._next
        if token.kind not in kinds:
            raise _Other
        if token.kind == "variable":
            return self._variable()
        return self._constant(_READ[token.kind](self))

    def _constant(self, written: str) -> int:
        if written not in self.constants:
            self.constants.append(written)
        return self.constants.index(written)

    def _iri(self) -> str:
        token = self._take()
        if token.kind not in ("iri", "name") or token.text.startswith("_:"):
            raise _Other
        return token.text

    def _literal(self) -> str:
        text = self._take()
        if self._next.kind == "tag" and self._next.start == text.end:
            return text.text + self._take().text
        mark, again, kind = self._tokens[self.at : self.at + 3] if self.at + 3 <= len(self._tokens) else [text] * 3
        if mark.text == "^":
            places = [text.end, mark.end, again.end] == [mark.start, again.start, kind.start]
            if again.text != "^" or not places:
                raise _Other
            self.at += 2
            return f"{text.text}^^{self._iri()}"
        return text.text

    def _plain(self) -> str:
        token = self._take()
        if token.kind == "word" and token.text not in ("true", "false"):
            raise _Other
        return token.text

    def _filter(self) -> None:
        self._need("(")
        while True:
            name = self._variable()
            if not self._word("in"):
                raise _Other
            self._need("(")
            allowed = {self._constant(self._iri())}
            while self._is(","):
                allowed.add(self._constant(self._iri()))
            self._need(")")
            self.allowed[name] = self.allowed.get(name, frozenset(allowed)) & allowed
            if not self._is("&", "&"):
                break
        self._need(")")

    def _groups(self) -> tuple[str, ...] | None:
        if not self._word("group", "by"):
            return None
        found = [self._variable()]
        while self._next.kind == "variable":
            found.append(self._variable())
        return tuple(found)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._word("order", "by"):
            return ()
        found: list[tuple[str, bool]] = []
        while True:
            if self._next.kind == "variable":
                found.append((self._variable(), False))
            elif (down := self._word("desc")) or self._word("asc"):
                self._need("(")
                found.append((self._variable(), down))
                self._need(")")
            elif found:
                return tuple(found)
            else:
                raise _Other


_SUBJECTS: Final = frozenset({"variable", "iri", "name"})
_OBJECTS: Final = _SUBJECTS | {"string", "number", "word"}
_READ: Final[dict[str, Callable[[_Reader], str]]] = {
    "iri": _Reader._iri,
    "name": _Reader._iri,
    "string": _Reader._literal,
    "number": _Reader._plain,
    "word": _Reader._plain,
}
