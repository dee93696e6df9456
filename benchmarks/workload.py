"""The questions that are measured: the files of `benchmarks/queries`, asked about things of the graph.

Who asks the same twice may be given what was kept of the first time. So the texts that are measured differ each time
in the name of a variable: no engine has seen any of them before, and each has the same work with all.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

FOLDER: Final = Path(__file__).parent
#: Stands in a text for the number that makes it new.
NUMBER: Final = "NUMBER"
#: Stand in query files for the thing that is asked about, and for the one that it is compared with.
_THING, _OTHER = "<THING>", "<OTHER>"
_HEADER: Final = re.compile(r"^# (kind|sample|vary): (.+)$", re.MULTILINE)


class Things(Protocol):
    """What a graph holds that one can ask about: IRIs."""

    def sample(self, kind: str) -> list[str]:
        """All things of a kind that query files name under `sample`."""


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of query: `name` of the file, what it asks (`kind`), one text for each thing that it is asked about."""

    name: str
    kind: str
    texts: tuple[str, ...]
    things: tuple[str, ...]
    varied: str

    @property
    def constructs(self) -> bool:
        """Whether it gives triples and not rows."""
        return "\nCONSTRUCT" in self.texts[0]

    @property
    def media_type(self) -> str:
        """What every engine writes: the same work for all."""
        return "application/n-triples" if self.constructs else "application/sparql-results+json"

    def fresh(self, text: str, number: int | str) -> str:
        """One of the texts as nobody has asked it before."""
        return re.sub(rf"\?{self.varied}\b", f"?{self.varied}{number}", text)


def read(path: Path, things: Things, most: int, seed: int = 1) -> Question:
    """A query file, asked about `most` different things, or as many as the graph has."""
    text = path.read_text(encoding="utf-8")
    header = dict(_HEADER.findall(text))
    body = _HEADER.sub("", text).lstrip("\n")
    varied = header["vary"]
    if "sample" not in header:
        return Question(path.stem, header["kind"], (body,), ("",), varied)
    known = things.sample(header["sample"])
    if _OTHER in body:  # compared with the first of them
        body = body.replace(_OTHER, f"<{known[0]}>")
        known = known[1:]
    chosen = random.Random(f"{seed} {header['sample']}").sample(known, min(most, len(known)))
    texts = tuple(body.replace(_THING, f"<{thing}>") for thing in chosen)
    return Question(path.stem, header["kind"], texts, tuple(chosen), varied)


def questions(things: Things, most: int, folder: str = "queries") -> Sequence[Question]:
    """All of a folder, sorted by name, but for those about things that the graph lacks."""
    found = (read(path, things, most) for path in sorted((FOLDER / folder).glob("*.rq")))
    return [question for question in found if question.texts]
