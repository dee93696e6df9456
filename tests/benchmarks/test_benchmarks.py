"""The benchmark runs, on answers that are equal in every engine, about a graph of the real shape."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from benchmarks.__main__ import main
from benchmarks.engines import Raw
from benchmarks.generate import Extent, generate
from benchmarks.measure import WrongAnswer, compare
from benchmarks.report import BEGIN, END, write
from benchmarks.workload import FOLDER, questions
from ontology.namespaces import CODE, TG
from ontology.schema import load_schema

SIZE = 4000


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Extent]:
    extent = Extent()
    folder = tmp_path_factory.mktemp("bench") / "store"
    store = ox.Store(str(folder))
    store.bulk_load("\n".join(generate(SIZE, extent)).encode(), format=ox.RdfFormat.N_QUADS)
    store.flush()
    del store
    return folder, extent


def test_command_writes_a_table_of_equal_answers(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"Before.\n{BEGIN}\nwhat was here before\n{END}\nAfter.\n", encoding="utf-8")
    small = ["--triples", str(SIZE), "--rounds", "1", "--no-data", "--load-seconds", "0.2", "--clients", "2"]
    assert main([*small, "--out", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("Before.\n")
    assert text.endswith("After.\n")
    assert "what was here before" not in text
    assert f"python -m benchmarks {' '.join(small)}" in text
    header = next(line for line in text.splitlines() if line.startswith("| question | rows |"))
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    engines = {"pyoxigraph, raw", "treatygraph, embedded", "oxigraph server", "treatygraph serve", "rdflib"}
    assert set(columns[2:]) == engines
    for path in sorted((FOLDER / "queries").glob("*.rq")):
        kind = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# kind: ")
        row = next(line for line in text.splitlines() if line.startswith(f"| {kind} |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert int(cells[1].replace(",", "")) > 0, f"{path.name} finds nothing, so its equal answers prove nothing"
        assert all(re.match(r"[\d.,]+ / [\d.,]+", cell) for cell in cells[2:])


def test_a_wrong_answer_ends_the_run(graph: tuple[Path, Extent]) -> None:
    store, extent = graph

    class Liar(Raw):
        name = "liar"

        def ask(self, text: str, media_type: str) -> bytes:
            return super().ask(text, media_type).replace(b"A/RES/", b"A/RAS/")

    question = questions(extent, 1)[0]
    assert compare(question, [Raw(store)], 1).rows == 1
    with pytest.raises(WrongAnswer, match=r"01-point: .* differ"):
        compare(question, [Raw(store), Liar(store)], 1)


def test_graph_is_the_same_again_and_of_the_size_asked() -> None:
    first, second = Extent(), Extent()
    lines = list(generate(50_000, first))
    assert lines == list(generate(50_000, second))
    assert 50_000 <= len(lines) <= 51_500
    assert lines != list(generate(50_000, Extent(), seed=2))


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
    for path in sorted((FOLDER / "paths").glob("*.rq")):
        group = re.search(r"\?thing \(([^)]+)\)", path.read_text(encoding="utf-8"))
        assert group is not None
        assert set(group[1].split("|")) == marked


def test_a_page_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected one"):
        write(page, "table")
    assert page.read_text(encoding="utf-8") == "nothing\n"
