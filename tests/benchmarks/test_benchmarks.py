"""The benchmark runs, on answers that are equal in every engine, about a graph of the real shape."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from benchmarks.__main__ import main
from benchmarks.chain import PATH
from benchmarks.engines import DISK, EMBEDDED, ENDPOINT, KEPT, MEMORY, OURS, OXIGRAPH, RDFLIB, VIRTUOSO, Raw
from benchmarks.generate import Extent, generate
from benchmarks.graphs import SERIES
from benchmarks.measure import WrongAnswer, compare
from benchmarks.report import BEGIN, END, write
from benchmarks.servers import FLOOR
from benchmarks.workload import FOLDER, questions
from ontology.namespaces import CODE, TG
from ontology.schema import load_schema

SIZE = 6000


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> tuple[ox.Store, Extent]:
    extent = Extent()
    store = ox.Store()
    store.bulk_load("\n".join(generate(SIZE, extent)).encode(), format=ox.RdfFormat.N_QUADS)
    return store, extent


def test_command_writes_tables_of_equal_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two peers are switched off, to save the time of their start and to see that what is missing is no failure.
    monkeypatch.setattr("benchmarks.graphs.missing_virtuoso", lambda: "left out here")
    monkeypatch.setattr("benchmarks.servers.missing_endpoint", lambda: "left out here too")
    page = tmp_path / "performance.md"
    page.write_text(f"Before.\n{BEGIN}\nwhat was here before\n{END}\nAfter.\n", encoding="utf-8")
    small = ["--quick", "--triples", str(SIZE), "--rounds", "1", "--load-seconds", "0.2"]
    small += [part for section in ("queries", "load", "large") for part in ("--only", section)]
    shown = f"`python -m benchmarks {' '.join(small)}`"
    small += ["--cache", str(tmp_path / "cache"), "--json", str(tmp_path / "figures.json")]
    assert main([*small, "--out", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("Before.\n")
    assert text.endswith("After.\n")
    assert "what was here before" not in text
    assert shown in text
    assert str(tmp_path) not in text, "no names of files on this machine"
    assert f"Absent: {ENDPOINT} (left out here too); {VIRTUOSO} (left out here)." in text
    assert text.index("### Targets") < text.index("### Generated")
    header = next(line for line in text.splitlines() if line.startswith("| question | rows |"))
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    assert set(columns[2:]) == {MEMORY, DISK, EMBEDDED, OXIGRAPH, OURS, KEPT, RDFLIB}
    files = sorted((FOLDER / "queries").glob("*.rq"))
    assert len(files) == 12
    for path in files:
        kind = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# kind: ")
        row = next(line for line in text.splitlines() if line.startswith(f"| {kind} |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert int(cells[1].replace(",", "")) > 0, f"{path.name} finds nothing, so its equal answers prove nothing"
        assert all(re.match(r"[\d.,]+ / [\d.,]+", cell) for cell in cells[2:])
    (figures,) = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["graphs"]
    asked = {(rate["what"], rate["server"]) for rate in figures["rates"]}
    assert {
        ("point, never asked before", OURS),
        ("point, never asked before", OXIGRAPH),
        ("series, asked before", OURS),
        ("series, asked before", FLOOR),
        ("mandate chain: `/lineage` over HTTP", OURS),
        (f"mandate chain: {PATH}", OXIGRAPH),
    } <= asked
    assert all(rate["failures"] == 0 and rate["per_second"] > 0 for rate in figures["rates"])
    assert [(one["engine"], one["rows"]) for one in figures["streams"]] == [
        (name, SIZE) for name in (DISK, OURS, OXIGRAPH)
    ]


def test_a_wrong_answer_ends_the_run_but_for_a_guest(graph: tuple[ox.Store, Extent]) -> None:
    store, extent = graph

    class Liar(Raw):
        def ask(self, text: str, media_type: str) -> bytes:
            return super().ask(text, media_type).replace(b"A/RES/", b"A/RAS/")

    class Silent(Raw):
        def ask(self, text: str, media_type: str) -> bytes:
            raise RuntimeError("status 500")

    question = questions(extent, 1)[0]
    assert compare(question, [Raw(MEMORY, store)], 1).rows == 1
    with pytest.raises(WrongAnswer, match=r"01-point: liar gives 1 rows .* differ"):
        compare(question, [Raw(MEMORY, store), Liar("liar", store)], 1)
    with pytest.raises(RuntimeError, match="status 500"):
        compare(question, [Raw(MEMORY, store), Silent("silent", store)], 1)
    guests = compare(question, [Raw(MEMORY, store), Liar(VIRTUOSO, store), Silent(ENDPOINT, store)], 1)
    assert set(guests.times) == {MEMORY}
    assert guests.why_not[VIRTUOSO].startswith("answers otherwise")
    assert guests.why_not[ENDPOINT].startswith("refuses or fails: status 500")


def test_a_question_is_new_each_time_and_says_the_same(graph: tuple[ox.Store, Extent]) -> None:
    store, extent = graph
    raw = Raw(MEMORY, store)
    for question in questions(extent, 2):
        for text in question.texts:
            fresh = question.fresh(text, 17)
            assert fresh != text, question.name
            said = raw.ask(fresh, question.media_type).replace(b"17", b"")
            assert sorted(said) == sorted(raw.ask(text, question.media_type).replace(b"17", b"")), question.name
    assert len(questions(extent, 5)[1].texts) == len(set(questions(extent, 5)[1].texts))
    assert questions(extent, 1)[1].name == f"02-{SERIES}"


def test_graph_is_the_same_again_and_of_the_size_asked() -> None:
    first, second = Extent(), Extent()
    lines = list(generate(50_000, first))
    assert lines == list(generate(50_000, second))
    assert 50_000 <= len(lines) <= 52_000
    assert lines != list(generate(50_000, Extent(), seed=2))


def test_states_agree_more_where_they_lean_alike() -> None:
    store = ox.Store()
    store.bulk_load("\n".join(generate(100_000, Extent())).encode(), format=ox.RdfFormat.N_QUADS)
    favour: dict[str, int] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(str(TG.inFavour)), None, ox.DefaultGraph()):
        favour[str(quad.object)] = favour.get(str(quad.object), 0) + 1
    votes = sum(1 for _ in store.quads_for_pattern(None, ox.NamedNode(str(TG.voteOn)), None, ox.DefaultGraph()))
    assert votes > 20
    assert max(favour.values()) > 1.5 * min(favour.values())


def test_graph_speaks_the_ontology() -> None:
    text = "\n".join(generate(SIZE, Extent()))
    schema = load_schema()
    terms = set(re.findall(rf"<({re.escape(str(TG))}[^>]+)>", text))
    assert terms <= {str(term) for term in schema.classes | schema.properties}
    codes = {str(code) for scheme in schema.schemes() for code in schema.codes(scheme).values()}
    assert set(re.findall(rf"<({re.escape(str(CODE))}[^>]+)>", text)) <= codes
    followed = {str(relation.iri) for relation in schema.lineage if relation.iri not in schema.planned}
    # A meeting of this shape rests on decisions and paragraphs; programmes are no part of it.
    assert followed - terms <= {str(TG.establishedBy)}


def test_paths_follow_what_the_ontology_marks_as_mandate() -> None:
    marked = {f"tg:{relation.name}" for relation in load_schema().lineage if relation.kind == "mandate"}
    for path in (FOLDER / "queries" / "04-mandate-chain.rq", FOLDER / "paths" / "chain-explained.rq"):
        group = re.search(r"<THING> \(([^)]+)\)", path.read_text(encoding="utf-8"))
        assert group is not None
        assert set(group[1].split("|")) == marked


def test_a_page_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected one"):
        write(page, "table")
    assert page.read_text(encoding="utf-8") == "nothing\n"
