"""Calls are cut out where they stand, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from queries.backend import guarded
from queries.errors import QueryError, QueryRefused
from queries.federation.clauses import read_calls
from queries.federation.federation import Federation, listed_endpoints
from queries.pool.errors import QueryTooLarge

A = "http://a.example/sparql"


def test_a_query_is_cut_into_its_calls() -> None:
    text = f"""# SERVICE <{A}> {{ a comment }}
BASE <http://b.example/> PREFIX e: <http://e/>
SELECT * {{ ?s e:p "SERVICE <{A}> {{" .
  SERVICE <{A}> {{ ?s e:q ?o FILTER(?o != "}}") # }}
  }}
  OPTIONAL {{ service silent<{A}>{{ {{ SELECT ?x {{ ?x a $y }} }} }} }} }}"""
    query = read_calls(text)
    assert query is not None
    first, second = query.clauses
    assert (first.silent, second.silent) == (False, True)
    assert first.variables == {"s", "o"}
    assert second.variables == {"x", "y"}
    assert query.remote_query(second).split("\n")[-1] == "SELECT * WHERE { { SELECT ?x { ?x a $y } } }"
    assert "PREFIX e: <http://e/>" in query.remote_query(first)
    assert "OPTIONAL" not in query.remote_query(first)
    bare = query.without_calls()
    assert [line.rstrip() for line in bare.split("\n")][3] == "  {}"
    assert len(bare) == len(text)
    padded = query.padded_query(first)
    assert padded.index("{ ?s e:q") == text.index("{ ?s e:q")
    assert padded.count("\n") == text[: first.end].count("\n")


@pytest.mark.parametrize(
    "call",
    [
        "SERVICE ?x { ?s ?p ?o }",
        "SERVICE e:x { ?s ?p ?o }",
        f"SERVICE <{A}#> {{ ?s ?p ?o }}",
        f"SERVICE <{A}/> {{ ?s ?p ?o }}",
        "SERVICE <http://a.example:80/sparql> { ?s ?p ?o }",
        "SERVICE <http://a.example:81/sparql> { ?s ?p ?o }",
        "SERVICE <http://A.example/sparql> { ?s ?p ?o }",
        "SERVICE <HTTP://a.example/sparql> { ?s ?p ?o }",
        "SERVICE <https://a.example/sparql> { ?s ?p ?o }",
        "SERVICE <http://a.example./sparql> { ?s ?p ?o }",
        "SERVICE <http://a.example@127.0.0.1/sparql> { ?s ?p ?o }",
        "SERVICE <http://127.0.0.1:9/?http://a.example/sparql> { ?s ?p ?o }",
        "SERVICE <http://a.example/sparql/../x> { ?s ?p ?o }",
        "SERVICE <http://a.example/sparql?query=x> { ?s ?p ?o }",
        "SERVICE <http://2130706433/sparql> { ?s ?p ?o }",
        "SERVICE <http://[::1]/sparql> { ?s ?p ?o }",
        "SERVICE <http://[::ffff:127.0.0.1]/sparql> { ?s ?p ?o }",
        "SERVICE <http://\\u0061.example/sparql> { ?s ?p ?o }",
        "SERVICE <sparql> { ?s ?p ?o }",
        "SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o }",
        f"S\\u0045RVICE <{A}> {{ ?s ?p ?o }}",
        f"SERVICE <{A}> {{ ?s ?p ?o }} SERVICE <http://127.0.0.1:9/> {{ ?s ?p ?o }}",
        f"SERVICE <{A}> {{ SERVICE <{A}> {{ ?s ?p ?o }} }}",
        f"SERVICE <{A}> {{ SERVICE <http://127.0.0.1:9/> {{ ?s ?p ?o }} }}",
        f"SERVICE <{A}> {{ S\\u0045RVICE <http://127.0.0.1:9/> {{ ?s ?p ?o }} }}",
        f"SERVICE <{A}> {{ SERVICEe:x{{ ?s ?p ?o }} }}",
        f"SERVICE <{A}> {{ ?s ?p ?o }} SERVICEe:x{{ ?s ?p ?o }}",
        f"SERVICE <{A}> {{ ?s ?p ?o }} FILTER EXISTS {{ SERVICE ?x {{ ?s ?p ?o }} }}",
    ],
)
def test_what_is_not_on_the_list_to_the_letter_is_refused(call: str) -> None:
    text = f"BASE <http://a.example/> PREFIX e: <{A}> SELECT * {{ {call} }}"
    federation = Federation([A])
    with pytest.raises(QueryRefused) as told:
        # What is not seen as a call goes on to the back end as it is; there the first wall must see it.
        guarded(text if federation.read(text) is None else "ASK {}")
    assert told.value.feature == "service"


def test_without_a_list_nothing_is_read_as_a_call() -> None:
    assert Federation([]).read(f"SELECT * {{ SERVICE <{A}> {{ ?s ?p ?o }} }}") is None


def test_updates_and_floods_of_calls_are_refused() -> None:
    call = f"SERVICE <{A}> {{ ?s ?p ?o }} "
    with pytest.raises(QueryError):
        Federation([A]).read(f"INSERT {{ ?s ?p ?o }} WHERE {{ {call} SELECT }}")
    with pytest.raises(QueryTooLarge):
        Federation([A]).read(f"SELECT * {{ {call * 11} }}")


@pytest.mark.parametrize(
    "wrong",
    [
        "ftp://a/",
        "a.example/sparql",
        "http://u:p@a/",
        "http:///x",
        "http://a/ b",
        "http://a/#x",
        "http://a:0/",
        "http://\u00e4/",
    ],
)
def test_a_list_of_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        listed_endpoints(f"{A}, {wrong}")
    assert listed_endpoints(f" {A} ,, https://b/x?y=1") == (A, "https://b/x?y=1")
