"""What an edit can affect: the things whose checks may come out otherwise than at a revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rdflib import URIRef
from rdflib.term import Node

from loaders.diagnose import Malformed
from loaders.files import read_file
from loaders.positions import PositionedQuad
from loaders.revision import changed_files, checked_out

_MAPPING: Final = "-metadata.json"
_Triples = set[tuple[Node, Node, Node]]


class Change:
    """The difference between data files and a revision of git. Raises BuildError for an unknown revision."""

    def __init__(self, revision: str, paths: Sequence[Path]) -> None:
        self._revision = revision
        self._paths = list(paths)
        # Whoever changes the mapping of a table changes what the table says.
        names = {
            Path(str(path).removesuffix(_MAPPING)) for path in changed_files(revision, [*paths, *_mappings(paths)])
        }
        self.files: frozenset[Path] = frozenset(names)

    def touches(self, file: str) -> bool:
        """Whether a file has changed."""
        return Path(file).resolve() in self.files

    def affected(self, quads: Mapping[str, Sequence[PositionedQuad]]) -> set[str]:
        """The IRIs of the things that the edit can affect: what a changed statement is about or leads to, and what
        refers to what it is about (a shape may look one step further). `quads` are those of all files by name."""
        changed: _Triples = set()
        for root in self._paths:
            with checked_out(self._revision, root) as old:
                for file in self.files:
                    before = _before(old, root, file)
                    if before is not None:
                        changed |= _now(file, quads) ^ before
        about = {subject for subject, _, _ in changed}
        found = about | {value for _, _, value in changed}
        for one in (positioned for listed in quads.values() for positioned in listed):
            if one.quad[2] in about:
                found.add(one.quad[0])
        return {str(node) for node in found if isinstance(node, URIRef)}


def _mappings(paths: Sequence[Path]) -> list[Path]:
    return [path.with_name(f"{path.name}{_MAPPING}") for path in paths if path.suffix == ".csv"]


def _before(old: Path, root: Path, file: Path) -> _Triples | None:
    """What a file said at the revision (nothing where it was not there); None for a file of another root."""
    top = root.resolve()
    if file != top and top not in file.parents:
        return None
    path = old if file == top else old / file.relative_to(top)
    if not path.is_file():
        return set()
    try:
        return {positioned.quad[:3] for positioned in read_file(path)[0]}
    except Malformed:
        return set()


def _now(file: Path, quads: Mapping[str, Sequence[PositionedQuad]]) -> _Triples:
    return {one.quad[:3] for name, listed in quads.items() if Path(name).resolve() == file for one in listed}
