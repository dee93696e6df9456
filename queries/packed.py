"""Packed tables: a file of arrays that is mapped into memory, so that opening it costs nothing and processes share it.

    8 bytes   TGTABLE and the version of the format
    4 bytes   length of the header in bytes
    header    JSON: release, and for each section its name, place (from the end of the header) and length in bytes
    sections  arrays of unsigned 4- or 8-byte numbers, low byte first, and texts in UTF-8, each at a multiple of 8

Nothing in it depends on the clock or on the order of hashing: equal content gives equal bytes.
"""

from __future__ import annotations

import json
import mmap
import struct
import sys
from array import array
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from queries.errors import BackendError

_MAGIC: Final = b"TGTABLE"
_VERSION: Final = 1
_HEAD: Final = struct.Struct("<7sBI")
_CODES: Final = {4: "I", 8: "Q"}
#: Texts of one table, and places of texts, that are kept after they were read: some 5 MB.
_REMEMBERED: Final = 16_384


class Packed:
    """A mapped file. Every view reads from it as long as it lives; the map goes with the last view."""

    def __init__(self, path: Path, mapped: mmap.mmap | None = None) -> None:
        """Map a file that is not mapped yet. Raises BackendError where it is none of ours, is cut short, or has another
        version."""
        try:
            if mapped is None:
                with path.open("rb") as file:
                    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._data = memoryview(mapped)
            magic, version, length = _HEAD.unpack_from(self._data)
            if magic != _MAGIC or version != _VERSION or sys.byteorder != "little":
                raise ValueError("not a table that this version reads")
            header = json.loads(bytes(self._data[_HEAD.size : _HEAD.size + length]))
            self.release = str(header["release"])
            self._places = {str(n): (_HEAD.size + length + int(at), int(size)) for n, at, size in header["sections"]}
            if any(at + size > len(self._data) for at, size in self._places.values()):
                raise ValueError("cut short")
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            raise BackendError(f"{path}: not a sound index ({error}); to mend: run treatygraph build") from error

    def numbers(self, name: str, size: int = 4) -> memoryview[int]:
        """A section as numbers of 4 or 8 bytes."""
        return self.bytes(name).cast(_CODES[size])  # type: ignore[call-overload, no-any-return]

    def bytes(self, name: str) -> memoryview[int]:
        """A section as it stands."""
        at, size = self._places[name]
        return self._data[at : at + size]

    def strings(self, name: str) -> Strings:
        """A section of texts, in the order in which they were packed."""
        return Strings(self.numbers(f"{name}-places", 8), self.bytes(name))


class Strings:
    """Many texts in one block. `find` asks that they were packed sorted."""

    def __init__(self, places: memoryview[int], block: memoryview[int]) -> None:
        self._places = places
        self._block = block
        # What is asked for once is asked for again: the lineages of neighbours share most of their things.
        self.find = lru_cache(maxsize=_REMEMBERED)(self._find)
        self._read = lru_cache(maxsize=_REMEMBERED)(self._text)

    def __len__(self) -> int:
        return len(self._places) - 1

    def __getitem__(self, at: int) -> str:
        return self._read(at)

    def _text(self, at: int) -> str:
        return str(self._block[self._places[at] : self._places[at + 1]], "utf-8")

    def _find(self, text: str) -> int:
        """The place of a text, or -1. UTF-8 sorts as code points do."""
        wanted = text.encode("utf-8", "surrogatepass")
        places, block = self._places, self._block
        low, high = 0, len(places) - 1
        while low < high:
            middle = (low + high) // 2
            if block[places[middle] : places[middle + 1]].tobytes() < wanted:
                low = middle + 1
            else:
                high = middle
        there = low < len(places) - 1 and block[places[low] : places[low + 1]].tobytes() == wanted
        return low if there else -1


def packed(release: str, sections: Mapping[str, bytes]) -> bytes:
    """The content of a file. Each section begins at a multiple of 8 bytes."""
    entries: list[tuple[str, int, int]] = []
    pieces: list[bytes] = []
    at = 0
    for name, content in sections.items():
        entries.append((name, at, len(content)))
        padded = content + bytes(-len(content) % 8)
        pieces.append(padded)
        at += len(padded)
    header = json.dumps({"release": release, "sections": entries}, separators=(",", ":")).encode()
    header += b" " * (-(_HEAD.size + len(header)) % 8)
    return b"".join([_HEAD.pack(_MAGIC, _VERSION, len(header)), header, *pieces])


def packed_numbers(numbers: Iterable[int], size: int = 4) -> bytes:
    """Numbers as a section. Raises OverflowError for one that does not fit."""
    content = array(_CODES[size], numbers)
    if sys.byteorder != "little":
        content.byteswap()
    return content.tobytes()


def packed_strings(name: str, texts: Iterable[str]) -> dict[str, bytes]:
    """Texts as the two sections that `Packed.strings` reads."""
    encoded = [text.encode() for text in texts]
    places = [0]
    for text in encoded:
        places.append(places[-1] + len(text))
    return {name: b"".join(encoded), f"{name}-places": packed_numbers(places, 8)}
