"""Positions: where in a file a statement stands.

Lines and columns count from 1, as editors and SARIF count them; a column counts characters, not bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import pyoxigraph
from rdflib import URIRef
from rdflib.term import Node

from loaders.terms import from_rdflib

_LINE_END: Final = re.compile("\n")

#: Subject, predicate, object, and the name of the graph (None is the default graph).
Quad: TypeAlias = tuple[Node, URIRef, Node, URIRef | None]


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place in a text file: line and column from 1, and for a table the name of its column."""

    line: int
    column: int
    cell: str | None = field(default=None, compare=False)


class LineIndex:
    """Turns character offsets of a text into positions, in logarithmic time; its first line has the number `first`."""

    def __init__(self, text: str, first: int = 1) -> None:
        self._starts = [0]
        self._starts.extend(match.end() for match in _LINE_END.finditer(text))
        self._text = text
        self._first = first

    def position(self, offset: int) -> Position:
        """The position of a character offset; an offset past the end is the end."""
        bounded = max(0, min(offset, len(self._text)))
        row = bisect_right(self._starts, bounded) - 1
        return Position(row + self._first, bounded - self._starts[row] + 1)

    def line(self, number: int) -> str:
        """The text of one line, without its line end; empty for a line that does not exist."""
        number -= self._first - 1
        if not 1 <= number <= len(self._starts):
            return ""
        end = self._starts[number] - 1 if number < len(self._starts) else len(self._text)
        return self._text[self._starts[number - 1] : end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class PositionedQuad:
    """One statement and where the file says it: the place of its object, and of its predicate where one is written.

    A table writes no predicate: its columns have them.
    """

    quad: Quad
    position: Position
    predicate: Position | None = None


def pipeline_quad(quad: Quad) -> pyoxigraph.Quad:
    """The statement as the rest of the pipeline carries it. Raises TypeError for terms that no statement may hold."""
    subject, predicate, graph = from_rdflib(quad[0]), from_rdflib(quad[1]), quad[3]
    if isinstance(subject, pyoxigraph.Literal) or not isinstance(predicate, pyoxigraph.NamedNode):
        raise TypeError(f"not a statement of RDF: {quad!r}")
    name = pyoxigraph.DefaultGraph() if graph is None else pyoxigraph.NamedNode(str(graph))
    return pyoxigraph.Quad(subject, predicate, from_rdflib(quad[2]), name)


@dataclass(frozen=True, order=True)
class Place:
    """A position in a file of that name."""

    file: str
    position: Position


class PositionMap:
    """Finds the place of a statement again, from what a check knows about it.

    A check (SHACL, for instance) names a subject, perhaps a path, perhaps a value, all as text: `find` gives the place
    of the statement that fits best, else the first place of the subject, else None.
    """

    def __init__(self) -> None:
        # One table for every degree of precision: (s, p, o), (s, p), (s,).
        self._places: dict[tuple[str, ...], Place] = {}

    def add(self, file: str, quads: Iterable[PositionedQuad]) -> None:
        """Learn the places of the statements of one file."""
        for positioned in quads:
            subject, predicate, value = map(str, positioned.quad[:3])
            place = Place(file, positioned.position)
            for key in ((subject, predicate, value), (subject, predicate), (subject,)):
                known = self._places.setdefault(key, place)
                # Mostly a file is learnt from its beginning, and files in the order of their names.
                if known is not place and (
                    file < known.file or (file == known.file and place.position < known.position)
                ):
                    self._places[key] = place

    def stated(self, subject: str, path: str, value: str | None = None) -> Place | None:
        """The place of a statement of this subject and property (and value), or None where no file states one."""
        return self._places.get((subject, path) if value is None else (subject, path, value))

    def find(self, subject: str, path: str | None = None, value: str | None = None) -> Place | None:
        """The place of the statement subject-path-value, or of the nearest thing to it in the files."""
        keys: list[tuple[str, ...]] = [(subject,)]
        if path is not None:
            keys.insert(0, (subject, path))
            if value is not None:
                keys.insert(0, (subject, path, value))
        return next((self._places[key] for key in keys if key in self._places), None)
