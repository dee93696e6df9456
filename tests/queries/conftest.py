"""Both engines, side by side: what the tests of questions, rules and audit checks share.

A small record in TriG becomes what a release holds: the named graphs of the sources, and a default graph with all that
they state, the ontology and what the rules derive. Every query runs on pyoxigraph and on rdflib, and the rows must be
equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.plugins.sparql
from rdflib.plugins.sparql.sparql import Query

from ontology.namespaces import BASE, DCTERMS, PROV, TG
from ontology.schema import load_schema

QUERIES = Path(__file__).parents[2] / "queries"

#: Column -> text: an IRI without the base, the lexical form of a literal, "" where nothing is bound.
Row: TypeAlias = dict[str, str]

#: What every small record may use without saying so.
PREAMBLE = """
BASE <https://w3id.org/treatygraph/id/>
PREFIX tg: <https://w3id.org/treatygraph/def#>
PREFIX code: <https://w3id.org/treatygraph/code/>
PREFIX force: <https://w3id.org/treatygraph/code/force/>
PREFIX task: <https://w3id.org/treatygraph/code/task/>
PREFIX manner: <https://w3id.org/treatygraph/code/manner/>
PREFIX precision: <https://w3id.org/treatygraph/code/precision/>
PREFIX meeting-type: <https://w3id.org/treatygraph/code/meeting-type/>
PREFIX document-type: <https://w3id.org/treatygraph/code/document-type/>
PREFIX deadline: <https://w3id.org/treatygraph/code/deadline/>
PREFIX invitee: <https://w3id.org/treatygraph/code/invitee/>
PREFIX capacity: <https://w3id.org/treatygraph/code/capacity/>
PREFIX bearer: <https://w3id.org/treatygraph/code/bearer/>
PREFIX scale: <https://w3id.org/treatygraph/code/scale/>
PREFIX participation: <https://w3id.org/treatygraph/code/participation/>
PREFIX role: <https://w3id.org/treatygraph/code/role/>
PREFIX severity: <https://w3id.org/treatygraph/code/severity/>
PREFIX finding-state: <https://w3id.org/treatygraph/code/finding-state/>
PREFIX confidence: <https://w3id.org/treatygraph/code/confidence/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX eli: <http://data.europa.eu/eli/ontology#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


@cache
def _ontology() -> tuple[list[ox.Quad], rdflib.Graph]:
    """The ontology for each engine, read once: it is most of every small record."""
    text = load_schema().graph.serialize(format="nt")
    triples = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
    return [ox.Quad(*one.triple) for one in triples], rdflib.Graph().parse(data=text, format="nt")


@cache
def _prepared(text: str) -> Query:
    """A query as rdflib reads it, which takes longer than asking a small record."""
    return rdflib.plugins.sparql.prepareQuery(text)


class Record:
    """A record held by both engines."""

    def __init__(self, quads: Iterable[ox.Quad], *, with_ontology: bool = False) -> None:
        rdflib.plugins.sparql.SPARQL_LOAD_GRAPHS = False  # FROM must never fetch
        self.store = ox.Store()
        self.store.extend(quads)
        self._added = with_ontology
        if with_ontology:
            self.store.extend(_ontology()[0])
        self._dataset: rdflib.Dataset | None = None

    @classmethod
    def of(cls, trig: str) -> Record:
        """The record of a TriG text: what its source graphs state stands in the default graph as well."""
        quads = list(ox.parse(PREAMBLE + trig, format=ox.RdfFormat.TRIG))
        graphs = {q.graph_name for q in quads if isinstance(q.graph_name, ox.NamedNode)}
        sources = [g for g in graphs if not g.value.endswith("~claims")]
        quads += [ox.Quad(q.subject, q.predicate, q.object) for q in quads if q.graph_name in sources]
        source_graph = ox.NamedNode(str(TG.SourceGraph))
        typ = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
        for graph in sources:
            quads.append(ox.Quad(graph, typ, source_graph))
            document = ox.NamedNode(graph.value.replace(BASE + "graph/", BASE + "id/doc/"))
            quads.append(ox.Quad(graph, ox.NamedNode(str(DCTERMS.source)), document))
        return cls(quads, with_ontology=True)

    @property
    def dataset(self) -> rdflib.Dataset:
        """The same quads in rdflib."""
        if self._dataset is None:
            quads, graph = _ontology() if self._added else ([], ())
            known = set(quads)
            own = ox.serialize((q for q in self.store if q not in known), format=ox.RdfFormat.N_QUADS)
            self._dataset = rdflib.Dataset()
            self._dataset.parse(data=own, format="nquads")
            for triple in graph:
                self._dataset.default_graph.add(triple)
        return self._dataset

    def rows(self, text: str) -> list[Row]:
        """The rows of a SELECT, from pyoxigraph; the test fails if rdflib gives other rows or another order."""
        names, first = self._solutions(text)
        second = [[_term(value) for value in row] for row in self.dataset.query(_prepared(text))]
        assert second == first, "rdflib gives other rows than pyoxigraph"
        return [{name: _short(term) for name, term in zip(names, row, strict=True)} for row in first]

    def quick_rows(self, text: str) -> list[Row]:
        """The same from pyoxigraph alone."""
        names, rows = self._solutions(text)
        return [{name: _short(term) for name, term in zip(names, row, strict=True)} for row in rows]

    def _solutions(self, text: str) -> tuple[list[str], list[list[tuple[str, str, str]]]]:
        answer = self.store.query(text)
        assert isinstance(answer, ox.QuerySolutions)
        names = [v.value for v in answer.variables]
        return names, [[_term(solution[name]) for name in names] for solution in answer]

    def construct(self, text: str) -> set[tuple[str, str, str]]:
        """The triples of a CONSTRUCT without those of blank nodes; the engines must agree on all of them."""
        answer = self.store.query(text)
        assert isinstance(answer, ox.QueryTriples)
        one = rdflib.Graph().parse(data=answer.serialize(format=ox.RdfFormat.N_TRIPLES), format="nt")
        two = self.dataset.query(_prepared(text)).graph
        assert two is not None
        # Equal up to blank nodes: each describes one derivation and points to nothing blank.
        assert _shapes(two) == _shapes(one), "rdflib derives other triples than pyoxigraph"
        return {
            (_short(_term(s)), _short(_term(p)), _short(_term(o)))
            for s, p, o in one
            if not isinstance(s, rdflib.BNode) and not isinstance(o, rdflib.BNode)
        }

    def derivations(self, text: str) -> set[tuple[str, str, str]]:
        """The triples that a CONSTRUCT explains by a `tg:Derivation` with a ground and a rule."""
        answer = self.store.query(text)
        graph = rdflib.Graph().parse(data=answer.serialize(format=ox.RdfFormat.N_TRIPLES), format="nt")
        explained = set()
        for node in graph.subjects(rdflib.RDF.type, TG.Derivation):
            assert list(graph.objects(node, PROV.wasDerivedFrom)), "a derivation without a ground"
            assert list(graph.objects(node, TG.byRule)), "a derivation without a rule"
            parts = [graph.value(node, p) for p in (TG.subject, TG.predicate, TG.object)]
            explained.add(tuple(_short(_term(part)) for part in parts))
        return explained

    def derive(self) -> Record:
        """Run all rules, in order of file name, until nothing new comes. Returns itself."""
        for _ in range(10):
            before = len(self.store)
            for path in sorted((QUERIES / "rules").glob("*.rq")):
                triples = list(self.store.query(path.read_text(encoding="utf-8")))
                known = {(t.subject, t.predicate, t.object) for t in triples if not isinstance(t.subject, ox.BlankNode)}
                if any(ox.Quad(*triple) not in self.store for triple in known):
                    self.store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
            if len(self.store) == before:
                self._dataset = None
                return self
        raise AssertionError("the rules do not come to an end")


def _term(term: Any) -> tuple[str, str, str]:
    """Value, datatype and language of a term of either engine."""
    if term is None:
        return "", "unbound", ""
    if isinstance(term, ox.Literal):
        return term.value, "" if term.language else term.datatype.value, term.language or ""
    if isinstance(term, rdflib.Literal):
        datatype = str(term.datatype or rdflib.XSD.string)
        return str(term), "" if term.language else datatype, term.language or ""
    if isinstance(term, ox.NamedNode):
        return term.value, "IRI", ""
    if isinstance(term, rdflib.URIRef):
        return str(term), "IRI", ""
    return "blank", "blank", ""


def _short(term: tuple[str, str, str]) -> str:
    value, kind, _ = term
    return value.removeprefix(BASE).removeprefix("id/") if kind == "IRI" else value


def _shapes(graph: rdflib.Graph) -> set[Any]:
    nodes = {node: frozenset((p, o) for p, o in graph.predicate_objects(node)) for node in set(graph.subjects())}
    return {(None if isinstance(node, rdflib.BNode) else node, arcs) for node, arcs in nodes.items()}


@pytest.fixture(scope="session")
def record_of() -> Any:
    """`record_of(trig) -> Record`: a record on both engines."""
    return Record.of


@pytest.fixture(scope="session")
def record_class() -> type[Record]:
    """The class itself, for a record made of a release."""
    return Record


@pytest.fixture(scope="session")
def query_text() -> Any:
    """`query_text(kind, name) -> str`: the text of a query file (kind: questions, rules, audit)."""
    return lambda kind, name: (QUERIES / kind / f"{name}.rq").read_text(encoding="utf-8")
