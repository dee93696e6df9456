"""The columns of a release: the default graph as sorted arrays of numbers, and its terms.

    terms          every term of the canonical graph as N-Triples writes it, in the order of its bytes; its number is
                   its place. A packed list of texts (`queries.packed`), so there is also `terms-places`
    properties     numbers of the terms that are properties, ascending
    firsts         for each property the place of its first statement, and at last the number of statements; 8 bytes
    subjects, objects             a statement of a property each, in the order of subject, object
    back-objects, back-subjects   the same statements in the order of object, subject

Numbers have 4 bytes where nothing else is said. A statement takes 16 bytes in this way, a term 8 bytes and its text.
The terms are those that the engine gives (`"01"^^xsd:integer` is `"1"^^xsd:integer` to it), so that equal numbers are
equal terms and nothing else is. The file is mapped, not read; nothing here needs numpy.
"""

from __future__ import annotations

import mmap
from itertools import pairwise
from pathlib import Path
from typing import Final

from queries.errors import BackendError
from queries.packed import Packed

#: The file in the directory of a release.
FILE: Final = "columns.index"
_COLUMNS: Final = ("subjects", "objects", "back-objects", "back-subjects")


class ColumnFile:
    """The file, mapped here or before. Raises BackendError where it is damaged as far as its outer form shows."""

    def __init__(self, path: Path, mapped: mmap.mmap | None = None) -> None:
        packed = Packed(path, mapped)
        try:
            self.release = packed.release
            self.terms = packed.strings("terms")
            self.places = packed.numbers("terms-places", 8)
            self.text = packed.bytes("terms")
            self.properties = packed.numbers("properties")
            self.firsts = packed.numbers("firsts", 8)
            self.columns = {name: packed.numbers(name) for name in _COLUMNS}
        except (KeyError, TypeError, ValueError) as error:
            raise BackendError(f"{path}: not a sound index ({error!r}); to mend: run treatygraph build") from error
        statements = {len(column) for column in self.columns.values()}
        sound = (
            statements == {self.firsts[-1] if self.firsts else -1}
            and self.firsts[0] == 0
            and len(self.firsts) == len(self.properties) + 1
            and all(low <= high for low, high in pairwise(self.firsts))
            and len(self.places) > 0
            and self.places[-1] == len(self.text)
        )
        if not sound:
            raise BackendError(f"{path}: not a sound index (its parts do not fit); to mend: run treatygraph build")
