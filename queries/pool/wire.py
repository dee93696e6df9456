"""How the server and a worker talk: frames of one byte kind, four bytes length (big-endian), payload.

    server -> worker   SETUP json, once; then RUN json and text for each query; STOP when nobody wants the answer
    worker -> server   HELLO json, once; then for each RUN: HEAD json, DATA bytes …, and at last END json or ERROR json

An answer is whole only when END has come: a worker that dies leaves a stream without it.
Only the standard library is imported here: the workers load this module.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

SETUP: Final = 1
RUN: Final = 2
STOP: Final = 3
HELLO: Final = 4
HEAD: Final = 5
DATA: Final = 6
END: Final = 7
ERROR: Final = 8

#: A frame is never longer than this; a peer that announces more has lost its mind.
LONGEST: Final = 64 * 1024 * 1024
#: Bytes read at once: a whole small answer, and one chunk of a large one.
RECEIVE: Final = 65_600

_HEADER: Final = struct.Struct("!BI")
_LENGTH: Final = struct.Struct("!I")
#: Made once: `json.dumps` with separators makes an encoder for each call.
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode


class WireError(Exception):
    """What came is no frame."""


def frame(kind: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return _HEADER.pack(kind, len(payload)) + payload


def message(kind: int, content: dict[str, Any]) -> bytes:
    """One frame with a JSON object."""
    return frame(kind, _ENCODE(content).encode())


class Decoder:
    """Takes bytes as they come and gives frames. DATA is passed on in pieces, without waiting for the whole frame."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._data_left = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames (or pieces of DATA) that are complete with these bytes. Raises WireError."""
        found: list[tuple[int, bytes]] = []
        at, size = 0, len(data)
        if not self._held and not self._data_left:  # the usual case: whole frames, as of a small answer
            while size - at >= _HEADER.size:
                kind, length = _HEADER.unpack_from(data, at)
                end = at + _HEADER.size + length
                if end > size or not SETUP <= kind <= ERROR:
                    break
                found.append((kind, data[at + _HEADER.size : end]))
                at = end
        if at < size:
            found += self._pieces(data, at)
        return found

    def _pieces(self, data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        while at < len(data):
            if self._data_left:
                piece = data[at : at + self._data_left]
                self._data_left -= len(piece)
                at += len(piece)
                yield DATA, piece
                continue
            wanted = _HEADER.size - len(self._held)
            if wanted > 0:
                self._held += data[at : at + wanted]
                at += min(wanted, len(data) - at)
            if len(self._held) < _HEADER.size:
                return
            kind, length = _HEADER.unpack_from(self._held)
            if not SETUP <= kind <= ERROR or length > LONGEST:
                raise WireError(f"frame of kind {kind} with {length} bytes")
            if kind == DATA:
                self._held.clear()
                self._data_left = length
                continue
            missing = _HEADER.size + length - len(self._held)
            self._held += data[at : at + missing]
            at += min(missing, len(data) - at)
            if len(self._held) == _HEADER.size + length:
                payload = bytes(self._held[_HEADER.size :])
                self._held.clear()
                yield kind, payload


def question(text: str, **how: Any) -> bytes:
    """One RUN frame: how to answer, as JSON, and the text of the query behind it.

    Almost all queries are to be answered in one of few ways, so the JSON is made and read once for each of them.
    """
    options = _options(tuple(how.items()))
    said = text.encode()
    return _HEADER.pack(RUN, 4 + len(options) + len(said)) + _LENGTH.pack(len(options)) + options + said


def asked(payload: bytes) -> tuple[str, dict[str, Any]]:
    """The text and the way of a RUN frame."""
    end = 4 + _LENGTH.unpack_from(payload)[0]
    return payload[end:].decode(), shared(payload[4:end])


@lru_cache(maxsize=256)
def _options(items: tuple[tuple[str, Any], ...]) -> bytes:
    return _ENCODE(dict(items)).encode()


@lru_cache(maxsize=256)
def shared(payload: bytes) -> dict[str, Any]:
    """The object of a frame that comes again and again; not to be changed. Raises WireError."""
    return content(payload)


def content(payload: bytes) -> dict[str, Any]:
    """The JSON object of a frame; nothing is an empty one. Raises WireError."""
    if not payload:
        return {}
    try:
        found = json.loads(payload)
    except ValueError as error:
        raise WireError("a frame that should hold JSON does not") from error
    if not isinstance(found, dict):
        raise WireError("a frame that should hold an object does not")
    return found
