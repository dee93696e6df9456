"""`docs/extending.md`, done: each piece of that page is put into a copy of the checkout, which builds and serves.

No line of Python changes in the copy. The document is invented, and so is its convention, which no table knows.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
ID = "https://w3id.org/treatygraph/id/"
NOTE = """\
UNITED NATIONS   NATIONS UNIES

EXECUTIVE OFFICE OF THE SECRETARY-GENERAL

The Secretary-General of the United Nations presents her compliments to the Permanent Representatives of all Member
States and has the honour to refer to the Convention on the Marking of Drifting Buoys (CMDB), which entered into force
on 4 May 2029.

Pursuant to Article 8(1), the Third Meeting of the States Parties to the Convention (held from 5 to 7 June 2034) decided
to convene the Fourth Meeting of the States Parties in Bergen, Norway, from 4 to 8 June 2035.

In addition, the General Assembly, in paragraph 6 of its resolution 89/12 of 3 December 2034, adopted as follows:

“Requests the Secretary-General, in accordance with article 8 (2) of the Convention, to make the arrangements necessary
to convene the Fourth Meeting of the States Parties, to be held in Bergen from 4 to 8 June 2035”.

The Secretary-General accordingly has the honour to convene the Fourth Meeting of the States Parties to the Convention,
to be held in Bergen, Norway, from 4 to 8 June 2035.

15 January 2035
"""
KEY = "note-verbale/2035-01-15/cmdb-msp-4"
MEETING = f"{ID}meeting/cmdb-msp-4"
PARAGRAPH = f"{ID}doc/a/res/89/12~op6"


def piece(heading: str) -> str:
    """The first fenced block below a heading of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = re.search(r"^```\w+\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    assert block, heading
    return block[1]


def name(heading: str) -> str:
    """The file that the page names below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    named = re.search(r"`((?:queries|ontology)/[^`]+)`", section)
    assert named, heading
    return named[1]


@dataclass(frozen=True)
class House:
    """A checkout and a folder to work in."""

    code: Path
    work: Path

    def environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("TREATYGRAPH_")}
        return {**clean, "PYTHONPATH": str(self.code)}

    def run(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.work,
            env=self.environment(),
            timeout=200,
        )
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout

    def lineage(self, thing: str, *more: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("lineage", thing, "--format", "json", *more))
        return found


def edges(answer: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(edge["from"].removeprefix(ID), edge["relation"], edge["to"].removeprefix(ID)) for edge in answer["edges"]}


def built(code: Path, work: Path, *sources: str) -> House:
    work.mkdir(parents=True, exist_ok=True)
    (work / "new-document.txt").write_text(NOTE, encoding="utf-8")
    house = House(code, work)
    where = house.code / "api" / "cli.py"
    told = subprocess.run(
        [sys.executable, "-c", "import api.cli; print(api.cli.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=work,
        env=house.environment(),
    )
    assert Path(told.stdout.strip()) == where, "the copy is what runs"
    house.run("build", "--only", "--source", *(sources or ("new-document.txt",)))
    return house


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The checkout as it is, with the document built."""
    return built(ROOT, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A copy of the checkout with every piece of the page."""
    code = tmp_path_factory.mktemp("extended") / "checkout"
    for package in ("ontology", "loaders", "queries", "api"):
        shutil.copytree(ROOT / package, code / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (code / name("A lineage relation")).open("a", encoding="utf-8") as ontology:
        ontology.write(f"\n{piece('A lineage relation')}")
    for heading in ("A question", "A rule", "An audit check"):
        new = code / name(heading)
        assert not new.exists()
        new.write_text(piece(heading), encoding="utf-8")
    return built(code, code.parent / "work")


@pytest.fixture(scope="module")
def address(extended: House) -> Iterator[str]:
    """A real server of the copy."""
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=extended.work, env=extended.environment()
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+?:\d+", process.stdout.readline())
        assert found
        for _ in range(2400):
            try:
                with urlopen(f"{found.group()}/health/ready", timeout=30):
                    break
            except OSError:
                time.sleep(0.05)
        yield found.group()
    finally:
        process.terminate()
        process.wait(60)


def get(address: str, path: str, **parameters: str) -> str:
    with urlopen(f"{address}{path}?{urlencode(parameters)}", timeout=120) as answer:
        return str(answer.read().decode())


# A sixth document.


def test_a_new_document_needs_no_code(plain: House) -> None:
    answer = plain.lineage("4th Meeting of the States Parties", "--kind", "mandate", "--direction", "up")
    assert answer["thing"] == MEETING
    assert edges(answer) >= {
        ("meeting/cmdb-msp-4", "convenedUnder", "treaty/cmdb~art8.1"),
        ("meeting/cmdb-msp-4", "convenedUnder", "meeting/cmdb-msp-3~convene-cmdb-msp-4"),
        ("meeting/cmdb-msp-4", "convenedUnder", "doc/a/res/89/12~op6"),
        ("meeting/cmdb-msp-4", "convokedBy", f"doc/{KEY}"),
        ("doc/a/res/89/12~op6", "invokes", "treaty/cmdb~art8.2"),
        ("meeting/cmdb-msp-3~convene-cmdb-msp-4", "takenBy", "meeting/cmdb-msp-3"),
    }
    for edge in answer["edges"]:
        assert {source["document"] for source in edge["sources"]} == {f"{ID}doc/{KEY}"}, edge
    under = plain.lineage("cmdb~art8.1", "--direction", "down")
    assert ("meeting/cmdb-msp-4", "convenedUnder", "treaty/cmdb~art8.1") in edges(under)


def test_a_passage_is_where_the_document_says_it(plain: House) -> None:
    text = plain.run("extract", "new-document.txt", "--format", "text")
    said = [
        text[source["start"] : source["end"]]
        for edge in plain.lineage(MEETING, "--depth", "1")["edges"]
        if edge["to"] == PARAGRAPH
        for source in edge["sources"]
    ]
    assert said
    assert all("Requests the Secretary-General" in passage for passage in said)


def test_its_claims_alone_say_the_same(plain: House, tmp_path: Path) -> None:
    """As for the repository: no sentence of the document, all of its facts."""
    claims = tmp_path / "new-document.trig"
    claims.write_text(plain.run("extract", "new-document.txt", "--format", "turtle"), encoding="utf-8")
    assert "Requests the Secretary-General" not in claims.read_text(encoding="utf-8")
    plain.run("validate", str(claims))
    plain.run("format", "--check", str(claims))
    plain.run("build", "--only", "--source", str(claims), "--out", str(tmp_path / "out"))
    stored = plain.lineage(MEETING, "--release", str(tmp_path / "out"))
    read = plain.lineage(MEETING)
    assert (stored["nodes"], stored["edges"]) == (read["nodes"], read["edges"])


def test_it_joins_the_record(tmp_path: Path) -> None:
    """Built beside curated data, as the page says: it is there, and nothing else is gone."""
    shutil.copytree(ROOT / "data" / "claims", tmp_path / "data" / "claims")
    (tmp_path / "new-document.txt").write_text(NOTE, encoding="utf-8")
    house = House(ROOT, tmp_path)
    house.run("build", "--source", "new-document.txt")
    assert ("meeting/cmdb-msp-4", "convenedUnder", "treaty/cmdb~art8.1") in edges(house.lineage("CMDB MSP 4"))
    assert ("meeting/aplc-msp-21", "convenedUnder", "treaty/aplc~art11.1") in edges(house.lineage("APLC MSP 21"))


# A lineage relation, brought to life by a rule.

STEP = (f"doc/{KEY}", "promptedBy", "doc/a/res/89/12~op6")


def test_without_the_line_there_is_no_relation(plain: House, tmp_path: Path) -> None:
    assert STEP not in edges(plain.lineage(MEETING))
    statement = tmp_path / "statement.trig"
    prefix = "PREFIX tg: <https://w3id.org/treatygraph/def#>\n"
    stated = f"GRAPH <{ID}../graph/g> {{ <{MEETING}> tg:promptedBy <{PARAGRAPH}> }}\n"
    statement.write_text(prefix + stated, encoding="utf-8")
    assert "tg:promptedBy is not declared" in plain.run("validate", str(statement), status=1)


def test_one_line_adds_a_lineage_relation(extended: House) -> None:
    answer = extended.lineage(MEETING, "--kind", "mandate")
    assert STEP in edges(answer)
    [edge] = [edge for edge in answer["edges"] if edge["relation"] == "promptedBy"]
    assert edge["kind"] == "mandate"
    assert "prompted by" in edge["sentence"]
    [source] = edge["sources"]
    assert (source["document"], source["in"]) == (f"{ID}doc/{KEY}", "p4")
    # Downwards it is the way back.
    assert STEP in edges(extended.lineage(PARAGRAPH, "--direction", "down"))
    assert STEP not in edges(extended.lineage(MEETING, "--kind", "recall"))


@pytest.mark.parametrize("form", ["text", "jsonld", "mermaid", "dot", "graphml", "svg", "node-link"])
def test_every_export_shows_the_relation(extended: House, form: str) -> None:
    shown = extended.run("lineage", MEETING, "--format", form)
    assert "prompted by" in shown or "promptedBy" in shown


def test_the_page_shows_the_relation(address: str) -> None:
    assert "prompted by" in get(address, "/lineage", thing="cmdb-msp-4", format="html")
    assert STEP in edges(json.loads(get(address, "/lineage", thing="cmdb-msp-4", kind="mandate")))
    assert "promptedBy" in get(address, "/def", format="turtle")


# A question, an audit check.


def test_a_question_is_a_command_and_an_address(plain: House, extended: House, address: str) -> None:
    asked = Path(name("A question")).stem
    plain.run("query", asked, status=2)
    rows = list(csv.DictReader(StringIO(extended.run("query", asked, "--param", "place=Bergen", "--format", "csv"))))
    assert {"meeting": MEETING, "start": "2035-06-04"} in rows
    assert asked in extended.run("query")
    over_http = json.loads(get(address, f"/ask/{asked}", place="bergen", format="json"))
    assert over_http["title"] == "Which meetings took place in a city?"
    assert {"meeting": MEETING, "start": "2035-06-04"} in over_http["rows"]
    assert 'name="place"' in get(address, f"/ask/{asked}", place="bergen", format="html")
    assert asked in get(address, "/.well-known/sparql-examples", format="turtle")


def test_a_check_makes_findings(plain: House, extended: House, address: str) -> None:
    rule = Path(name("An audit check")).stem
    assert rule not in plain.run("audit", "--rule", rule, "--format", "csv")
    found = json.loads(extended.run("audit", "--rule", rule, "--format", "json", status=1))["findings"]
    assert [one["about"] for one in found] == [[MEETING]]
    assert found[0]["severity"] == "info"
    assert found[0]["documents"] == [f"{ID}doc/{KEY}"]
    assert found == json.loads(get(address, "/findings", rule=rule, format="json"))["findings"]
