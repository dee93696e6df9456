"""From IRIs to links of this server, and back.

The IRIs of the data are not bound to a host (DESIGN, "Names"); pages link to local paths. Only `http` and `https`
addresses ever become links: data may hold anything.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from ontology.namespaces import BASE, PREFIXES, TG

__all__ = ["AREAS", "compact", "data_path", "id_path", "iri_of", "is_address", "is_iri_path", "link", "page_path"]

#: The parts of the name space that hold things with pages of their own.
AREAS: Final = ("id", "code", "graph", "finding", "claim", "rule", "derivation", "activity", "software", "release")

_SAFE: Final = "/~@:!$&'()*+,;=-._"
#: What an IRI of ours may not hold (RFC 3987; blanks and capitals are spellings, which lead to a redirection).
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f<>\"{}|\\^`]")
_MAX_PATH: Final = 2000


def is_iri_path(path: str) -> bool:
    """Whether a path can lead to an IRI of ours at all."""
    segments = path.split("/")
    return bool(path) and len(path) <= _MAX_PATH and not _FORBIDDEN.search(path) and ".." not in segments


def is_address(text: str) -> bool:
    """Whether a text can be written as the IRI of a web address; a Host header may hold anything."""
    return text.startswith(("http://", "https://")) and not any(c <= " " or c in '<>"{}|\\^`' for c in text)


def iri_of(area: str, path: str) -> str:
    """The IRI behind a local path: `iri_of("id", "meeting/aplc-msp-21")`."""
    return f"{BASE}{area}/{path}"


def _local(iri: str, prefix: str) -> str | None:
    if not iri.startswith(BASE):
        return None
    path, _, fragment = iri[len(BASE) :].partition("#")
    if path.partition("/")[0] not in AREAS:
        return None
    tail = f"#{quote(fragment, safe=_SAFE)}" if fragment else ""
    return f"{prefix}/{quote(path, safe=_SAFE)}{tail}"


def page_path(iri: str) -> str | None:
    """The local path of the page about a thing of ours; None for IRIs from elsewhere."""
    return _local(iri, "/page")


def data_path(iri: str) -> str | None:
    """The local path of the data about a thing of ours."""
    return _local(iri, "/data")


def id_path(iri: str) -> str | None:
    """The local path of a thing itself, which redirects to its page or its data."""
    return _local(iri, "")


def link(iri: str) -> str | None:
    """What an `href` may hold for an IRI: a local path for ours, the address itself for http(s), nothing else."""
    local = page_path(iri)
    if local:
        return local
    if iri.startswith(str(TG)):
        return f"/def#{quote(iri[len(str(TG)) :], safe=_SAFE)}"
    if iri.startswith(BASE):
        return "/" + quote(iri[len(BASE) :], safe=_SAFE + "#")
    try:
        parts = urlsplit(iri)
    except ValueError:
        return None
    return iri if parts.scheme in ("http", "https") and parts.netloc else None


def compact(iri: str) -> str:
    """A short way to write an IRI for people: `tg:convenedUnder`, `id:meeting/aplc-msp-21`."""
    best = max(((name, base) for name, base in PREFIXES.items() if iri.startswith(base)), key=_length, default=None)
    if best is None:
        return iri[len(BASE) :] if iri.startswith(BASE) else iri
    return f"{best[0]}:{iri[len(best[1]) :]}"


def _length(item: tuple[str, str]) -> int:
    return len(item[1])
