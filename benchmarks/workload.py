"""The questions that are measured: the files of `benchmarks/queries`, asked about things of the generated graph."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.generate import Extent

FOLDER: Final = Path(__file__).parent
_THING: Final = re.compile(r"(VALUES \?thing \{ )<[^>]*>( \})")
_HEADER: Final = re.compile(r"^# (kind|sample): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of query: `name` of the file, what it asks (`kind`), one text for each thing that it is asked about."""

    name: str
    kind: str
    texts: tuple[str, ...]
    things: tuple[str, ...]

    @property
    def constructs(self) -> bool:
        """Whether it gives triples and not rows."""
        return "\nCONSTRUCT" in self.texts[0]

    @property
    def media_type(self) -> str:
        """What every engine writes: the same work for all."""
        return "application/n-triples" if self.constructs else "application/sparql-results+json"


def read(path: Path, extent: Extent, rounds: int, seed: int = 1) -> Question:
    """A query file, asked about as many different things as there are rounds (or as the graph has)."""
    text = path.read_text(encoding="utf-8")
    header = dict(_HEADER.findall(text))
    if "sample" not in header:
        return Question(path.stem, header["kind"], (text,), ("",))
    kinds = {
        "meetings": extent.meetings,
        "chains": extent.chains,
        "resolutions": extent.resolutions,
        "provisions": extent.provisions,
        "series": extent.series,
        "treaties": extent.treaty_iris,
    }
    known = kinds[header["sample"]]()
    chosen = sorted(random.Random(f"{seed} {header['sample']}").sample(known, min(rounds, len(known))))
    texts = tuple(_THING.sub(rf"\g<1><{thing}>\g<2>", text) for thing in chosen)
    return Question(path.stem, header["kind"], texts, tuple(chosen))


def questions(extent: Extent, rounds: int, folder: str = "queries") -> Sequence[Question]:
    """All of a folder, sorted by name."""
    return [read(path, extent, rounds) for path in sorted((FOLDER / folder).glob("*.rq"))]
