"""How far a rule looks, as data: which statements decide its rows about one thing.

A rule across records joins triples by their subjects and objects. These joins make a graph of variables, which one can
walk in both directions: from a changed statement to the things (?about) whose rows it may change, and from such a
thing to every statement that its rows depend on. `queries.reachreader` reads it from the query.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

#: The variable that a rule's rows are about.
ABOUT: Final = "about"


@dataclass(frozen=True)
class Edge:
    """Triples that a rule looks at: from the values of one variable to those of another, by one of these properties.

    `start` and `end` are names of variables; None is a constant or a value from a list, through which nothing is
    reached (as `start` it is a term of the vocabulary). `chain`: the property is followed any number of times.
    `graph`: the variable of the graph. `scope` is 0 for what every row needs, else the number of its OPTIONAL or
    EXISTS, whose own variables end in it. `wording`: what it finds changes the words of a row, never whether there is
    a row.
    """

    start: str | None
    properties: tuple[str, ...]
    end: str | None
    chain: bool = False
    graph: str | None = None
    scope: int = 0
    wording: bool = False


#: The ways in which a rule can come to a row: one for each choice between the sides of its UNIONs.
Reach = tuple[tuple[Edge, ...], ...]


def as_json(reach: Reach | None) -> list[list[dict[str, Any]]] | None:
    """The reach as plain data."""
    return None if reach is None else [[asdict(edge) for edge in way] for way in reach]


def from_json(data: Any) -> Reach | None:
    """The reach from what `as_json` gave."""
    if data is None:
        return None
    return tuple(tuple(Edge(**{**one, "properties": tuple(one["properties"])}) for one in way) for way in data)
