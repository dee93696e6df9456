"""How a release wants to be cited and deposited: `CITATION.cff` (1.2.0) and the metadata of a deposit with Zenodo.

Both say what the release says of itself: its id is the version, its date the last day of which the record knows
something. Specifications: https://github.com/citation-file-format/citation-file-format (schema 1.2.0),
https://developers.zenodo.org/#representation.
"""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from loaders.software import NAME, software_version
from ontology.namespaces import BASE

__all__ = ["CITATION", "ZENODO", "citation_cff", "zenodo_json"]

CITATION: Final = "CITATION.cff"
ZENODO: Final = ".zenodo.json"

_TITLE: Final = "Treatygraph: a knowledge graph of disarmament treaties, resolutions and meetings"
_AUTHOR: Final = "The Treatygraph developers"
_ABSTRACT: Final = (
    "Disarmament treaties, General Assembly resolutions and meetings, and the chain of authority between them down to "
    "the paragraph, as linked data. Each fact carries its source; where sources contradict each other, both values are "
    "kept and the contradiction is a finding."
)
_KEYWORDS: Final = ("disarmament", "treaties", "United Nations", "resolutions", "linked data", "RDF", "SPARQL")


def citation_cff(release: str, date: str | None) -> str:
    """The citation file of a release, in YAML."""
    document: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "Please cite the release that you used, by its version.",
        "type": "dataset",
        "title": _TITLE,
        "abstract": _ABSTRACT,
        "authors": [{"name": _AUTHOR}],
        "version": release,
        **({"date-released": date} if date else {}),
        "license": "CC-BY-4.0",
        "url": str(BASE),
        "keywords": list(_KEYWORDS),
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def zenodo_json(release: str, date: str | None) -> str:
    """The metadata of a deposit, in JSON: the fields that Zenodo asks for, without a DOI, which Zenodo gives."""
    document: dict[str, Any] = {
        "title": _TITLE,
        "upload_type": "dataset",
        "description": f"<p>{_ABSTRACT}</p><p>Made by {NAME} {software_version()}.</p>",
        "creators": [{"name": _AUTHOR}],
        "version": release,
        **({"publication_date": date} if date else {}),
        "access_right": "open",
        "license": "cc-by-4.0",
        "language": "eng",
        "keywords": list(_KEYWORDS),
        "related_identifiers": [{"identifier": str(BASE), "relation": "isIdenticalTo", "resource_type": "dataset"}],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
