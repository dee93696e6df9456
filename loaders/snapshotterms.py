"""Terms of RDF as bytes and back, as a snapshot stores them; names of columns too."""

from __future__ import annotations

from hashlib import blake2b

from rdflib import BNode, Literal, URIRef
from rdflib.term import Node


def encoded(term: Node | str) -> bytes:
    """The bytes of a term: a sign for its kind, for a literal the length of its datatype or language, and it, the text.

    A plain string (the name of a column) has a kind of its own. What no RDF syntax may hold is kept as it is.
    """
    if isinstance(term, URIRef):
        text = f"<{term}"
    elif isinstance(term, BNode):
        text = f"_{term}"
    elif isinstance(term, Literal):
        sign, kind = (
            ("@", term.language) if term.language else ("^", str(term.datatype)) if term.datatype else ('"', "")
        )
        text = f"{sign}{len(kind)} {kind}{term}"
    elif isinstance(term, str) and not isinstance(term, Node):
        text = f"={term}"
    else:
        raise TypeError(f"not a term of RDF: {term!r}")
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> Node | str:
    """The term of what `encoded` gave."""
    text = data.decode("utf-8", "surrogatepass")
    sign, rest = text[0], text[1:]
    if sign == "<":
        return URIRef(rest)
    if sign == "_":
        return BNode(rest)
    if sign == "=":
        return rest
    length, _, rest = rest.partition(" ")
    kind, value = rest[: int(length)], rest[int(length) :]
    if sign == "@":
        return Literal(value, lang=kind)
    return Literal(value, datatype=URIRef(kind), normalize=False) if sign == "^" else Literal(value)


def digest_of(data: bytes, salt: bytes) -> int:
    """A keyed hash of 63 bits."""
    return int.from_bytes(blake2b(data, digest_size=8, key=salt).digest()) >> 1
