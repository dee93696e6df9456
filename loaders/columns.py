"""The columns of a release: the canonical graph of a finished store as sorted arrays (`queries.columns.file`)."""

from __future__ import annotations

import io
from typing import IO, Any, Final, cast

import numpy as np
import numpy.typing as npt
from pyoxigraph import DefaultGraph, RdfFormat, Store

from queries.packed import packed, packed_numbers, packed_strings

_Numbers = npt.NDArray[np.uint32]
#: A number has four bytes, and one is kept free.
_MOST_TERMS: Final = 0xFFFF_FFFF


def columns(store: Store, release: str) -> bytes:
    """The content of the file: all statements of the default graph, as the engine writes their terms.

    Raises OverflowError for more than four thousand million terms.
    """
    reader = _Reader()
    store.dump(cast("IO[bytes]", reader), format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    numbers = reader.numbers
    if len(numbers) >= _MOST_TERMS:
        raise OverflowError(f"{len(numbers)} terms are more than columns can number")
    terms = sorted(numbers)
    place = np.empty(len(terms), np.uint32)
    place[np.fromiter((numbers[term] for term in terms), np.int64, len(terms))] = np.arange(len(terms), dtype=np.uint32)
    triples = place[np.frombuffer(reader.found, np.uint32).reshape(-1, 3)]
    subjects, predicates, objects = (np.ascontiguousarray(triples[:, at]) for at in range(3))
    forth = np.lexsort((objects, subjects, predicates))
    back = np.lexsort((subjects, objects, predicates))
    properties, counts = np.unique(predicates, return_counts=True)
    return packed(
        release,
        {
            **packed_strings("terms", terms),
            "properties": _bytes(properties),
            "firsts": packed_numbers([0, *np.cumsum(counts).tolist()], 8),
            "subjects": _bytes(subjects[forth]),
            "objects": _bytes(objects[forth]),
            "back-objects": _bytes(objects[back]),
            "back-subjects": _bytes(subjects[back]),
        },
    )


class _Reader(io.RawIOBase):
    """Takes N-Triples as the engine writes them. `numbers` has the terms as they came, `found` three numbers a line."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}
        self.found = bytearray()
        self._rest = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        whole, end, rest = bytes(data).rpartition(b"\n")
        if end:
            self._take((self._rest + whole).decode())
            self._rest = rest
        else:
            self._rest += rest
        return len(data)

    def _take(self, lines: str) -> None:
        number = self.numbers.setdefault
        numbers = self.numbers
        # Neither subjects nor properties hold a blank, and no term holds a line end.
        found = [
            number(term, len(numbers)) for line in lines.split("\n") for term in line.removesuffix(" .").split(" ", 2)
        ]
        self.found += np.array(found, np.uint32).tobytes()


def _bytes(numbers: _Numbers) -> bytes:
    return numbers.astype("<u4").tobytes()
