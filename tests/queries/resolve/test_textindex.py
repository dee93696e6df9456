"""The text index: found as in the table of names that it stands for, without reading any."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.release import open_release, write_release
from loaders.textindex import write_text_index
from queries import names as names_module
from queries import textindex as textindex_module
from queries.embedded import EmbeddedBackend
from queries.errors import AmbiguousThing, BackendError, UnknownThing
from queries.names import STRENGTH, Name, NameTable, name_table, normal, read_names
from queries.resolve import resolve
from queries.search import search
from queries.textindex import FILE, TextIndex
from queries.values import fill, iri_text

ID = "https://w3id.org/treatygraph/id/"
LABELS = sorted(STRENGTH)

words = st.sampled_from(
    [
        *("Tin", "tin", "lantern", "Lanterns", "5th", "15th", "a", "\u00c9t\u00e9"),
        *("\u6761\u7ea6", "\u043c\u0438\u0440", "\u0645\u0624\u062a\u0645\u0631"),
    ]
)
texts = st.lists(words, min_size=1, max_size=4).map(" ".join) | st.text(min_size=1, max_size=12)
entries = st.tuples(st.integers(0, 6), st.sampled_from([0, 1, 2]), texts)


def made(found: list[tuple[int, int, str]]) -> list[Name]:
    """Names as `read_names` gives them."""
    return [Name(normal(text), strength, f"{ID}doc/{thing}", text) for thing, strength, text in found if normal(text)]


def index_of(names: list[Name], folder: Path) -> TextIndex:
    file = folder / FILE
    file.unlink(missing_ok=True)
    write_text_index(file, names, "any")
    return TextIndex(file)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(entries, max_size=14), texts, texts)
def test_it_finds_what_the_table_finds_in_the_same_order(
    tmp_path: Path, found: list[tuple[int, int, str]], one: str, two: str
) -> None:
    names = made(found)
    index, table = index_of(names, tmp_path), NameTable(iter(names))
    for form in {normal(text) for text in (one, two, one[:3], *(name.written[:4] for name in names[:3]))} - {""}:
        assert list(index.equal(form)) == table.equal(form)
        assert list(index.starting(form)) == table.starting(form)
        assert list(index.with_words(form.split())) == table.with_words(form.split())
    choices = [group for group in (normal(one).split(), normal(two).split()) if group]
    assert list(index.with_any(choices)) == table.with_any(choices)


@pytest.fixture(scope="module")
def released(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBackend]:
    folder = tmp_path_factory.mktemp("release")
    lines = sorted(small.store().dump(format=ox.RdfFormat.N_QUADS).decode().splitlines())
    write_release(folder, lines, description="", counts={}, inputs=[])
    info = open_release(folder)
    backend = EmbeddedBackend(info.store, info.id)
    yield backend
    backend.close()


@pytest.mark.parametrize(
    "text",
    ["fifth meeting  of the STATES parties", "Lanterns of Sao Tome", "ines dalva", "sao tome", "RESOLUTION 91/7",
     "convention on tin-lanterns", "5th meeting parties CTL", "ctl msp 4", "91/7 op4", "4th meet", "lant conv", "m"],
)  # fmt: skip
def test_a_release_answers_as_without_it(small: Any, released: EmbeddedBackend, text: str) -> None:
    without = EmbeddedBackend(small.store())
    assert isinstance(name_table(released), TextIndex)
    assert search(released, text, 100).to_json() == search(without, text, 100).to_json()
    assert _resolved(released, text) == _resolved(without, text)


def _resolved(backend: EmbeddedBackend, text: str) -> object:
    try:
        return resolve(backend, text)
    except (UnknownThing, AmbiguousThing) as error:
        return type(error), str(error)


def test_the_table_is_not_read_where_there_is_an_index(
    released: EmbeddedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names_module, "read_names", lambda backend: pytest.fail("all names were read"))
    assert search(released, "lant").things
    with pytest.raises(UnknownThing) as raised:
        resolve(released, "5th Meting of the States Partis (CTL)")
    assert raised.value.suggestions[0] == "ctl-msp-5"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Lisbn", "lisbon"),
        ("conventoin lanterns", "ctl"),
        ("Ines Dlava", "ines-dalva"),
        ("5th Meting CTL", "ctl-msp-5"),
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_slips_of_the_pen_are_forgiven(
    small: Any, released: EmbeddedBackend, typed: str, key: str, indexed: bool
) -> None:
    backend = released if indexed else EmbeddedBackend(small.store())
    assert search(backend, typed).things[0].key == key


@pytest.mark.parametrize("indexed", [True, False])
def test_a_number_is_never_guessed(small: Any, released: EmbeddedBackend, indexed: bool) -> None:
    backend = released if indexed else EmbeddedBackend(small.store())
    assert search(backend, "55th Meeting of the States Parties").things == ()


@pytest.mark.parametrize(
    "text", ['"', '" OR "m', "m* OR *", "NEAR(m t)", "normal : m", "^m", "'; DROP TABLE names", "m" * 200]
)
def test_the_language_of_the_engine_is_nobodys_business(small: Any, released: EmbeddedBackend, text: str) -> None:
    assert search(released, text).to_json() == search(EmbeddedBackend(small.store()), text).to_json()


def test_equal_names_give_equal_bytes_and_damage_is_seen(small: Any, tmp_path: Path) -> None:
    names = list(read_names(EmbeddedBackend(small.store())))
    contents = []
    for name, order in (("one", names), ("two", names[::-1])):
        (tmp_path / name).mkdir()
        index_of(order, tmp_path / name)
        contents.append((tmp_path / name / FILE).read_bytes())
    assert contents[0] == contents[1]
    (tmp_path / FILE).write_bytes(contents[0][:3000])
    with pytest.raises(BackendError, match=r"names\.sqlite: not a sound index .*treatygraph build"):
        list(TextIndex(tmp_path / FILE).equal("ctl"))


def test_nothing_can_be_written(released: EmbeddedBackend) -> None:
    index = released.text_index
    assert index is not None
    with pytest.raises(BackendError, match="readonly"):
        list(index._rows("DELETE FROM names", ()))


def test_threads_share_it(released: EmbeddedBackend) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(search(released, "m").total)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def test_without_the_module_a_release_has_none_and_answers(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.release.available", lambda: False)
    lines = sorted(small.store().dump(format=ox.RdfFormat.N_QUADS).decode().splitlines())
    write_release(tmp_path, lines, description="", counts={}, inputs=[])
    info = open_release(tmp_path)
    assert info.damage() == []
    backend = EmbeddedBackend(info.store, info.id)
    assert backend.text_index is None
    assert search(backend, "lisb").things


def test_among_very_many_names_the_best_come_without_sorting(tmp_path: Path) -> None:
    names = [Name(f"meeting {n} on tin", n % 3, f"{ID}doc/{n}", f"Meeting {n} on Tin") for n in range(3000)]
    index = index_of(names, tmp_path)
    best = [name.iri for name, _ in zip(index.with_words(["meet", "tin"]), range(3), strict=False)]
    assert best == [f"{ID}doc/{n}" for n in (0, 3, 6)]
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {textindex_module._MATCHING}", ('"meet" *',)).fetchall()
    assert not [step for step in plan if "TEMP B-TREE" in step[-1]]


def test_what_is_found_joins_a_query(released: EmbeddedBackend) -> None:
    """As the documentation says: names become IRIs in a VALUES block, before the query runs."""
    found = [iri_text(thing.iri) for thing in search(released, "lantern").things]
    text = "SELECT DISTINCT ?thing WHERE { VALUES ?thing { UNDEF } ?thing a ?type }"
    rows = released.query(fill(text, {("thing",): [(iri,) for iri in found]})).rows()
    assert found
    assert sorted(iri_text(row["thing"].value) for row in rows) == sorted(found)
