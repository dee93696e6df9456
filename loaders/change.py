"""A change: the data files at a revision of git and now, read as one snapshot and the few edits that lead to either."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from loaders.cells import decode
from loaders.diagnose import Malformed
from loaders.edits import FileEdit, table_edit, whole_edit
from loaders.endings import ENDINGS, TABLE
from loaders.errors import BuildError
from loaders.files import data_files
from loaders.fingerprint import fingerprint
from loaders.record import Record
from loaders.revision import Revision, checked_out, content_name
from loaders.shelf import Shelf
from loaders.snapshot import Damaged, Snapshot
from loaders.tables import column_values
from loaders.uncollected import uncollected

MAPPING: Final = "-metadata.json"
#: Files that may differ between a snapshot and what is asked about; where more do, a new snapshot is taken.
MOST_EDITS: Final = 40

#: Name of each file, with the name of its content (and of that of its mapping).
State = dict[str, str]


#: Told of each file that is read: how many are done, of how many, and the file's name.
Progress: TypeAlias = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Source:
    """A file to read: the name under which it is reported, where it is read, and the name of its content."""

    name: str
    path: Path
    content: str


@dataclass
class Work:
    """What a validation took: files read, rows (of other files: statements) read in them, statements looked up in the
    snapshot, things checked, and whether the snapshot had to be made."""

    files: list[str] = field(default_factory=list)
    rows: int = 0
    statements: int = 0
    things: int = 0
    fresh: bool = False


class Change:
    """The difference between data files and a revision of git. Raises BuildError for an unknown revision."""

    def __init__(self, revision: str, paths: Sequence[Path]) -> None:
        self._roots = [(path, path.resolve()) for path in paths]
        self._git = Revision(revision, paths)
        self._revision = revision
        asked = [*paths, *(path.with_name(f"{path.name}{MAPPING}") for path in paths if path.suffix == TABLE)]
        self._asked = asked
        names = (self._name(path) for path in self._git.changed(asked))
        #: The names of the data files that differ; whoever changes the mapping of a table changes what it says.
        self.files: frozenset[str] = frozenset(name for name in names if name is not None)

    def touches(self, file: str) -> bool:
        """Whether a file has changed."""
        return file in self.files

    def states(self) -> tuple[State, State]:
        """The files at the revision, and now."""
        known: dict[str, str] = {}
        mappings: dict[str, str] = {}
        for path, content in self._git.contents(self._asked).items():
            name = self._name(path)
            if name is not None:
                (mappings if path.name.endswith(MAPPING) else known)[name] = content
        then: State = {}
        now: State = {}
        for name, content in known.items():
            if self.touches(name):
                then[name] = f"{content}+{mappings.get(name, '')}" if name.endswith(TABLE) else content
        for path in data_files([path for path, _ in self._roots if path.exists()]):
            name = str(path)
            if self.touches(name) or name not in known:
                now[name] = _content(path)
            elif name.endswith(TABLE):
                now[name] = f"{known[name]}+{mappings.get(name) or _of_mapping(path)}"
            else:
                now[name] = known[name]
            if not self.touches(name):
                then[name] = now[name]
        return then, now

    def _name(self, path: Path) -> str | None:
        """The name of a data file, or of the table whose mapping it is, as `data_files` gives it."""
        if path.name.endswith(f"{TABLE}{MAPPING}"):
            path = path.with_name(path.name.removesuffix(MAPPING))
        for given, root in self._roots:
            if path == root:
                return str(given)
            if root in path.parents and path.suffix in ENDINGS:
                return str(given / path.relative_to(root))
        return None

    def records(self, levels: Sequence[str], shelf: Shelf | None, work: Work, progress: Progress | None) -> Pair:
        """The record at the revision and now. The snapshot is taken from the shelf, or made (and put there)."""
        then, now = self.states()
        snapshot = self._snapshot(then, levels, shelf, work, progress)
        with TemporaryDirectory(prefix="treatygraph-") as folder:
            reader = _Edits(snapshot, self._git, work)
            edits_now = reader.edits(now, {})
            differs = {name for name in then if name in self.files and then[name] != _known(snapshot, name)}
            places = {
                name: self._old_file(name, then[name], Path(folder), at) for at, name in enumerate(sorted(differs))
            }
            return Pair(Record(snapshot, reader.edits(then, places)), Record(snapshot, edits_now), then, self._git)

    def _old_file(self, name: str, content: str, folder: Path, at: int) -> Path:
        """A file of the revision, with its mapping, in a folder of its own."""
        place = folder / str(at) / Path(name).name
        place.parent.mkdir()
        data, _, mapping = content.partition("+")
        place.write_bytes(self._git.read(data))
        if mapping:
            place.with_name(f"{place.name}{MAPPING}").write_bytes(self._git.read(mapping))
        return place

    def _snapshot(
        self, then: State, levels: Sequence[str], shelf: Shelf | None, work: Work, progress: Progress | None
    ) -> Snapshot:
        group = self._group(levels)
        if shelf is not None:
            for path in shelf.items(group, "snapshot"):
                try:
                    found = Snapshot.open(path)
                except Damaged:
                    shelf.remove(path)
                    continue
                if sum(1 for name in {*then, *found.files} if then.get(name) != _known(found, name)) <= MOST_EDITS:
                    return found
        work.fresh = True
        with ExitStack() as stack:
            sources = list(self._sources(then, stack))
            if shelf is not None:
                state = key_of([f"{name} {content}" for name, content in sorted(then.items())])
                # A full disk, a directory that may not be written: it goes without.
                with suppress(OSError, Damaged):
                    path = shelf.keep(f"{group}-{state}.snapshot", lambda path: _write(sources, path, levels, progress))
                    return Snapshot.open(path)
            from loaders.taking import take

            with uncollected():
                made = take(sources, None, levels, progress)
            assert made is not None
            return made

    def forget(self, shelf: Shelf, levels: Sequence[str]) -> None:
        """Take the snapshots of these files off a shelf."""
        for path in list(shelf.items(self._group(levels), "snapshot")):
            shelf.remove(path)

    def _group(self, levels: Sequence[str]) -> str:
        return key_of([fingerprint(), *levels, *(f"{given}\n{root}" for given, root in self._roots)])

    def _sources(self, then: State, stack: ExitStack) -> Iterator[Source]:
        """Where the files of the revision can be read: all in one folder, because tables look into each other."""
        folders = [given if root.is_dir() else given.parent for given, root in self._roots]
        old = {given: stack.enter_context(checked_out(self._revision, given)) for given in dict.fromkeys(folders)}
        for name, content in sorted(then.items()):
            path = Path(name)
            given = next(given for given in old if given in path.parents)
            place = old[given] / path.relative_to(given)
            yield Source(name, place if place.is_file() else path, content)


@dataclass(frozen=True)
class Pair:
    """The record at the revision and now; `state` names the contents of the files at the revision."""

    then: Record
    now: Record
    state: State
    git: Revision

    def values_then(self, table: str, column: str) -> frozenset[str]:
        """The values of a column of a table at the revision; none where there was no such table."""
        return self._values(self.state.get(table), table, column)

    def values_known(self, table: str, column: str) -> frozenset[str]:
        """The same for the state of the snapshot."""
        return self._values(_known(self.now.snapshot, table), table, column)

    def _values(self, content: str | None, table: str, column: str) -> frozenset[str]:
        if content is None:
            return frozenset()
        try:
            return column_values(decode(self.git.read(content.partition("+")[0]), table), table, column)
        except (BuildError, Malformed):
            return frozenset()


class _Edits:
    """Makes the edits that lead from a snapshot to a state; each content is read once."""

    def __init__(self, snapshot: Snapshot, git: Revision, work: Work) -> None:
        self._snapshot = snapshot
        self._git = git
        self._work = work
        self._made: dict[tuple[str, str], FileEdit] = {}

    def edits(self, state: State, places: Mapping[str, Path]) -> dict[str, FileEdit]:
        """The edits by file; `places` are where the files of an older state can be read."""
        found: dict[str, FileEdit] = {}
        for name in sorted({*state, *self._snapshot.files}):
            if name not in state:
                found[name] = FileEdit()
            elif state[name] != _known(self._snapshot, name):
                key = (name, state[name])
                if key not in self._made:
                    self._made[key] = self._edit(name, state[name], places.get(name, Path(name)))
                found[name] = self._made[key]
        return found

    def _edit(self, name: str, content: str, path: Path) -> FileEdit:
        known = self._snapshot.files.get(name)
        edit: FileEdit | None = None
        if known is not None and known.even and name.endswith(TABLE):
            data, _, mapping = known.content.partition("+")
            if mapping == content.partition("+")[2]:
                with suppress(BuildError):  # Git does not have what the file was: it is ignored, or not committed.
                    edit = table_edit(self._snapshot, name, self._git.read(data), path)
        edit = edit or whole_edit(path, name)
        self._work.files.append(name)
        self._work.rows += edit.rows
        return edit


def _write(sources: Sequence[Source], path: Path, levels: Sequence[str], progress: Progress | None) -> None:
    # Read here: it brings what reads Turtle and SPARQL, which a snapshot that is there has spared us.
    from loaders.taking import take

    with uncollected():
        take(sources, path, levels, progress)


def _known(snapshot: Snapshot, name: str) -> str | None:
    found = snapshot.files.get(name)
    return None if found is None else found.content


def _content(path: Path) -> str:
    data = content_name(path.read_bytes())
    return f"{data}+{_of_mapping(path)}" if path.suffix == TABLE else data


def _of_mapping(path: Path) -> str:
    place = path.with_name(f"{path.name}{MAPPING}")
    return content_name(place.read_bytes()) if place.is_file() else ""


def key_of(texts: Sequence[str]) -> str:
    """A short name for a list of texts."""
    return sha256(json.dumps(list(texts)).encode()).hexdigest()[:16]
