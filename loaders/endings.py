"""The endings of the names of data files. They stand apart from the readers, so that to list files is quick."""

from __future__ import annotations

from typing import Final

#: Ending of an RDF file to its media type.
MEDIA_TYPES: Final = {
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".jsonld": "application/ld+json",
}
TABLE: Final = ".csv"
#: All endings of data files.
ENDINGS: Final = frozenset({*MEDIA_TYPES, TABLE})
