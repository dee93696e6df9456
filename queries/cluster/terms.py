"""Terms as the engine's core gives them: the text of a literal with its datatype, where its Python values lose both.

A term is a tuple: ("iri", text), ("bnode", label), ("literal", text, datatype, language or None).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from queries.errors import BackendError

Cell: TypeAlias = tuple[Any, ...] | None
Row: TypeAlias = Sequence[Cell]

_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"


def term(cell: tuple[Any, ...]) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """The term of the embedded store's library. Raises BackendError for what it cannot be."""
    try:
        match cell:
            case ("iri", text):
                return ox.NamedNode(text)
            case ("bnode", label):
                return ox.BlankNode(label)
            case ("literal", text, _, str() as language):
                return ox.Literal(text, language=language)
            case ("literal", text, datatype, None):
                return ox.Literal(text, datatype=ox.NamedNode(datatype))
    except ValueError as error:
        raise BackendError(f"the distributed store gave a term that none can be: {cell!r:.200}") from error
    raise BackendError(f"the distributed store gave something that is no term: {cell!r:.200}")


class ResultFile:
    """Rows as a file of SPARQL results in JSON, made while it is read: what the embedded store's library can read back.

    So each of our formats is written by the same hand, whichever store answers.
    """

    def __init__(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        self._held = bytearray()
        self._pieces = self._written(columns, rows)

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes, b"" at the end."""
        while size < 0 or len(self._held) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held += piece.encode()
        wanted = len(self._held) if size < 0 else size
        data = bytes(self._held[:wanted])
        del self._held[:wanted]
        return data

    @staticmethod
    def _written(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
        yield f'{{"head":{{"vars":{json.dumps(list(columns))}}},"results":{{"bindings":['
        between = ""
        for row in rows:
            bound = {name: _document(cell) for name, cell in zip(columns, row, strict=True) if cell is not None}
            yield between + json.dumps(bound)
            between = ","
        yield "]}}"


def _document(cell: tuple[Any, ...]) -> dict[str, str]:
    kind, text = cell[0], cell[1]
    if kind == "iri":
        return {"type": "uri", "value": text}
    if kind == "bnode":
        return {"type": "bnode", "value": text}
    if kind != "literal":
        raise BackendError(f"the distributed store gave something that is no term: {cell!r:.200}")
    if cell[3] is not None:
        return {"type": "literal", "value": text, "xml:lang": cell[3]}
    if cell[2] == _STRING:
        return {"type": "literal", "value": text}
    return {"type": "literal", "value": text, "datatype": cell[2]}
