"""Coverage and gaps as lists for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from queries.completeness import Coverage, GapsOfKind

__all__ = ["coverage_csv", "gaps_csv", "gaps_json"]


def coverage_csv(lines: Sequence[Coverage]) -> str:
    """One line each, with the fields of `Coverage`; empty where nobody can tell a number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Coverage.__dataclass_fields__)
    writer.writerows(line.to_json().values() for line in lines)
    return text.getvalue()


def gaps_csv(found: Sequence[GapsOfKind]) -> str:
    """One line for each gap: kind, key, label, treaty, missing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("kind", "key", "label", "treaty", "missing"))
    writer.writerows((one.kind, gap.key, gap.label, gap.treaty, gap.missing) for one in found for gap in one.gaps)
    return text.getvalue()


def gaps_json(found: Sequence[GapsOfKind]) -> list[dict[str, Any]]:
    """The kinds, each with its gaps."""
    return [
        {
            "kind": one.kind,
            "title": one.title,
            "total": len(one.gaps),
            "gaps": [gap.to_json() for gap in one.gaps],
        }
        for one in found
    ]
