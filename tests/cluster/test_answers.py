"""The clustered store gives what the embedded one gives, term by term; where it does not, it is listed here by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from loaders.release import ReleaseInfo
from queries.catalogue import Catalogue
from queries.cluster.backend import ClusterBackend
from queries.cluster.storage import Storage
from queries.embedded import EmbeddedBackend
from queries.errors import QueryRefused
from queries.indexes import Indexes
from queries.lineage import lineage
from queries.pool.pool import Limits
from queries.resolve import resolve

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

REPOSITORY = Path(__file__).parents[2]
PREFIX = """BASE <https://w3id.org/treatygraph/id/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""

#: Questions of the catalogue that the distributed store refuses, and what of them it does not do.
REFUSED = {
    "connection": "NegatedSet",  # a path with an alternative that is a negated property set
    "paragraphs-urging": "Transitive paths",  # `(a/b)+`: only a single property can be repeated
}

#: Queries that are answered differently, each with what differs.
DIFFERENT = {
    "an average has more digits": "SELECT (AVG(?n) AS ?a) { VALUES ?n { 1 2 2 } }",
    "a number of the query keeps its spelling": "SELECT (1.50 AS ?x) {}",
    "alternatives keep their duplicates, as the specification says": (
        "SELECT (COUNT(*) AS ?n) { ?x tg:previousInSeries|tg:previousMeeting ?y }"
    ),
    "the union of all graphs is a merge, without duplicates": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
}

SAME = [
    "SELECT ?s ?p ?o { ?s ?p ?o }",
    "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    "SELECT ?t (COUNT(*) AS ?n) { ?s a ?t } GROUP BY ?t ORDER BY DESC(?n) ?t",
    "SELECT DISTINCT ?p { ?s ?p ?o } ORDER BY DESC(?p) LIMIT 20",
    "SELECT ?x { VALUES ?x { <b> <a> UNDEF } } ORDER BY ?x",
    "SELECT ?s ?l { ?s a tg:Treaty OPTIONAL { ?s skos:prefLabel ?l FILTER(LANG(?l) = 'fr') } } ORDER BY ?s ?l",
    "SELECT ?a { <meeting/aplc-msp-21> tg:previousInSeries+ ?a } ORDER BY ?a",
    "SELECT (COUNT(*) AS ?n) { ?m a tg:Resolution MINUS { ?m tg:adoptionDate ?d } }",
    "SELECT (COUNT(*) AS ?n) { ?m a tg:Resolution FILTER NOT EXISTS { ?m tg:adoptionDate ?d } }",
    "SELECT (MIN(?d) AS ?first) (MAX(?d) AS ?last) { ?s tg:adoptionDate ?d }",
    "SELECT ?v { VALUES ?p { tg:inFavour tg:against } VALUES ?q { tg:inFavour tg:against } "
    "?v ?p <state/nor> ; ?q <state/rus> }",
    "SELECT ?r { ?m tg:conferredBy ?part BIND(IRI(STR(?part)) AS ?r) ?r a ?type }",
    "SELECT * {}",
    "SELECT ?x { ?x a tg:NothingIsCalledSo }",
    "ASK { ?s tg:ordinal 5 }",
    "ASK { ?s tg:ordinal 5555 }",
    "CONSTRUCT { ?s tg:x [ tg:y ?o ] } WHERE { ?s tg:ordinal ?o }",
    "CONSTRUCT WHERE { ?s tg:year ?y . ?s tg:ordinal ?n }",
    "CONSTRUCT { ?o tg:x ?s . ?s ?o 1 } WHERE { ?s skos:prefLabel ?o }",
    "DESCRIBE <meeting/aplc-msp-21>",
    "DESCRIBE ?t { ?t a tg:Treaty }",
    "DESCRIBE tg:abbreviation <https://w3id.org/nothing>",
    "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/treatygraph/graph/a/res/77/63> { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) FROM NAMED <../graph/a/res/77/63> { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
    "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/treatygraph/graph/a/res/77/63> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT (COUNT(*) AS ?n) FROM <urn:nobody> { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { GRAPH <urn:nobody> { ?s ?p ?o } }",
]


@pytest.fixture(scope="module")
def whole(request: pytest.FixtureRequest) -> ReleaseInfo:
    """The release of the repository's own data."""
    if "cluster" not in (request.config.getoption("markexpr") or ""):
        pytest.skip("the whole record in the distributed store takes a minute: make test-cluster")
    found: ReleaseInfo = request.getfixturevalue("record")
    return found


@pytest.fixture(scope="module")
def embedded(whole: ReleaseInfo) -> Iterator[EmbeddedBackend]:
    backend = EmbeddedBackend(whole.store, whole.id)
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def cluster(whole: ReleaseInfo, kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterBackend]:
    store = tmp_path_factory.mktemp("cluster") / "shared"
    report = kit.publish(whole, store)
    assert report.exact == report.graphs
    backend = ClusterBackend(Storage(store), Limits(workers=1, deadline_s=120, queue_wait_s=60, spares=0))
    yield backend
    backend.close()


def asked(backend: Any, text: str, **how: Any) -> Any:
    """A truth value, columns and rows in order, or the triples; blank nodes without their labels."""
    result = backend.query(text, **how)
    if result.kind == "ask":
        return bool(result)
    if result.kind == "construct":
        return Counter(tuple(_shown(term) for term in (t.subject, t.predicate, t.object)) for t in result)
    columns = result.variables
    return columns, [tuple(_shown(row[name]) for name in columns) for row in result.rows()]


def ordered(text: str, answer: Any) -> Any:
    """Without ORDER BY, rows come in any order."""
    return answer if not isinstance(answer, tuple) or "ORDER BY" in text else (answer[0], Counter(answer[1]))


def _shown(term: object) -> str:
    return "blank" if isinstance(term, ox.BlankNode) else str(term)


def test_every_question_of_the_catalogue_is_answered_alike(cluster: ClusterBackend, embedded: EmbeddedBackend) -> None:
    catalogue = Catalogue.load("questions")
    assert set(REFUSED) <= set(catalogue)
    different, refused = [], {}
    for name, question in catalogue.items():
        expected = asked(embedded, question.text)
        try:
            found = asked(cluster, question.text)
        except QueryRefused as error:
            refused[name] = f"{error.feature}: {error}"
            continue
        if ordered(question.text, found) != ordered(question.text, expected):
            different.append(name)
    assert different == []
    assert set(refused) == set(REFUSED), refused
    for name, why in REFUSED.items():
        assert refused[name].startswith("engine: ")
        assert why in refused[name]


@pytest.mark.parametrize("text", SAME)
def test_other_queries_are_answered_alike(cluster: ClusterBackend, embedded: EmbeddedBackend, text: str) -> None:
    assert ordered(text, asked(cluster, PREFIX + text)) == ordered(text, asked(embedded, PREFIX + text))


@pytest.mark.parametrize("why", DIFFERENT)
def test_what_differs_still_differs(cluster: ClusterBackend, embedded: EmbeddedBackend, why: str) -> None:
    """An entry that has become equal is taken off the list, here and in docs/cluster.md."""
    text, union = PREFIX + DIFFERENT[why], why.startswith("the union")
    assert asked(cluster, text, union=union) != asked(embedded, text, union=union)
    assert why in " ".join((REPOSITORY / "docs" / "cluster.md").read_text(encoding="utf-8").split())


def test_the_smallest_of_iris_is_refused_and_not_guessed(cluster: ClusterBackend) -> None:
    with pytest.raises(QueryRefused, match=r"cannot tell the MIN or MAX of IRIs"):
        asked(cluster, PREFIX + "SELECT (MIN(?s) AS ?m) { ?s a tg:Resolution }")


def test_the_dataset_of_a_request(cluster: ClusterBackend, embedded: EmbeddedBackend) -> None:
    graph = "https://w3id.org/treatygraph/graph/a/res/77/63"
    both = "SELECT ?g (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } GROUP BY ?g ORDER BY ?g"
    for how in (
        {"default_graphs": [graph]},
        {"named_graphs": [graph]},
        {"default_graphs": [graph], "named_graphs": [graph, "urn:nobody"]},
        {"default_graphs": ["urn:nobody"]},
    ):
        assert asked(cluster, both, **how) == asked(embedded, both, **how), how


@pytest.mark.parametrize(
    "media_type",
    ["text/csv", "text/tab-separated-values", "application/sparql-results+json", "application/sparql-results+xml"],
)
def test_tables_are_the_same_bytes(cluster: ClusterBackend, embedded: EmbeddedBackend, media_type: str) -> None:
    text = PREFIX + "SELECT ?m ?n ?d ?l { ?m tg:ordinal ?n ; tg:startDate ?d ; skos:prefLabel ?l } ORDER BY ?m ?n ?d ?l"
    found = b"".join(cluster.query(text).serialize(media_type))
    assert found == b"".join(embedded.query(text).serialize(media_type))
    assert len(found) > 5000


def test_names_and_lineage_with_and_without_the_indexes(
    cluster: ClusterBackend, embedded: EmbeddedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster.adjacency is not None
    assert cluster.text_index is not None
    thing = resolve(embedded, "A/RES/77/63").iri
    expected = lineage(embedded, thing, direction="up", depth=2).to_json()
    assert lineage(cluster, thing, direction="up", depth=2).to_json() == expected
    monkeypatch.setattr(ClusterBackend, "_index", lambda self: Indexes())
    assert cluster.adjacency is None
    assert resolve(cluster, "A/RES/77/63").iri == thing
    assert lineage(cluster, thing, direction="up", depth=2).to_json() == expected


def test_comments_never_reach_the_engine() -> None:
    from queries.cluster.anatomy import take_apart

    parts = take_apart("# PRAGMA identity <urn:x>\nSELECT ?a # PRAGMA\n FROM <g> WHERE { ?a ?b '#c' }")
    assert (parts.head, parts.body, parts.datasets) == ("?a", "WHERE { ?a ?b '#c' }", ((False, "<g>"),))
