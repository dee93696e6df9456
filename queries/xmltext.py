"""What the engine writes as XML, on its way out: made such that a reader of XML gets the same text back, or refused.

The engine writes every character as it is. A carriage return would then be read as a line feed (XML 1.0, 2.11), some
characters can stand in no XML document (2.2), and a property whose IRI does not end in a name has no element (RDF/XML,
5.1). Imports the standard library only, because workers start with it.
"""

from __future__ import annotations

import io
from typing import IO, Any, Final, cast

__all__ = ["written"]

_CONTROLS: Final = bytes([*range(9), 11, 12, *range(14, 32)])
#: U+FFFE, U+FFFF, and the beginning of an element that the engine could not name.
_NEVER: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"<oxprefix: ")
_LONGEST: Final = max(map(len, _NEVER)) - 1


class _Text(io.RawIOBase):
    def __init__(self, output: IO[bytes]) -> None:
        super().__init__()
        self._output = output
        self._before = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        text = bytes(data)
        joined = self._before + text
        if len(text.translate(None, _CONTROLS)) != len(text) or any(one in joined for one in _NEVER[:2]):
            raise LookupError("XML: it holds characters that XML does not have")
        if _NEVER[2] in joined:
            raise LookupError("RDF/XML: a property does not end in a name")
        self._before = joined[-_LONGEST:]
        self._output.write(text.replace(b"\r", b"&#13;"))
        return len(text)


def written(output: IO[bytes], media_type: str) -> IO[bytes]:
    """Where the engine is to write an answer of this media type to. Raises LookupError there for what is no XML."""
    return cast("IO[bytes]", _Text(output)) if media_type.endswith("xml") else output
