"""Rows that were looked up as bytes, in the form in which the engine writes all its answers.

JSON is written here, from pieces that are kept, where a term holds nothing that needs an escape; all else by the
engine's own reader and writer of results. Specification: SPARQL 1.1 Query Results JSON Format, 3.2.2.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import IO, Final, cast

import pyoxigraph as ox

from queries.columns.matching import Row
from queries.packed import Strings
from queries.xmltext import written

__all__ = ["Writer"]

_JSON: Final = "application/sparql-results+json"
_REMEMBERED: Final = 16_384


class Writer:
    """Writes numbers of terms; safe for several threads."""

    def __init__(self, terms: Strings) -> None:
        self._terms = terms
        self._piece = lru_cache(maxsize=_REMEMBERED)(self._piece_of)

    def table(self, names: Sequence[str], rows: Sequence[Row], media_type: str) -> bytes:
        """The answer as a table. Raises LookupError where the format cannot hold it, or is none."""
        if media_type == _JSON and (found := self._json(names, rows)) is not None:
            return found
        form = ox.QueryResultsFormat.from_media_type(media_type)
        if form is None:
            raise LookupError(media_type)
        lines = ["\t".join(["?" + name for name in names])]
        lines += ["\t".join([self._terms[number] for number in row]) for row in rows]
        table = ox.parse_query_results("\n".join([*lines, ""]), format=ox.QueryResultsFormat.TSV)
        assert isinstance(table, ox.QuerySolutions)
        body = io.BytesIO()
        table.serialize(written(cast("IO[bytes]", body), media_type), format=form)
        return body.getvalue()

    def _json(self, names: Sequence[str], rows: Sequence[Row]) -> bytes | None:
        piece = self._piece
        heads = [f'"{name}":' for name in names]
        heads[1:] = ["," + head for head in heads[1:]]
        found: list[str] = []
        for row in rows:
            cells: list[str] = []
            for head, number in zip(heads, row, strict=True):
                cell = piece(number)
                if cell is None:
                    return None
                cells += head, cell
            found.append("".join(cells))
        head = '","'.join(names)
        bindings = "{" + "},{".join(found) + "}" if found else ""
        return f'{{"head":{{"vars":["{head}"]}},"results":{{"bindings":[{bindings}]}}}}'.encode()

    def _piece_of(self, number: int) -> str | None:
        """A term as an object of JSON; None where the engine must write it."""
        text = self._terms[number]
        if text[0] == "<":
            return f'{{"type":"uri","value":"{text[1:-1]}"}}'
        if text[0] != '"' or "\\" in text:
            return None
        end = text.rindex('"')
        value, rest = text[1:end], text[end + 1 :]
        if not rest:
            return f'{{"type":"literal","value":"{value}"}}'
        if rest[0] == "@":
            return f'{{"type":"literal","value":"{value}","xml:lang":"{rest[1:]}"}}' if "--" not in rest else None
        return f'{{"type":"literal","value":"{value}","datatype":"{rest[3:-1]}"}}'
