"""Keys: the readable names of things, and the IRIs made of them.

A key is what follows `id/<folder>/` in an IRI: `a/res/77/63~op10`, `aplc~art11.1`, `aplc-msp-21` (DESIGN, "Names").
Every minting rule of the project stands here, so that two loaders that meet the same thing give it the same name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from rdflib import URIRef

from ontology.namespaces import CODE, GRAPH, ID

#: Folders under `id/`; a bare key is looked for in these, in this order.
FOLDERS: Final = (
    "meeting",
    "doc",
    "treaty",
    "series",
    "body",
    "post",
    "person",
    "state",
    "place",
    "programme",
    "mandate",
    "citation",
    "deadline",
    "invitation",
    "account",
    "cost-rule",
    "count",
    "tenure",
    "action",
    "vote",
    "source",
)

_KEY = re.compile(r"[a-z0-9][a-z0-9/._~@-]*\Z")


def symbol_key(symbol: str) -> str:
    """Turn a document symbol, in any spelling, into its key.

    En dash to hyphen; `(` with the blanks before it to `_`; `)` dropped; blanks dropped; case-folded
    (DESIGN, "Names"): `A/RES/54/54 B` gives `a/res/54/54b`, `A/RES/2373 (XXII)` gives `a/res/2373_xxii`.
    """
    text = unicodedata.normalize("NFKC", symbol).replace("\N{SOFT HYPHEN}", "")
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = re.sub(r"\s*\(", "_", text).replace(")", "")
    return re.sub(r"\s+", "", text).casefold()


def slug(name: str) -> str:
    """ASCII, lower case, hyphens: `The Hague` gives `the-hague`, `São Tomé` gives `sao-tome`."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")


def is_key(text: str) -> bool:
    """Whether the text has the form of a key (it says nothing about whether the thing exists)."""
    return _KEY.match(text) is not None


def key_of(iri: str) -> str:
    """The key of an IRI under `id/`, without its folder; other IRIs come back unchanged."""
    base = str(ID)
    if not iri.startswith(base):
        return iri
    return iri[len(base) :].partition("/")[2]


def folder_of(iri: str) -> str | None:
    """The folder under `id/` (`meeting`, `doc`, …), or None for an IRI from elsewhere."""
    base = str(ID)
    return iri[len(base) :].partition("/")[0] if iri.startswith(base) else None


def thing(folder: str, key: str) -> URIRef:
    """The IRI of a thing: `thing("meeting", "aplc-msp-21")`."""
    return ID[f"{folder}/{key}"]


def doc(key: str) -> URIRef:
    """The IRI of a document or of a part of one: `doc("a/res/77/63~op10")`."""
    return thing("doc", key)


def provision(treaty: str, article: int | str, paragraph: int | str | None = None) -> URIRef:
    """The IRI of an article or of a paragraph of one: `treaty/aplc~art11.1`."""
    tail = f"art{article}" if paragraph is None else f"art{article}.{paragraph}"
    return thing("treaty", f"{treaty}~{tail}")


def series_key(treaty: str, kind: str) -> str:
    """`aplc-msp`: the series of one kind of meeting of one treaty."""
    return f"{treaty}-{kind}"


def meeting_key(treaty: str, kind: str, nominal: int | str) -> str:
    """`aplc-msp-21`: treaty, kind, and the ordinal (or, where meetings have none, the year)."""
    return f"{treaty}-{kind}-{nominal}"


def decision_key(meeting: str, task: str, target: str) -> str:
    """`aplc-msp-20~convene-aplc-msp-21`: the decision of a meeting, named by what it decides, not by its number."""
    return f"{meeting}~{task}-{target}"


def code(scheme: str, member: str) -> URIRef:
    """The IRI of a code: `code("force", "requests")`."""
    return CODE[f"{scheme}/{member}"]


def source_graph(key: str) -> URIRef:
    """The named graph that holds what one source states."""
    return GRAPH[key]


def claims_graph(key: str) -> URIRef:
    """The named graph that holds the passages of the statements of one source."""
    return GRAPH[f"{key}~claims"]


def passage(document: str, start: int, end: int) -> URIRef:
    """A span of a document's normalised text, by the fragment of RFC 5147 (`#char=START,END`)."""
    return URIRef(f"{ID}doc/{document}#char={start},{end}")
