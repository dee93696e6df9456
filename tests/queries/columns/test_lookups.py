"""What is looked up is what the engine answers; and what is not surely such a question is left alone."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.columns import columns
from queries.columns.file import FILE, ColumnFile
from queries.columns.lookups import MOST_CELLS, Lookups
from queries.columns.matching import MOST_STEPS
from queries.columns.shapes import asked
from queries.columns.writing import Writer
from queries.embedded import EmbeddedBackend
from queries.pool.backend import PooledBackend
from queries.pool.found import Found
from queries.results import TABLE_TYPES

E = "http://e/"
X = "http://www.w3.org/2001/XMLSchema#"
HEAD = f"BASE <{E}>\nPREFIX e: <{E}>\nprefix x: <{X}>\n"
NODES = ["e:a", "e:b", "e:c", "e:d-1", "<f/g>", "<http://e/h#i>", "<k%20l>", "e:p"]
PROPERTIES = ["e:p", "e:q", "a", "<r>"]
LITERALS = ['"x"', '"y # z"', '"?v <a>"', '""', "1", "0", "10", "75"]
#: What only data may hold.
OTHERS = [
    '"x"@en',
    '"x"@EN',
    "01",
    "1.0",
    '"-5"^^x:integer',
    '"tab\\t\\"é"',
    '"2020-01-01"^^x:date',
    '"a"^^e:t',
    "true",
]
VARIABLES = ["?u", "?v", "?w", "?x_1"]
Rows = Counter[tuple[str, ...]]
#: What is drawn evenly from a seed is seldom empty, which what shrinks well mostly is.
seeds = st.integers(0, 2**32).map(Random)
often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def any_store(chance: Random) -> ox.Store:
    """Any statements in the default graph, one in another."""
    store = ox.Store()
    ends = [*NODES, *LITERALS, *OTHERS, "_:n"]
    lines = "".join(
        f"{chance.choice(NODES[:5])} {chance.choice(PROPERTIES)} {chance.choice(ends)} .\n"
        for _ in range(chance.choice([0, 5, 30, 60]))
    )
    head = HEAD.replace("BASE", "@base").replace("PREFIX", "@prefix").replace("prefix x", "@prefix x")
    head = head.replace("@@", "@").replace(">\n", "> .\n")
    store.load(f"{head}{lines}_:n e:p e:a . e:a e:q _:n .".encode(), format=ox.RdfFormat.TURTLE)
    store.add(ox.Quad(ox.NamedNode(E + "a"), ox.NamedNode(E + "p"), ox.Literal("elsewhere"), ox.NamedNode(E + "graph")))
    return store


def any_question(chance: Random) -> str:
    """Any question of the kind, written in any way."""
    triples = [
        [
            chance.choice([*VARIABLES, chance.choice(NODES)]),
            chance.choice([*PROPERTIES, "e:p", "e:q", f"?p{number}"]),
            chance.choice([*VARIABLES, chance.choice([*NODES, *LITERALS])]),
        ]
        for number in range(chance.choice([1, 2, 2, 3, 4]))
    ]
    if chance.random() < 0.7:  # about one thing
        subject = chance.choice(["?u", chance.choice(NODES[:5])])
        for triple in triples:
            triple[0] = subject
    names = sorted({place for triple in triples for place in triple if place[0] == "?"})
    if not names:
        triples[0][2] = "?v"
        names = ["?v"]
    shown = chance.sample(names, chance.randint(1, len(names)))
    text = HEAD if chance.random() < 0.8 else f"# e:a\n{HEAD}  # 'SELECT'\n"
    text += chance.choice(["SELECT ", "select ", "Select DISTINCT "]) + " ".join(shown)
    text += (
        chance.choice(["\nWHERE {\n", " {", " where{ "]) + _triples(triples, chance) + chance.choice(["}", " .\n}\n"])
    )
    if chance.random() < 0.5:
        keys = shown if "DISTINCT" in text else names
        keys = chance.sample(keys, chance.randint(1, min(2, len(keys))))
        text += " ORDER BY " + " ".join(chance.choice(["{}", "ASC({})", "desc( {} )"]).format(key) for key in keys)
    return text + chance.choice(["", "", "", " LIMIT 3", " OFFSET 1", " LIMIT 2 OFFSET 1", "\nOFFSET 1\nLIMIT 0\n"])


def _triples(triples: list[list[str]], chance: Random) -> str:
    text, before = "", ["", ""]
    for triple in triples:
        short = chance.random() < 0.8
        if short and triple[:2] == before:
            text += f" , {triple[2]}"
        elif short and triple[0] == before[0]:
            text += f" ;\n  {triple[1]} {triple[2]}"
        else:
            text += f"{' . ' if text else ''}{' '.join(triple)}"
        before = triple[:2]
    return text


def table(text: str) -> tuple[list[str], list[tuple[str, ...]]]:
    found: Any = ox.parse_query_results(text, format=ox.QueryResultsFormat.TSV)
    return [variable.value for variable in found.variables], [tuple(map(str, row)) for row in found]


def engine(store: ox.Store, text: str) -> tuple[list[str], list[tuple[str, ...]]]:
    found: Any = store.query(text)
    assert isinstance(found, ox.QuerySolutions)
    return [variable.value for variable in found.variables], [tuple(map(str, row)) for row in found]


class Opened:
    """The columns of a store."""

    def __init__(self, store: ox.Store, path: Path) -> None:
        path.unlink(missing_ok=True)  # what was mapped before stays as it was
        path.write_bytes(columns(store, "r1"))
        file = ColumnFile(path)
        self._lookups, self._writer = Lookups(file), Writer(file.terms)

    def answer(self, text: str, media_type: str = "text/tab-separated-values") -> str | None:
        question = asked(text)
        rows = None if question is None else self._lookups.rows(question)
        if question is None or rows is None:
            return None
        return self._writer.table(question.names, rows, media_type).decode()


def agree(store: ox.Store, text: str, answer: str) -> None:
    """The same columns; the same rows, or as many of them; in an order that the engine's rows have too."""
    names, ours = table(answer)
    theirs_names, theirs = engine(store, text)
    assert names == theirs_names, text
    assert len(ours) == len(theirs), text
    body, _, tail = re.sub(r"(?m)^[ \t]*#.*$", "", text).rpartition("}")
    if not {"limit", "offset"} & set(tail.lower().split()):
        assert Counter(ours) == Counter(theirs), text
    else:
        assert Counter(ours) <= Counter(engine(store, body + "}")[1]), text
    keys = [key.strip("()?") for key in tail.replace("(", " ").replace(")", " ").split() if key.startswith("?")]
    for number, key in enumerate(keys):
        if key not in names or any(before not in names for before in keys[:number]):
            return
        at = [names.index(one) for one in keys[: number + 1]]
        assert [[row[i] for i in at] for row in ours] == [[row[i] for i in at] for row in theirs], text


@often
@given(chance=seeds)
def test_any_question_of_the_kind_is_answered_as_the_engine_does(tmp_path: Path, chance: Random) -> None:
    store = any_store(chance)
    lookups = Opened(store, tmp_path / FILE)
    for text in [any_question(chance) for _ in range(8)]:
        answer = lookups.answer(text)
        if answer is not None:
            agree(store, text, answer)
            assert answer == lookups.answer(text)


def test_most_of_them_are_looked_up(tmp_path: Path) -> None:
    chance = Random(7)
    lookups = Opened(any_store(Random(1)), tmp_path / FILE)
    found = [lookups.answer(any_question(chance)) is not None for _ in range(400)]
    assert sum(found) > 200


@often
@given(values=st.lists(st.text(max_size=6), min_size=1, max_size=4), tag=st.sampled_from(["", "en", "zh-hant"]))
def test_json_is_written_as_the_engine_writes_it(tmp_path: Path, values: list[str], tag: str) -> None:
    store = ox.Store()
    for number, value in enumerate(values):
        thing, said = ox.NamedNode(f"{E}{number}"), ox.Literal(value, language=tag) if tag else ox.Literal(value)
        store.add(ox.Quad(ox.NamedNode(E + "a"), ox.NamedNode(E + "p"), thing))
        store.add(ox.Quad(thing, ox.NamedNode(E + "q"), said))
        store.add(ox.Quad(thing, ox.NamedNode(E + "r"), ox.Literal(number)))
        store.add(ox.Quad(thing, ox.NamedNode(E + "s"), ox.Literal(value, datatype=ox.NamedNode(E + "t"))))
    text = HEAD + "SELECT ?n ?v ?r ?t { e:a e:p ?v . ?v e:q ?n ; e:r ?r ; e:s ?t } ORDER BY ?r"
    theirs: Any = store.query(text)
    ours = Opened(store, tmp_path / FILE).answer(text, "application/sparql-results+json")
    assert ours is not None
    assert ours.encode() == theirs.serialize(format=ox.QueryResultsFormat.JSON)


@often
@given(chance=seeds)
def test_whatever_is_taken_for_one_is_one_to_the_engine_too(tmp_path: Path, chance: Random) -> None:
    """Texts with a few letters wrong. What the engine refuses must not be answered, nor answered otherwise."""
    store = any_store(chance)
    lookups = Opened(store, tmp_path / FILE)
    for _ in range(30):
        text = any_question(chance)
        for _ in range(chance.choice([1, 1, 2, 3])):
            at = chance.randrange(len(HEAD) // 2, len(text))
            piece = chance.choice([*"?<>\"#:.;,{}()*+/|^@$'\\-_ \n\x0b\x1fae1", "", "a", " ?v", "e:p", '""', "é"])
            text = text[:at] + piece + text[at + chance.choice([0, 0, 1, 2]) :]
        answer = lookups.answer(text)
        if answer is not None:
            agree(store, text, answer)


BODY = "SELECT ?v { e:a e:p ?v }"
LEFT_ALONE = {
    "a path": "SELECT ?v { e:a e:p/e:q ?v }",
    "a path of any length": "SELECT ?v { e:a e:p* ?v }",
    "a path that may be left out": "SELECT ?v { e:a e:p? ?v }",
    "a path that looks like a variable": "SELECT ?x { e:a e:p?x }",
    "an escape in a comment": BODY.replace("}", "\n# \\u000A FILTER(false)\n}"),
    "all columns": "SELECT * { e:a e:p ?v }",
    "a column twice": "SELECT ?v ?v { e:a e:p ?v }",
    "a column that is nowhere": "SELECT ?v ?w { e:a e:p ?v }",
    "a column that is worked out": "SELECT (?v AS ?w) { e:a e:p ?v }",
    "a filter": "SELECT ?v { e:a e:p ?v FILTER(?v > 1) }",
    "a part that may be missing": "SELECT ?v { e:a e:p ?v OPTIONAL { ?v e:q ?w } }",
    "a graph": "SELECT ?v { GRAPH e:g { e:a e:p ?v } }",
    "a dataset": "SELECT ?v FROM e:g { e:a e:p ?v }",
    "values behind": BODY + " VALUES ?v { e:b }",
    "a blank node": "SELECT ?v { [] e:p ?v }",
    "a named blank node": "SELECT ?v { _:b e:p ?v }",
    "a list": "SELECT ?v { (1) e:p ?v }",
    "reduced": "SELECT REDUCED ?v { e:a e:p ?v }",
    "an order by an expression": BODY + " ORDER BY (?v)",
    "an order of what is left out": "SELECT DISTINCT ?v { e:a e:p ?v ; e:q ?w } ORDER BY ?w",
    "a language": 'SELECT ?v { ?v e:p "x"@en }',
    "a type": 'SELECT ?v { ?v e:p "x"^^x:string }',
    "an escape": 'SELECT ?v { ?v e:p "x\\t" }',
    "other quotes": "SELECT ?v { ?v e:p 'x' }",
    "a long text": 'SELECT ?v { ?v e:p """x""" }',
    "a sign": "SELECT ?v { ?v e:p -1 }",
    "a fraction": "SELECT ?v { ?v e:p 1.0 }",
    "zeros in front": "SELECT ?v { ?v e:p 01 }",
    "letters of other scripts": 'SELECT ?v { ?v e:p "é" }',
    "a prefix that is not declared": "SELECT ?v { e:a f:p ?v }",
    "an IRI with dots": "SELECT ?v { <x/../a> e:p ?v }",
    "an IRI with a query": "SELECT ?v { <a?b> e:p ?v }",
    "an IRI with half a percent sign": "SELECT ?v { <a%2> e:p ?v }",
    "an IRI of another host": "SELECT ?v { <//e/a> e:p ?v }",
    "an empty IRI": "SELECT ?v { <> e:p ?v }",
    "a vertical tab": "SELECT ?v {\x0be:a e:p ?v }",
    "a comment in the middle": "SELECT ?v { e:a e:p ?v # }\n }",
    "a property that is used twice": "SELECT ?v { e:a ?v ?w . ?v e:p e:a }",
    "no ends": "SELECT ?v { ?v e:p ?w }",
    "no statement": "SELECT ?v { }",
    "a limit twice": BODY + " LIMIT 1 LIMIT 2",
    "something behind": BODY + " }",
    "a service": "SELECT ?v { SERVICE e:a { e:a e:p ?v } }",
    "another form": "ASK { e:a e:p ?v }",
    "two questions": BODY + " " + BODY,
}


@pytest.mark.parametrize("what", LEFT_ALONE)
def test_all_else_is_left_to_the_engine(what: str, tmp_path: Path) -> None:
    lookups = Opened(any_store(Random(1)), tmp_path / FILE)
    assert lookups.answer(HEAD + BODY) is not None
    assert lookups.answer(HEAD + LEFT_ALONE[what]) is None


def test_a_prologue_that_is_not_surely_read_is_left_to_the_engine(tmp_path: Path) -> None:
    lookups = Opened(any_store(Random(1)), tmp_path / FILE)
    for prologue in (
        f"{HEAD}PREFIX e: <http://other/> ",
        f"{HEAD}BASE <http://other/> ",
        f"{HEAD}PREFIX f: <relative/> ",
        f"PREFIX e: <{E}> BASE <{E}> ",
        f"{HEAD}VERSION 1.2 ",
        "PREFIX e: <http://e/../e/> ",
        f"PREFIX e : <{E}> ",
        f"PREFIXe: <{E}> ",
    ):
        assert lookups.answer(prologue + BODY) is None, prologue


def test_questions_that_differ_in_names_alone_are_read_once() -> None:
    one, two = asked(HEAD + BODY), asked(HEAD + BODY.replace("?v", "?other"))
    assert one is not None
    assert two is not None
    assert one.shape is two.shape
    assert (one.names, two.names) == (["v"], ["other"])
    swapped = asked(HEAD + "SELECT ?v ?w { ?w e:p ?v ; e:q e:a }"), asked(HEAD + "SELECT ?v ?w { ?v e:p ?w ; e:q e:a }")
    assert swapped[0] != swapped[1]
    assert swapped[0].shape is not swapped[1].shape  # type: ignore[union-attr]


def crowd(size: int) -> ox.Store:
    store = ox.Store()
    for number in range(size):
        one = ox.NamedNode(f"{E}n{number}")
        store.add(ox.Quad(one, ox.NamedNode(E + "p"), ox.NamedNode(E + "hub")))
        store.add(ox.Quad(one, ox.NamedNode(E + "q"), ox.Literal(number)))
    return store


def test_what_would_hold_up_others_is_left_to_the_engine(tmp_path: Path) -> None:
    few = Opened(crowd(MOST_STEPS // 5), tmp_path / FILE)
    many = Opened(crowd(MOST_STEPS + 1), tmp_path / FILE)
    for text in (
        "SELECT ?v { ?v e:p e:hub }",
        "SELECT ?v ?n { ?v e:p e:hub ; e:q ?n } ORDER BY ?n LIMIT 1",
        "SELECT ?v { ?v ?p e:hub }",
    ):
        assert few.answer(HEAD + text) is not None, text
        assert many.answer(HEAD + text) is None, text
    product = "SELECT ?v ?w { ?v e:p e:hub . ?w e:p e:hub }"  # rows, not statements
    assert few.answer(HEAD + product) is None
    wide = "{ ?v e:p e:hub . e:n1 e:p ?a ; e:q ?b . e:n2 e:p ?c ; e:q ?d . e:n3 e:q ?f }"
    assert MOST_STEPS // 5 * 6 > MOST_CELLS
    assert few.answer(f"{HEAD}SELECT ?v ?a ?b ?c {wide}") is not None
    assert few.answer(f"{HEAD}SELECT ?v ?a ?b ?c ?d ?f {wide} LIMIT 3") is not None
    assert few.answer(f"{HEAD}SELECT ?v ?a ?b ?c ?d ?f {wide}") is None


# In the pool

ASKED = HEAD + "SELECT ?v ?n { ?v e:p e:hub ; e:q ?n } ORDER BY DESC(?n)"


@pytest.fixture
def pool(tmp_path: Path, fill: Callable[..., Path]) -> Iterator[PooledBackend]:
    backend = PooledBackend(fill(tmp_path / "one", crowd(20)), release="r1", workers=1, max_memory_mb=400)
    yield backend
    backend.close()


def call(pool: PooledBackend, text: str, **how: Any) -> Any:
    """What comes of a call on a loop, and whether it came at once."""

    async def run() -> Any:
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        pool.call(pool.prepare(text, **how), lambda stream, error: told.set_result(stream or error))
        assert told.done() or pool.running()
        return await told

    return asyncio.run(run())


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_the_answer_has_the_form_of_the_engine_s(media_type: str, pool: PooledBackend, tmp_path: Path) -> None:
    found = call(pool, ASKED, table_type=media_type)
    assert isinstance(found, Found)
    assert (found.edition, found.media_type) == (pool.edition, media_type)
    backend = EmbeddedBackend(tmp_path / "one" / "store", "r1")
    assert found.whole == b"".join(backend.query(ASKED).serialize(media_type))


def test_other_datasets_are_asked_of_the_engine(pool: PooledBackend) -> None:
    assert isinstance(call(pool, ASKED), Found)
    for how in ({"union": True}, {"default_graphs": [E + "g"]}, {"named_graphs": [E + "g"]}):
        assert not isinstance(call(pool, ASKED, **how), Found)


def test_no_worker_is_needed(pool: PooledBackend) -> None:
    worker = pool._pool.borrow("", 200)  # the only one that may run
    assert isinstance(call(pool, ASKED), Found)
    pool._pool.give_back(worker.worker)


def test_after_a_switch_the_new_release_answers(pool: PooledBackend, tmp_path: Path, fill: Callable[..., Path]) -> None:
    before = call(pool, ASKED)
    pool.switch(fill(tmp_path / "two", crowd(30), release="r2"), "r2")
    after = call(pool, ASKED)
    assert (before.release, after.release) == ("r1", "r2")
    assert before.whole != after.whole
    assert len(pool._finders) == 1


def test_text_that_xml_cannot_hold_is_left_to_the_worker(tmp_path: Path, fill: Callable[..., Path]) -> None:
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode(E + "a"), ox.NamedNode(E + "p"), ox.Literal("bell \x07")))
    pool = PooledBackend(fill(tmp_path, store), release="r1", workers=1, max_memory_mb=400)
    assert isinstance(call(pool, HEAD + BODY), Found)
    error = call(pool, HEAD + BODY, table_type="application/sparql-results+xml")
    assert "XML" in str(error)
    pool.close()
