"""The documentation is true: links lead somewhere, commands parse, and what is shown as output is the output.

Blocks by the word behind their fence:

- `console`: each line that begins with `$ ` is run by bash in a directory with a copy of `data/` and a built `release`,
  the blocks of one page in their order in one directory; the lines below it are what it prints. `…` stands for
  anything: alone on a line for any lines, else within the line. `localhost:8000` is a real server of that release.
- `sparql`: the query is run on that release and must give an answer; a `csv` block below it is the answer.
- `python`: run as a program, unless a comment `<!-- not run: … -->` stands above; a `text` block below is its output.
- everything else is shown only.

`grows` behind the word says that the numbers are those of a day: they may differ, the rest may not.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import click
import pyoxigraph
import pytest

from api.cli import treatygraph
from loaders.release import ReleaseInfo
from queries.embedded import EmbeddedBackend

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "data/**/*.md")
    for page in ROOT.glob(pattern)
)
SERVED = "localhost:8000"


@dataclass(frozen=True)
class Block:
    """A fenced block: the words behind the fence, its text, its line (from 1), what stands between it and the last."""

    kind: str
    grows: bool
    text: str
    line: int
    before: str


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    found, end = [], 0
    for match in re.finditer(r"^```(\w*)([^\n]*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(match[1], "grows" in match[2], match[3], line, text[end : match.start()].strip()))
        end = match.end()
    return found


def prose(text: str) -> str:
    """The text without its blocks, fenced or indented: what looks like a link there is none."""
    return re.sub(r"^(```.*?^```|    .*?)$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as the usual sites make them."""
    headings = re.findall(
        r"^#+ +(.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}


def matches(shown: str, printed: str, *, grows: bool = False) -> bool:
    """Whether what a program printed is what a page shows; `…` is anything, what `grows` may count otherwise."""
    if grows:
        shown, printed = (re.sub(r" *[0-9][0-9,.]*", " 0", text) for text in (shown, printed))
    pieces = []
    for line in shown.rstrip().split("\n"):
        if line.strip() == "…":
            pieces.append(r"(?:[^\n]*\n)*?")
        else:
            pieces.append(r"[^\n]*?".join(re.escape(piece) for piece in line.rstrip().split("…")) + r"[ ]*\n")
    return re.fullmatch("".join(pieces), printed.rstrip() + "\n" if printed.strip() else "\n") is not None


def unfinished(command: str) -> bool:
    """Whether bash would ask for more lines: an open quote or here-document, a backslash at the end."""
    if document := re.search(r"<<'?(\w+)'?", command):
        return command.splitlines()[-1] != document[1]
    try:
        shlex.split(command)
    except ValueError:
        return True
    return command.endswith("\\")


def steps(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the lines shown below it."""
    command, shown = "", list[str]()
    for line in block.text.splitlines():
        if command and not shown and unfinished(command):
            command = f"{command}\n{line}"
        elif line.startswith("$ "):
            if command:
                yield command, "\n".join(shown)
            command, shown = line[2:], []
        else:
            shown.append(line)
    yield command, "\n".join(shown)


# The release that the pages speak of, a shell in it, a server of it.


@pytest.fixture(scope="module")
def release(record: ReleaseInfo) -> ReleaseInfo:
    return record


@pytest.fixture(scope="module")
def bin_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`treatygraph` and `python` of this checkout, whatever is installed."""
    folder = tmp_path_factory.mktemp("bin")
    for name, command in {"treatygraph": "-m api.cli ", "python": ""}.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command}"$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def environment(bin_directory: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TREATYGRAPH_", "COLUMNS"))}
    path = f"{bin_directory}{os.pathsep}{clean.get('PATH', '')}"
    return {**clean, "PATH": path, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="module")
def server(release: ReleaseInfo, environment: dict[str, str]) -> Iterator[str]:
    """Host and port of a real server of the release."""
    command = ["treatygraph", "serve", "--release", str(release.path), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        address = re.search(r"http://(\S+?:\d+)", process.stdout.readline())
        assert address
        for _ in range(2400):
            try:
                with urlopen(f"http://{address[1]}/health/ready", timeout=30):
                    break
            except OSError:
                time.sleep(0.05)
        yield address[1]
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def place(tmp_path: Path, release: ReleaseInfo) -> Path:
    """What a reader has after `make build`: the data and a release."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    (tmp_path / "release").symlink_to(release.path.parent)
    return tmp_path


def run(command: list[str], place: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        cwd=place,
        env=environment,
        timeout=200,
    )
    return done.stdout


def having(kind: str) -> list[str]:
    return [page for page in PAGES if any(block.kind == kind for block in blocks(read(page)))]


# The tests.


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(read(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), f"{page}: {target}"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there.read_text(encoding="utf-8")), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    """Such as `queries/rules/10-invokes.rq`; NAME stands for any name."""
    for name in re.findall(r"`((?:api|data|docs|loaders|ontology|queries|tests)/[\w./-]+\.[a-z]+)`", prose(read(page))):
        if "NAME" not in name and page != "docs/extending.md":  # which makes its files, see test_extending
            assert (ROOT / name).exists(), f"{page}: {name}"


def calls(text: str) -> Iterator[list[str]]:
    """The arguments of each call of treatygraph in a piece of shell."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = [*lexer, ";"]
    for place, word in enumerate(words):
        if word.removeprefix(".venv/bin/") == "treatygraph":
            end = next(n for n in range(place, len(words)) if set(words[n]) <= set("();<>|&"))
            # `2>` comes as two words.
            yield words[place + 1 : end - (words[end].startswith(">") and words[end - 1] == "2")]


def commands() -> list[tuple[str, tuple[str, ...]]]:
    found = set()
    for page in PAGES:
        shell = [command for block in blocks(read(page)) if block.kind == "console" for command, _ in steps(block)]
        shell += re.findall(r"^    (?:\.venv/bin/)?(treatygraph .+)$", read(page), re.MULTILINE)
        found |= {(page, tuple(words)) for text in shell for words in calls(text.partition("<<")[0])}
    return sorted(found)


@pytest.mark.parametrize(("page", "words"), commands())
def test_commands_are_spelled_as_they_are(page: str, words: tuple[str, ...]) -> None:
    command = treatygraph.get_command(click.Context(treatygraph), words[0])
    assert command is not None, f"{page}: treatygraph {words[0]}"
    command.make_context(words[0], list(words[1:]))


@pytest.mark.parametrize("page", having("console"))
def test_what_is_shown_is_what_is_printed(page: str, place: Path, environment: dict[str, str], server: str) -> None:
    for block in blocks(read(page)):
        for command, shown in steps(block) if block.kind == "console" else ():
            printed = run(["bash", "-c", command.replace(SERVED, server)], place, environment)
            printed = printed.replace(server, SERVED).replace(f"{place}/", "")
            assert matches(shown, printed, grows=block.grows), f"{page}:{block.line}: $ {command}\nprints\n{printed}"


@pytest.mark.parametrize("page", having("sparql"))
def test_queries_give_what_is_shown(page: str, release: ReleaseInfo) -> None:
    found = blocks(read(page))
    backend = EmbeddedBackend(release.store, release.id)
    try:
        for block, after in zip(found, [*found[1:], None], strict=True):
            if block.kind != "sparql":
                continue
            result = backend.query(block.text)
            form = "text/turtle" if result.kind == "construct" else "text/csv"
            printed = b"".join(result.serialize(form)).decode().replace("\r\n", "\n")
            where = f"{page}:{block.line}"
            assert printed.count("\n") > 1, f"{where}: no answer"
            if after is not None and after.kind == "csv":
                assert matches(after.text, printed, grows=after.grows), f"{where} gives\n{printed}"
    finally:
        backend.close()


@pytest.mark.parametrize("page", having("sparql"))
def test_queries_are_plain_sparql(page: str) -> None:
    """A second engine without our code in between takes them too."""
    store = pyoxigraph.Store()
    for block in blocks(read(page)):
        if block.kind == "sparql":
            store.query(block.text)


@pytest.mark.parametrize("page", having("python"))
def test_programs_print_what_is_shown(page: str, place: Path, environment: dict[str, str], server: str) -> None:
    found = blocks(read(page))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.kind != "python" or "<!-- not run" in block.before.rpartition("\n")[2]:
            continue
        program = place / "program.py"
        program.write_text(block.text.replace(SERVED, server), encoding="utf-8")
        printed = run(["python", program.name], place, environment).replace(server, SERVED)
        assert "Traceback" not in printed, f"{page}:{block.line}: {printed}"
        if after is not None and after.kind == "text" and not after.before:
            assert matches(after.text, printed, grows=after.grows), f"{page}:{block.line} prints\n{printed}"


def test_the_picture_is_the_one_that_the_command_makes(place: Path, environment: dict[str, str]) -> None:
    command = "treatygraph lineage aplc-msp-21 --kind mandate --depth 3 --direction up --format svg"
    picture = "docs/images/lineage-aplc-msp-21.svg"
    assert picture in read("README.md")
    assert read(picture) == run(shlex.split(command), place, environment), f"{command} > {picture}"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("release … in out\n", "release 12ab in out\n", True),
        ("a …\n", "a b\nc\n", False),
        ("a\n", "a\nb\n", False),
        ("", "", True),
        ("a.c\n", "abc\n", False),
    ],
)
def test_the_comparison_itself(shown: str, printed: str, same: bool) -> None:
    assert matches(shown, printed) is same
