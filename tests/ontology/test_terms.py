"""The ontology documents every term and stays within OWL 2 DL."""

from __future__ import annotations

from importlib.resources import files

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS, XSD

from ontology.namespaces import BASE, CODE, TG
from ontology.schema import load_schema

ONTOLOGY = URIRef(f"{BASE}def")
PROPERTY_TYPES = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
#: The datatype map of OWL 2 that the ontology may draw on.
DATATYPES = {XSD.integer, XSD.string, XSD.boolean, XSD.dateTime, RDFS.Literal, RDF.PlainLiteral}
BUILT_IN = (str(OWL), str(RDF), str(RDFS), str(XSD))


def read(*names: str) -> Graph:
    graph = Graph(bind_namespaces="none")
    for name in names:
        graph.parse(data=files("ontology").joinpath(*name.split("/")).read_text(encoding="utf-8"), format="turtle")
    return graph


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return read("treatygraph.ttl")


def declared(graph: Graph, *kinds: URIRef) -> set[URIRef]:
    return {s for kind in kinds for s in graph.subjects(RDF.type, kind) if isinstance(s, URIRef)}


def terms() -> list[URIRef]:
    schema = load_schema()
    return sorted(schema.classes | schema.properties)


@pytest.mark.parametrize("term", terms(), ids=lambda term: term.partition("#")[2])
def test_every_term_is_documented(term: URIRef, ontology: Graph) -> None:
    for predicate in (RDFS.label, SKOS.definition):
        values = [v for v in ontology.objects(term, predicate) if isinstance(v, Literal) and v.language == "en"]
        assert len(values) == 1, f"{term} needs one English {predicate}"
        assert values[0].strip() == str(values[0]) != ""
    assert ontology.value(term, SKOS.example), f"{term} needs an example"
    assert ontology.value(term, RDFS.isDefinedBy) == ONTOLOGY


def test_labels_are_unique_within_their_kind(ontology: Graph) -> None:
    schema = load_schema()
    for group in (schema.classes, schema.properties):
        labels = [schema.label(term) for term in sorted(group)]
        assert sorted(labels) == sorted(set(labels))


def test_classes_start_with_a_capital_and_properties_do_not() -> None:
    schema = load_schema()
    assert all(term.partition("#")[2][0].isupper() for term in schema.classes)
    assert all(term.partition("#")[2][0].islower() for term in schema.properties)


def test_version_and_no_imports(ontology: Graph) -> None:
    assert ontology.value(ONTOLOGY, OWL.versionIRI) == URIRef(f"{ONTOLOGY}/{ontology.value(ONTOLOGY, OWL.versionInfo)}")
    assert not list(ontology.triples((None, OWL.imports, None)))


def test_no_name_is_two_kinds_of_thing(ontology: Graph) -> None:
    kinds = [declared(ontology, kind) for kind in (OWL.Class, *PROPERTY_TYPES)]
    for position, kind in enumerate(kinds):
        for other in kinds[position + 1 :]:
            assert not kind & other
    individuals = set(read("codes.ttl").subjects())
    assert not individuals & set.union(*kinds)


def test_functional_properties_are_not_annotations(ontology: Graph) -> None:
    functional = declared(ontology, OWL.FunctionalProperty)
    assert functional
    assert functional <= declared(ontology, OWL.ObjectProperty, OWL.DatatypeProperty)


def test_domains_and_ranges_are_declared(ontology: Graph) -> None:
    classes = declared(ontology, OWL.Class) | {OWL.Thing}
    objects, datas = declared(ontology, OWL.ObjectProperty), declared(ontology, OWL.DatatypeProperty)
    for term in load_schema().properties & (objects | datas):
        assert named(ontology, term, RDFS.domain) <= classes
        assert len(list(ontology.objects(term, RDFS.domain))) == 1, f"{term} needs one domain"
        assert len(list(ontology.objects(term, RDFS.range))) <= 1
        assert named(ontology, term, RDFS.range) <= (classes if term in objects else DATATYPES)
    for term in load_schema().properties & objects:
        assert named(ontology, term, RDFS.range), f"{term} needs a range"
    for term in declared(ontology, OWL.AnnotationProperty):
        assert not named(ontology, term, RDFS.range) | named(ontology, term, RDFS.domain)


def named(graph: Graph, term: URIRef, predicate: URIRef) -> set[URIRef]:
    """The named classes or datatypes of a domain or range, those of a union among them."""
    found: set[URIRef] = set()
    for value in graph.objects(term, predicate):
        if isinstance(value, URIRef):
            found.add(value)
        for union in graph.objects(value, OWL.unionOf):
            found |= {member for member in graph.items(union) if isinstance(member, URIRef)}
    return found


def test_superclasses_are_declared_and_acyclic(ontology: Graph) -> None:
    classes = declared(ontology, OWL.Class)
    for cls in load_schema().classes:
        for parent in ontology.objects(cls, RDFS.subClassOf):
            assert parent in classes
            assert cls not in set(ontology.transitive_objects(parent, RDFS.subClassOf))


def test_most_classes_specialise_a_well_known_one() -> None:
    schema = load_schema()
    own = {cls for cls in schema.classes if all(parent in TG for parent in schema.superclasses(cls))}
    statements = schema.subclasses(TG.Statement)
    #: No vocabulary has a word for these.
    assert own - statements == {TG.Authority, TG.Decision, TG.Programme, TG.Position}


def test_every_predicate_is_declared(ontology: Graph) -> None:
    everything = declared(ontology, *PROPERTY_TYPES)
    for predicate in set((ontology + read("codes.ttl")).predicates()):
        assert predicate in everything or str(predicate).startswith(BUILT_IN), f"{predicate} is not declared"


def test_every_instance_has_a_declared_class(ontology: Graph) -> None:
    classes = declared(ontology, OWL.Class)
    for kind in set((ontology + read("codes.ttl")).objects(None, RDF.type)):
        assert kind in classes or str(kind).startswith(BUILT_IN)


@pytest.mark.parametrize(
    "name",
    ["treatygraph.ttl", "codes.ttl", "mappings.ttl", "shapes/core.ttl", "shapes/profile.ttl", "shapes/editorial.ttl"],
)
def test_no_undeclared_name_in_the_files_of_the_ontology(name: str) -> None:
    schema = load_schema()
    known = schema.classes | schema.properties
    codes = {CODE[scheme] for scheme in schema.schemes()} | {
        c for s in schema.schemes() for c in schema.codes(s).values()
    }
    for node in {node for triple in read(name) for node in triple if isinstance(node, URIRef)}:
        if node.startswith(str(TG)):
            assert node in known, f"{node} is not declared"
        if node.startswith(str(CODE)):
            assert node in codes, f"{node} is not declared"


def test_blank_nodes_are_only_unions(ontology: Graph) -> None:
    for node in {s for s in ontology.subjects() if isinstance(s, BNode)}:
        assert ontology.value(node, OWL.unionOf) or ontology.value(node, RDF.first) is not None


def test_mappings_use_mapping_relations_to_other_vocabularies() -> None:
    relations = {SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch}
    for subject, predicate, value in read("mappings.ttl"):
        assert predicate in relations
        assert str(subject).startswith(BASE)
        assert not str(value).startswith(BASE)
