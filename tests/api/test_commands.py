"""The command line, run as users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib

from loaders.release import ReleaseInfo

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = (
    "audit",
    "build",
    "coverage",
    "diff",
    "extract",
    "format",
    "gaps",
    "lineage",
    "mcp",
    "path",
    "publish",
    "query",
    "search",
    "serve",
    "sparql",
    "validate",
)
NOTE = """\
The United Harbour Office has the honour to inform States of nothing in particular, on this quiet day.
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("lineage", "x")`: the command in an empty directory, with no settings in the environment."""

    def call(*arguments: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TREATYGRAPH_")}
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            input=stdin,
            env={**clean, **environment},
            timeout=200,
        )

    return call


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The single line of an error."""
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_every_command_has_help(run: Run) -> None:
    text = run("--help").stdout
    for command in COMMANDS:
        assert f"  {command} " in text
        done = run(command, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith(f"Usage: treatygraph {command}")


def test_there_are_no_other_commands(run: Run) -> None:
    listed = run("--help").stdout.split("Commands:")[1].split("\n  ")[1:]
    assert tuple(line.split()[0] for line in listed if line[0] != " ") == COMMANDS


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sing",), "no such command 'sing'"),
        (("lineage",), "missing argument"),
        (("lineage", "x", "--depth", "0"), "depth"),
        (("lineage", "x", "--format", "docx"), "format"),
        (("lineage", "x"), "no release here; to mend: run treatygraph build"),
        (("audit", "--release", "nowhere"), "nowhere: no release here; to mend: run treatygraph build"),
        (("query", "no-such"), "no question is called no-such"),
        (("query", "mandate-of-meting"), "did you mean mandate-of-meeting?"),
        (("query", "mandate-of-meeting", "--param", "x"), "NAME=VALUE"),
        (("sparql", "missing.rq"), "missing.rq: no such file"),
        (("extract", "missing.txt"), "missing.txt"),
        (("validate", "missing.ttl"), "missing.ttl: no such file or directory"),
        (("validate",), "missing argument"),
        (("build", "--only"), "--source"),
        (("build", "--only", "--source", "missing"), "missing: no such file or directory"),
        (("format", "missing"), "missing: no such file or directory"),
    ],
)
def test_bad_use_is_one_line_and_status_2(run: Run, arguments: tuple[str, ...], says: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert says.casefold() in one_line(done).casefold()


def test_an_unknown_setting_is_one_line(run: Run) -> None:
    done = run("lineage", "x", TREATYGRAPH_RELEAS="here")
    assert (done.returncode, one_line(done)) == (
        2,
        "environment: TREATYGRAPH_RELEAS is not a setting; did you mean TREATYGRAPH_RELEASE?",
    )


def test_details_only_when_asked_for(run: Run, tmp_path: Path) -> None:
    assert "Traceback" not in run("lineage", "x").stderr
    assert "Traceback" in run("lineage", "x", TREATYGRAPH_DEBUG="1").stderr


@pytest.mark.parametrize("thing", ["ctl-msp-5", "CTL MSP 5", "https://w3id.org/treatygraph/id/meeting/ctl-msp-5"])
def test_lineage_by_any_spelling(run: Run, release: ReleaseInfo, thing: str) -> None:
    done = run("lineage", thing, "--release", str(release.path), "--kind", "mandate", "--format", "json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["thing"] == "https://w3id.org/treatygraph/id/meeting/ctl-msp-5"
    assert {edge["kind"] for edge in answer["edges"]} == {"mandate"}


@pytest.mark.parametrize("form", ["text", "json", "jsonld", "mermaid", "dot", "graphml", "svg", "node-link"])
def test_the_forms_of_lineage(run: Run, release: ReleaseInfo, form: str) -> None:
    done = run("lineage", "ctl-msp-5", "--release", str(release.path), "--format", form)
    assert done.returncode == 0, done.stderr
    assert "CTL article 9(1)" in done.stdout


def test_ambiguous_and_unknown_things(run: Run, release: ReleaseInfo) -> None:
    two = run("lineage", "4th Meeting of the States Parties", "--release", str(release.path))
    assert two.returncode == 2
    assert "cgb-msp-4, ctl-msp-4" in one_line(two)
    none = run("lineage", "nosuch", "--release", str(release.path))
    assert none.returncode == 2
    assert "nosuch" in one_line(none)


def test_path_and_search(run: Run, release: ReleaseInfo) -> None:
    done = run("path", "ines-dalva", "A/RES/91/7", "--release", str(release.path))
    assert done.returncode == 0
    assert "3rd Meeting of the States Parties (CTL)" in done.stdout
    found = run("search", "91/7", "--format", "json", "--release", str(release.path))
    assert json.loads(found.stdout)["results"][0]["key"] == "a/res/91/7"


def test_audit_tells_by_its_status_that_findings_are_open(run: Run, release: ReleaseInfo) -> None:
    every = run("audit", "--release", str(release.path), "--format", "json")
    assert every.returncode == 1
    assert len(json.loads(every.stdout)["findings"]) == 3
    confirmed = run("audit", "--release", str(release.path), "--state", "confirmed", "--format", "csv")
    assert confirmed.returncode == 0
    assert "article-against-subject" in confirmed.stdout
    table = run("audit", "--release", str(release.path), "--document", "A/RES/91/7")
    assert "1 finding" in table.stdout


def test_gaps_are_counted_and_listed_by_kind(run: Run, release: ReleaseInfo) -> None:
    every = json.loads(run("gaps", "--release", str(release.path), "--format", "json").stdout)
    numbers = {one["kind"]: one["total"] for one in every["kinds"]}
    assert numbers["resolution-without-plenary"] >= 0
    kind = max(numbers, key=lambda name: (numbers[name], name))
    assert numbers[kind] > 0
    rows = run("gaps", kind, "--release", str(release.path), "--format", "csv").stdout.splitlines()
    assert rows[0] == "kind,key,label,treaty,missing"
    assert len(rows) == numbers[kind] + 1
    assert all(row.startswith(f"{kind},") for row in rows[1:])
    assert f"{kind} " in run("gaps", "--release", str(release.path)).stdout
    assert f"{numbers[kind]} gap" in run("gaps", kind, "--release", str(release.path)).stdout


def test_an_unknown_kind_of_gap_is_one_line(run: Run, release: ReleaseInfo) -> None:
    done = run("gaps", "no-such", "--release", str(release.path))
    assert done.returncode == 2
    assert "meeting-without-president" in one_line(done)


def test_coverage_of_meetings_and_of_resolutions(run: Run, release: ReleaseInfo) -> None:
    meetings = run("coverage", "--release", str(release.path), "--format", "csv")
    assert meetings.returncode == 0
    assert meetings.stdout.splitlines()[0].startswith("treaty,series,seriesLabel,expected,present,exactly")
    resolutions = run("coverage", "--treaty", "ctl", "--release", str(release.path), "--format", "csv")
    assert resolutions.returncode == 0, resolutions.stderr
    assert resolutions.stdout.splitlines()[0].startswith("session,resolution,resolutionLabel,adopted")
    sessions = run("coverage", "--sessions", "--release", str(release.path), "--format", "csv")
    assert sessions.stdout.splitlines()[0] == (
        "treaty,treatyLabel,session,resolutions,expected,present,exactly,secondary,missing"
    )
    acts = run("coverage", "--participation", "--release", str(release.path), "--format", "csv")
    assert acts.stdout.splitlines()[0] == "treaty,treatyLabel,acts,exactly,secondary,undated,until"
    both = run("coverage", "--sessions", "--participation", "--release", str(release.path))
    assert both.returncode == 2
    assert "give one of" in both.stderr
    unknown = run("coverage", "--treaty", "no such treaty", "--release", str(release.path))
    assert unknown.returncode == 2


def test_the_difference_of_a_release_and_itself_is_none(run: Run, release: ReleaseInfo) -> None:
    assert run("diff", str(release.path), str(release.path)).stdout == "No difference.\n"
    nothing = run("diff", str(release.path), "no-such")
    assert nothing.returncode == 2
    assert "no release, directory or revision" in one_line(nothing)


def test_a_release_is_validated(run: Run, release: ReleaseInfo) -> None:
    page = run("validate", str(release.path), "--format", "html")
    assert page.stdout.startswith("<!doctype html>")
    done = run("validate", str(release.path), "--since", "HEAD")
    assert done.returncode == 2
    assert "never changes" in one_line(done)


def test_the_release_may_be_named_in_the_environment(run: Run, release: ReleaseInfo) -> None:
    assert run("sparql", "ASK {}", TREATYGRAPH_RELEASE=str(release.path)).stdout == "true\n"


def test_sparql_from_text_file_and_standard_input(run: Run, release: ReleaseInfo, tmp_path: Path) -> None:
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> }"
    (tmp_path / "count.rq").write_text(query, encoding="utf-8")
    where = ("--format", "csv", "--release", str(release.path))
    answers = [
        run("sparql", query, *where).stdout,
        run("sparql", "count.rq", *where).stdout,
        run("sparql", "-", *where, stdin=query).stdout,
    ]
    assert [answer.split() for answer in answers] == [["n", "2"]] * 3


def test_sparql_formats(run: Run, release: ReleaseInfo) -> None:
    where = ("--release", str(release.path))
    graph = run("sparql", "CONSTRUCT WHERE { ?s a ?t }", *where).stdout
    assert len(rdflib.Graph().parse(data=graph, format="turtle")) > 10
    assert (
        "2 rows"
        in run("sparql", "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> }", *where).stdout
    )
    wrong = run("sparql", "ASK {}", "--format", "turtle", *where)
    assert wrong.returncode == 2
    assert "gives json, xml, csv, tsv" in one_line(wrong)


def test_a_syntax_error_names_line_and_column(run: Run, release: ReleaseInfo) -> None:
    done = run("sparql", "SELECT ?s\nWHRE { }", "--release", str(release.path))
    assert done.returncode == 2
    assert "line 2" in one_line(done)
    refused = run("sparql", "SELECT * { SERVICE <http://127.0.0.1/> { } }", "--release", str(release.path))
    assert refused.returncode == 2
    assert "SERVICE is refused" in one_line(refused)


def test_a_question_with_parameters(run: Run, release: ReleaseInfo) -> None:
    where = ("--release", str(release.path))
    rows = run("query", "mandate-of-meeting", "--param", "meeting=CTL MSP 5", "--format", "csv", *where)
    assert rows.returncode == 0, rows.stderr
    assert "https://w3id.org/treatygraph/id/doc/a/res/91/7~op4" in rows.stdout
    text = run("query", "mandate-of-meeting", "--param", "meeting=ctl-msp-5", "--format", "query", *where).stdout
    assert "<https://w3id.org/treatygraph/id/meeting/ctl-msp-5>" in text
    wrong = run("query", "mandate-of-meeting", "--param", "meating=ctl-msp-5", *where)
    assert wrong.returncode == 2
    assert "meating" in one_line(wrong)


def test_the_list_of_questions_needs_no_release(run: Run) -> None:
    assert "mandate-of-meeting" in run("query").stdout


def test_validate_names_file_and_line(run: Run, tmp_path: Path) -> None:
    head = "PREFIX tg: <https://w3id.org/treatygraph/def#>\n"
    (tmp_path / "wrong.ttl").write_text(head + "<http://e/a> a tg:Meetin .\n", encoding="utf-8")
    (tmp_path / "broken.ttl").write_text(head + "<http://e/a> a\n", encoding="utf-8")
    wrong = run("validate", "wrong.ttl")
    assert wrong.returncode == 1
    assert "wrong.ttl:2:" in wrong.stdout
    assert "tg:Meeting" in wrong.stdout
    broken = run("validate", "broken.ttl", "--format", "json")
    assert broken.returncode == 2
    assert broken.stderr.startswith("broken.ttl:")
    assert json.loads(broken.stdout)["results"][0]["rule"] == "malformed"
    for form in ("sarif", "json"):
        json.loads(run("validate", "wrong.ttl", "--format", form).stdout)
    assert (
        len(rdflib.Graph().parse(data=run("validate", "wrong.ttl", "--format", "turtle").stdout, format="turtle")) > 3
    )


def test_extract_an_unknown_document(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(NOTE, encoding="utf-8")
    done = run("extract", "note.txt")
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read["type"] == "Unknown"
    assert {"symbol", "paragraphs", "resolutions", "provisions", "meetings", "mandates", "deadlines", "people"} <= set(
        read
    )
    assert "quiet day" in run("extract", "note.txt", "--format", "text").stdout
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xfa broken \x00")
    bad = run("extract", "bad.txt")
    assert bad.returncode == 2
    assert "bad.txt" in one_line(bad)


def test_a_reader_that_leaves_early_is_no_error(release: ReleaseInfo) -> None:
    command = f"{sys.executable} -m api.cli sparql 'SELECT * WHERE {{ ?a ?b ?c . ?d ?e ?f }} LIMIT 200000'"
    done = subprocess.run(
        ["bash", "-c", f"{command} --format tsv --release {release.path} | head -n 1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_port_in_use_is_one_line(run: Run, release: ReleaseInfo) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--release", str(release.path), "--port", str(port))
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in one_line(done)


def test_the_format_command_is_idempotent_and_checks(run: Run, tmp_path: Path) -> None:
    text = "PREFIX tg: <https://w3id.org/treatygraph/def#>\n"
    text += "GRAPH <http://e/g> { <http://e/b> a tg:Body . <http://e/a> a tg:Body . }\n"
    (tmp_path / "claims.trig").write_text(text, encoding="utf-8")
    assert run("format", ".", "--check").returncode == 1
    assert run("format", ".").returncode == 0
    assert run("format", ".", "--check").returncode == 0
    after = (tmp_path / "claims.trig").read_text(encoding="utf-8")
    assert after.index("http://e/a>") < after.index("http://e/b>")
