# ruff: noqa: E501 - one query a line reads better
"""Over HTTP a query gives what the engine gives in this process, in every format: forms, operators, functions, paths."""

from __future__ import annotations

import pytest
from httpx2 import Client
from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, RdfFormat, Store, parse

from loaders.release import ReleaseInfo
from queries.embedded import EmbeddedBackend

TABLES = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/tab-separated-values": QueryResultsFormat.TSV,
    "text/csv": QueryResultsFormat.CSV,
}
GRAPHS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/n-quads": RdfFormat.N_QUADS,
    "application/trig": RdfFormat.TRIG,
}
PREFIXES = """PREFIX tg: <https://w3id.org/treatygraph/def#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX : <http://e.org/>
"""
DATA = """VALUES (?a ?b ?c) { (1 2.5 "x"@en) (2 UNDEF "y") (3 1e0 "2030-01-02"^^xsd:date) (UNDEF 4 :iri) (-5 "1"^^xsd:byte true) }"""

#: By the chapters of SPARQL 1.1 Query Language whose semantics they show; written here, on data of ours.
SELECTS = {
    "bgp": "SELECT ?s ?t { ?s a ?t } ORDER BY ?s ?t",
    "optional": "SELECT ?s ?l { ?s a tg:Resolution OPTIONAL { ?s rdfs:label ?l } } ORDER BY ?s ?l",
    "optional with a filter": "SELECT ?s ?l { ?s a tg:Resolution OPTIONAL { ?s rdfs:label ?l FILTER(?s = :no) } } ORDER BY ?s",
    "nested optionals": "SELECT * { ?s a tg:Resolution OPTIONAL { ?s ?p ?o OPTIONAL { ?o a ?x } } } ORDER BY ?s ?p ?o ?x",
    "union": "SELECT ?x { { ?x a tg:Resolution } UNION { ?x a tg:Treaty } UNION { BIND(1 AS ?x) } } ORDER BY ?x",
    "minus": "SELECT ?s { ?s a ?t MINUS { ?s a tg:Resolution } } ORDER BY ?s",
    "minus with nothing shared": "SELECT ?s { ?s a tg:Resolution MINUS { ?x a ?y } } ORDER BY ?s",
    "exists": "SELECT ?s { ?s a ?t FILTER EXISTS { ?s rdfs:label ?l } } ORDER BY ?s",
    "not exists": "SELECT DISTINCT ?s { ?s ?p ?o FILTER NOT EXISTS { ?s a ?t } } ORDER BY ?s",
    "values": f"SELECT * {{ {DATA} }} ORDER BY ?a ?b",
    "values after": "SELECT * { ?s a ?t } ORDER BY ?s VALUES ?t { tg:Resolution tg:Treaty }",
    "bind": f"SELECT * {{ {DATA} BIND(?a + ?b AS ?sum) BIND(?a / 0 AS ?none) }} ORDER BY ?a ?b",
    "subselect": "SELECT ?s ?n { ?s a tg:Resolution { SELECT (COUNT(*) AS ?n) { ?x ?y ?z } } } ORDER BY ?s",
    "count": "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?p) AS ?d) { ?s ?p ?o }",
    "group": "SELECT ?p (COUNT(*) AS ?n) (MIN(?o) AS ?first) { ?s ?p ?o } GROUP BY ?p HAVING (COUNT(*) > 1) ORDER BY DESC(?n) ?p",
    "sums": f"SELECT (SUM(?a) AS ?s) (AVG(?a) AS ?v) (MIN(?a) AS ?l) (MAX(?a) AS ?h) {{ {DATA} FILTER(BOUND(?a)) }}",
    "sums of nothing": "SELECT (SUM(?x) AS ?s) (AVG(?x) AS ?v) (COUNT(?x) AS ?n) { ?x a :nothing }",
    "group concat": "SELECT (GROUP_CONCAT(?x; SEPARATOR='|') AS ?all) { { SELECT ?x { VALUES ?x { 'b' 'a' 'c' } } ORDER BY ?x } }",
    "order": f"SELECT * {{ {DATA} }} ORDER BY DESC(?c) ?a",
    "slice": "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o OFFSET 7 LIMIT 13",
    "distinct": "SELECT DISTINCT ?p { ?s ?p ?o } ORDER BY ?p",
    "one or more": "SELECT ?a ?b { ?a (tg:recalls|tg:cites|tg:partOf)+ ?b } ORDER BY ?a ?b",
    "zero or more": "SELECT ?b { ?a a tg:Resolution . ?a (!a)* ?b } ORDER BY ?b",
    "inverse and sequence": "SELECT DISTINCT ?x { ?s a tg:Resolution . ?s ^!a/(a|rdfs:label) ?x } ORDER BY ?x",
    "zero or one": "SELECT ?x { ?s a tg:Resolution . ?s rdfs:label? ?x } ORDER BY ?x",
    "graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    "strings": """SELECT (STRLEN("añ𝒳") AS ?n) (UCASE("é") AS ?u) (SUBSTR("motör", 2, 3) AS ?p) (STRBEFORE("a-b"@en, "-") AS ?b)
                  (REPLACE("abab", "(a)b", "$1") AS ?r) (ENCODE_FOR_URI("ü/ ") AS ?e) (CONCAT("a"@en, "b"@en) AS ?c) {}""",
    "tests": f"""SELECT * {{ {DATA} BIND(isNumeric(?a) AS ?n) BIND(isIRI(?c) AS ?i) BIND(LANG(?c) AS ?l) BIND(DATATYPE(?c) AS ?d)
                 BIND(IF(?a > 1, "more", "less") AS ?f) BIND(COALESCE(?b, ?a, 0) AS ?o) }} ORDER BY ?a ?b""",
    "comparisons": f"SELECT ?a ?c {{ {DATA} FILTER(?a IN (1, 3) || ?c = true || ?c > '2029-12-31'^^xsd:date) }} ORDER BY ?a",
    "regular expressions": "SELECT ?l { ?s rdfs:label ?l FILTER REGEX(STR(?l), '^[a-m]', 'i') } ORDER BY ?l",
    "dates": """SELECT (YEAR("2031-05-06T07:08:09.5Z"^^xsd:dateTime) AS ?y) (SECONDS("2031-05-06T07:08:09.5Z"^^xsd:dateTime) AS ?s)
                (TZ("2031-05-06T07:08:09-03:00"^^xsd:dateTime) AS ?z) {}""",
    "numbers": "SELECT (ROUND(2.5) AS ?r) (CEIL(-1.5) AS ?c) (1 = 1.0 AS ?e) (0.1 + 0.2 AS ?d) (1e0 / 0 AS ?i) (7 / 2 AS ?q) {}",
    "casts": "SELECT (xsd:integer('7') AS ?i) (xsd:double('INF') AS ?d) (xsd:boolean('x') AS ?no) (xsd:string(3.10) AS ?s) {}",
    "hashes": "SELECT (MD5('a') AS ?m) (SHA256('a') AS ?s) (SHA512('ä') AS ?l) {}",
    "characters": """SELECT ("a,\\"b\\"\\n\\tc<&>]]>" AS ?hard) ("\\u00e9\\U0001F54A" AS ?far) ("" AS ?empty) {}""",
}  # fmt: skip
ASKS = {
    "there is": "ASK { ?s a tg:Resolution }",
    "there is not": "ASK { ?s a :nothing }",
    "nothing asked": "ASK {}",
    "nothing holds": "ASK { FILTER(1 = 2) }",
}
CONSTRUCTS = {
    "construct": "CONSTRUCT { ?s :is ?t ; :by [ :of ?s ] } WHERE { ?s a ?t FILTER(?t = tg:Resolution) }",
    "construct where": "CONSTRUCT WHERE { ?s a tg:Resolution }",
    "construct nothing": "CONSTRUCT { ?s ?p ?none } WHERE { ?s ?p ?o }",
    "describe": "DESCRIBE ?s { ?s a tg:Resolution }",
}


@pytest.fixture(scope="module")
def store(release: ReleaseInfo) -> Store:
    return Store.read_only(str(release.store))


def over_http(http: Client, query: str, media_type: str) -> bytes:
    answer = http.post("/sparql", data={"query": PREFIXES + query}, headers={"accept": media_type})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == media_type
    return answer.content


@pytest.mark.parametrize("name", SELECTS)
def test_tables(http: Client, store: Store, name: str) -> None:
    for media_type, form in TABLES.items():
        rows = store.query(PREFIXES + SELECTS[name])
        assert isinstance(rows, QuerySolutions)
        assert over_http(http, SELECTS[name], media_type) == rows.serialize(format=form)


@pytest.mark.parametrize("name", ASKS)
def test_truths(http: Client, store: Store, name: str) -> None:
    for media_type, form in TABLES.items():
        truth = store.query(PREFIXES + ASKS[name])
        assert isinstance(truth, QueryBoolean)
        assert over_http(http, ASKS[name], media_type) == truth.serialize(format=form)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_graphs(http: Client, release: ReleaseInfo, name: str) -> None:
    backend = EmbeddedBackend(release.store, release.id)
    expected = b"".join(backend.query(PREFIXES + CONSTRUCTS[name]).serialize("application/n-triples"))
    for media_type, form in GRAPHS.items():
        found = parse(over_http(http, CONSTRUCTS[name], media_type), format=form)
        assert shape(found) == shape(parse(expected, format=RdfFormat.N_TRIPLES))
    backend.close()


def shape(quads: object) -> list[tuple[str, str, str]]:
    """The statements; blank nodes without their labels, of which each answer has its own."""
    named = ["_" if str(term).startswith("_:") else str(term) for quad in quads for term in quad.triple]  # type: ignore[attr-defined]
    return sorted(zip(named[::3], named[1::3], named[2::3], strict=True))
