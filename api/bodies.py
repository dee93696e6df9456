"""Request bodies: read up to a limit, decoded by their declared character set, forms taken apart."""

from __future__ import annotations

import codecs
import re
from binascii import a2b_qp
from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from api.problems import Problem

__all__ = ["FORM", "QUERY", "content_type", "form_fields", "only_field", "read_body", "read_text", "require_utf8"]

#: The media types of a query that is posted (SPARQL 1.1 Protocol, 2.1.2 and 2.1.3).
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
_MAX_FIELDS = 1000
#: A percent sign without its two digits, which stays as it is.
_QUOTED_BADLY: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def content_type(request: Request) -> tuple[str, dict[str, str]]:
    """The media type of the body, folded, and its parameters; `("", {})` when none is declared."""
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    if not request.headers.get("content-type", "").strip():
        return "", {}
    parameters = message.get_params(failobj=[], unquote=True)
    return message.get_content_type().casefold(), {str(name).casefold(): str(value) for name, value in parameters[1:]}


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body.

    Raises:
        Problem: `too-large`, before anything is read where the client says how much it is, else as soon as the limit
            is passed; `unsupported-media-type` for a compressed one, which could be of any size.
    """
    if (coding := request.headers.get("content-encoding", "identity").strip().casefold()) != "identity":
        plain = {"accept-encoding": "identity"}
        raise Problem("unsupported-media-type", f"send the body as it is, not as {coding[:40]!r}", headers=plain)
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:  # who asks first (`Expect: 100-continue`) need not send it
        raise Problem("too-large", f"at most {limit} bytes are accepted")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Problem("too-large", f"at most {limit} bytes are accepted")
    return bytes(body)


def read_text(body: bytes, charset: str | None) -> str:
    """Decode a body.

    Raises:
        Problem: `unsupported-media-type` for an unknown character set, `bad-request` for bytes that do not fit it.
    """
    name = charset or "utf-8"
    try:
        codec = codecs.lookup(name)
        # Only character sets: Python also knows codecs such as `zip`, which are none of a client's business.
        if not getattr(codec, "_is_text_encoding", True) or codec.name in ("idna", "punycode", "unicode_escape"):
            raise LookupError(name)
    except (LookupError, ValueError):
        raise Problem("unsupported-media-type", f"unknown character set {name[:40]!r}; send UTF-8") from None
    try:
        return body.decode(codec.name).removeprefix("\ufeff")
    except UnicodeError:
        raise Problem("bad-request", f"the body is not valid {codec.name}") from None


def require_utf8(charset: str | None) -> None:
    """Queries are sent in UTF-8 and in no other character set (SPARQL 1.1 Protocol, 2.1.3); ASCII is part of it.

    Raises:
        Problem: `unsupported-media-type`.
    """
    if charset is not None and charset.strip().strip('"').casefold() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise Problem("unsupported-media-type", f"a query is sent in UTF-8, not in {charset[:40]!r}")


def form_fields(text: str) -> list[tuple[str, str]]:
    """The fields of an `application/x-www-form-urlencoded` text, decoded once, in order.

    Raises:
        Problem: `bad-request` when there are too many fields or the bytes are not UTF-8.
    """
    try:
        if _readable(text):
            return _fields(text)
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError:
        raise Problem("bad-request", "a percent-encoded value is not valid UTF-8") from None
    except ValueError:
        raise Problem("bad-request", f"more than {_MAX_FIELDS} fields") from None


def only_field(text: str, name: str) -> str | None:
    """The value of the field that makes up a form in the address; None where there are others, or none, or where it is
    not quoted well."""
    head, sign, value = text.partition("=")
    if head != name or not sign or "&" in value or not _readable(value):
        return None
    try:
        return _unquoted(value)
    except UnicodeDecodeError:
        return None


def _readable(text: str) -> bool:
    """Whether it is quoted well. Line ends mean something else in quoted-printable, by which it is read."""
    return text.isascii() and "\n" not in text and "\r" not in text and _QUOTED_BADLY.search(text) is None


def _fields(text: str) -> list[tuple[str, str]]:
    """The same for a text that is quoted well, four times as fast: a query of some hundred characters is mostly
    quoted, and the library goes from one percent sign to the next. Quoted-printable is the same with another sign."""
    parts = [part for part in text.split("&") if part]
    if len(parts) > _MAX_FIELDS:
        raise ValueError("too many fields")
    pairs = (part.partition("=") for part in parts)
    return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]


def _unquoted(text: str) -> str:
    return a2b_qp(text.replace("+", " ").replace("=", "%3D").replace("%", "=")).decode()
