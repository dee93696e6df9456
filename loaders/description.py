"""The description of a release in VoID and DCAT: what it is, under which licence, how much of what it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode
from rdflib import Namespace
from rdflib.namespace import DCTERMS, FOAF, ORG, OWL, PROV, SKOS, VOID, XSD

from loaders.canonical import canonical_trig
from loaders.citing import CITATION
from loaders.quality import FILE as QUALITY
from loaders.release import DUMP
from loaders.software import NAME, software_iri, software_version
from loaders.terms import TYPE, Statement, digest, iri, literal, quad
from ontology.namespaces import BASE, DQV, ELI, ID, OA, SCHEMA, TG

DATASET: Final = f"{BASE}dataset"
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"

#: rdflib knows an older DCAT without dcat:version.
DCAT: Final = Namespace("http://www.w3.org/ns/dcat#")
_MEDIA: Final = Namespace("https://www.iana.org/assignments/media-types/")
_FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
_VOCABULARIES: Final = (TG, ELI, SKOS, ORG, OA, DQV, SCHEMA, PROV, DCTERMS)
_EXAMPLES: Final = 3


@dataclass(frozen=True)
class Contents:
    """How much of what the default graph holds: statements by property, things by class, and a few meetings."""

    triples: int
    subjects: int
    objects: int
    classes: Mapping[str, int]
    properties: Mapping[str, int]
    examples: Sequence[str]


def description(
    statements: Iterable[Statement], release: str, counts: Mapping[str, int], date: str | None = None
) -> str:
    """VoID and DCAT in Turtle for the statements of the default graph; `counts` and `date` are those of the manifest.

    Classes and properties are counted as partitions, sorted; the examples are the first meetings by IRI.
    """
    return described(_counted(list(statements)), release, counts, date, (QUALITY, CITATION))


def described(
    contents: Contents,
    release: str,
    counts: Mapping[str, int],
    date: str | None = None,
    papers: Sequence[str] = (),
) -> str:
    """The same for what was counted elsewhere; `papers` are the files that stand beside the dump."""
    return canonical_trig(quad(fact) for fact in _facts(contents, release, counts, date, papers))


def _counted(statements: list[Statement]) -> Contents:
    return Contents(
        triples=len(statements),
        subjects=len({subject for subject, _, _ in statements}),
        objects=len({value for _, _, value in statements}),
        classes=Counter(str(o.value) for _, p, o in statements if p == TYPE and isinstance(o, NamedNode)),
        properties=Counter(p.value for _, p, _ in statements),
        examples=sorted(_examples(statements))[:_EXAMPLES],
    )


def _facts(
    contents: Contents, release: str, counts: Mapping[str, int], date: str | None, papers: Sequence[str]
) -> Iterator[Statement]:
    dataset, dump = iri(DATASET), iri(f"{BASE}dump/{DUMP}")

    def say(subject: NamedNode, predicate: str, value: str | int | NamedNode | Literal) -> Statement:
        term = literal(value) if isinstance(value, str | int) else value
        return subject, iri(predicate), term

    for cls in (VOID.Dataset, DCAT.Dataset):
        yield say(dataset, TYPE.value, iri(cls))
    yield say(dataset, DCTERMS.title, literal("Treatygraph", language="en"))
    about = "Disarmament treaties, resolutions and meetings, and the chain of authority between them, with sources."
    yield say(dataset, DCTERMS.description, literal(about, language="en"))
    yield say(dataset, DCTERMS.license, iri(LICENCE))
    yield say(dataset, DCAT.version, release)
    yield say(dataset, OWL.versionInfo, release)
    yield from _edition(dataset, dump, release, date, papers)
    yield say(dataset, FOAF.homepage, iri(BASE))
    yield say(dataset, VOID.uriSpace, str(ID))
    yield say(dataset, VOID.dataDump, dump)
    yield say(dataset, DCAT.distribution, dump)
    yield say(dataset, PROV.wasAttributedTo, iri(software_iri()))
    yield say(iri(software_iri()), TYPE.value, iri(PROV.SoftwareAgent))
    yield say(iri(software_iri()), DCTERMS.title, literal(f"{NAME} {software_version()}"))
    yield say(dataset, VOID.feature, iri(_FORMATS["N-Quads"]))
    for vocabulary in _VOCABULARIES:
        yield say(dataset, VOID.vocabulary, iri(str(vocabulary)))
    yield say(dump, TYPE.value, iri(DCAT.Distribution))
    yield say(dump, DCTERMS.license, iri(LICENCE))
    yield say(dump, DCAT.downloadURL, dump)
    yield say(dump, DCAT.mediaType, iri(_MEDIA["application/n-quads"]))
    yield say(dump, DCAT.compressFormat, iri(_MEDIA["application/gzip"]))

    yield say(dataset, VOID.triples, contents.triples)
    yield say(dataset, VOID.distinctSubjects, contents.subjects)
    yield say(dataset, VOID.distinctObjects, contents.objects)
    yield say(dataset, VOID.classes, len(contents.classes))
    yield say(dataset, VOID.properties, len(contents.properties))
    for name, count in counts.items():
        # Counts of our own (sources, claims, findings) as measurements: what it is, and how many.
        measure = iri(f"{DATASET}/count/{name}")
        yield say(dataset, DQV.hasQualityMeasurement, measure)
        yield say(measure, TYPE.value, iri(DQV.QualityMeasurement))
        yield say(measure, DCTERMS.title, literal(name, language="en"))
        yield say(measure, DQV.value, count)
    for example in contents.examples:
        yield say(dataset, VOID.exampleResource, iri(example))
    for name, count in contents.classes.items():
        part = iri(f"{DATASET}/class/{digest(name)}")
        yield say(dataset, VOID.classPartition, part)
        yield say(part, VOID["class"], iri(name))
        yield say(part, VOID.entities, count)
    for name, count in contents.properties.items():
        part = iri(f"{DATASET}/property/{digest(name)}")
        yield say(dataset, VOID.propertyPartition, part)
        yield say(part, VOID.property, iri(name))
        yield say(part, VOID.triples, count)


def _edition(
    dataset: NamedNode, dump: NamedNode, release: str, date: str | None, papers: Sequence[str]
) -> Iterator[Statement]:
    """Which edition this is, of what day, by whom, how to cite it, and which papers go with it."""
    if date is not None:
        day = literal(date, datatype=str(XSD.date))
        yield dataset, iri(DCTERMS.issued), day
        yield dump, iri(DCTERMS.issued), day
    cited = f"Treatygraph, release {release}, {date}." if date else f"Treatygraph, release {release}."
    yield dataset, iri(DCTERMS.identifier), literal(f"{DATASET}/{release}")
    yield dataset, iri(DCTERMS.bibliographicCitation), literal(cited)
    yield dataset, iri(DCTERMS.creator), literal("The Treatygraph developers", language="en")
    for paper in papers:
        yield dataset, iri(DCTERMS.relation), iri(f"{BASE}dump/{paper}")


def _examples(statements: list[Statement]) -> Iterator[str]:
    meeting = iri(TG.MeetingOfStatesParties)
    for subject, predicate, value in statements:
        if predicate == TYPE and value == meeting and isinstance(subject, NamedNode):
            yield subject.value
