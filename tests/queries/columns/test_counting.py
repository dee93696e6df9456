"""What columns answer is what the engine answers; and what is not surely theirs they leave alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.columns import columns
from loaders.release import ReleaseInfo
from queries.columns.counting import answer as count
from queries.columns.door import Door
from queries.columns.file import FILE
from queries.columns.joins import TooMuch
from queries.columns.reader import read
from queries.scanner import tokens

ROOT = Path(__file__).resolve().parents[3]
E = "http://e/"
TG = "https://w3id.org/treatygraph/def#"
X = "http://www.w3.org/2001/XMLSchema#"
HEAD = f"BASE <{E}> PREFIX : <{E}> PREFIX x: <{X}> "
Opened = Callable[..., Door]
Written = Callable[[Any], Counter[tuple[str, ...]]]

NODES = [":a", ":b", ":c", ":a/b".replace("/", "-"), "<d#e>", ":p"]
PROPERTIES = [":p", ":q", "a", "<r>"]
#: As they may be written: some are equal to the engine, some only look so.
LITERALS = [
    *('"x"', "'x'", '"x"^^x:string', '"x"@en', '"x"@EN', '"x"@en-GB', '"x y # z"', '""', '"""a\nb"""', '"A"'),
    *("1", "01", '"1"^^x:integer', '"+1"^^x:integer', "1.0", "1.00", "1e0", "2", "10", "true", '"1"^^x:boolean'),
    *('"NaN"^^x:double', '"0"^^x:double', '"-0"^^x:double', '"x"^^x:integer', '"1"^^:t', '"P12M"^^x:duration'),
    *(
        '"2020-01-01"^^x:date',
        '"2020-01-01T00:00:00.0"^^x:dateTime',
        '"P1Y"^^x:duration',
        '"99999999999999999999"^^x:integer',
    ),
]
VARIABLES = ["?u", "?v", "?w", "$v"]

#: What is drawn evenly from a seed is seldom empty, which what shrinks well mostly is.
seeds = st.integers(0, 2**32).map(Random)


def run(store: ox.Store, text: str) -> ox.QuerySolutions:
    answer = store.query(text)
    assert isinstance(answer, ox.QuerySolutions)
    return answer


def any_store(chance: Random) -> ox.Store:
    """Any statements in the default graph, some in another, blank nodes too."""
    store = ox.Store()
    statements: list[tuple[str, ...]] = []
    for _ in range(chance.choice([0, 3, 20, 40])):
        few = (chance.choice(NODES[:3]), chance.choice([":p", ":q"]), chance.choice(NODES[:3]))
        target = chance.choice([*NODES, "_:n", *chance.sample(LITERALS, 6)])
        mixed = (chance.choice(NODES), chance.choice(PROPERTIES), target)
        statements.append(chance.choice([few, mixed]))
    turtle = HEAD.replace("BASE", "@base").replace("PREFIX", "@prefix").replace("> ", "> . ")
    lines = "".join(f"{' '.join(one)} .\n" for one in statements)
    store.load(f"{turtle}{lines}_:n :p :a . _:m :q _:n .".encode(), format=ox.RdfFormat.TURTLE)
    store.add(ox.Quad(ox.NamedNode(E + "a"), ox.NamedNode(E + "p"), ox.Literal("elsewhere"), ox.NamedNode(E + "graph")))
    return store


@dataclass
class Asked:
    text: str
    order: list[str]
    cut: bool


def any_question(chance: Random) -> Asked:
    """Any question of the narrow kind."""
    properties = [":p", ":p", ":q", ":q", ":q", chance.choice(PROPERTIES), chance.choice(["?u", "?y", "?z"])]
    patterns = [
        (
            chance.choice([*VARIABLES, *VARIABLES, chance.choice(NODES)]),
            chance.choice(properties),
            chance.choice([*VARIABLES, *VARIABLES, chance.choice(NODES), chance.choice(LITERALS)]),
        )
        for _ in range(chance.choice([1, 1, 2, 2, 3, 4]))
    ]
    if not any(place[0] in "?$" for pattern in patterns for place in pattern):
        patterns.append(("?u", ":p", "?v"))
    found = sorted({"?" + place[1:] for pattern in patterns for place in pattern if place[0] in "?$"})
    groups = chance.sample(found, min(len(found), chance.choice([0, 1, 1, 2, 2, 3])))
    counts = chance.choices(["*", *found, *(f"DISTINCT {name}" for name in found)], k=chance.choice([1, 2, 3]))
    shown = [name for name in groups if chance.random() < 0.7]
    head = [*shown, *(f"(COUNT({what}) AS ?n{number})" for number, what in enumerate(counts))]
    body = chance.choice([_plain, _short])(patterns)
    limited = sorted({"?" + one[1][1:] for one in patterns if one[1][0] in "?$"})
    if limited and chance.random() < 0.6:
        conditions = [f"{name} IN ({chance.choice([':p', ':p, <r>', ':q, :q, :none', ':p, :q'])})" for name in limited]
        body += f" FILTER({' && '.join(conditions)})"
        if chance.random() < 0.3:
            body += f" FILTER({limited[-1]} IN (:q, :p))"
    text = f"{HEAD}SELECT {' '.join(head)} {chance.choice(['WHERE ', ''])}{{ {body} }}"
    if groups:
        text += f" GROUP BY {' '.join(groups)}"
    order: list[str] = []
    if chance.random() < 0.4:
        keys = [*(f"?n{number}" for number in range(len(counts))), *shown]
        order = chance.sample(keys, min(len(keys), chance.choice([1, 2])))
        text += " ORDER BY " + " ".join(chance.choice(["{}", "ASC({})", "DESC({})"]).format(key) for key in order)
    cut = chance.random() < 0.3
    if cut:
        text += chance.choice([" LIMIT 2", " OFFSET 1", " LIMIT 3 OFFSET 1", " OFFSET 1 LIMIT 0"])
    return Asked(text, [key[1:] for key in order], cut)


def _plain(patterns: list[tuple[str, str, str]]) -> str:
    return " . ".join(" ".join(pattern) for pattern in patterns)


def _short(patterns: list[tuple[str, str, str]]) -> str:
    """With `;` and `,` where they can stand."""
    text, before = "", ("", "", "")
    for pattern in patterns:
        if pattern[:2] == before[:2]:
            text += f", {pattern[2]} "
        elif pattern[0] == before[0]:
            text += f";; {pattern[1]} {pattern[2]}"
        else:
            text += f"{' . ' if text else ''}{' '.join(pattern)} "
        before = pattern
    return text + " ."


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(chance=seeds)
def test_any_question_of_the_kind_is_answered_as_the_engine_does(opened: Opened, rows: Written, chance: Random) -> None:
    store = any_store(chance)
    door = opened(store)
    for one in [any_question(chance) for _ in range(8)]:
        found = door.answer(one.text)
        if found is None:  # an order of terms that is left to the engine
            assert any(not key.startswith("n") for key in one.order), one.text
            continue
        ours, theirs = list(found), list(run(store, one.text))
        assert [[row[key] for key in one.order] for row in ours] == [[row[key] for key in one.order] for row in theirs]
        if one.cut:
            assert len(ours) == len(theirs)
            whole = rows(run(store, one.text.partition(" LIMIT")[0].partition(" OFFSET")[0]))
            assert not rows(ours) - whole, one.text
        else:
            assert rows(ours) == rows(theirs), one.text


#: Pieces of texts that are of another kind, or of none.
_FOREIGN = [
    *(
        "FROM <graph>",
        "FROM NAMED <graph>",
        "OPTIONAL",
        "UNION",
        "MINUS",
        "GRAPH ?u",
        "GRAPH <graph>",
        "VALUES ?u { :a }",
    ),
    *("BIND(1 AS ?z)", "FILTER(?v > 1)", "FILTER(?v IN (:a))", "FILTER EXISTS", "FILTER NOT EXISTS", "HAVING(?n0 > 1)"),
    *(
        "DISTINCT",
        "REDUCED",
        "(COUNT(*) AS ?m)",
        "(SUM(?u) AS ?m)",
        "COUNT(?none)",
        "?none",
        "*",
        "/",
        "|",
        "^",
        "+",
        "?",
    ),
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ".",
        ";",
        ",",
        "a",
        "A",
        "[]",
        "()",
        "_:b",
        "-1",
        "+1",
        "!",
        "NOT",
        "IN",
        "&&",
        "||",
        "=",
        "5.",
    ),
    *(
        "<<",
        "<a>",
        ":",
        ":a:b",
        ":a.b",
        ":a.",
        ".5",
        "5.5.",
        "5a",
        "'x'@en",
        "'x' @en",
        "'x'^^ :t",
        "@en",
        "^^x:integer",
        "true.",
        "true",
    ),
    *(
        "#",
        "# c\n",
        "\n",
        "WHERE",
        "SELECT",
        "GROUP BY",
        "ORDER BY ?u",
        "LIMIT 1",
        "OFFSET -1",
        "LIMIT 1.0",
        "AS ?u",
        "BASE <z>",
    ),
    *(
        "PREFIX : <http://e/z>",
        "SERVICE <a>",
        "\\u003f",
        "\u00e9",
        ":\u00e9",
        "?\u00e9",
        "\u00a0",
        "%",
        ":%41",
        ":a%41",
        ":-a",
        "VERSION '1.2'",
    ),
]


def mutilated(chance: Random) -> str:
    """A question with some of its pieces left out, doubled, swapped or replaced."""
    text = any_question(chance).text
    start = len(HEAD) if chance.random() < 0.8 else 0
    pieces = [text[:start], *(token.text for token in tokens(text, start))]
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        at = chance.randrange(1, len(pieces))
        match chance.choice(["drop", "double", "swap", "add", "add", "replace", "glue"]):
            case "drop" if len(pieces) > 2:
                del pieces[at]
            case "double":
                pieces.insert(at, pieces[at])
            case "swap":
                other = chance.randrange(1, len(pieces))
                pieces[at], pieces[other] = pieces[other], pieces[at]
            case "replace":
                pieces[at] = chance.choice(_FOREIGN)
            case "glue" if at > 1:
                pieces[at - 1 : at + 1] = [pieces[at - 1] + pieces[at]]
            case _:
                pieces.insert(at, chance.choice(_FOREIGN))
    return " ".join(pieces)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(chance=seeds)
def test_what_is_near_the_kind_is_answered_rightly_or_not_at_all(
    crowded: tuple[ox.Store, Door], rows: Written, chance: Random
) -> None:
    store, door = crowded
    for text in [mutilated(chance) for _ in range(8)]:
        read(text)  # which fails at nothing
        found = door.answer(text)
        if found is not None:
            ours = rows(found)
            theirs = rows(run(store, text))  # no error: it is a query
            cut = "LIMIT" in text or "OFFSET" in text
            assert ours.total() == theirs.total() if cut else ours == theirs, text


@pytest.fixture(scope="module")
def crowded(opened: Opened) -> tuple[ox.Store, Door]:
    """Every property between all kinds of terms."""
    store = ox.Store()
    turtle = HEAD.replace("BASE", "@base").replace("PREFIX", "@prefix").replace("> ", "> . ")
    things = [*NODES, *LITERALS]
    lines = "".join(
        f"{NODES[at % 5]} {PROPERTIES[at % 4]} {thing} . {NODES[at % 3]} :p {thing} .\n"
        for at, thing in enumerate(things)
    )
    store.load(f"{turtle}{lines}".encode(), format=ox.RdfFormat.TURTLE)
    store.add(ox.Quad(ox.NamedNode(E + "a"), ox.NamedNode(E + "p"), ox.Literal("elsewhere"), ox.NamedNode(E + "graph")))
    return store, opened(store)


OTHERS = [
    "SELECT ?u { ?u :p ?v }",
    "SELECT DISTINCT ?u (COUNT(*) AS ?n) { ?u :p ?v } GROUP BY ?u",
    "SELECT (COUNT(DISTINCT *) AS ?n) { ?u :p ?v }",
    "SELECT (SUM(?v) AS ?n) { ?u :p ?v }",
    "SELECT (COUNT(*) + 1 AS ?n) { ?u :p ?v }",
    "SELECT (COUNT(?z) AS ?n) { ?u :p ?v }",
    "SELECT ?z (COUNT(*) AS ?n) { ?u :p ?v } GROUP BY ?z",
    "SELECT (COUNT(*) AS ?n) { }",
    "SELECT (COUNT(*) AS ?n) FROM <graph> { ?u :p ?v }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?u :p ?v } }",
    "SELECT (COUNT(*) AS ?n) { ?u :p/:q ?v }",
    "SELECT (COUNT(*) AS ?n) { ?u ^:p ?v }",
    "SELECT (COUNT(*) AS ?n) { ?u :p [] }",
    "SELECT (COUNT(*) AS ?n) { ?u :p _:v }",
    "SELECT (COUNT(*) AS ?n) { ?u :p -1 }",
    "SELECT (COUNT(*) AS ?n) { ?u :p ?v FILTER(?v IN (:a)) }",
    "SELECT (COUNT(*) AS ?n) { ?u ?p ?v FILTER(?p NOT IN (:a)) }",
    "SELECT (COUNT(*) AS ?n) { ?u ?p ?v FILTER(?p IN (:p) || ?p IN (:q)) }",
    "SELECT (COUNT(*) AS ?n) { ?u ?p ?v FILTER(?p IN ()) }",
    "SELECT (COUNT(*) AS ?n) { ?u :p ?v } GROUP BY ?u HAVING(COUNT(*) > 1)",
    "SELECT (COUNT(*) AS ?n) { ?u :p ?v } GROUP BY (STR(?u) AS ?t)",
    "SELECT (COUNT(*) AS ?n) { ?u :p ?v } GROUP BY ?u ORDER BY ?u",
    "SELECT (COUNT(*) AS ?n) { ?u :p ?v } VALUES ?u { :a }",
    "SELECT (COUNT(*) AS ?n) { { ?u :p ?v } }",
    "SELECT (COUNT(*) AS ?n) { ?u :p '\\u0041' }",
    "SELECT (COUNT(*) AS ?n) { ?u :p '\u00e9' }",
    "SELECT (COUNT(*) AS ?n) { ?u a.b:p ?v }",
    "ASK { ?count :p ?v }",
    "CONSTRUCT { ?count :p ?v } WHERE { ?count :p ?v }",
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_questions_are_left_to_the_engine(crowded: tuple[ox.Store, Door], text: str) -> None:
    assert crowded[1].answer(HEAD + text) is None


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("SELECT (COUNT(*) AS ?n) { ?u :none ?v }", [("0",)]),
        ("SELECT (COUNT(DISTINCT ?u) AS ?n) (COUNT(?v) AS ?m) { ?u :none ?v . ?v :p ?u }", [("0", "0")]),
        ("SELECT (COUNT(*) AS ?n) { :a :p :a . ?u :p :a }", [("1",)]),
        ("SELECT ?u (COUNT(*) AS ?n) { ?u :none ?v } GROUP BY ?u", []),
        ("SELECT (COUNT(*) AS ?n) { ?u :none ?v } GROUP BY ?u", []),
    ],
)
def test_nothing_is_one_row_of_nought_or_no_row(
    crowded: tuple[ox.Store, Door], text: str, groups: list[tuple[str, ...]]
) -> None:
    store, door = crowded
    for answer in (door.answer(HEAD + text), run(store, HEAD + text)):
        assert answer is not None
        assert [tuple(cell.value for cell in row) for row in answer] == groups


def test_a_text_that_breaks_off_is_none_of_the_kind(crowded: tuple[ox.Store, Door]) -> None:
    whole = HEAD + (
        "SELECT ?u (COUNT(DISTINCT ?v) AS ?n) WHERE { ?u a 'x'@en, 'y'^^x:t ; ?p ?v . "
        "FILTER(?p IN (:p, <r>) && ?p IN (:p)) }"
        " GROUP BY ?u ORDER BY DESC(?n) ?u LIMIT 3 OFFSET 1"
    )
    assert crowded[1].answer(whole) is not None
    for end in range(whole.index("}")):
        assert read(whole[:end]) is None, whole[:end]


BENCHMARKS = ["06-year-and-verb", "07-agreement", "10-count-distinct", "12-full-scan"]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_aggregates_of_the_benchmarks_are_of_the_kind(name: str) -> None:
    assert read((ROOT / "benchmarks" / "queries" / f"{name}.rq").read_text(encoding="utf-8")) is not None


def test_products_take_no_room_and_large_joins_are_left_to_the_engine(opened: Opened) -> None:
    store = ox.Store()
    p, hub = ox.NamedNode(E + "p"), ox.NamedNode(E + "hub")
    store.bulk_extend(ox.Quad(ox.NamedNode(f"{E}{n}"), p, hub) for n in range(3000))
    door = opened(store, memory_bytes=4 << 20)
    product = door.answer(HEAD + "SELECT (COUNT(*) AS ?n) { ?a :p ?b . ?c :p ?d . ?e :p ?f }")
    assert product is not None
    assert [row["n"].value for row in product] == [str(3000**3)]
    shared = door.answer(HEAD + "SELECT (COUNT(?a) AS ?n) { ?a :p ?b . ?c :p ?b }")
    assert shared is not None
    assert [row["n"].value for row in shared] == [str(3000**2)]
    large = HEAD + "SELECT ?a (COUNT(DISTINCT ?c) AS ?n) { ?a :p ?b . ?c :p ?b } GROUP BY ?a"
    assert door.answer(large) is None, "nine million rows do not fit"
    huge = " . ".join(f"?a{n} :p ?b{n}" for n in range(6))
    assert door.answer(HEAD + f"SELECT (COUNT(*) AS ?n) {{ {huge} }}") is None, "a number beyond what is exact"
    asked = read(large)
    assert asked is not None
    door.prepare()
    assert door._columns is not None
    with pytest.raises(TooMuch):
        count(door._columns, asked, [f"<{E}p>"], 1000)


def test_equal_statements_give_equal_bytes_in_whatever_order_they_came() -> None:
    quads = [ox.Quad(ox.NamedNode(f"{E}{n % 7}"), ox.NamedNode(f"{E}p{n % 3}"), ox.Literal(n)) for n in range(60)]
    made = []
    for order in (quads, quads[::-1]):
        store = ox.Store()
        store.extend(order)
        made.append(columns(store, "r1"))
    assert made[0] == made[1]


def texts_of_the_house() -> list[Path]:
    return sorted([*(ROOT / "benchmarks" / "queries").glob("*.rq"), *(ROOT / "queries").rglob("*.rq")])


def test_all_texts_of_the_house_are_answered_as_the_engine_does(record: ReleaseInfo, rows: Written) -> None:
    """The questions of the catalogue and the benchmarks, the audit, the rules: over the record as it is built."""
    door = Door(str(record.path / FILE))
    store = ox.Store.read_only(str(record.store))
    states = [
        str(row["state"])
        for row in run(store, f"SELECT DISTINCT ?state {{ ?vote <{TG}inFavour> ?state }} ORDER BY ?state LIMIT 2")
    ]
    assert len(states) == 2
    answered = []
    for path in texts_of_the_house():
        text = path.read_text(encoding="utf-8").replace("<OTHER>", states[0]).replace("<THING>", states[1])
        found = door.answer(text)
        if found is not None:
            assert (ours := rows(found)) == rows(run(store, text)), path
            assert ours
            answered.append(path.stem)
    assert set(BENCHMARKS) <= set(answered)
    assert {entry["path"] for entry in record.manifest["files"]} >= {FILE}


def test_every_term_comes_back_as_it_is(opened: Opened, rows: Written) -> None:
    """Controls, line ends, quotes, the ends of the planes; triples as values, and texts with a direction."""
    store = ox.Store()
    p = ox.NamedNode(E + "p")
    for number in [*range(0x30), *range(0x7F, 0xA2), 0xE9, 0x2028, 0xFEFF, 0xFFFD, 0xFFFF, 0x1F600, 0x10FFFF]:
        for value in (ox.Literal(f"a{chr(number)}b"), ox.Literal(chr(number), language="en")):
            store.add(ox.Quad(ox.NamedNode(f"{E}{number}"), p, value))
    store.add(ox.Quad(ox.NamedNode(E + "\u00e9/%41"), p, ox.NamedNode(E + "\u00fc")))
    store.add(ox.Quad(p, p, ox.Triple(p, p, ox.Literal('x " y'))))
    store.add(ox.Quad(p, p, ox.Literal("x", language="ar", direction=ox.BaseDirection.RTL)))
    text = "SELECT ?s ?o (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s ?o"
    found = opened(store).answer(text)
    assert found is not None
    assert rows(found) == rows(run(store, text))
